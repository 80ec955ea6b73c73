/**
 * Priority-inheritance locks (kernel/futex/pi.c, requeue.c). There is no priority to inherit on one CPU without preemption classes, but the protocol is whole: the
 * kernel knows the owner while somebody waits, hands the word to the top waiter at unlock or at the owner's death, and detects deadlock along the chain.
 */
import { BadAddress } from "../../cpu/types.ts";
import { E } from "../../syscalls/abi/errno.ts";
import { FUTEX_OWNER_DIED, FUTEX_TID_MASK, FUTEX_WAITERS } from "../../syscalls/abi/futex.ts";
import { BLOCKED } from "../blocking.ts";
import { alive } from "../task/states.ts";
import type { Task } from "../task/task.ts";
import { findWord, obtainWord, ownedWords, sameWord, setOwner, Waiter, type Word } from "./words.ts";

const blockedOn = new WeakMap<Task, Waiter>();

/** Whether waiting for `owner` would close a circle back to `t`. */
const closesCircle = (t: Task, owner: Task): boolean => {
  for (let at: Task | undefined = owner; at !== undefined; at = blockedOn.get(at)?.word?.owner) {
    if (at === t) return true;
  }
  return false;
};

/** Result of looking at a lock word: acquired for the task, owned by another, or a negative errno. */
type Attempt = "acquired" | { readonly owner: Task } | number;

/** Takes a free word, or marks it waited for and finds its owner (futex_lock_pi_atomic). */
const attempt = (t: Task, taker: Task, addr: number, word: Word, keepWaiters: boolean): Attempt => {
  const value = t.mem.u32(addr);
  const holder = value & FUTEX_TID_MASK;
  const self = taker.sees(taker.tid);
  if (holder === self) return -E.DEADLK;
  if (word.waiters.length > 0) {
    if (!word.waiters[0].pi || word.owner === undefined) return -E.INVAL;
    return holder !== 0 && holder !== t.sees(word.owner.tid) ? -E.INVAL : { owner: word.owner };
  }
  if (holder === 0) {
    t.mem.setU32(addr, ((value & FUTEX_OWNER_DIED) | self | (keepWaiters ? FUTEX_WAITERS : 0)) >>> 0);
    return "acquired";
  }
  t.mem.setU32(addr, (value | FUTEX_WAITERS) >>> 0);
  const owner = t.named(holder);
  return owner === undefined || !alive(owner) ? -E.SRCH : { owner };
};

/** FUTEX_LOCK_PI, LOCK_PI2, and TRYLOCK_PI with `mayWait` false. `deadline`: absolute monotonic ns. */
export const lockPi = (
  t: Task,
  addr: number,
  shared: boolean,
  deadline: number | undefined,
  mayWait: boolean,
): number => {
  const word = obtainWord(t, addr, shared);
  const found = attempt(t, t, addr, word, false);
  if (found === "acquired") return 0;
  if (typeof found === "number") return found;
  if (!mayWait) return -E.AGAIN;
  if (closesCircle(t, found.owner)) return -E.DEADLK;
  const waiter = new Waiter(t, addr);
  waiter.pi = true;
  word.add(waiter);
  if (word.owner === undefined) setOwner(word, found.owner);
  blockedOn.set(t, waiter);
  return t.block({
    what: `futex lock 0x${addr.toString(16)} held by task ${found.owner.tid}`,
    queues: [],
    poll: () => waiter.word === undefined ? 0 : BLOCKED,
    deadline,
    restart: "nointr",
    finish() {
      waiter.leave();
      blockedOn.delete(t);
    },
  });
};

/** Gives the lock to the top waiter. The WAITERS bit stays: the new owner unlocks through the kernel (wake_futex_pi). */
const handOver = (word: Word, kept: number): void => {
  const next = word.waiters[0];
  setOwner(word, word.waiters.length > 1 ? next.task : undefined);
  next.task.mem.setU32(next.addr, (FUTEX_WAITERS | next.task.sees(next.task.tid) | kept) >>> 0);
  next.wake();
};

