/** What CLONE_SYSVSEM shares: one list of semaphore adjustments (struct sem_undo_list). Applied when the last task that shares it leaves (SEMANTICS 8.8). */
import type { Task } from "../task/task.ts";

export class UndoList {
  #users = 1;
  /** Adjustments by semaphore set. */
  readonly adjustments = new Map<object, Int32Array>();
  /** Applies the adjustments on behalf of the last task; the semaphores' business, set when they are loaded. */
  static apply: ((list: UndoList, last: Task) => void) | undefined;

  get users(): number {
    return this.#users;
  }
  share(): UndoList {
    this.#users++;
    return this;
  }
  release(task: Task): void {
    if (this.#users <= 0) throw new Error("release of a dead undo list");
    if (--this.#users === 0) UndoList.apply?.(this, task);
  }
}

/** The task leaves its list, if it has one (exit_sem): exit, and unshare of CLONE_SYSVSEM. */
export const leaveUndoList = (task: Task): void => {
  const list = task.semUndo;
  task.semUndo = undefined;
  list?.release(task);
};
