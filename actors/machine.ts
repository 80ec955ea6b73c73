/**
 * The machine: one kernel, one clock, one run queue. Registries of tasks, groups and devices; the loop that hands turns to tasks by the policy, fires
 * timers, and waits for the host when nothing can run.
 */
import type { MachineClock } from "./world/clock.ts";
import type { Entropy } from "./world/entropy.ts";
import { Timers } from "./timers.ts";
import type { Task } from "./task/task.ts";
import type { ThreadGroup } from "./task/thread_group.ts";
import type { SignalService } from "./signals/service.ts";
import type { Vfs } from "./vfs/vfs.ts";

export class Machine {
  readonly timers = new Timers();
  /** Every task that is not released, by tid. */
  readonly tasks = new Map<number, Task>();
  /** Every thread group that is not released, by tgid. */
  readonly groups = new Map<number, ThreadGroup>();
  hostname = "dolly";
  domainname = "(none)";
  signals!: SignalService;
  vfs!: Vfs;
  /** The first process. */
  init: ThreadGroup | undefined;
  readonly bootedAt: number;
  maxTasks = 32768;
  maxMemory = Infinity;
  /** Host operations under way that may wake a task (a read of stdin, a socket): while any is, an idle machine waits instead of reporting a deadlock. */
  hostPending = 0;

  constructor(readonly clock: MachineClock, readonly entropy: Entropy) {
    this.bootedAt = clock.monotonic();
  }

  /** The task may run: puts it at the end of the run queue. Called by wakes. */
  makeRunnable(_task: Task): void {
    throw new Error("not wired");
  }

  /** A callback of the host arrived (outside the loop): runs it and pokes the loop. All completions of asynchronous host operations come through here. */
  fromHost(_deliver: () => void): void {
    throw new Error("not wired");
  }
}
