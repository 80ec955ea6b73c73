/** PTRACE_GETSIGINFO, SETSIGINFO and PEEKSIGINFO: why a tracee stopped, and what is pending for it. */
import { decodeSigInfo, encodeSigInfo, type Task } from "../../actors/mod.ts";
import type { Stop, Traced } from "../../actors/ptrace/mod.ts";
import { E } from "../abi/errno.ts";

const SIZE = 128;
const PEEK_SHARED = 1;

export const getSigInfo = (t: Task, _tracee: Task, _addr: number, data: number, _trace: Traced, stop: Stop): number => {
  if (stop.info === undefined) return -E.INVAL;
  t.mem.write(data, encodeSigInfo(stop.info));
  return 0;
};

export const setSigInfo = (t: Task, _tracee: Task, _addr: number, data: number, _trace: Traced, stop: Stop): number => {
  const info = decodeSigInfo(t.mem.read(data, SIZE));
  if (stop.info === undefined) return -E.INVAL;
  stop.info = info;
  return 0;
};

/** `addr`: struct ptrace_peeksiginfo_args { u64 off; u32 flags; s32 nr }. The number of entries written. */
export const peekSigInfo = (t: Task, tracee: Task, addr: number, data: number): number => {
  const off = t.mem.u64(addr), flags = t.mem.u32(addr + 8), count = t.mem.i32(addr + 12);
  if ((flags & ~PEEK_SHARED) !== 0 || count < 0) return -E.INVAL;
  const set = (flags & PEEK_SHARED) !== 0 ? tracee.group.pending : tracee.pending;
  const entries = set.entries().slice(off, off + count);
  entries.forEach((info, i) => t.mem.write(data + SIZE * i, encodeSigInfo(info)));
  return entries.length;
};
