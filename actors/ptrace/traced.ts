/**
 * The tracer's hold on one task (kernel/ptrace.c): its options, the stop it is in, and the hooks the core calls while a task is traced. A stop is data: the task leaves its
 * turn in state "traced" with what it was about to do in `afterStop`, and its next turn does that. Loaded with the first ptrace call.
 */
import { E } from "../../syscalls/abi/errno.ts";
import { CLONE } from "../../syscalls/abi/clone.ts";
import {
  PTRACE_EVENT,
  PTRACE_EVENTMSG_SYSCALL_ENTRY,
  PTRACE_EVENTMSG_SYSCALL_EXIT,
  PTRACE_O,
} from "../../syscalls/abi/ptrace.ts";
import { defaultAction, SA, SI, SIG } from "../../syscalls/abi/signals.ts";
import { SIG_DFL, SIG_IGN } from "../signal_handlers.ts";
import { type Gate } from "../signals/deliver.ts";
import { forceSignal, recalculate } from "../signals/generate.ts";
import { sigBit, type SigInfo } from "../signals/pending.ts";
import { rouse, threadParked } from "../signals/stop.ts";
import type { CloneRequest } from "../task/clone.ts";
import { causeOfDeath } from "../task/exit.ts";
import type { Task } from "../task/task.ts";
import { endWait } from "../task/waiting.ts";
import { passTracedGate } from "./gate.ts";

/**
 * What a stop interrupted: the call to be made, its result (BLOCKED: it waits) on the way to the register, the exit with its status, or the signal in hand of a task that
 * is not traced any more.
 */
export type AfterStop =
  /** `asked`: the filters have been asked about it, and the tracer. */
  | { readonly kind: "call"; readonly asked?: boolean }
  | { readonly kind: "result"; readonly result: number }
  | { readonly kind: "exit"; readonly status: number }
  | { readonly kind: "signal"; readonly info: SigInfo };

/** A ptrace stop. */
export interface Stop {
  readonly kind: "call" | "signal" | "event" | "group";
  /** What wait reports in the upper bytes of the status; 0 once reported. */
  exitCode: number;
  /** PTRACE_GETSIGINFO; a group stop of an attached (not seized) task has none. */
  info: SigInfo | undefined;
  /** PTRACE_GETEVENTMSG. */
  readonly message: number;
  /** The signal was sent to the process, not to the task. */
  readonly shared?: boolean;
  /** PTRACE_LISTEN: not reported, hears SIGCONT. */
  listening: boolean;
}

export type Resume = "cont" | "syscall" | "step";

export class Traced {
  options = 0;
  mode: Resume = "cont";
  stop: Stop | undefined;
  /** The tracer wants a stop (JOBCTL_TRAP_STOP), a seized task has something to tell (JOBCTL_TRAP_NOTIFY), the group stops (JOBCTL_STOP_PENDING). */
  trapStop = false;
  trapNotify = false;
  stopPending = false;
  /** Signal of the last group stop (JOBCTL_STOP_SIGMASK). */
  stopSignal = 0;
  /** No SIGCONT has come since the task stopped for a signal: a stop signal may pass (JOBCTL_STOP_DEQUEUED). */
  #mayStop = false;
  /** The signal the tracer let through. */
  decided: SigInfo | undefined;
  /** The last message, as GETEVENTMSG gives it. */
  #event: { readonly event: number; readonly message: number } | undefined;
  #exitReported = false;

  constructor(readonly task: Task, readonly tracer: Task, readonly seized: boolean) {
    task.trace = this;
    (tracer.tracees ??= new Set()).add(task);
  }

  // ---- the relation ------------------------------------------------------------------------------------------------
  /** The relation ends; the task's stop, if any, stays to be ended by the caller. */
  unlink(): void {
    const { task } = this;
    if (task.trace !== this) return;
    task.trace = undefined;
    this.tracer.tracees?.delete(task);
  }

