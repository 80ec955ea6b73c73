/** Vectors of pieces of guest memory (struct iovec), as readv, sendmsg and their relatives take them. */
import { E, fail } from "../syscalls/abi/errno.ts";
import { USER_END } from "../syscalls/abi/mman.ts";
import type { Task } from "./task/task.ts";

export const IOV_MAX = 1024;
/** Largest transfer of one call in bytes (MAX_RW_COUNT). */
export const MAX_TRANSFER = 0x7ffff000;

/** A piece of guest memory. */
export interface Piece {
  readonly base: number;
  readonly length: number;
}

/** The pieces at `at`, empty ones left out, cut at MAX_TRANSFER bytes in all. EINVAL for a bad length, EFAULT; what `count` may be the caller has checked. */
export const readVector = (t: Task, at: number, count: number): Piece[] => {
  const out: Piece[] = [];
  let total = 0;
  for (let i = 0; i < count; i++) {
    const base = t.mem.u64(at + 16 * i), length = t.mem.i64(at + 16 * i + 8);
    if (length < 0) return fail(E.INVAL);
    if (base + length > USER_END) return fail(E.FAULT);
    const taken = Math.min(length, MAX_TRANSFER - total);
    total += taken;
    if (taken > 0) out.push({ base, length: taken });
  }
  return out;
};
