/** Sending with permission checks: one task, one group, or everything kill(2) can name (SEMANTICS 6.33–6.35). */
import { CAP, nsCapable, type SigInfo, type Task, type ThreadGroup } from "../../actors/mod.ts";
import { E } from "../abi/errno.ts";
import { SIG } from "../abi/signals.ts";

/** Whether `t` may send `sig` to a process. */
export const allowed = (t: Task, group: ThreadGroup, sig: number): boolean => {
  if (group === t.group) return true;
  const { euid, ruid } = t.cred, target = group.leader.cred;
  if (euid === target.suid || euid === target.ruid || ruid === target.suid || ruid === target.ruid) return true;
  if (nsCapable(t.cred, target.userNamespace, CAP.KILL)) return true;
  return sig === SIG.CONT && group.sid === t.group.sid;
};

/** To a process (`target` undefined) or one task of it. Signal 0 only checks. */
export const sendTo = (t: Task, group: ThreadGroup, target: Task | undefined, info: SigInfo): number => {
  if (info.signo < 0 || info.signo > 64) return -E.INVAL;
  if (!allowed(t, group, info.signo)) return -E.PERM;
  if (info.signo === 0) return 0;
  return target === undefined ? t.machine.signals.sendToGroup(group, info) : t.machine.signals.sendToTask(target, info);
};

/** kill(2): pid > 0 a process (by any of its tids), 0 own process group, -1 all but init and the caller, < -1 a process group. */
export const killMany = (t: Task, pid: number, info: SigInfo): number => {
  if (info.signo < 0 || info.signo > 64) return -E.INVAL;
  const { machine } = t;
  if (pid > 0) {
    const id = t.means(pid), group = machine.tasks.get(id)?.group ?? machine.groups.get(id);
    return group === undefined ? -E.SRCH : sendTo(t, group, undefined, info);
  }
  if (pid === -0x80000000) return -E.SRCH;
  const pgid = pid === 0 ? t.group.pgid : t.means(-pid);
  const targets = [...machine.groups.values()].filter((g) =>
    pid === -1 ? g !== t.group && t.sees(g.tgid) > 1 : g.pgid === pgid
  );
  if (targets.length === 0) return -E.SRCH;
  let reached = 0;
  // The sender's own group goes last, so that a fatal signal to it does not hide the others.
  for (const g of targets.sort((a, b) => Number(a === t.group) - Number(b === t.group))) {
    if (sendTo(t, g, undefined, info) === 0) reached++;
  }
  return reached > 0 ? 0 : -E.PERM;
};