  /** The tracer is the parent or a thread of its group: no foreign hand (ptrace_reparented). */
  get byParent(): boolean {
    return this.tracer.group === this.task.group.parent?.group;
  }

  // ---- what the gate and the job control ask -----------------------------------------------------------------------
  get hasTraps(): boolean {
    return this.trapStop || this.trapNotify || this.stopPending;
  }
  get stepping(): boolean {
    return this.mode === "step";
  }
  gate(): Gate {
    return passTracedGate(this.task, this);
  }

  /** The group stops. */
  requestStop(sig: number): void {
    this.stopPending = true;
    this.stopSignal = sig;
  }

  /** SIGCONT came for the group. */
  continued(): void {
    this.stopPending = false;
    this.#mayStop = false;
    if (this.decided !== undefined && this.#wouldStop(this.decided.signo)) this.decided = undefined;
    if (this.seized) this.trapNotified();
  }
  /** ptrace_trap_notify. */
  trapNotified(): void {
    this.trapNotify = true;
    this.#summon();
  }

  /** PTRACE_INTERRUPT. */
  interrupt(): void {
    this.trapStop = true;
    this.#summon();
  }
  /** To its gate, out of a stop in which it listens too. */
  #summon(): void {
    this.task.attention = true;
    this.task.notify();
    if (this.stop?.listening) rouse(this.task);
  }

  /** The stop the task stands in, if it does. */
  get current(): Stop | undefined {
    return this.task.state === "traced" ? this.stop : undefined;
  }

  // ---- stops -------------------------------------------------------------------------------------------------------
  /** Before a system call; true when the task stops. */
  stopAtCall(): boolean {
    if (this.mode !== "syscall") return false;
    this.task.cpu.setNumber(10, -E.NOSYS);
    this.#enter(this.#callStop(PTRACE_EVENTMSG_SYSCALL_ENTRY), { kind: "call" });
    return true;
  }

  /** After a system call. */
  stopAfterCall(): boolean {
    if (this.mode === "step") this.stepped();
    if (this.mode !== "syscall") return false;
    this.#enter(this.#callStop(PTRACE_EVENTMSG_SYSCALL_EXIT));
    return true;
  }

  #callStop(message: number): Stop {
    const code = SIG.TRAP | ((this.options & PTRACE_O.TRACESYSGOOD) !== 0 ? 0x80 : 0);
    return { kind: "call", exitCode: code, info: this.#trapInfo(SIG.TRAP, code), message, listening: false };
  }

