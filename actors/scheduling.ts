/**
 * Scheduling attributes of tasks: policy, nice value, I/O priority, and who may change whose (kernel/sched/syscalls.c). The machine's own order of turns is the
 * policy object's business; here the attributes are kept, checked and reported as Linux does. Results are 0 or a negative errno.
 */
import { E } from "../syscalls/abi/errno.ts";
import { SCHED } from "../syscalls/abi/sched.ts";
import { CAP, capable, nsCapable, saidUid } from "./credentials.ts";
import { RLIMIT } from "./limits.ts";
import type { Task } from "./task/task.ts";

export const isRealTime = (policy: number): boolean => policy === SCHED.FIFO || policy === SCHED.RR;
const POLICIES = new Set<number>([SCHED.OTHER, SCHED.FIFO, SCHED.RR, SCHED.BATCH, SCHED.IDLE]);

/** Whether the caller's effective user owns the target (check_same_owner). */
const sameOwner = (t: Task, target: Task): boolean =>
  t.cred.euid === target.cred.euid || t.cred.euid === target.cred.ruid;

/** Whether the nice value is within RLIMIT_NICE (20 - nice). */
const niceAllowed = (target: Task, nice: number): boolean => 20 - nice <= target.group.limits[RLIMIT.NICE].soft;

export interface SchedulingChange {
  readonly policy: number;
  readonly priority: number;
  /** undefined: keep. */
  readonly nice?: number;
  readonly resetOnFork: boolean;
}

const mayChange = (t: Task, target: Task, change: SchedulingChange): boolean => {
  if (capable(t.cred, CAP.SYS_NICE)) return true;
  const { policy, priority, nice } = change;
  if (nice !== undefined && !isRealTime(policy) && nice < target.nice && !niceAllowed(target, nice)) return false;
  if (isRealTime(policy)) {
    const limit = target.group.limits[RLIMIT.RTPRIO].soft;
    if (policy !== target.policy && limit === 0) return false;
    if (priority > target.rtPriority && priority > limit) return false;
  }
  if (target.policy === SCHED.IDLE && policy !== SCHED.IDLE && !niceAllowed(target, target.nice)) return false;
  return sameOwner(t, target) && !(target.resetOnFork && !change.resetOnFork);
};

/** sched_setscheduler and its relatives. */
export const changeScheduling = (t: Task, target: Task, change: SchedulingChange): number => {
  const { policy, priority } = change;
  if (!POLICIES.has(policy)) return -E.INVAL;
  if (priority < 0 || priority > 99 || isRealTime(policy) !== (priority !== 0)) return -E.INVAL;
  if (!mayChange(t, target, change)) return -E.PERM;
  target.policy = policy;
  target.rtPriority = priority;
  target.resetOnFork = change.resetOnFork;
  if (change.nice !== undefined && !isRealTime(policy)) target.nice = Math.max(-20, Math.min(19, change.nice));
  return 0;
};

/** Tasks that setpriority (0, 1, 2) and, one higher, ioprio_set select: one task, a process group, a user; undefined: bad selector. */
export const selectTasks = (t: Task, which: number, who: number): Task[] | undefined => {
  const all = [...t.machine.tasks.values()].filter((task) => task.state !== "dead");
  switch (which) {
    case 0: {
      const task = who === 0 ? t : t.named(who);
      return task === undefined ? [] : [task];
    }
    case 1: {
      const pgid = who === 0 ? t.group.pgid : t.means(who);
      return all.filter((task) => task.group.pgid === pgid);
    }
    case 2: {
      const uid = who === 0 ? t.cred.ruid : saidUid(t.cred, who);
      return all.filter((task) => task.cred.ruid === uid);
    }
  }
};

/** setpriority on one task. */
export const setNice = (t: Task, target: Task, nice: number): number => {
  const privileged = capable(t.cred, CAP.SYS_NICE);
  if (
    !nsCapable(t.cred, target.cred.userNamespace, CAP.SYS_NICE) && target.cred.ruid !== t.cred.euid &&
    target.cred.euid !== t.cred.euid
  ) return -E.PERM;
  if (nice < target.nice && !privileged && !niceAllowed(target, nice)) return -E.ACCES;
  target.nice = nice;
  return 0;
};

/** ioprio_set on one task; the value is checked already. */
export const setIoPriority = (t: Task, target: Task, value: number): number => {
  const { euid, ruid } = t.cred;
  if (target.cred.ruid !== euid && target.cred.ruid !== ruid && !capable(t.cred, CAP.SYS_NICE)) return -E.PERM;
  target.ioPriority = value;
  return 0;
};

/** A child of a task with SCHED_RESET_ON_FORK: no real-time policy, no negative nice value (sched_fork). */
export const resetScheduling = (child: Task): void => {
  if (isRealTime(child.policy)) {
    child.policy = SCHED.OTHER;
    child.rtPriority = 0;
    child.nice = 0;
  } else if (child.nice < 0) child.nice = 0;
};

/** sched_setaffinity: one CPU, number 0. */
export const setAffinity = (t: Task, target: Task, mask: Uint8Array): number => {
  if (!sameOwner(t, target) && !nsCapable(t.cred, target.cred.userNamespace, CAP.SYS_NICE)) return -E.PERM;
  if (mask.length === 0 || (mask[0] & 1) === 0) return -E.INVAL;
  target.affinity = Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0);
  return 0;
};
