/**
 * One turn of a task: looks at what it waited for, passes the gate, then runs guest code and system calls until the slice is spent, it must wait, or it leaves. Plain
 * synchronous code: the fiber around it is `life.ts`.
 */
import { Trap } from "../../cpu/types.ts";
import { E } from "../../syscalls/abi/errno.ts";
import { SI, SIG } from "../../syscalls/abi/signals.ts";
import { BLOCKED, MAKE_AGAIN, NO_RESULT, type Wait } from "../blocking.ts";
import { act, passGate } from "../signals/deliver.ts";
import { forceSignal } from "../signals/generate.ts";
import type { Machine } from "../machine.ts";
import type { AfterStop } from "../ptrace/traced.ts";
import { doomed, exitTask } from "./exit.ts";
import type { Task } from "./task.ts";
import { beginWait, endWait, restoreFirstArgument } from "./waiting.ts";

/**
 * Most guest instructions between two looks at timers and the host when nobody else wants to run: a slice that ends unwinds translated code, whose frames then come back
 * one by one.
 */
const ALONE_SLICE = 4_000_000;
/** Fewest when a timer is about to fire. */
const SHORT_SLICE = 1000;
/** A turn of few instructions and long system calls (mmap of gigabytes) ends after so many ns, so that timers and the host are heard. */
const LONGEST_TURN = 2e6;
/** Extra instructions granted to finish an LR/SC sequence that a slice would cut. */
const RESERVATION_GRACE = 64;
const GRACE_STEP = 8;

/** Gives the task its turn. */
export const turn = (task: Task): void => {
  task.notified = false;
  if (task.state === "stopped" || task.state === "traced") return;
  task.state = "running";
  if (task.afterStop !== undefined && !goOn(task, task.afterStop)) return;
  if (task.wait !== undefined && !resumeWait(task)) return;
  if (task.attention || task.savedMask !== undefined) {
    if (passGate(task) !== "go") return;
  }
  runGuest(task);
};

/** The call's result, or BLOCKED while it is neither there nor its time over. */
const look = (task: Task, wait: Wait): number => {
  try {
    const result = wait.poll();
    if (result !== BLOCKED || wait.deadline === undefined || task.machine.clock.monotonic() < wait.deadline) {
      return result;
    }
    return wait.timedOut === undefined ? -E.TIMEDOUT : wait.timedOut();
  } catch (error) {
    return task.machine.calls.failure(task, error);
  }
};

/** True when the wait is over and the task may go on; false when it parks again, stopped or left. */
const resumeWait = (task: Task): boolean => {
  const wait = task.wait!;
  const result = look(task, wait);
  if (result !== BLOCKED) {
    endWait(task);
    return settle(task, result);
  }
  if (task.attention) {
    if (wait.killable && !doomed(task)) return keepWaiting(task);
    if (passGate(task) !== "go") return false;
    if (task.wait === undefined) return true;
  }
  return keepWaiting(task);
};

const keepWaiting = (task: Task): boolean => {
  task.state = task.wait?.killable ? "vfork" : "blocked";
  if (task.notified) {
    // A wake came between looking and parking.
    task.machine.makeRunnable(task);
  }
  return false;
};

/** The call has its result: true when the task may go on, false when it stops for its tracer or is gone. */
const settle = (task: Task, result: number): boolean => {
  // It has exited, or stands before its exit.
  if (task.state !== "running") return false;
  if (result === MAKE_AGAIN) return makeCall(task);
  if (task.trace !== undefined && task.trace.stopForEvent(result)) return false;
  finishCall(task, result);
  return task.trace === undefined || !task.trace.stopAfterCall();
};

/** Does what a ptrace stop came before; false when the task parks or is gone. A killed task does nothing more than exit. */
const goOn = (task: Task, after: AfterStop): boolean => {
  task.afterStop = undefined;
  if (after.kind === "exit") {
    exitTask(task, after.status);
    return false;
  }
  if (doomed(task)) return true;
  if (after.kind === "signal") return act(task, after.info) !== "gone";
  if (after.kind === "result") return after.result === BLOCKED ? waitForResult(task) : settle(task, after.result);
  task.callNumber = task.cpu.lo(17) | 0;
  // The tracer has put its own result into a0.
  if (task.callNumber === -1) return settle(task, NO_RESULT);
  restoreFirstArgument(task);
  return admitCall(task, after.asked === true);
};

