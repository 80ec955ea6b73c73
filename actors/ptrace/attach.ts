/** How a task comes to be traced (kernel/ptrace.c ptrace_traceme, ptrace_attach; SEMANTICS 9.13–9.15). */
import { E } from "../../syscalls/abi/errno.ts";
import { PTRACE_O_MASK } from "../../syscalls/abi/ptrace.ts";
import { SI, SIG } from "../../syscalls/abi/signals.ts";
import { mayTrace } from "../cross_memory.ts";
import type { Task } from "../task/task.ts";
import { prepareRestart, suspendCall } from "../task/waiting.ts";
import { Traced } from "./traced.ts";

/** The parent becomes the tracer. The machine's init, who would never wait, does not: EPERM. */
export const traceMe = (t: Task): number => {
  const { parent } = t.group;
  if (t.trace !== undefined || parent === undefined) return -E.PERM;
  if (parent.state !== "exiting" && parent.state !== "zombie") new Traced(t, parent, false);
  return 0;
};

/** PTRACE_ATTACH and PTRACE_SEIZE. */
export const attach = (t: Task, target: Task, seize: boolean, addr: number, options: number): number => {
  if (seize && (addr !== 0 || options > 0xffffffff || (options & ~PTRACE_O_MASK) !== 0)) return -E.IO;
  if (target.group === t.group || !mayTrace(t, target)) return -E.PERM;
  if (target.state === "exiting" || target.state === "zombie" || target.trace !== undefined) return -E.PERM;
  const trace = new Traced(target, t, seize);
  if (seize) trace.options = options;
  else target.machine.signals.sendToTask(target, { signo: SIG.STOP, code: SI.KERNEL, pid: 0, uid: 0 });
  if (target.group.job === "stopping") trace.stopPending = target.state !== "stopped";
  trace.stopSignal = target.group.stopSignal;
  if (target.state === "stopped") {
    // It goes over from its own stop to the tracer's at once; its call shows as interrupted.
    if (target.wait !== undefined) suspendCall(target);
    prepareRestart(target);
    trace.trap();
  }
  return 0;
};
