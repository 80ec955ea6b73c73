/**
 * The gate of a traced task (kernel/signal.c get_signal): as `signals/deliver.ts`, but the tracer hears of every stop and of every signal before it acts, and a waiting
 * call is ended first, as Linux ends it, so that the tracer sees the call's result.
 */
import { act, dequeueOwn, dequeueShared, type Gate, passGate, restoreMask } from "../signals/deliver.ts";
import { hasWork, recalculate } from "../signals/generate.ts";
import { dieByGroupExit, doomed } from "../task/exit.ts";
import type { Task } from "../task/task.ts";
import { decideRestart, prepareRestart, suspendCall } from "../task/waiting.ts";
import type { Traced } from "./traced.ts";

export const passTracedGate = (task: Task, trace: Traced): Gate => {
  if (task.wait !== undefined && !doomed(task)) {
    // A hint without a cause: the call goes on waiting.
    if (!hasWork(task)) {
      task.attention = false;
      return "go";
    }
    suspendCall(task);
    if (trace.stopAfterCall()) return "parked";
  }
  prepareRestart(task);
  for (;;) {
    if (doomed(task)) {
      dieByGroupExit(task);
      return "gone";
    }
    // What the tracer let through acts before anything new (ptrace_signal returns into the middle of get_signal).
    const decided = trace.takeDecided();
    if (decided === undefined) {
      if (trace.stopPending) trace.trapStop = true;
      if (trace.trapStop || trace.trapNotify) {
        trace.trap();
        return "parked";
      }
      if (task.savedMask !== undefined && !task.interruptedWithMask) restoreMask(task);
    }
    const outcome = decided !== undefined ? act(task, decided) : nextSignal(task, trace);
    if (outcome === "none") break;
    if (outcome === "parked" || outcome === "gone") return outcome;
    if (outcome === "handled" && trace.stepping) {
      trace.stopInHandler();
      return "parked";
    }
  }
  task.interruptedWithMask = false;
  decideRestart(task, undefined);
  if (task.savedMask !== undefined) {
    restoreMask(task);
    return passGate(task);
  }
  recalculate(task);
  return "go";
};

const nextSignal = (task: Task, trace: Traced): "none" | "parked" | ReturnType<typeof act> => {
  const own = dequeueOwn(task, ~task.blocked), info = own ?? dequeueShared(task, ~task.blocked);
  if (info === undefined) return "none";
  trace.stopForSignal(info, own === undefined);
  return "parked";
};
