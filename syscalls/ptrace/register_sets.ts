/** PTRACE_GETREGSET and SETREGSET: a register set by its ELF note type, as much of it as the iovec has room for. */
import { FP_BYTES, readFpRegs, readRegs, REGS_BYTES, writeFpRegs, writeRegs } from "../../actors/ptrace/mod.ts";
import type { Task } from "../../actors/mod.ts";
import { E } from "../abi/errno.ts";
import { NT_PRFPREG, NT_PRSTATUS } from "../abi/ptrace.ts";

interface RegisterSet {
  readonly bytes: number;
  readonly read: (task: Task) => Uint8Array<ArrayBuffer>;
  readonly write: (task: Task, bytes: Uint8Array) => void;
}

/** Sets have registers of 8 bytes. */
const SETS: Readonly<Record<number, RegisterSet>> = {
  [NT_PRSTATUS]: { bytes: REGS_BYTES, read: readRegs, write: writeRegs },
  [NT_PRFPREG]: { bytes: FP_BYTES, read: readFpRegs, write: writeFpRegs },
};

/** The iovec at `data` as address and length to use; a negative errno. */
const pieceOf = (t: Task, set: RegisterSet | undefined, data: number): { base: number; length: number } | number => {
  const base = t.mem.u64(data), length = t.mem.u64(data + 8);
  if (set === undefined || length % 8 !== 0) return -E.INVAL;
  return { base, length: Math.min(length, set.bytes) };
};

export const getRegisterSet = (t: Task, tracee: Task, type: number, data: number): number => {
  const set = SETS[type];
  const piece = pieceOf(t, set, data);
  if (typeof piece === "number") return piece;
  t.mem.write(piece.base, set.read(tracee).subarray(0, piece.length));
  t.mem.setU64(data + 8, piece.length);
  return 0;
};

export const setRegisterSet = (t: Task, tracee: Task, type: number, data: number): number => {
  const set = SETS[type];
  const piece = pieceOf(t, set, data);
  if (typeof piece === "number") return piece;
  const bytes = set.read(tracee);
  bytes.set(t.mem.read(piece.base, piece.length));
  set.write(tracee, bytes);
  t.mem.setU64(data + 8, piece.length);
  return 0;
};