  #trapInfo(signo: number, code: number): SigInfo {
    return { signo, code, pid: this.task.sees(this.task.tid), uid: this.task.cred.ruid };
  }

  /** A single step is done: SIGTRAP. */
  stepped(): void {
    forceSignal(this.task, { signo: SIG.TRAP, code: 2, addr: BigInt(this.task.cpu.pc) });
  }
  /** A handler was entered while stepping. */
  stopInHandler(): void {
    const info = this.#trapInfo(SIG.TRAP, SIG.TRAP);
    this.#enter({ kind: "call", exitCode: SIG.TRAP, info, message: 0, listening: false });
  }

  stopForSignal(info: SigInfo, shared: boolean): void {
    this.#mayStop = true;
    this.#enter({ kind: "signal", exitCode: info.signo, info, message: 0, shared, listening: false });
  }

  /** An event the options ask for, told before the call returns. */
  note(event: number, message: number): void {
    if ((this.options & (1 << event)) !== 0) this.#event = { event, message };
  }

  /** The call has a result, or waits (BLOCKED): stops for the event noted meanwhile, if any. */
  stopForEvent(result: number): boolean {
    const noted = this.#event;
    if (noted === undefined) return false;
    this.#event = undefined;
    this.#enterEvent(noted.event, noted.message, { kind: "result", result });
    return true;
  }

  /** A filter leaves the call to the tracer; true when there is one that wants to know. */
  stopForFilter(data: number): boolean {
    if ((this.options & PTRACE_O.TRACESECCOMP) === 0) return false;
    this.task.cpu.setNumber(10, -E.NOSYS);
    this.#enterEvent(PTRACE_EVENT.SECCOMP, data, { kind: "call", asked: true });
    return true;
  }

  #enterEvent(event: number, message: number, after: AfterStop): void {
    const exitCode = (event << 8) | SIG.TRAP;
    this.#enter(
      { kind: "event", exitCode, info: this.#trapInfo(SIG.TRAP, exitCode), message, listening: false },
      after,
    );
  }

  /** A trap without a signal: the group stops, or the tracer interrupts (do_jobctl_trap). */
  trap(): void {
    const { group } = this.task;
    if (!this.seized) {
      this.#enter({ kind: "group", exitCode: this.stopSignal, info: undefined, message: 0, listening: false });
      return;
    }
    const signo = group.job === "running" ? SIG.TRAP : this.stopSignal;
    const exitCode = signo | (PTRACE_EVENT.STOP << 8);
    this.#enter({ kind: "group", exitCode, info: this.#trapInfo(signo, exitCode), message: 0, listening: false });
  }

  #enter(stop: Stop, after?: AfterStop): void {
    const { task } = this;
    task.afterStop = after;
    this.stop = stop;
    task.state = "traced";
    if (stop.kind === "group" && this.stopPending) {
      this.stopPending = false;
      threadParked(task.group, this.byParent);
    }
    this.trapStop = false;
    if (stop.info !== undefined && stop.info.code >> 8 === PTRACE_EVENT.STOP) this.trapNotify = false;
    this.#tellStop(stop.kind === "group" ? SI.CLD_STOPPED : SI.CLD_TRAPPED, stop.exitCode & 0x7f);
  }

  /** A stop or its end: not for who asked not to hear of them (do_notify_parent_cldstop). */
  #tellStop(code: number, status: number): void {
    const d = this.tracer.handlers.get(SIG.CHLD);
    this.#tell(code, status, d.handler === SIG_IGN || (d.flags & SA.NOCLDSTOP) !== 0);
  }
  /** SIGCHLD to the tracer unless it does not care, and its waiters look. */
  #tell(code: number, status: number, silent: boolean): void {
    const { tracer, task } = this;
    if (!silent) {
      const utime = Math.round(task.cpuTime / 1e7);
      const info = { signo: SIG.CHLD, code, pid: task.tid, uid: task.cred.ruid, status, utime, stime: 0 };
      tracer.machine.signals.sendToGroup(tracer.group, info);
    }
    tracer.group.childEvents.wake();
  }
  /** The group of the tracee goes on (SIGCONT). */
  tellContinued(): void {
    this.#tellStop(SI.CLD_CONTINUED, SIG.CONT);
  }

  // ---- going on ----------------------------------------------------------------------------------------------------
  /** Ends the stop. `signal`: what the tracer gives it, 0 for none. */
  resume(signal: number): void {
    const { task, current: stop } = this;
    if (stop === undefined) return;
    this.stop = undefined;
    if (signal !== 0) this.#pass(stop, signal);
    recalculate(task);
    rouse(task);
  }

  #pass(stop: Stop, signal: number): void {
    const { task } = this;
    if (stop.kind === "call") {
      if (signal <= 64) task.machine.signals.sendToTask(task, { signo: signal, code: SI.KERNEL, pid: 0, uid: 0 });
      return;
    }
    if (stop.kind !== "signal" || (!this.#mayStop && this.#wouldStop(signal))) return;
    const { tracer } = this;
    const info = stop.info!.signo === signal
      ? stop.info!
      : { signo: signal, code: SI.USER, pid: task.sees(tracer.pid), uid: tracer.cred.ruid };
    if ((task.blocked & sigBit(signal)) !== 0n) task.machine.signals.requeue(task, info, stop.shared === true);
    else if (task.trace === this) this.decided = info;
    else task.afterStop = { kind: "signal", info };
  }

  #wouldStop(signal: number): boolean {
    return defaultAction(signal) === "stop" && this.task.handlers.get(signal).handler === SIG_DFL;
  }

  takeDecided(): SigInfo | undefined {
    const info = this.decided;
    this.decided = undefined;
    return info;
  }

  /** The tracer has exited. */
  tracerLeft(): void {
    const { task } = this;
    if ((this.options & PTRACE_O.EXITKILL) !== 0) {
      task.machine.signals.sendToTask(task, { signo: SIG.KILL, code: SI.KERNEL, pid: 0, uid: 0 });
    }
    this.detach(this.stop?.exitCode ?? 0);
  }

  /** Lets go of the task, which goes on with `signal`; a stop of its group takes it in again (__ptrace_unlink). */
  detach(signal: number): void {
    const { task } = this;
    const { group } = task;
    const counted = this.stopPending;
    this.unlink();
    if (task.state === "zombie") return;
    if (group.job === "stopping" && !counted) group.stopsOutstanding++;
    if (this.decided !== undefined) task.afterStop = { kind: "signal", info: this.decided };
    this.resume(signal);
    if (group.job !== "running") {
      task.attention = true;
      task.notify();
    }
  }

  // ---- clone, exec, exit -------------------------------------------------------------------------------------------
  /** The task made `child`: traced too if an event asks for it or CLONE_PTRACE does (ptrace_init_task). */
  cloned(child: Task, r: CloneRequest): void {
    const has = (bit: number): boolean => (r.flags & bit) !== 0;
    const event = has(CLONE.VFORK)
      ? PTRACE_EVENT.VFORK
      : r.exitSignal !== SIG.CHLD || has(CLONE.THREAD)
      ? PTRACE_EVENT.CLONE
      : PTRACE_EVENT.FORK;
    const reported = !has(CLONE.UNTRACED) && (this.options & (1 << event)) !== 0;
    if (reported || has(CLONE.PTRACE)) this.#follow(child);
    if (reported) this.note(event, this.tracer.sees(child.tid));
  }

  #follow(child: Task): void {
    const trace = new Traced(child, this.tracer, this.seized);
    trace.options = this.options;
    if (this.seized) trace.trapStop = true;
    else child.pending.add(SIG.STOP, undefined);
    if (child.group.job !== "running") {
      trace.requestStop(child.group.stopSignal);
    }
    child.attention = true;
  }

  /** A vfork child has let go. */
  vforkDone(child: number): void {
    this.note(PTRACE_EVENT.VFORK_DONE, this.tracer.sees(child));
  }

  /** The new program is in place. `formerTid`: the caller's before it took over the leader's. */
  execed(formerTid: number): void {
    if ((this.options & PTRACE_O.TRACEEXEC) !== 0) this.note(PTRACE_EVENT.EXEC, this.tracer.sees(formerTid));
    else if (!this.seized) {
      this.task.machine.signals.sendToTask(this.task, { signo: SIG.TRAP, code: SI.USER, pid: this.task.pid, uid: 0 });
    }
  }

  /** Whether an exit of this task waits for its tracer. */
  get wantsExitStop(): boolean {
    return (this.options & PTRACE_O.TRACEEXIT) !== 0 && !this.#exitReported && !this.task.machine.ending;
  }

  /** The running task is about to exit; true when it stops first. */
  stopsAtExit(status: number): boolean {
    const { task } = this;
    if (!this.wantsExitStop || task.state !== "running") return false;
    this.#exitReported = true;
    endWait(task);
    this.#enterEvent(PTRACE_EVENT.EXIT, status, { kind: "exit", status });
    return true;
  }

  /** Whether the tracer wants no zombies; else a dead thread stays until it is waited for. */
  get autoreaps(): boolean {
    return this.tracer.handlers.autoreaps;
  }

  /** The task is dead while others of its group live. */
  tellDeath(status: number): void {
    const ignored = this.tracer.handlers.get(SIG.CHLD).handler === SIG_IGN;
    const { code, status: siStatus } = causeOfDeath(status);
    this.#tell(code, siStatus, ignored);
  }
}
