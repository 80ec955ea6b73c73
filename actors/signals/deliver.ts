/**
 * The gate: what a task passes before guest code goes on (SEMANTICS 12.5): fatal pending, group stop, then every deliverable signal. Handlers get their frames
 * here; the first one decides whether an interrupted system call is begun again.
 */
import { BadAddress } from "../../cpu/types.ts";
import { E } from "../../syscalls/abi/errno.ts";
import { defaultAction, SA, SI, SIG, SYNCHRONOUS, UNBLOCKABLE } from "../../syscalls/abi/signals.ts";
import { SIG_DFL, SIG_IGN } from "../signal_handlers.ts";
import { dieByGroupExit, doomed, exitGroup } from "../task/exit.ts";
import { beginCallAgain, decideRestart, endWait, prepareRestart, toldInterrupted } from "../task/waiting.ts";
import type { Task } from "../task/task.ts";
import { pushFrame } from "./frame.ts";
import { forceSignal, recalculate, setBlocked } from "./generate.ts";
import { type PendingSet, sigBit, type SigInfo } from "./pending.ts";
import { isOrphanedPgrp, stopGroup, threadParked } from "./stop.ts";

/** "go": on to guest code (or on waiting); "gone": the task has left; "parked": it stopped. */
export type Gate = "go" | "gone" | "parked";

const lowest = (mask: bigint): number => {
  const low = Number(mask & 0xffffffffn);
  if (low !== 0) return 32 - Math.clz32(low & -low);
  const high = Number(mask >> 32n);
  return 64 - Math.clz32(high & -high);
};

const from = (set: PendingSet, mask: bigint): SigInfo | undefined => {
  const ready = set.mask & mask;
  return ready === 0n ? undefined : set.take(lowest(ready));
};

/** Takes the task's own next signal: synchronous ones first, lowest number first. */
export const dequeueOwn = (task: Task, open: bigint): SigInfo | undefined =>
  from(task.pending, open & SYNCHRONOUS) ?? from(task.pending, open);

/** Takes the next signal sent to the task's process. */
export const dequeueShared = (task: Task, open: bigint): SigInfo | undefined => from(task.group.pending, open);

/** Takes the next signal the task may receive: its own before shared (dequeue_signal). */
export const dequeue = (task: Task, open: bigint): SigInfo | undefined =>
  dequeueOwn(task, open) ?? dequeueShared(task, open);

/** Puts the mask back that a call had changed for its time. */
export const restoreMask = (task: Task): void => {
  const mask = task.savedMask!;
  task.savedMask = undefined;
  setBlocked(task, mask);
};

/** Runs the gate. Called with `task.wait` still set when a signal woke a waiting call. */
export const passGate = (task: Task): Gate => {
  if (task.trace !== undefined) return task.trace.gate();
  if (task.restarting !== undefined) prepareRestart(task);
  let handled = false;
  for (;;) {
    if (doomed(task)) {
      dieByGroupExit(task);
      return "gone";
    }
    if (task.group.job !== "running") {
      if (task.wait?.restart === "eintr") interruptWait(task);
      task.state = "stopped";
      task.machine.observer.stopped?.(task, task.group.stopSignal);
      threadParked(task.group);
      return "parked";
    }
    if (task.savedMask !== undefined && task.wait === undefined && !handled && !task.interruptedWithMask) {
      restoreMask(task);
    }
    const taken = dequeue(task, ~task.blocked);
    if (taken === undefined) break;
    const tool = task.machine.debugger;
    const info = tool === undefined ? taken : tool.signal(task, taken);
    if (info === undefined) continue;
    const outcome = act(task, info);
    if (outcome === "gone") return "gone";
    if (outcome === "handled") handled = true;
  }
  if (task.wait === undefined && task.savedMask !== undefined) {
    restoreMask(task);
    task.interruptedWithMask = false;
    return passGate(task);
  }
  task.interruptedWithMask = false;
  if (task.restarting !== undefined) decideRestart(task, undefined);
  recalculate(task);
  return "go";
};

/** What a signal taken from its set does. */
export const act = (task: Task, info: SigInfo): "ignored" | "handled" | "gone" => {
  const sig = info.signo;
  const d = task.handlers.get(sig);
  task.machine.observer.signalTaken?.(task, info);
  if (d.handler === SIG_IGN) return "ignored";
  if (d.handler !== SIG_DFL) return handle(task, info);
  const action = defaultAction(sig);
  if (action === "ignore" || action === "continue") return "ignored";
  if (task.group.unkillable && sig !== SIG.KILL && sig !== SIG.STOP) return "ignored";
  if (action === "stop") {
    if (sig === SIG.STOP || !isOrphanedPgrp(task.group)) stopGroup(task.group, sig);
    return "ignored";
  }
  task.machine.observer.signalDelivered?.(task, info);
  task.machine.reportFatal(task, info);
  exitGroup(task, sig);
  return "gone";
};

const handle = (task: Task, info: SigInfo): "handled" | "gone" => {
  const sig = info.signo;
  const d = task.handlers.get(sig);
  settleWait(task, d.flags);
  task.machine.trace.note(sig | 0x100000, task.tid);
  task.machine.observer.signalDelivered?.(task, info);
  const restore = task.savedMask ?? task.blocked;
  task.savedMask = undefined;
  try {
    pushFrame(task, d, info, restore, task.vm.image.trampoline);
  } catch (error) {
    if (!(error instanceof BadAddress)) throw error;
    if (sig === SIG.SEGV) task.handlers.set(SIG.SEGV, { handler: SIG_DFL, flags: 0, mask: 0n });
    forceSignal(task, { signo: SIG.SEGV, code: SI.KERNEL, addr: 0n });
    return "handled";
  }
  if ((d.flags & SA.RESETHAND) !== 0) task.handlers.set(sig, { ...d, handler: SIG_DFL });
  let mask = task.blocked | d.mask;
  if ((d.flags & SA.NODEFER) === 0) mask |= sigBit(sig);
  setBlocked(task, mask & ~UNBLOCKABLE);
  return "handled";
};

/** The first handler decides about the interrupted call: partial result, begun again, or EINTR (SEMANTICS 6.27, 6.29). */
const settleWait = (task: Task, flags: number): void => {
  const wait = task.wait;
  if (wait === undefined) {
    if (task.restarting !== undefined) decideRestart(task, (flags & SA.RESTART) !== 0);
    return;
  }
  const partial = wait.partial?.();
  if (partial !== undefined) {
    endWait(task);
    task.cpu.setNumber(10, partial);
    task.machine.observer.callReturned?.(task, partial);
    return;
  }
  const again = wait.restart === "nointr" || ((wait.restart ?? "restart") === "restart" && (flags & SA.RESTART) !== 0);
  if (again) {
    task.machine.observer.callInterrupted?.(task, wait.restart ?? "restart");
    endWait(task);
    beginCallAgain(task);
  } else interruptWait(task);
};

/** Ends the wait with EINTR. */
const interruptWait = (task: Task): void => {
  const result = toldInterrupted(task) ?? -E.INTR;
  task.machine.observer.callInterrupted?.(task, task.wait!.restart ?? "restart");
  endWait(task);
  task.interruptedWithMask = task.savedMask !== undefined;
  task.cpu.setNumber(10, result);
  task.machine.observer.callReturned?.(task, result);
};
