/**
 * POSIX timers of a thread group (kernel/time/posix-timers.c). A timer has at most one signal queued; expirations while it is pending count as overrun. Not
 * inherited by fork; deleted by execve and with the group.
 */
import { E } from "../syscalls/abi/errno.ts";
import { SI } from "../syscalls/abi/signals.ts";
import { type Clock, readCpuClock } from "./clocks.ts";
import { armCpuTimer, cancelCpuTimer, type CpuTimer } from "./cpu_timers.ts";
import { nextOnGrid } from "./interval_timers.ts";
import { RLIMIT } from "./limits.ts";
import type { SigInfo } from "./signals/pending.ts";
import { execHooks } from "./exec/exec.ts";
import { exitHooks } from "./task/exit.ts";
import type { Task } from "./task/task.ts";
import type { ThreadGroup } from "./task/thread_group.ts";
import type { Timer } from "./timers.ts";

/** How a timer tells: signal 0 for SIGEV_NONE; `task` for SIGEV_THREAD_ID. */
export interface Notification {
  readonly signo: number;
  readonly value: bigint | undefined;
  readonly task: Task | undefined;
}

type TimerInfo = { -readonly [K in keyof SigInfo]: SigInfo[K] };
const MAX_OVERRUN = 0x7fffffff;

/** One timer. Times are ns: monotonic for wall and monotonic clocks, CPU ns for CPU clocks. */
export class PosixTimer {
  interval = 0;
  /** Next expiry, 0 when disarmed. */
  deadline = 0;
  #armed: Timer | CpuTimer | undefined;
  #info: TimerInfo | undefined;
  #lastOverrun = 0;
  constructor(readonly group: ThreadGroup, readonly id: number, readonly clock: Clock, readonly tells: Notification) {}

  get now(): number {
    return typeof this.clock === "string" ? this.group.leader.machine.clock.monotonic() : readCpuClock(this.clock);
  }

  /** Sets the next expiry (0: none) on `now`'s scale. */
  set(deadline: number, interval: number): void {
    this.disarm();
    this.interval = interval;
    this.deadline = deadline;
    this.#info = undefined;
    this.#lastOverrun = 0;
    if (deadline > 0) this.#arm();
  }
  disarm(): void {
    const armed = this.#armed;
    this.#armed = undefined;
    this.deadline = 0;
    if (armed === undefined) return;
    if ("order" in armed) this.group.leader.machine.timers.cancel(armed);
    else cancelCpuTimer(armed);
  }
  /** ns to the next expiry: 0 when disarmed, at least 1 otherwise. */
  get remaining(): number {
    if (this.deadline === 0) return 0;
    const { now } = this;
    if (this.tells.signo === 0) {
      if (this.deadline <= now && this.interval === 0) return 0;
      if (this.deadline <= now) this.deadline = nextOnGrid(this.deadline, this.interval, now);
    }
    return Math.max(1, this.deadline - now);
  }
  /** Overrun of the signal delivered last. */
  get overrun(): number {
    return this.#info !== undefined && !this.#isPending() ? this.#info.overrun! : this.#lastOverrun;
  }

  #arm(): void {
    // Nobody is told: gettime works the time out.
    if (this.tells.signo === 0 || this.deadline === Infinity) return;
    const fire = () => this.#expire();
    if (typeof this.clock === "string") this.#armed = this.group.leader.machine.timers.at(this.deadline, fire);
    else this.#armed = armCpuTimer(this.clock.group, this.clock.task, this.deadline, fire);
  }
  #expire(): void {
    this.#armed = undefined;
    const due = this.deadline;
    let times = 1;
    if (this.interval > 0) {
      this.deadline = nextOnGrid(due, this.interval, this.now);
      times = Math.max(1, Math.round((this.deadline - due) / this.interval));
      this.#arm();
    } else this.deadline = 0;
    this.#tell(times);
  }
  #pendingSet() {
    return (this.tells.task ?? this.group).pending;
  }
  #isPending(): boolean {
    return this.#info !== undefined && this.#pendingSet().entries().includes(this.#info);
  }
  #tell(times: number): void {
    if (this.#isPending()) {
      this.#info!.overrun = Math.min(MAX_OVERRUN, this.#info!.overrun! + times);
      return;
    }
    this.#lastOverrun = this.#info?.overrun ?? 0;
    const { signo, value, task } = this.tells;
    this.#info = { signo, code: SI.TIMER, timerId: this.id, overrun: times - 1, value: value ?? BigInt(this.id) };
    const { signals } = this.group.leader.machine;
    if (task !== undefined) signals.sendToTask(task, this.#info);
    else signals.sendToGroup(this.group, this.#info);
  }
  /** A pending signal of a deleted timer is taken back. */
  forget(): void {
    this.disarm();
    if (this.#info !== undefined) this.#pendingSet().drop((info) => info === this.#info);
  }
}

interface GroupTimers {
  readonly byId: Map<number, PosixTimer>;
  nextId: number;
}
const timersOf = new WeakMap<ThreadGroup, GroupTimers>();

/** Makes a timer; -EAGAIN beyond RLIMIT_SIGPENDING. */
export const createPosixTimer = (t: Task, clock: Clock, tells: Notification): PosixTimer | number => {
  const { group } = t;
  let timers = timersOf.get(group);
  if (timers === undefined) timersOf.set(group, timers = { byId: new Map(), nextId: 0 });
  if (timers.byId.size >= group.limits[RLIMIT.SIGPENDING].soft) return -E.AGAIN;
  while (timers.byId.has(timers.nextId)) timers.nextId = (timers.nextId + 1) & 0x7fffffff;
  const timer = new PosixTimer(group, timers.nextId, clock, tells);
  timers.nextId = (timers.nextId + 1) & 0x7fffffff;
  timers.byId.set(timer.id, timer);
  return timer;
};

export const findPosixTimer = (t: Task, id: number): PosixTimer | undefined => timersOf.get(t.group)?.byId.get(id);

export const deletePosixTimer = (timer: PosixTimer): void => {
  timer.forget();
  timersOf.get(timer.group)?.byId.delete(timer.id);
};

/** execve and the end of the group: all timers go. */
export const deletePosixTimers = (group: ThreadGroup): void => {
  for (const timer of [...timersOf.get(group)?.byId.values() ?? []]) timer.forget();
  timersOf.delete(group);
};

exitHooks.group.push(deletePosixTimers);
execHooks.push((t) => deletePosixTimers(t.group));
