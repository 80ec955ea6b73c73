/** Normalising: clone's registers and clone3's struct become one `CloneRequest`; the checks that belong to the form are made here (SEMANTICS 1.1–1.18). */
import { type CloneRequest, type Task } from "../../actors/mod.ts";
import { CLONE, CLONE_ARGS, CLONE_ARGS_SIZE_VER0, CLONE_CLEAR_SIGHAND, CLONE_INTO_CGROUP } from "../abi/clone.ts";
import { E } from "../abi/errno.ts";
import { decodeStruct } from "../abi/layout.ts";

/**
 * clone(2): the low byte is the exit signal, the high half is dropped. It is not even decoded: C callers sign-extend an int, and CLONE_IO is its sign bit.
 */
export const fromRegisters = (
  t: Task,
  stack: number,
  parentTid: number,
  childTid: number,
): CloneRequest | number => {
  const low = t.cpu.lo(10);
  const flags = (low - (low & 0xff)) >>> 0;
  if ((flags & CLONE.PIDFD) !== 0 && (flags & (CLONE.PARENT_SETTID | CLONE.DETACHED)) !== 0) return -E.INVAL;
  return {
    flags,
    clearSighand: false,
    exitSignal: low & 0xff,
    stack,
    tls: t.cpu.x(13),
    parentTid,
    childTid,
    pidfd: parentTid,
    wantedTids: [],
    intoCgroup: false,
  };
};

/** clone3(2): the struct of any size from 64 bytes; unknown tail bytes must be zero. */
export const fromStruct = (t: Task, addr: number, size: number): CloneRequest | number => {
  if (size > 4096) return -E["2BIG"];
  if (size < CLONE_ARGS_SIZE_VER0) return -E.INVAL;
  const given = t.mem.read(addr, size);
  for (let i = CLONE_ARGS.size; i < size; i++) if (given[i] !== 0) return -E["2BIG"];
  const bytes = new Uint8Array(CLONE_ARGS.size);
  bytes.set(given.subarray(0, CLONE_ARGS.size));
  const a = decodeStruct(CLONE_ARGS, bytes);
  if (a.exit_signal > 0xff) return -E.INVAL;
  if (a.exit_signal > 64) return -E.INVAL;
  const wanted = wantedTids(t, a.set_tid, a.set_tid_size);
  if (typeof wanted === "number") return wanted;
  const intoCgroup = hasHigh(a.flags, CLONE_INTO_CGROUP);
  if (intoCgroup && (a.cgroup > 0x7fffffff || size < CLONE_ARGS.size)) return -E.INVAL;
  const refused = checkFields(a as Fields);
  if (refused !== 0) return refused;
  return {
    flags: a.flags % 0x100000000,
    clearSighand: hasHigh(a.flags, CLONE_CLEAR_SIGHAND),
    exitSignal: a.exit_signal,
    stack: a.stack + a.stack_size,
    tls: new DataView(bytes.buffer).getBigUint64(56, true),
    parentTid: a.parent_tid,
    childTid: a.child_tid,
    pidfd: a.pidfd,
    wantedTids: wanted,
    intoCgroup,
  };
};

interface Fields {
  readonly flags: number;
  readonly pidfd: number;
  readonly parent_tid: number;
  readonly exit_signal: number;
  readonly stack: number;
  readonly stack_size: number;
}

const hasHigh = (flags: number, bit: number): boolean => Math.floor(flags / bit) % 2 === 1;

const checkFields = (a: Fields): number => {
  const low = a.flags % 0x100000000;
  if (a.flags >= 0x400000000 || (low & CLONE.DETACHED) !== 0 || (low & 0x7f) !== 0) return -E.INVAL;
  if ((low & CLONE.SIGHAND) !== 0 && hasHigh(a.flags, CLONE_CLEAR_SIGHAND)) return -E.INVAL;
  if ((low & (CLONE.THREAD | CLONE.PARENT)) !== 0 && a.exit_signal !== 0) return -E.INVAL;
  if ((a.stack === 0) !== (a.stack_size === 0)) return -E.INVAL;
  if (a.stack + a.stack_size > 0x100000000) return -E.INVAL;
  if ((low & CLONE.PIDFD) !== 0 && (low & CLONE.PARENT_SETTID) !== 0 && a.pidfd === a.parent_tid) return -E.INVAL;
  return 0;
};

/** set_tid: at most as many as pid namespaces can be nested. */
const wantedTids = (t: Task, at: number, count: number): readonly number[] | number => {
  if (count > 32 || (at === 0) !== (count === 0)) return -E.INVAL;
  return Array.from({ length: count }, (_, i) => t.mem.i32(at + 4 * i));
};
