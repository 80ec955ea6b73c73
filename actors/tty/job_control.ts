/** Who may use a terminal now, and how a session gets and loses it (tty_jobctrl.c; SEMANTICS section 10). */
import { E } from "../../syscalls/abi/errno.ts";
import { SIG } from "../../syscalls/abi/signals.ts";
import { CAP, capable } from "../credentials.ts";
import type { Machine } from "../machine.ts";
import { SIG_IGN } from "../signal_handlers.ts";
import { fromKernel } from "../signals/sender.ts";
import { sigBit } from "../signals/pending.ts";
import { isOrphanedPgrp } from "../signals/stop.ts";
import { exitHooks } from "../task/exit.ts";
import type { Task } from "../task/task.ts";
import type { ThreadGroup } from "../task/thread_group.ts";
import { Tty } from "./tty.ts";

/** "signalled": the caller's group was sent the signal, the call is to be begun again; "refused": EIO. */
export type Verdict = "go" | "signalled" | "refused";

const ignoresOrBlocks = (t: Task, sig: number): boolean =>
  (t.blocked & sigBit(sig)) !== 0n || t.handlers.get(sig).handler === SIG_IGN;

/** Whether the task may read (SIGTTIN), or write or change settings (SIGTTOU), as far as being in the foreground goes (__tty_check_change). */
export const foregroundCheck = (t: Task, tty: Tty, sig: number): Verdict => {
  const { group } = t;
  if (group.tty !== tty || tty.foreground === 0 || group.pgid === tty.foreground) return "go";
  if (ignoresOrBlocks(t, sig)) return sig === SIG.TTIN ? "refused" : "go";
  if (isOrphanedPgrp(group)) return "refused";
  t.machine.signals.sendToProcessGroup(group.pgid, fromKernel(sig));
  return "signalled";
};

const leadsSession = (group: ThreadGroup): boolean => group.tgid === group.sid;

const sessionOf = (machine: Machine, sid: number): ThreadGroup[] =>
  [...machine.groups.values()].filter((g) => g.sid === sid);

/** Makes the terminal the controlling one of the group's session, the group's process group its foreground. */
export const takeTerminal = (group: ThreadGroup, tty: Tty): void => {
  tty.session = group.sid;
  tty.foreground = group.pgid;
  group.tty = tty;
};

/** What opening a terminal without O_NOCTTY does. */
export const takeOnOpen = (t: Task, tty: Tty): void => {
  if (leadsSession(t.group) && t.group.tty === undefined && tty.session === 0) takeTerminal(t.group, tty);
};

/** TIOCSCTTY. */
export const setControlling = (t: Task, tty: Tty, steal: boolean, readable: boolean): number => {
  const { group } = t;
  if (leadsSession(group) && tty.session === group.sid && group.tty === tty) return 0;
  if (!leadsSession(group) || group.tty !== undefined) return -E.PERM;
  const admin = capable(t.cred, CAP.SYS_ADMIN);
  if (tty.session !== 0) {
    if (!steal || !admin) return -E.PERM;
    for (const g of sessionOf(t.machine, tty.session)) if (g.tty === tty) g.tty = undefined;
  }
  if (!readable && !admin) return -E.PERM;
  takeTerminal(group, tty);
  return 0;
};

/** Foreground groups of sessions whose terminal hung up, by leader: they hear of it when the leader exits. */
const lastForeground = new WeakMap<ThreadGroup, number>();

const hangUpProcessGroup = (machine: Machine, pgid: number): void => {
  if (pgid === 0) return;
  machine.signals.sendToProcessGroup(pgid, fromKernel(SIG.HUP));
  machine.signals.sendToProcessGroup(pgid, fromKernel(SIG.CONT));
};

/** A session leader gives its terminal up: by TIOCNOTTY, or by leaving (disassociate_ctty). */
export const dropTerminal = (leader: ThreadGroup): void => {
  const { machine } = leader.leader;
  const tty = leader.tty;
  if (tty instanceof Tty) {
    const { foreground } = tty;
    tty.session = tty.foreground = 0;
    for (const g of sessionOf(machine, leader.sid)) if (g.tty === tty) g.tty = undefined;
    hangUpProcessGroup(machine, foreground);
  } else {
    hangUpProcessGroup(machine, lastForeground.get(leader) ?? 0);
    lastForeground.delete(leader);
  }
};

/** TIOCNOTTY. */
export const leaveTerminal = (t: Task, tty: Tty): number => {
  if (t.group.tty !== tty) return -E.NOTTY;
  if (leadsSession(t.group)) dropTerminal(t.group);
  t.group.tty = undefined;
  return 0;
};

/** The terminal is gone: its session leader is told, nobody has it any more (__tty_hangup). */
export const hangUpSession = (machine: Machine, tty: Tty): void => {
  if (tty.session === 0) return;
  for (const g of sessionOf(machine, tty.session)) {
    if (g.tty === tty) g.tty = undefined;
    if (!leadsSession(g)) continue;
    lastForeground.set(g, tty.foreground);
    machine.signals.sendToGroup(g, fromKernel(SIG.HUP));
    machine.signals.sendToGroup(g, fromKernel(SIG.CONT));
  }
  tty.session = tty.foreground = 0;
};

/** TIOCSPGRP, after the foreground check. */
export const setForeground = (t: Task, tty: Tty, wanted: number): number => {
  if (t.group.tty !== tty || tty.session !== t.group.sid) return -E.NOTTY;
  if (wanted < 0) return -E.INVAL;
  const pgid = t.means(wanted);
  let found = false;
  for (const g of t.machine.groups.values()) {
    if (g.pgid !== pgid) continue;
    if (g.sid !== t.group.sid) return -E.PERM;
    found = true;
  }
  if (!found) return -E.SRCH;
  tty.foreground = pgid;
  tty.wake();
  return 0;
};

exitHooks.group.push((group) => {
  if (leadsSession(group) && (group.tty !== undefined || lastForeground.has(group))) dropTerminal(group);
});
