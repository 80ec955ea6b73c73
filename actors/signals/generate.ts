/**
 * Signal generation: who receives, what is dropped, what is woken (kernel/signal.c send_signal_locked, prepare_signal, complete_signal). Everything here runs to
 * completion on the sender's stack; receivers act in their own turn, at the gate (`deliver.ts`).
 */
import { E } from "../../syscalls/abi/errno.ts";
import { CONT_MASK, defaultAction, SI, SIG, STOP_MASK } from "../../syscalls/abi/signals.ts";
import { RLIMIT } from "../limits.ts";
import type { Machine } from "../machine.ts";
import { SIG_DFL, SIG_IGN } from "../signal_handlers.ts";
import { alive } from "../task/states.ts";
import type { Task } from "../task/task.ts";
import type { ThreadGroup } from "../task/thread_group.ts";
import { sigBit, type SigInfo, SIGRTMIN } from "./pending.ts";
import { seenBy } from "./sender.ts";
import type { SignalService } from "./service.ts";
import { continueGroup, rouse } from "./stop.ts";

const KILL_BIT = sigBit(SIG.KILL);

/** Sets or clears the task's hint that the gate has work. */
export const recalculate = (task: Task): void => {
  task.attention = hasWork(task);
};

/** Whether the gate has work. */
export const hasWork = (task: Task): boolean =>
  ((task.pending.mask | task.group.pending.mask) & (~task.blocked | KILL_BIT)) !== 0n ||
  (task.trace === undefined ? task.group.job !== "running" : task.trace.hasTraps) ||
  task.group.groupExit !== undefined || (task.group.execing !== undefined && task.group.execing !== task);

/** Whether the signal would be thrown away at once for this task (sig_ignored). `force`: it comes from the kernel or from outside the task's pid namespace. */
export const isIgnored = (task: Task, sig: number, force = true): boolean => {
  if (((task.blocked | task.realBlocked) & sigBit(sig)) !== 0n) return false;
  // A tracer may want to know of it.
  if (task.trace !== undefined) return false;
  const { handler } = task.handlers.get(sig);
  if (task.group.unkillable && handler === SIG_DFL && !(force && (sig === SIG.KILL || sig === SIG.STOP))) return true;
  return handler === SIG_IGN || (handler === SIG_DFL && defaultAction(sig) === "ignore");
};

/** Whether this thread would take the signal now (wants_signal). */
const wants = (task: Task, sig: number): boolean => {
  if (!alive(task)) return false;
  if (sig === SIG.KILL) return true;
  if ((task.blocked & sigBit(sig)) !== 0n || task.state === "stopped" || task.state === "traced") return false;
  // A sleeper that another signal has just woken is busy with that one.
  return task.state === "running" || task.state === "runnable" || !task.attention;
};

const wake = (task: Task): void => {
  task.attention = true;
  task.notify();
};

export class Signals implements SignalService {
  constructor(readonly machine: Machine) {}

  sendToGroup(group: ThreadGroup, info: SigInfo): number {
    if (group.live === 0) return 0;
    const main = group.leader.state === "zombie" || group.leader.state === "dead" ? group.tasks[0] : group.leader;
    return this.#send(group, main, info, false);
  }

  sendToTask(task: Task, info: SigInfo): number {
    if (task.state === "zombie" || task.state === "dead") return 0;
    return this.#send(task.group, task, info, true);
  }

  sendToProcessGroup(pgid: number, info: SigInfo): number {
    let reached = 0;
    for (const group of [...this.machine.groups.values()]) {
      if (group.pgid !== pgid) continue;
      reached++;
      this.sendToGroup(group, info);
    }
    return reached;
  }

  deliverable(task: Task): boolean {
    if (!task.attention) return false;
    if (hasWork(task)) return true;
    task.attention = false;
    return false;
  }

  requeue(task: Task, info: SigInfo, shared: boolean): void {
    this.#queue(task.group, task, info, !shared);
  }