/** FUTEX_UNLOCK_PI. */
export const unlockPi = (t: Task, addr: number, shared: boolean): number => {
  const value = t.mem.u32(addr);
  if ((value & FUTEX_TID_MASK) !== t.sees(t.tid)) return -E.PERM;
  const word = findWord(t, addr, shared);
  if (word === undefined) {
    t.mem.setU32(addr, 0);
    return 0;
  }
  if (!word.waiters[0].pi || word.owner !== t) return -E.INVAL;
  handOver(word, 0);
  return 0;
};

/** The task dies or leaves its memory: its contended locks go to their top waiters, marked (exit_pi_state_list). */
export const releaseOwnedLocks = (task: Task): void => {
  for (const word of ownedWords(task)) {
    try {
      handOver(word, FUTEX_OWNER_DIED);
    } catch (error) {
      // The word has been unmapped; its waiter still must not sleep for ever.
      if (!(error instanceof BadAddress)) throw error;
      word.waiters[0].wake();
    }
  }
};

/** FUTEX_WAIT_REQUEUE_PI: waits on a plain word until moved to (or handed) the lock at `lockAddr`. */
export const waitRequeuePi = (
  t: Task,
  addr: number,
  shared: boolean,
  value: number,
  bitset: number,
  deadline: number | undefined,
  lockAddr: number,
): number => {
  if (addr === lockAddr || bitset === 0) return -E.INVAL;
  const lock = obtainWord(t, lockAddr, shared);
  const word = obtainWord(t, addr, shared);
  if (sameWord(word, lock)) return -E.INVAL;
  if (t.mem.u32(addr) !== value) return -E.AGAIN;
  const waiter = new Waiter(t, addr, bitset);
  waiter.requeueTo = lock;
  word.add(waiter);
  return t.block({
    what: `futex 0x${addr.toString(16)}, then lock 0x${lockAddr.toString(16)}`,
    queues: [],
    poll: () => waiter.word === undefined ? 0 : BLOCKED,
    deadline,
    restart: "nointr",
    // Once moved it cannot be begun again: the plain word is behind it.
    partial: () => waiter.pi ? -E.AGAIN : undefined,
    finish() {
      waiter.leave();
      blockedOn.delete(t);
    },
  });
};

/** FUTEX_CMP_REQUEUE_PI: hands the lock to the top waiter if it is free, moves the others to it. */
export const requeuePi = (
  t: Task,
  addr: number,
  lockAddr: number,
  shared: boolean,
  wake: number,
  move: number,
  expected: number,
): number => {
  if (wake < 0 || move < 0 || wake !== 1 || addr === lockAddr) return -E.INVAL;
  const source = findWord(t, addr, shared);
  let lock = obtainWord(t, lockAddr, shared);
  if (t.mem.u32(addr) !== expected) return -E.AGAIN;
  if (source === undefined) return 0;
  const isFor = (waiter: Waiter) => waiter.requeueTo !== undefined && sameWord(waiter.requeueTo, lock);
  const top = source.waiters[0];
  if (!isFor(top)) return -E.INVAL;
  const found = attempt(t, top.task, lockAddr, lock, move > 0);
  if (typeof found === "number") return found;
  let done = 0;
  let owner = top.task;
  if (found === "acquired") {
    done++;
    top.wake();
  } else owner = found.owner;
  for (const waiter of [...source.waiters]) {
    if (done - wake >= move) break;
    if (!isFor(waiter)) return -E.INVAL;
    done++;
    source.remove(waiter);
    waiter.pi = true;
    waiter.addr = lockAddr;
    lock.add(waiter);
    if (lock.owner === undefined) setOwner(lock, owner);
    blockedOn.set(waiter.task, waiter);
    lock = waiter.word!;
  }
  return done;
};
