/** Vectors of pieces of guest memory, as msghdr has them. */
import { IOV_MAX, type Piece, readVector, type Task } from "../../actors/mod.ts";
import { E, fail } from "../abi/errno.ts";

/** EMSGSIZE for too many pieces, EINVAL for a bad length, EFAULT. */
export const messageVector = (t: Task, at: number, count: number): Piece[] =>
  count > IOV_MAX ? fail(E.MSGSIZE) : readVector(t, at, count);
