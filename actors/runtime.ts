/**
 * Ties task fibers to a machine: one scheduler object for all of them, whose work is done by the machine's loop, and the set of live fibers, so that the whole
 * machine can be interrupted and every finalizer run.
 */
import { Context, Effect, type Fiber, Scheduler } from "./effect.ts";
import type { Machine, Runner } from "./machine.ts";
import type { Task } from "./task/task.ts";
import { life } from "./task/life.ts";

/** What the fibers want to do is done by the machine's loop. */
class LoopScheduler implements Scheduler.Scheduler, Scheduler.SchedulerDispatcher {
  readonly executionMode = "sync";
  constructor(readonly machine: Machine) {}
  shouldYield(): boolean {
    return false;
  }
  makeDispatcher(): this {
    return this;
  }
  scheduleTask(task: () => void): void {
    this.machine.schedule(task);
  }
  flush(): void {}
}

export class Runtime implements Runner {
  readonly #context: Context.Context<never>;
  readonly #fibers = new Set<Fiber.Fiber<void>>();

  constructor(readonly machine: Machine) {
    this.#context = Context.make(Scheduler.Scheduler, new LoopScheduler(machine)) as Context.Context<never>;
    machine.runner = this;
  }

  start(task: Task): void {
    const fiber = Effect.runForkWith(this.#context)(life(task));
    this.#fibers.add(fiber);
    fiber.addObserver((exit) => {
      this.#fibers.delete(fiber);
      if (exit._tag === "Failure") this.machine.defect(task, exit.cause);
    });
  }

  /** Live fibers: the same number as live CPUs. */
  get fibers(): number {
    return this.#fibers.size;
  }

  /** Interrupts every task; their finalizers give back what they hold. */
  interruptAll(): void {
    for (const fiber of [...this.#fibers]) fiber.interruptUnsafe();
  }
}
