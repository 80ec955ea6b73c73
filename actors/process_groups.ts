/** Process groups and sessions: the rules of setpgid and setsid (kernel/sys.c, SEMANTICS 10.1–10.2). Results are negative errno numbers on failure. */
import { E } from "../syscalls/abi/errno.ts";
import type { Task } from "./task/task.ts";
import type { ThreadGroup } from "./task/thread_group.ts";

/** setpgid(2). */
export const setProcessGroup = (t: Task, pid: number, pgid: number): number => {
  const { machine, group } = t;
  const target = pid === 0 ? group.leader : t.named(pid);
  if (pgid < 0 || (pgid === 0 && pid < 0)) return -E.INVAL;
  if (target === undefined) return -E.SRCH;
  if (target !== target.group.leader) return -E.INVAL;
  const moved = target.group;
  if (moved.parent?.group === group) {
    if (moved.sid !== group.sid) return -E.PERM;
    if (moved.hasExeced) return -E.ACCES;
  } else if (moved !== group) return -E.SRCH;
  if (moved.sid === moved.tgid) return -E.PERM;
  const wanted = pgid === 0 ? moved.tgid : t.means(pgid);
  if (wanted !== moved.tgid && !hasMember(machine.groups.values(), wanted, group.sid)) return -E.PERM;
  moved.pgid = wanted;
  return 0;
};

const hasMember = (groups: Iterable<ThreadGroup>, pgid: number, sid: number): boolean => {
  for (const g of groups) if (g.pgid === pgid && g.sid === sid) return true;
  return false;
};

/** setsid(2): the new session's id. */
export const newSession = (t: Task): number => {
  const { group, machine } = t;
  if (group.sid === group.tgid) return -E.PERM;
  for (const g of machine.groups.values()) if (g.pgid === group.tgid) return -E.PERM;
  group.sid = group.pgid = group.tgid;
  group.tty = undefined;
  return t.sees(group.tgid);
};
