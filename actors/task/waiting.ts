/** Parking a task on what it waits for, and ending the wait, whichever way it ends. */
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

/** Backs up to the ecall with the first argument as it was, so that the same call is made again (ERESTARTSYS). */
export const beginCallAgain = (task: Task): void => {
  task.cpu.pc -= 4;
  task.cpu.setX(10, BigInt.asUintN(64, (BigInt(task.originalA0Hi) << 32n) | BigInt(task.originalA0Lo)));
};
