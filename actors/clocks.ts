/** The clocks a guest can name: wall, monotonic, CPU time of processes and tasks (kernel/time/posix-timers.c, posix-cpu-timers.c). */
import { CLOCK } from "../syscalls/abi/time.ts";
import { readTimespec } from "./deadline.ts";
import { groupCpuTime } from "./cpu_timers.ts";
import type { Task } from "./task/task.ts";
import type { ThreadGroup } from "./task/thread_group.ts";

/** CPU time of a group, or of one of its tasks. */
export interface CpuClock {
  readonly kind: "cpu";
  readonly group: ThreadGroup;
  readonly task: Task | undefined;
}
export type Clock = "realtime" | "monotonic" | "boottime" | CpuClock;

/** Per-thread bit of a dynamic clock id, and its two low bits: PROF 0, VIRT 1, SCHED 2, file descriptor 3. */
const PER_THREAD = 4, WHICH = 3, BY_FD = 3;

/** Clock ids made of a pid: ~pid << 3 | per-thread << 2 | which. */
const cpuClockOf = (t: Task, id: number): CpuClock | undefined => {
  if ((id & WHICH) === BY_FD) return undefined;
  const pid = ~(id >> 3);
  const perThread = (id & PER_THREAD) !== 0;
  const target = pid === 0 ? t : t.named(pid);
  if (target === undefined) return undefined;
  if (perThread) return target.group === t.group ? { kind: "cpu", group: target.group, task: target } : undefined;
  if (pid !== 0 && target !== target.group.leader && target.group !== t.group) return undefined;
  return { kind: "cpu", group: target.group, task: undefined };
};

/** What a clock id means to the task; undefined: EINVAL. */
export const clockOf = (t: Task, id: number): Clock | undefined => {
  switch (id) {
    case CLOCK.REALTIME:
    case CLOCK.REALTIME_COARSE:
    case CLOCK.REALTIME_ALARM:
    case CLOCK.TAI:
      return "realtime";
    case CLOCK.MONOTONIC:
    case CLOCK.MONOTONIC_RAW:
    case CLOCK.MONOTONIC_COARSE:
      return "monotonic";
    case CLOCK.BOOTTIME:
    case CLOCK.BOOTTIME_ALARM:
      return "boottime";
    case CLOCK.PROCESS_CPUTIME_ID:
      return { kind: "cpu", group: t.group, task: undefined };
    case CLOCK.THREAD_CPUTIME_ID:
      return { kind: "cpu", group: t.group, task: t };
    default:
      return id < 0 ? cpuClockOf(t, id) : undefined;
  }
};

/** Clocks one cannot sleep on or set timers of. */
export const isReadOnly = (id: number): boolean =>
  id === CLOCK.MONOTONIC_RAW || id === CLOCK.REALTIME_COARSE || id === CLOCK.MONOTONIC_COARSE;

/** ns of a CPU clock or the monotonic one. */
export const readCpuClock = (clock: CpuClock): number =>
  clock.task === undefined ? groupCpuTime(clock.group) : clock.task.cpuTime;

/** What the task's time namespace adds to a clock that counts from the machine's start, ns. */
export const clockOffset = (t: Task, clock: "monotonic" | "boottime"): number => t.namespaces.of.time[clock];

/** The machine's monotonic deadline of an absolute time on such a clock, as the task reads it; EINVAL, EFAULT. */
export const deadlineOn = (t: Task, clock: "monotonic" | "boottime", addr: number): number =>
  Math.max(0, readTimespec(t.mem, addr) - clockOffset(t, clock));

/** Writes the clock's time as a timespec. */
export const writeClock = (t: Task, clock: Clock, addr: number): void => {
  if (clock === "realtime") {
    const ns = t.machine.clock.realtime();
    const sec = Number(ns / 1000000000n);
    t.mem.setU64(addr, sec);
    t.mem.setU64(addr + 8, Number(ns - BigInt(sec) * 1000000000n));
    return;
  }
  const ns = typeof clock === "string" ? t.machine.clock.monotonic() + clockOffset(t, clock) : readCpuClock(clock);
  writeTimespec(t, addr, ns);
};

/** Writes ns as a timespec. */
export const writeTimespec = (t: Task, addr: number, ns: number): void => {
  const sec = Math.floor(ns / 1e9);
  t.mem.setU64(addr, sec);
  t.mem.setU64(addr + 8, Math.round(ns - sec * 1e9));
};
