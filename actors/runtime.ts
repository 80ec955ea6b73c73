/**
 * Ties task fibers to a machine: one scheduler object for all of them, whose work is done by the machine's loop, and the set of live fibers, so that the whole
 * machine can be interrupted and every finalizer run.
 */
import { Context, Effect, type Fiber, Scheduler } from "./effect.ts";
import type { Machine } from "./machine.ts";
import { life } from "./task/life.ts";

export class Runtime {
  readonly #fibers = new Set<Fiber.Fiber<void>>();

  constructor(readonly machine: Machine) {
    const dispatcher: Scheduler.SchedulerDispatcher = {
      scheduleTask: (task) => machine.schedule(task),
      flush() {},
    };
    const scheduler: Scheduler.Scheduler = {
      executionMode: "sync",
      shouldYield: () => false,
      makeDispatcher: () => dispatcher,
    };
    const fork = Effect.runForkWith(Context.make(Scheduler.Scheduler, scheduler) as Context.Context<never>);
    machine.spawn = (task) => {
      const fiber = fork(life(task));
      this.#fibers.add(fiber);
      fiber.addObserver((exit) => {
        this.#fibers.delete(fiber);
        if (exit._tag === "Failure") machine.defect(task, exit.cause);
      });
    };
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
