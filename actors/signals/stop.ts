/** Job control: group stop and continue, and what the parent hears of them (kernel/signal.c do_signal_stop, prepare_signal SIGCONT part). */
import { SA, SI, SIG } from "../../syscalls/abi/signals.ts";
import { alive } from "../task/states.ts";
import type { Task } from "../task/task.ts";
import type { ThreadGroup } from "../task/thread_group.ts";

/** Tells the parent of a stop or continue: SIGCHLD unless SA_NOCLDSTOP, and wakes its waiters. */
const notifyParent = (group: ThreadGroup, code: number, status: number): void => {
  const parent = group.parent;
  if (parent === undefined || parent.group.live === 0) return;
  if ((parent.handlers.get(SIG.CHLD).flags & SA.NOCLDSTOP) === 0 && parent.handlers.get(SIG.CHLD).handler !== 1) {
    parent.machine.signals.sendToGroup(parent.group, {
      signo: SIG.CHLD,
      code,
      pid: group.tgid,
      uid: group.leader.cred.ruid,
      status,
      utime: 0,
      stime: 0,
    });
  }
  parent.group.childEvents.wake();
};

/** Begins a group stop: every thread parks at its gate; the last one reports. */
export const stopGroup = (group: ThreadGroup, sig: number): void => {
  // A tracer may have let a thread of a stopped group run: a further stop signal stops it again.
  if (group.job === "stopped" && !group.tasks.some((t) => t.trace !== undefined)) return;
  if (group.job === "running") {
    group.job = "stopping";
    group.stopSignal = sig;
    group.continueReport = false;
  }
  group.stopsOutstanding = 0;
  for (const t of group.tasks) {
    if (!alive(t) || t.state === "stopped") continue;
    t.trace?.requestStop(sig);
    group.stopsOutstanding++;
    t.attention = true;
    t.notify();
  }
};

/**
 * One thread has parked (or left, or waits uninterruptibly for a vfork child): the last one makes the stop complete. `quietly`: it is traced by the parent, which hears of
 * that thread's stop instead.
 */
export const threadParked = (group: ThreadGroup, quietly = false): void => {
  if (group.job !== "stopping" || --group.stopsOutstanding > 0) return;
  group.job = "stopped";
  group.stopReport = group.stopSignal;
  if (!quietly) notifyParent(group, SI.CLD_STOPPED, group.stopSignal);
};

/** SIGCONT or SIGKILL: ends a stop; threads run again. */
export const continueGroup = (group: ThreadGroup): void => {
  for (const t of group.tasks) t.trace?.continued();
  if (group.job === "running") return;
  const wasStopped = group.job;
  group.job = "running";
  group.stopReport = 0;
  group.stopsOutstanding = 0;
  if (wasStopped !== undefined) {
    group.continueReport = true;
    // A stop that was not finished is reported as one, its signal already forgotten (prepare_signal's SIGNAL_CLD_STOPPED).
    if (wasStopped === "stopping") notifyParent(group, SI.CLD_STOPPED, 0);
    else notifyParent(group, SI.CLD_CONTINUED, SIG.CONT);
    const { trace } = group.leader;
    if (trace !== undefined && !trace.byParent) trace.tellContinued();
  }
  for (const t of group.tasks) unpark(t);
};

/** Lets a stopped thread run again. */
export const unpark = (task: Task): void => {
  if (task.state === "stopped") rouse(task);
};

/** Ends a stop of one thread, its tracer's stops too. */
export const rouse = (task: Task): void => {
  if (task.state !== "stopped" && task.state !== "traced") return;
  task.state = "runnable";
  task.attention = true;
  task.machine.makeRunnable(task);
};

/** Whether a process group has a member whose parent is in another group of the same session (kernel/exit.c will_become_orphaned_pgrp). */
export const isOrphanedPgrp = (member: ThreadGroup, leaving?: ThreadGroup): boolean => {
  for (const g of member.leader.machine.groups.values()) {
    if (g.pgid !== member.pgid || g === leaving || g.live === 0) continue;
    const parent = g.parent?.group;
    if (parent !== undefined && parent.pgid !== g.pgid && parent.sid === g.sid) return false;
  }
  return true;
};
