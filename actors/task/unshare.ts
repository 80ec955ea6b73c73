/** unshare(2): normalise the flags, check, replace what is shared by private copies (kernel/fork.c ksys_unshare, SEMANTICS 1.28–1.32). */
import { CLONE } from "../../syscalls/abi/clone.ts";
import { E, errno } from "../../syscalls/abi/errno.ts";
import { CAP, nsCapable } from "../credentials.ts";
import { inNewUserNamespace, moveTo } from "../namespaces/enter.ts";
import { newMembers, SET_FLAGS } from "../namespaces/set.ts";
import { leaveUndoList } from "../sysv/undo_list.ts";
import type { Task } from "./task.ts";

const KNOWN = CLONE.THREAD | CLONE.FS | CLONE.SIGHAND | CLONE.VM | CLONE.FILES | CLONE.SYSVSEM | CLONE.NEWUSER |
  SET_FLAGS;

/** 0, or throws with nothing changed: EINVAL, EPERM, ENOSPC. */
export const unshare = (t: Task, given: number): number => {
  if (given >= 0x100000000 || (given & ~KNOWN) !== 0) throw errno(E.INVAL);
  let flags = given;
  if ((flags & CLONE.NEWUSER) !== 0) flags |= CLONE.THREAD | CLONE.FS;
  if ((flags & CLONE.VM) !== 0) flags |= CLONE.SIGHAND;
  if ((flags & CLONE.SIGHAND) !== 0) flags |= CLONE.THREAD;
  if ((flags & CLONE.NEWNS) !== 0) flags |= CLONE.FS;
  if ((flags & CLONE.THREAD) !== 0 && t.group.live > 1) throw errno(E.INVAL);
  if ((flags & CLONE.SIGHAND) !== 0 && t.handlers.users > 1) throw errno(E.INVAL);
  if ((flags & CLONE.VM) !== 0 && t.vm.users > 1) throw errno(E.INVAL);
  const cred = (flags & CLONE.NEWUSER) !== 0 ? inNewUserNamespace(t) : t.cred;
  if ((flags & SET_FLAGS) !== 0) {
    if (!nsCapable(t.cred, cred.userNamespace, CAP.SYS_ADMIN)) throw errno(E.PERM);
    const made = newMembers(t.machine, t.namespaces, flags, cred.userNamespace, t.group.pidNamespace);
    moveTo(t, made);
  }
  t.cred = cred;
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
