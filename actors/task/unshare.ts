/** unshare(2): normalise the flags, check, replace what is shared by private copies (kernel/fork.c ksys_unshare, SEMANTICS 1.28–1.32). */
import { CLONE } from "../../syscalls/abi/clone.ts";
import { E } from "../../syscalls/abi/errno.ts";
import { leaveUndoList } from "../sysv/undo_list.ts";
import type { Task } from "./task.ts";

const NAMESPACES = CLONE.NEWNS | CLONE.NEWUTS | CLONE.NEWIPC | CLONE.NEWUSER | CLONE.NEWPID | CLONE.NEWNET |
  CLONE.NEWCGROUP | CLONE.NEWTIME;
const KNOWN = CLONE.THREAD | CLONE.FS | CLONE.SIGHAND | CLONE.VM | CLONE.FILES | CLONE.SYSVSEM | NAMESPACES;

/** 0, or EINVAL with nothing changed. */
export const unshare = (t: Task, given: number): number => {
  if (given >= 0x100000000 || (given & ~KNOWN) !== 0) return -E.INVAL;
  let flags = given;
  if ((flags & CLONE.NEWUSER) !== 0) flags |= CLONE.THREAD | CLONE.FS;
  if ((flags & CLONE.VM) !== 0) flags |= CLONE.SIGHAND;
  if ((flags & CLONE.SIGHAND) !== 0) flags |= CLONE.THREAD;
  if ((flags & CLONE.NEWNS) !== 0) flags |= CLONE.FS;
  if ((flags & CLONE.THREAD) !== 0 && t.group.live > 1) return -E.INVAL;
  if ((flags & CLONE.SIGHAND) !== 0 && t.handlers.users > 1) return -E.INVAL;
  if ((flags & CLONE.VM) !== 0 && t.vm.users > 1) return -E.INVAL;
  if ((flags & NAMESPACES) !== 0) return -E.INVAL;
  if ((flags & CLONE.FS) !== 0 && t.fs.users > 1) {
    const own = t.fs.fork();
    t.fs.release();
    t.fs = own;
  }
  if ((flags & (CLONE.SYSVSEM | CLONE.NEWIPC)) !== 0) leaveUndoList(t);
  if ((flags & CLONE.FILES) !== 0 && t.files.users > 1) {
    const own = t.files.fork();
    t.files.release();
    t.files = own;
  }
  return 0;
};
