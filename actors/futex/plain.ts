/**
 * Waiting on and waking plain futex words (kernel/futex/waitwake.c, requeue.c). Comparing and queueing is one step, for the kernel is single-threaded. A waker
 * takes the waiter off its word before telling its task, so a wake is never given twice and never lost to a signal or a timeout.
 */
import { E } from "../../syscalls/abi/errno.ts";
import { FUTEX_MATCH_ANY } from "../../syscalls/abi/futex.ts";
import { BLOCKED, type Wait } from "../blocking.ts";
import type { Task } from "../task/task.ts";
import { findWord, obtainWord, sameWord, Waiter } from "./words.ts";

const where = (addr: number): string => `futex 0x${addr.toString(16)}`;

/** FUTEX_WAIT(_BITSET). `deadline`: absolute monotonic ns, undefined for none. */
export const futexWait = (
  t: Task,
  addr: number,
  shared: boolean,
  value: number,
  bitset: number,
  deadline: number | undefined,
): number => {
  if (bitset === 0) return -E.INVAL;
  const word = obtainWord(t, addr, shared);
  if (t.mem.u32(addr) !== value) return -E.AGAIN;
  const waiter = new Waiter(t, addr, bitset);
  word.add(waiter);
  return t.block({
    what: where(addr),
    queues: [],
    poll: () => waiter.word === undefined ? 0 : BLOCKED,
    deadline,
    restart: deadline === undefined ? "restart" : "block",
    again: () => futexWait(t, addr, shared, value, bitset, deadline),
    finish: () => waiter.leave(),
  });
};

/** FUTEX_WAKE(_BITSET): wakes up to `count` (at least one) whose bitset meets; the number woken. */
export const futexWake = (
  t: Task,
  addr: number,
  shared: boolean,
  count: number,
  bitset: number = FUTEX_MATCH_ANY,
): number => {
  if (bitset === 0) return -E.INVAL;
  const word = findWord(t, addr, shared);
  if (word === undefined) return 0;
  let woken = 0;
  for (const waiter of [...word.waiters]) {
    if (waiter.pi || waiter.requeueTo !== undefined) return -E.INVAL;
    if ((waiter.bitset & bitset) === 0) continue;
    waiter.wake();
    if (++woken >= count) break;
  }
  return woken;
};

/** FUTEX_(CMP_)REQUEUE: wakes `wake`, moves up to `move` to the other word; woken plus moved. */
export const futexRequeue = (
  t: Task,
  from: { addr: number; shared: boolean },
  to: { addr: number; shared: boolean },
  wake: number,
  move: number,
  expected?: number,
): number => {
  if (wake < 0 || move < 0) return -E.INVAL;
  const source = findWord(t, from.addr, from.shared);
  const target = obtainWord(t, to.addr, to.shared);
  if (expected !== undefined && t.mem.u32(from.addr) !== expected) return -E.AGAIN;
  if (source === undefined) return 0;
  let done = 0;
  for (const waiter of [...source.waiters]) {
    if (done - wake >= move) break;
    if (waiter.pi || waiter.requeueTo !== undefined) return -E.INVAL;
    done++;
    if (done <= wake) waiter.wake();
    else if (!sameWord(source, target)) {
      source.remove(waiter);
      waiter.addr = to.addr;
      target.add(waiter);
    }
  }
  return done;
};

/** Sign-extends 12 bits. */
const signed12 = (bits: number): number => (bits << 20) >> 20;

/** New value of a FUTEX_WAKE_OP word; undefined: no such operation. */
const operate = (operation: number, old: number, argument: number): number | undefined => {
  switch (operation) {
    case 0:
      return argument;
    case 1:
      return old + argument;
    case 2:
      return old | argument;
    case 3:
      return old & ~argument;
    case 4:
      return old ^ argument;
  }
};

/** Whether the old value meets the comparison; undefined: no such comparison. */
const meets = (comparison: number, old: number, argument: number): boolean | undefined => {
  switch (comparison) {
    case 0:
      return old === argument;
    case 1:
      return old !== argument;
    case 2:
      return old < argument;
    case 3:
      return old <= argument;
    case 4:
      return old > argument;
    case 5:
      return old >= argument;
  }
};

/** FUTEX_WAKE_OP: rewrites the second word, wakes on the first, and on the second if its old value meets the comparison. */
export const futexWakeOp = (
  t: Task,
  addr: number,
  addr2: number,
  shared: boolean,
  wake: number,
  wake2: number,
  encoded: number,
): number => {
  findWord(t, addr, shared);
  findWord(t, addr2, shared);
  const argument = signed12(encoded >>> 12);
  const shifted = (encoded & 0x80000000) !== 0;
  const old = t.mem.i32(addr2);
  const next = operate((encoded >>> 28) & 7, old, shifted ? 1 << (argument & 31) : argument);
  if (next === undefined) return -E.NOSYS;
  t.mem.setU32(addr2, next >>> 0);
  const also = meets((encoded >>> 24) & 15, old, signed12(encoded));
  if (also === undefined) return -E.NOSYS;
  const first = futexWake(t, addr, shared, wake);
  if (first < 0 || !also) return first;
  const second = futexWake(t, addr2, shared, wake2);
  return second < 0 ? second : first + second;
};

export interface VectorEntry {
  readonly value: number;
  readonly addr: number;
  readonly shared: boolean;
}

/** futex_waitv: waits on all; the index of a woken one. Any mismatch leaves nothing queued. */
export const futexWaitVector = (t: Task, entries: readonly VectorEntry[], deadline: number | undefined): number => {
  const words = entries.map((entry) => obtainWord(t, entry.addr, entry.shared));
  if (entries.some((entry) => t.mem.u32(entry.addr) !== entry.value)) return -E.AGAIN;
  const waiters = entries.map((entry, i) => {
    const waiter = new Waiter(t, entry.addr);
    // An earlier entry may have brought the same word to life.
    const word = words[i].words.get(words[i].offset) ?? words[i];
    word.add(waiter);
    return waiter;
  });
  const wait: Wait = {
    what: `${where(entries[0].addr)} and ${entries.length - 1} more`,
    queues: [],
    poll() {
      const index = waiters.findIndex((waiter) => waiter.word === undefined);
      return index < 0 ? BLOCKED : index;
    },
    deadline,
    restart: deadline === undefined ? "restart" : "block",
    again: () => futexWaitVector(t, entries, deadline),
    finish: () => waiters.forEach((waiter) => waiter.leave()),
  };
  return t.block(wait);
};
