/** Changing a thread group's limits (kernel/sys.c do_prlimit), and what the kernel has added up of its use (getrusage). */
import { E } from "../syscalls/abi/errno.ts";
import { armCpuLimit } from "./cpu_timers.ts";
import { CAP, capable } from "./credentials.ts";
import { type Limit, RLIMIT } from "./limits.ts";
import type { Task } from "./task/task.ts";
import { type Accounting, type ThreadGroup } from "./task/thread_group.ts";

/** Highest RLIMIT_NOFILE (fs.nr_open). */
const NR_OPEN = 1048576;

/** Tells the address space its limits. Call after a change, and for a new address space. */
export const applyMemoryLimits = (t: Task): void => {
  const { limits } = t.group;
  t.vm.space.limits = {
    as: limits[RLIMIT.AS].soft,
    data: limits[RLIMIT.DATA].soft,
    stack: limits[RLIMIT.STACK].soft,
  };
};

/** Sets a limit of the target's group on behalf of `t`: 0 or a negative errno. */
export const setLimit = (t: Task, target: Task, resource: number, limit: Limit): number => {
  if (limit.soft > limit.hard) return -E.INVAL;
  if (resource === RLIMIT.NOFILE && limit.hard > NR_OPEN) return -E.PERM;
  const { group } = target;
  if (limit.hard > group.limits[resource].hard && !capable(t.cred, CAP.SYS_RESOURCE)) return -E.PERM;
  group.limits[resource] = limit;
  if (resource === RLIMIT.AS || resource === RLIMIT.DATA || resource === RLIMIT.STACK) applyMemoryLimits(target);
  if (resource === RLIMIT.CPU) armCpuLimit(group);
  return 0;
};

/** Use of a group: its gone threads, its live ones, and the peak of its memory. */
export const groupUsage = (group: ThreadGroup): Accounting => {
  const sum = { ...group.used };
  for (const t of group.tasks) {
    if (!t.holdings.vm) continue;
    sum.utime += t.cpuTime;
    sum.maxrss = Math.max(sum.maxrss, t.vm.space.peakResidentPages * 4);
  }
  return sum;
};
