/**
 * The wait family (kernel/exit.c do_wait, SEMANTICS section 4): which children a caller may wait for, what they report, and reaping. One scan runs to completion;
 * the handler registers on `group.childEvents` and scans again when a child changes.
 */
import { SI, SIG } from "../../syscalls/abi/signals.ts";
import { accountChild, deathInfo, reap } from "./exit.ts";
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
  if ((options & W.ALL) !== 0) return true;
  return ((options & W.CLONE) !== 0) === (child.exitSignal !== SIG.CHLD);
};

/** Looks once over the caller's children. */
export const scanChildren = (t: Task, who: Who, options: number): WaitResult => {
  let any = false;
  for (const child of t.group.children) {
    if (!eligible(t, child, who, options)) continue;
    // A dead child can only be waited for as dead: it does not make a wait for stops sleep (wait_consider_task).
    if (!child.zombie || (options & W.EXITED) !== 0) any = true;
    const event = eventOf(t, child, options);
    if (event !== undefined) return event;
  }
  return any ? "none" : "childless";
};

const eventOf = (t: Task, child: ThreadGroup, options: number): WaitEvent | undefined => {
  const keep = (options & W.NOWAIT) !== 0;
  if (child.zombie) {
    if ((options & W.EXITED) === 0) return undefined;
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