  #send(group: ThreadGroup, target: Task, given: SigInfo, toTask: boolean): number {
    return this.#queue(group, target, seenBy(group, given), toTask);
  }

  #queue(group: ThreadGroup, target: Task, info: SigInfo, toTask: boolean): number {
    const sig = info.signo;
    this.#cancelOpposites(group, sig);
    if ((sig !== SIG.KILL || group.unkillable) && isIgnored(target, sig, info.pid === 0 || info.code === SI.KERNEL)) {
      this.machine.observer.signalDropped?.(target, info);
      return 0;
    }
    const set = toTask ? target.pending : group.pending;
    let kept: SigInfo | undefined = info;
    if (this.#overLimit(group)) {
      if (sig >= SIGRTMIN && info.code < 0) return -E.AGAIN;
      if (sig >= SIGRTMIN) kept = undefined;
    }
    if (!set.add(sig, kept)) return 0;
    this.#complete(group, target, info, toTask);
    this.machine.signalArrived.wake();
    return 0;
  }

  /** SIGCONT erases pending stops and resumes; a stop signal erases a pending SIGCONT, in all sets of the group. */
  #cancelOpposites(group: ThreadGroup, sig: number): void {
    const gone = sig === SIG.CONT ? STOP_MASK : (STOP_MASK & sigBit(sig)) !== 0n ? CONT_MASK : 0n;
    if (gone === 0n) return;
    group.pending.flush(gone);
    for (const t of group.tasks) t.pending.flush(gone);
    if (sig === SIG.CONT) continueGroup(group);
  }

  #overLimit(group: ThreadGroup): boolean {
    const limit = group.limits[RLIMIT.SIGPENDING].soft;
    if (limit === Infinity) return false;
    let queued = group.pending.count;
    for (const t of group.tasks) queued += t.pending.count;
    return queued >= limit;
  }

  /** Chooses the thread that handles it, or kills the whole group at once when it is plainly fatal. */
  #complete(group: ThreadGroup, main: Task, info: SigInfo, toTask: boolean): void {
    const sig = info.signo;
    let target = wants(main, sig) ? main : undefined;
    if (target === undefined && !toTask) target = group.tasks.find((t) => wants(t, sig));
    if (target === undefined) return;
    const fatal = sig === SIG.KILL ||
      (main.trace === undefined && target.handlers.get(sig).handler === SIG_DFL && defaultAction(sig) === "terminate" &&
        !group.unkillable);
    if (
      fatal && (sig === SIG.KILL || (target.realBlocked & sigBit(sig)) === 0n) && group.groupExit === undefined
    ) {
      group.groupExit = sig;
      if (sig !== SIG.KILL) this.machine.observer.signalDropped?.(target, info);
      this.machine.reportFatal(target, info);
      for (const t of group.tasks) {
        t.pending.add(SIG.KILL, undefined);
        wake(t);
        rouse(t);
      }
      return;
    }
    wake(target);
  }
}

/** Wakes a sibling for shared pending signals this task no longer takes (retarget_shared_pending). */
export const retargetShared = (task: Task, mask: bigint): void => {
  const moved = task.group.pending.mask & mask;
  if (moved === 0n) return;
  for (const other of task.group.tasks) {
    if (other === task) continue;
    for (let sig = 1; sig <= 64; sig++) {
      if ((moved & sigBit(sig)) !== 0n && wants(other, sig)) {
        wake(other);
        break;
      }
    }
  }
};

/** Sets the blocked mask (KILL and STOP never get in), retargets what is newly blocked, rechecks what is newly open. */
export const setBlocked = (task: Task, mask: bigint): void => {
  const next = mask & ~(KILL_BIT | sigBit(SIG.STOP));
  const newlyBlocked = next & ~task.blocked;
  task.blocked = next;
  if (newlyBlocked !== 0n) retargetShared(task, newlyBlocked);
  recalculate(task);
};

/** A fault or another signal the task cannot refuse (force_sig_info): if blocked or ignored it becomes default and open. */
export const forceSignal = (task: Task, info: SigInfo): void => {
  const bit = sigBit(info.signo);
  const d = task.handlers.get(info.signo);
  if (d.handler === SIG_IGN || (task.blocked & bit) !== 0n) {
    task.handlers.set(info.signo, { handler: SIG_DFL, flags: 0, mask: 0n });
  }
  task.blocked &= ~bit;
  if (task.handlers.get(info.signo).handler === SIG_DFL) task.group.unkillable = false;
  task.pending.add(info.signo, info);
  task.attention = true;
};
