/** process_vm_readv and process_vm_writev: copies between two processes' memories (mm/process_vm_access.c). */
import { BadAddress } from "../cpu/types.ts";
import { E, fail } from "../syscalls/abi/errno.ts";
import { CAP, nsCapable } from "./credentials.ts";
import type { Piece } from "./io_vector.ts";
import type { Task } from "./task/task.ts";

/** Bytes copied at a time. */
const CHUNK = 1 << 16;

/** Whether `t` may look into and change another task (ptrace_may_access, REALCREDS): same ids throughout and dumpable, or CAP_SYS_PTRACE. */
export const mayTrace = (t: Task, other: Task): boolean => {
  if (other.group === t.group || nsCapable(t.cred, other.cred.userNamespace, CAP.SYS_PTRACE)) return true;
  const { ruid, rgid } = t.cred, o = other.cred;
  const same = o.ruid === ruid && o.euid === ruid && o.suid === ruid && o.rgid === rgid && o.egid === rgid &&
    o.sgid === rgid;
  return same && other.vm.dumpable === 1;
};

/** Copies between the local pieces and the remote ones, as far as memory allows: bytes, or EFAULT when none could be. */
export const copyAcross = (
  t: Task,
  other: Task,
  local: readonly Piece[],
  remote: readonly Piece[],
  write: boolean,
): number => {
  let done = 0, at = 0, used = 0;
  try {
    for (const piece of remote) {
      for (let off = 0; off < piece.length;) {
        while (at < local.length && used === local[at].length) {
          at++;
          used = 0;
        }
        if (at === local.length) return done;
        const n = Math.min(piece.length - off, local[at].length - used, CHUNK, 4096 - (piece.base + off) % 4096);
        const mine = local[at].base + used, theirs = piece.base + off;
        if (write) other.mem.write(theirs, t.mem.read(mine, n));
        else t.mem.write(mine, other.mem.read(theirs, n));
        done += n;
        off += n;
        used += n;
      }
    }
  } catch (error) {
    if (!(error instanceof BadAddress)) throw error;
    return done > 0 ? done : fail(E.FAULT);
  }
  return done;
};
