/** Parking a task on what it waits for, and ending the wait, whichever way it ends. */
import { E } from "../../syscalls/abi/errno.ts";
import type { Task } from "./task.ts";

/** Registers the wait's queues and deadline. Before it parks the task has looked once; a wake from now on is not lost. */
export const beginWait = (task: Task): void => {
  const wait = task.wait!;
  for (const queue of wait.queues) queue.add(task);
  if (wait.deadline !== undefined && wait.deadline !== Infinity) {
    task.waitTimer = task.machine.timers.at(wait.deadline, () => task.notify());
  }
};

/** Unregisters everything; the wait is over. */
export const endWait = (task: Task): void => {
  const wait = task.wait;
  if (wait === undefined) return;
  task.wait = undefined;
  for (const queue of wait.queues) queue.remove(task);
  if (task.waitTimer !== undefined) task.machine.timers.cancel(task.waitTimer);
  task.waitTimer = undefined;
  wait.finish?.();
};

/** Results of a call that a signal ended, between the call and the gate's decision (linux/errno.h). A tracer may see them. */
const ERESTART = { restart: 512, nointr: 513, nohand: 514, block: 516, eintr: E.INTR } as const;
const RESTART_SYSCALL = 128;

/** `code`: which of ERESTART it is, 0 before the gate has looked; `at`: the pc of the ecall, where the call would be made again. */
export interface Restarting {
  readonly code: number;
  readonly at: number;
}

/** A wait hears that a signal ends it and may write what is left of its time: the negative errno when that place is bad. */
export const toldInterrupted = (task: Task): number | undefined => {
  try {
    task.wait!.interrupted?.();
    return undefined;
  } catch (error) {
    return task.machine.calls.failure(task, error);
  }
};

/** Ends a wait as Linux ends every one a signal comes to: the result says how the call may be made again (SEMANTICS 6.29). For tasks whose tracer looks at each step. */
export const suspendCall = (task: Task): void => {
  const wait = task.wait!;
  const partial = wait.partial?.();
  const failed = partial === undefined ? toldInterrupted(task) : undefined;
  endWait(task);
  task.interruptedWithMask = task.savedMask !== undefined;
  task.restartBlock = wait.again;
  task.cpu.setNumber(10, partial ?? failed ?? -ERESTART[wait.restart ?? "restart"]);
  task.restarting = { code: 0, at: 0 };
};

/** First step of the gate after `suspendCall`: backs up to the ecall if the result says so. */
export const prepareRestart = (task: Task): void => {
  if (task.restarting?.code !== 0) return;
  const { cpu } = task;
  const code = cpu.hi(10) === -1 ? -(cpu.lo(10) | 0) : 0;
  task.restarting = undefined;
  if (code < 512 || code > 516 || code === 515) return;
  task.restarting = { code, at: cpu.pc - 4 };
  beginCallAgain(task);
};

/** Last step: a handler with these action flags runs (undefined: none does). A tracer that moved the pc has decided itself. */
export const decideRestart = (task: Task, handlerRestarts: boolean | undefined): void => {
  const { restarting, cpu } = task;
  task.restarting = undefined;
  if (restarting === undefined || restarting.code === 0 || cpu.pc !== restarting.at) return;
  const { code } = restarting;
  if (handlerRestarts === undefined) {
    if (code === ERESTART.block) cpu.setNumber(17, RESTART_SYSCALL);
  } else if (code === ERESTART.nohand || code === ERESTART.block || (code === ERESTART.restart && !handlerRestarts)) {
    cpu.setNumber(10, -E.INTR);
    cpu.pc += 4;
    task.machine.observer.callReturned?.(task, -E.INTR);
  }
};

/** Backs up to the ecall with the first argument as it was, so that the same call is made again (ERESTARTSYS). */
export const beginCallAgain = (task: Task): void => {
  task.cpu.pc -= 4;
  restoreFirstArgument(task);
};

/** a0 as it was when the call was made. */
export const firstArgument = (task: Task): bigint =>
  BigInt.asUintN(64, (BigInt(task.originalA0Hi) << 32n) | BigInt(task.originalA0Lo));
export const restoreFirstArgument = (task: Task): void => task.cpu.setX(10, firstArgument(task));