const finishCall = (task: Task, result: number): void => {
  task.machine.trace.note(task.callNumber, result);
  task.machine.observer.callReturned?.(task, result);
  if (result !== NO_RESULT) task.cpu.setNumber(10, result);
};

/** Runs guest code until the slice is spent, the task waits, or it leaves. */
const runGuest = (task: Task): void => {
  const { machine } = task;
  let left = machine.policy.slice();
  let grace = RESERVATION_GRACE;
  let stays = 0, began = 0;
  for (;;) {
    machine.debugger?.attend(task);
    const cpu = task.cpu;
    if ((++stays & 15) === 0 && machine.clock.real) {
      const now = machine.clock.monotonic();
      if (began === 0) began = now;
      else if (now - began > LONGEST_TURN) task.yieldRequested = true;
    }
    const stepping = task.trace !== undefined && task.trace.stepping;
    const one = stepping || (machine.debugger !== undefined && machine.debugger.steps(task));
    const trap = cpu.run(one ? 1 : machine.contended ? left : Math.max(left, aloneSlice(machine)));
    charge(task, cpu.spent);
    left -= cpu.spent;
    switch (trap) {
      case Trap.Syscall:
        if (!systemCall(task)) return;
        break;
      case Trap.BudgetSpent:
        if (stepping) task.trace!.stepped();
        break;
      case Trap.Interrupted:
        break;
      default:
        if (!machine.debugger?.trapped(task, trap)) forceFault(task, trap);
    }
    if (task.attention || task.savedMask !== undefined) {
      if (passGate(task) !== "go") return;
    }
    if (left <= 0 || task.yieldRequested) {
      task.yieldRequested = false;
      // A compare-and-swap that found another value leaves its reservation behind: it is not waited for.
      if (left <= 0 && grace > 0 && task.cpu.hasReservation) {
        left = GRACE_STEP;
        grace -= GRACE_STEP;
        continue;
      }
      task.state = "runnable";
      machine.makeRunnable(task);
      return;
    }
  }
};

/** Up to the next timer; an instruction is a nanosecond in virtual time and about that in the host's. */
const aloneSlice = (machine: Machine): number => {
  if (machine.timers.size === 0) return ALONE_SLICE;
  const left = Math.trunc(machine.timers.next - machine.clock.monotonic());
  return Math.max(SHORT_SLICE, Math.min(ALONE_SLICE, left));
};

const charge = (task: Task, instructions: number): void => {
  task.cpuTime += instructions;
  task.machine.charge(instructions);
  if (!task.machine.clock.real) task.machine.clock.advance(instructions);
  task.group.chargeCpu?.(instructions);
};

/** Makes the call; false when the task cannot go on now. */
const systemCall = (task: Task): boolean => {
  const { cpu, machine } = task;
  cpu.pc += 4;
  task.originalA0Lo = cpu.lo(10);
  task.originalA0Hi = cpu.hi(10);
  task.callNumber = cpu.lo(17) | 0;
  machine.trace.note(task.tid, machine.executed);
  machine.observer.callEntered?.(task);
  if (task.trace !== undefined && task.trace.stopAtCall()) return false;
  return task.seccomp === undefined ? makeCall(task) : admitCall(task, false);
};

/** Makes the call if the task's filters let it pass. */
const admitCall = (task: Task, asked: boolean): boolean => {
  const refused = task.seccomp?.refuse(task, asked);
  return refused === undefined ? makeCall(task) : settle(task, refused);
};

const makeCall = (task: Task): boolean => {
  const result = task.machine.calls.dispatch(task);
  if (result !== BLOCKED) return settle(task, result);
  if (task.trace !== undefined && task.trace.stopForEvent(result)) return false;
  return waitForResult(task);
};

const waitForResult = (task: Task): boolean => {
  beginWait(task);
  if (task.attention || task.notified) {
    task.notified = false;
    return resumeWait(task);
  }
  return keepWaiting(task);
};

const forceFault = (task: Task, trap: Trap): void => {
  const { cpu } = task;
  if (trap === Trap.Fault) {
    const { signal, code, addr } = cpu.fault;
    if (signal === "KILL") task.machine.memoryUsedUp(task);
    forceSignal(task, { signo: SIG[signal], code, addr });
  } else if (trap === Trap.Illegal) forceSignal(task, { signo: SIG.ILL, code: SI.ILL_ILLOPC, addr: BigInt(cpu.pc) });
  else forceSignal(task, { signo: SIG.TRAP, code: SI.TRAP_BRKPT, addr: BigInt(cpu.pc) });
};
