/**
 * Timers that run on CPU time: of a thread group (ITIMER_VIRTUAL, ITIMER_PROF, RLIMIT_CPU, POSIX timers and sleeps on a CPU clock) or of one task. The task that runs
 * charges its group (`group.chargeCpu`, set only while something is armed), which fires what has become due.
 */
import { SIG } from "../syscalls/abi/signals.ts";
import { RLIMIT } from "./limits.ts";
import { fromKernel } from "./signals/sender.ts";
import type { Task } from "./task/task.ts";
import type { ThreadGroup } from "./task/thread_group.ts";

/** CPU time of a group in ns: gone threads and live ones. */
export const groupCpuTime = (group: ThreadGroup): number => {
  let sum = group.used.utime + group.used.stime;
  for (const t of group.tasks) if (t.state !== "zombie" && t.state !== "dead") sum += t.cpuTime;
  return sum;
};

/** A deadline in CPU ns of a group, or of one of its tasks. */
export class CpuTimer {
  constructor(
    readonly group: ThreadGroup,
    readonly task: Task | undefined,
    readonly deadline: number,
    readonly fire: () => void,
  ) {}
  get now(): number {
    return this.task === undefined ? groupCpuTime(this.group) : this.task.cpuTime;
  }
}

const armed = new WeakMap<ThreadGroup, Set<CpuTimer>>();

/** Arms a callback; it runs in a task's turn, so it must only generate signals and wake. */
export const armCpuTimer = (
  group: ThreadGroup,
  task: Task | undefined,
  deadline: number,
  fire: () => void,
): CpuTimer => {
  const timer = new CpuTimer(group, task, deadline, fire);
  let set = armed.get(group);
  if (set === undefined) armed.set(group, set = new Set());
  set.add(timer);
  group.chargeCpu = () => fireDue(group, set);
  return timer;
};

/** Disarms; harmless when it has fired. */
export const cancelCpuTimer = (timer: CpuTimer): void => {
  const set = armed.get(timer.group);
  set?.delete(timer);
  if (set?.size === 0) timer.group.chargeCpu = undefined;
};

const fireDue = (group: ThreadGroup, set: Set<CpuTimer>): void => {
  for (const timer of [...set]) {
    if (timer.now < timer.deadline || !set.delete(timer)) continue;
    timer.fire();
  }
  if (set.size === 0) group.chargeCpu = undefined;
};

const cpuLimits = new WeakMap<ThreadGroup, CpuTimer>();

/** Watches RLIMIT_CPU: SIGXCPU at the soft limit and each second after it, SIGKILL at the hard limit. Also for a new group that inherits one. */
export const armCpuLimit = (group: ThreadGroup): void => {
  const old = cpuLimits.get(group);
  if (old !== undefined) cancelCpuTimer(old);
  const { soft, hard } = group.limits[RLIMIT.CPU];
  if (soft === Infinity && hard === Infinity) return;
  const watch = (seconds: number): void => {
    const timer = armCpuTimer(group, undefined, seconds * 1e9, () => {
      const { signals } = group.leader.machine;
      if (seconds >= group.limits[RLIMIT.CPU].hard) signals.sendToGroup(group, fromKernel(SIG.KILL));
      else {
        signals.sendToGroup(group, fromKernel(SIG.XCPU));
        watch(Math.min(seconds + 1, group.limits[RLIMIT.CPU].hard));
      }
    });
    cpuLimits.set(group, timer);
  };
  watch(Math.min(soft, hard));
};
