/** What /proc/pid and /proc/pid/task/tid are about: a task, seen as its process or as itself. */
import { fail } from "../../syscalls/abi/errno.ts";
import { E } from "../../syscalls/abi/errno.ts";
import { mayTrace } from "../cross_memory.ts";
import type { PidNamespace } from "../namespaces/pid.ts";
import type { Task } from "../task/task.ts";
import type { Standing, Subject } from "./tree.ts";
import { bootTime } from "./tree.ts";
import { S_IFDIR } from "../vfs/inode.ts";

export class ProcTask implements Subject {
  /**
   * @param whole the process, not just the thread: times and counts are the group's
   * @param pids the namespace whose numbers this /proc shows
   */
  constructor(readonly task: Task, readonly whole: boolean, readonly pids: PidNamespace) {}

  /** A kernel's number as this /proc shows it. */
  number(id: number): number {
    return this.pids.numberOf(id);
  }

  /** Throws when the task is gone: ENOENT for names, ESRCH for what was opened before. */
  check(error: number): void {
    if (this.task.state === "dead") fail(error);
  }
  /** Files belong to the task's effective user; to root when the process is not dumpable, but for what everybody may read anyway. */
  standing(mode: number, type: number): Standing {
    const { task } = this;
    const time = bootTime(task.machine) + BigInt(Math.round(task.startedAt - task.machine.bootedAt));
    const open = type === S_IFDIR && mode === 0o555;
    return open || !task.holdings.vm || task.vm.dumpable === 1
      ? { uid: task.cred.euid, gid: task.cred.egid, time }
      : { uid: 0, gid: 0, time };
  }
  /** The task still has its memory. */
  get hasMemory(): boolean {
    return this.task.holdings.vm;
  }
}

/** EACCES unless the opener may look into the task (PTRACE_MODE_READ). */
export const onlyTracers = (s: ProcTask, t: Task): void => {
  if (!mayTrace(t, s.task)) fail(E.ACCES);
};
