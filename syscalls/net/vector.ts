/** Vectors of pieces of guest memory, as msghdr has them. */
import type { Task } from "../../actors/mod.ts";
import { E, fail } from "../abi/errno.ts";

const IOV_MAX = 1024, MAX_TRANSFER = 0x7ffff000;

export interface Piece {
  readonly base: number;
  readonly length: number;
}

/** EMSGSIZE for too many pieces, EINVAL for a bad length, EFAULT. */
export const readVector = (t: Task, at: number, count: number): Piece[] => {
  if (count > IOV_MAX) return fail(E.MSGSIZE);
  const out: Piece[] = [];
  let total = 0;
  for (let i = 0; i < count; i++) {
    const base = t.mem.u64(at + 16 * i), length = t.mem.i64(at + 16 * i + 8);
    if (length < 0) return fail(E.INVAL);
    const taken = Math.min(length, MAX_TRANSFER - total);
    total += taken;
    if (taken > 0) out.push({ base, length: taken });
  }
  return out;
};
