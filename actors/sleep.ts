/** nanosleep and clock_nanosleep: waits with nothing but a deadline, on the monotonic, wall or CPU clock. */
import { E } from "../syscalls/abi/errno.ts";
import { BLOCKED, type Wait } from "./blocking.ts";
import { type Clock, readCpuClock, writeTimespec } from "./clocks.ts";
import { armCpuTimer, cancelCpuTimer } from "./cpu_timers.ts";
import type { Task } from "./task/task.ts";

/** Writes what is left of a relative sleep when a handler interrupts it; a bad address goes unnoticed. */
const writeRest = (t: Task, rest: number, ns: number): void => {
  if (rest === 0 || t.mem.accessible(rest, 16, true) < 16) return;
  writeTimespec(t, rest, Math.max(0, ns));
};

/** Sleeps until a monotonic deadline. `rest`: where a relative sleep reports what is left (0: nowhere); absolute sleeps restart unless a handler ran. */
export const sleepUntil = (t: Task, deadline: number, absolute: boolean, rest: number): number =>
  t.block({
    what: "sleep",
    queues: [],
    poll: () => BLOCKED,
    // In real time an endless sleep is no deadlock: a signal may come from outside.
    deadline: t.machine.clock.real ? Math.min(deadline, Number.MAX_SAFE_INTEGER) : deadline,
    timedOut: () => 0,
    restart: absolute ? "nohand" : "block",
    again: () => sleepUntil(t, deadline, absolute, rest),
    interrupted: () => writeRest(t, absolute ? 0 : rest, deadline - t.machine.clock.monotonic()),
  });

/** Sleeps until a CPU clock reaches a time. EINVAL for the caller's own task clock, which would stand still. */
export const sleepOnCpuClock = (t: Task, clock: Clock, until: number, absolute: boolean, rest: number): number => {
  if (typeof clock === "string" || clock.task === t) return -E.INVAL;
  if (readCpuClock(clock) >= until) return 0;
  let due = false;
  const timer = armCpuTimer(clock.group, clock.task, until, () => {
    due = true;
    t.notify();
  });
  const wait: Wait = {
    what: "sleep on a CPU clock",
    queues: [],
    poll: () => due ? 0 : BLOCKED,
    restart: absolute ? "nohand" : "block",
    again: () => sleepOnCpuClock(t, clock, until, absolute, rest),
    interrupted: () => writeRest(t, absolute ? 0 : rest, until - readCpuClock(clock)),
    finish: () => cancelCpuTimer(timer),
  };
  return t.block(wait);
};
