/** What the rest of the kernel may ask of signals: generation and the question whether a task has something to deliver. */
import type { Task } from "../task/task.ts";
import type { ThreadGroup } from "../task/thread_group.ts";
import type { SigInfo } from "./pending.ts";

export interface SignalService {
  /** Sends to a process (shared pending set). 0, or -EAGAIN for a real-time queue that is full. */
  sendToGroup(group: ThreadGroup, info: SigInfo): number;
  /** Sends to one task (private pending set). */
  sendToTask(task: Task, info: SigInfo): number;
  /** Sends anew what a task had taken, to it or to its whole process; the info is already as its namespaces tell it. */
  requeue(task: Task, info: SigInfo, shared: boolean): void;
  /** Sends to every member of a process group; the number reached. */
  sendToProcessGroup(pgid: number, info: SigInfo): number;
  /** Whether an unblocked signal is pending that would interrupt a wait. */
  deliverable(task: Task): boolean;
}
