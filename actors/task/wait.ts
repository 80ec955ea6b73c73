/**
 * The wait family (kernel/exit.c do_wait, SEMANTICS section 4): which children a caller may wait for, what they report, and reaping. One scan runs to completion;
 * the handler registers on `group.childEvents` and scans again when a child changes.
 */
import { SI, SIG } from "../../syscalls/abi/signals.ts";
import { accountChild, causeOfDeath, deathInfo, notifyDeath, reap, reapThread } from "./exit.ts";
import type { Task } from "./task.ts";
import type { Accounting, ThreadGroup } from "./thread_group.ts";

/** wait4/waitid option bits. */
export const W = {
  NOHANG: 1,
  UNTRACED: 2,
  STOPPED: 2,
  EXITED: 4,
  CONTINUED: 8,
  NOWAIT: 0x01000000,
  NOTHREAD: 0x20000000,
  ALL: 0x40000000,
  CLONE: 0x80000000,
} as const;

/** Whose children: any, one process, a process group, or one group object (pidfd). */
export type Who =
  | { readonly kind: "any" }
  | { readonly kind: "pid"; readonly pid: number }
  | { readonly kind: "pgid"; readonly pgid: number }
  | { readonly kind: "group"; readonly group: ThreadGroup };

/** What a wait found. `status` is the wait4 status word. */
export interface WaitEvent {
  readonly pid: number;
  readonly uid: number;
  readonly status: number;
  /** CLD_* and si_status as waitid reports. */
  readonly code: number;
  readonly siStatus: number;
  readonly used: Accounting;
}

/** An event, "none yet", or "no such child" (ECHILD). */
export type WaitResult = WaitEvent | "none" | "childless";

const matches = (child: ThreadGroup, who: Who): boolean =>
  who.kind === "any" || (who.kind === "pid" && child.tgid === who.pid) ||
  (who.kind === "pgid" && child.pgid === who.pgid) ||
  (who.kind === "group" && child === who.group);

const eligible = (t: Task, child: ThreadGroup, who: Who, options: number): boolean => {
  if (!matches(child, who)) return false;
  if ((options & W.NOTHREAD) !== 0 && child.parent !== t) return false;
  if ((options & W.ALL) !== 0 || child.leader.trace?.byParent) return true;
  return ((options & W.CLONE) !== 0) === (child.exitSignal !== SIG.CHLD);
};

/** Looks once over the caller's children and tracees. */
export const scanChildren = (t: Task, who: Who, options: number): WaitResult => {
  let any = false;
  for (const child of t.group.children) {
    if (!eligible(t, child, who, options)) continue;
    const { trace } = child.leader;
    const hidden = trace !== undefined && !trace.byParent;
    // A dead child can only be waited for as dead: it does not make a wait for stops sleep (wait_consider_task).
    if (!child.zombie || hidden || (options & W.EXITED) !== 0) any = true;
    const event = trace?.byParent ? tracedEvent(t, child.leader, options) : eventOf(t, child, options, hidden);
    if (event !== undefined) return event;
  }
  for (const tracer of (options & W.NOTHREAD) !== 0 ? [t] : t.group.tasks) {
    if (tracer.tracees === undefined) continue;
    for (const task of tracer.tracees) {
      if (!matchesTracee(task, who)) continue;
      if (task.state !== "zombie" || (options & W.EXITED) !== 0) any = true;
      const event = tracedEvent(t, task, options);
      if (event !== undefined) return event;
    }
  }
  return any ? "none" : "childless";
};

const matchesTracee = (task: Task, who: Who): boolean =>
  who.kind === "pid"
    ? task.tid === who.pid
    : who.kind === "group"
    ? task === who.group.leader && task.group === who.group
    : matches(task.group, who);

/** What a task reports to its tracer: its death, whether it leads its group or not, or the stop it is in. */
const tracedEvent = (t: Task, task: Task, options: number): WaitEvent | undefined => {
  const { group } = task;
  const leads = task === group.leader;
  const keep = (options & W.NOWAIT) !== 0;
  if (task.state === "zombie" && (!leads || group.zombie)) {
    if ((options & W.EXITED) === 0) return undefined;
    const status = group.groupExit ?? task.exitStatus;
    const cause = causeOfDeath(status);
    const event = { ...made(group, status, cause.code, cause.status), pid: task.tid };
    if (!keep) reapTracee(t, task);
    return event;
  }
  const stop = task.trace!.current;
  if (stop !== undefined && !stop.listening && stop.exitCode !== 0) {
    const { exitCode } = stop;
    if (!keep) stop.exitCode = 0;
    return { ...made(group, (exitCode << 8) | 0x7f, SI.CLD_TRAPPED, exitCode), pid: task.tid };
  }
  if ((options & W.CONTINUED) !== 0 && group.continueReport) {
    if (!keep) group.continueReport = false;
    return { ...made(group, 0xffff, SI.CLD_CONTINUED, SIG.CONT), pid: task.tid };
  }
  return undefined;
};

/** A process that was traced by a stranger becomes its parent's to wait for. */
const reapTracee = (t: Task, task: Task): void => {
  const { group, trace } = task;
  if (task !== group.leader) return reapThread(task);
  if (trace!.byParent) {
    accountChild(t.group, group);
    return reap(group);
  }
  trace!.unlink();
  notifyDeath(group);
};

/** `hidden`: a stranger traces it, who hears of its death first. */
const eventOf = (t: Task, child: ThreadGroup, options: number, hidden: boolean): WaitEvent | undefined => {
  const keep = (options & W.NOWAIT) !== 0;
  if (child.zombie) {
    if ((options & W.EXITED) === 0 || hidden) return undefined;
    const { code, status } = deathInfo(child);
    const event = made(child, child.exitStatus, code, status);
    if (!keep) {
      accountChild(t.group, child);
      reap(child);
    }
    return event;
  }
  if ((options & W.STOPPED) !== 0 && child.stopReport !== 0) {
    const sig = child.stopReport;
    if (!keep) child.stopReport = 0;
    return made(child, (sig << 8) | 0x7f, SI.CLD_STOPPED, sig);
  }
  if ((options & W.CONTINUED) !== 0 && child.continueReport) {
    if (!keep) child.continueReport = false;
    return made(child, 0xffff, SI.CLD_CONTINUED, SIG.CONT);
  }
  return undefined;
};

const made = (child: ThreadGroup, status: number, code: number, siStatus: number): WaitEvent => ({
  pid: child.tgid,
  uid: child.leader.cred.ruid,
  status,
  code,
  siStatus,
  used: {
    ...child.used,
    utime: child.used.utime + child.childrenUsed.utime,
    stime: child.used.stime + child.childrenUsed.stime,
    maxrss: Math.max(child.used.maxrss, child.childrenUsed.maxrss),
  },
});
