/**
 * What a task does to futex words when it lets go of its memory, at exit and at execve: the robust list, the locks it holds, the clear-tid word, in this order
 * (futex_exit_release, mm_release; SEMANTICS 7.20–7.25, 2.6, 2.7). Faults end the step silently.
 */
import { BadAddress } from "../../cpu/types.ts";
import { FUTEX_OWNER_DIED, FUTEX_TID_MASK, FUTEX_WAITERS, ROBUST_LIST_LIMIT } from "../../syscalls/abi/futex.ts";
import { Errno } from "../../syscalls/abi/errno.ts";
import { exitHooks } from "../task/exit.ts";
import type { Task } from "../task/task.ts";
import { releaseOwnedLocks } from "./pi.ts";
import { futexWake } from "./plain.ts";

/** Runs a step that user memory or a bad key may stop; whether it went through. */
const quietly = (step: () => void): boolean => {
  try {
    step();
    return true;
  } catch (error) {
    if (error instanceof BadAddress || error instanceof Errno) return false;
    throw error;
  }
};

/** Marks one word the task may own; false stops the walk. */
const markDead = (t: Task, addr: number, pi: boolean, pendingOp: boolean): boolean => {
  if (addr % 4 !== 0) return false;
  return quietly(() => {
    const value = t.mem.u32(addr);
    const owner = value & FUTEX_TID_MASK;
    if (pendingOp && !pi && owner === 0) {
      // Died between unlocking and waking.
      quietly(() => futexWake(t, addr, true, 1));
      return;
    }
    if (owner !== t.sees(t.tid)) return;
    t.mem.setU32(addr, ((value & FUTEX_WAITERS) | FUTEX_OWNER_DIED) >>> 0);
    if (!pi && (value & FUTEX_WAITERS) !== 0) quietly(() => futexWake(t, addr, true, 1));
  });
};

/** Walks the robust list: every word still held is marked OWNER_DIED, one sleeper of each woken. */
export const exitRobustList = (t: Task): void => {
  const head = t.robustList;
  t.robustList = 0;
  if (head === 0) return;
  quietly(() => {
    const link = (at: number) => {
      const raw = t.mem.u64(at);
      return { entry: raw - raw % 2, pi: raw % 2 !== 0 };
    };
    let at = link(head);
    const offset = t.mem.i64(head + 8);
    const pending = link(head + 16);
    for (let limit = ROBUST_LIST_LIMIT; at.entry !== head && limit > 0; limit--) {
      // The next pointer is read first: once woken, another task may free this entry.
      let next: ReturnType<typeof link> | undefined;
      quietly(() => next = link(at.entry));
      if (at.entry !== pending.entry && !markDead(t, at.entry + offset, at.pi, false)) return;
      if (next === undefined) return;
      at = next;
    }
    if (pending.entry !== 0) markDead(t, pending.entry + offset, pending.pi, true);
  });
};

/** Clears the CLONE_CHILD_CLEARTID word and wakes one shared waiter, if other tasks still use the memory. */
export const clearTidWake = (t: Task, soleUser: boolean): void => {
  const addr = t.clearTid;
  t.clearTid = 0;
  if (addr === 0 || soleUser) return;
  if (quietly(() => t.mem.setU32(addr, 0))) quietly(() => futexWake(t, addr, true, 1));
};

exitHooks.memory.push((t, soleUser) => {
  exitRobustList(t);
  releaseOwnedLocks(t);
  clearTidWake(t, soleUser);
});
