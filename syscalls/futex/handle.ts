/** Futex calls: flags, values and timeouts decoded in Linux's order (kernel/futex/syscalls.c); the actor does the rest. */
import {
  deadlineOn,
  futexRequeue,
  futexWait,
  futexWaitVector,
  futexWake,
  futexWakeOp,
  lockPi,
  mayTrace,
  readTimespec,
  realtimeDeadline,
  requeuePi,
  type Task,
  unlockPi,
  type VectorEntry,
  waitRequeuePi,
} from "../../actors/mod.ts";
import type { Handlers } from "../abi/call.ts";
import { E, fail } from "../abi/errno.ts";
import {
  FUTEX,
  FUTEX2,
  FUTEX_CLOCK_REALTIME,
  FUTEX_MATCH_ANY,
  FUTEX_PRIVATE,
  FUTEX_WAITV,
  FUTEX_WAITV_MAX,
  ROBUST_LIST_HEAD,
} from "../abi/futex.ts";
import type { futex } from "./declare.ts";

interface Request {
  readonly addr: number;
  readonly shared: boolean;
  readonly realtime: boolean;
  readonly value: number;
  /** The timeout pointer, or the second count. */
  readonly pointer: number;
  readonly addr2: number;
  readonly value3: number;
}
const count2 = (r: Request): number => r.pointer | 0;

const relative = (t: Task, r: Request): number | undefined =>
  r.pointer === 0 ? undefined : t.machine.clock.monotonic() + readTimespec(t.mem, r.pointer);
const onRealtime = (t: Task, r: Request): number | undefined =>
  r.pointer === 0 ? undefined : realtimeDeadline(t.machine.clock, t.mem, r.pointer);
const absolute = (t: Task, r: Request): number | undefined =>
  r.pointer === 0 ? undefined : r.realtime ? onRealtime(t, r) : deadlineOn(t, "monotonic", r.pointer);

const sides = (r: Request) => [{ addr: r.addr, shared: r.shared }, { addr: r.addr2, shared: r.shared }] as const;

/** What each operation does. */
const OPERATIONS: Readonly<Record<number, (t: Task, r: Request) => number>> = {
  [FUTEX.WAIT]: (t, r) => futexWait(t, r.addr, r.shared, r.value, FUTEX_MATCH_ANY, relative(t, r)),
  [FUTEX.WAKE]: (t, r) => futexWake(t, r.addr, r.shared, r.value | 0),
  [FUTEX.REQUEUE]: (t, r) => futexRequeue(t, ...sides(r), r.value | 0, count2(r)),
  [FUTEX.CMP_REQUEUE]: (t, r) => futexRequeue(t, ...sides(r), r.value | 0, count2(r), r.value3),
  [FUTEX.WAKE_OP]: (t, r) => futexWakeOp(t, r.addr, r.addr2, r.shared, r.value | 0, count2(r), r.value3),
  [FUTEX.LOCK_PI]: (t, r) => lockPi(t, r.addr, r.shared, onRealtime(t, r), true),
  [FUTEX.LOCK_PI2]: (t, r) => lockPi(t, r.addr, r.shared, absolute(t, r), true),
  [FUTEX.TRYLOCK_PI]: (t, r) => lockPi(t, r.addr, r.shared, undefined, false),
  [FUTEX.UNLOCK_PI]: (t, r) => unlockPi(t, r.addr, r.shared),
  [FUTEX.WAIT_BITSET]: (t, r) => futexWait(t, r.addr, r.shared, r.value, r.value3, absolute(t, r)),
  [FUTEX.WAKE_BITSET]: (t, r) => futexWake(t, r.addr, r.shared, r.value | 0, r.value3),
  [FUTEX.WAIT_REQUEUE_PI]: (t, r) =>
    waitRequeuePi(t, r.addr, r.shared, r.value, FUTEX_MATCH_ANY, absolute(t, r), r.addr2),
  [FUTEX.CMP_REQUEUE_PI]: (t, r) => requeuePi(t, r.addr, r.addr2, r.shared, r.value | 0, count2(r), r.value3),
};
const TAKES_CLOCK = new Set<number>([FUTEX.WAIT_BITSET, FUTEX.WAIT_REQUEUE_PI, FUTEX.LOCK_PI2]);

/** Checks futex2 flags; whether the word is shared. */
const futex2Shared = (flags: number): boolean => {
  if ((flags & ~(FUTEX2.SIZE_MASK | FUTEX2.PRIVATE)) !== 0 || (flags & FUTEX2.SIZE_MASK) !== FUTEX2.SIZE_U32) {
    fail(E.INVAL);
  }
  return (flags & FUTEX2.PRIVATE) === 0;
};

/** Absolute timeout on an explicit clock: CLOCK_REALTIME 0 or CLOCK_MONOTONIC 1. */
const futex2Deadline = (t: Task, timeout: number, clock: number): number | undefined => {
  if (timeout === 0) return undefined;
  if (clock !== 0 && clock !== 1) fail(E.INVAL);
  return clock === 0 ? realtimeDeadline(t.machine.clock, t.mem, timeout) : readTimespec(t.mem, timeout);
};

const readVector = (t: Task, at: number, count: number): VectorEntry[] =>
  Array.from({ length: count }, (_, i) => {
    const entry = at + i * FUTEX_WAITV.size;
    const value = t.mem.u64(entry), flags = t.mem.u32(entry + 16);
    if (t.mem.u32(entry + 20) !== 0) fail(E.INVAL);
    const shared = futex2Shared(flags);
    if (value > 0xffffffff) fail(E.INVAL);
    return { value, addr: t.mem.u64(entry + 8), shared };
  });

export const futexHandlers: Handlers<Task, typeof futex> = {
  futex(t, addr, op, value, pointer, addr2, value3) {
    const command = op & ~(FUTEX_PRIVATE | FUTEX_CLOCK_REALTIME);
    const shared = (op & FUTEX_PRIVATE) === 0;
    const realtime = (op & FUTEX_CLOCK_REALTIME) !== 0;
    if (command === FUTEX.WAKE && !realtime) return futexWake(t, addr, shared, value | 0);
    const operation = OPERATIONS[command];
    if (operation === undefined || (realtime && !TAKES_CLOCK.has(command))) return -E.NOSYS;
    return operation(t, { addr, shared, realtime, value, pointer, addr2, value3 });
  },
  set_robust_list(t, head, length) {
    if (length !== ROBUST_LIST_HEAD.size) return -E.INVAL;
    t.robustList = head;
    return 0;
  },
  get_robust_list(t, pid, head, length) {
    const target = pid === 0 ? t : t.named(pid);
    if (target === undefined) return -E.SRCH;
    if (!mayTrace(t, target)) return -E.PERM;
    t.mem.setU64(length, ROBUST_LIST_HEAD.size);
    t.mem.setU64(head, target.robustList);
    return 0;
  },
  futex_waitv(t, waiters, count, flags, timeout, clock) {
    if (flags !== 0 || count === 0 || count > FUTEX_WAITV_MAX || waiters === 0) return -E.INVAL;
    const deadline = futex2Deadline(t, timeout, clock);
    return futexWaitVector(t, readVector(t, waiters, count), deadline);
  },
  futex_wake(t, addr, mask, count, flags) {
    const shared = futex2Shared(flags);
    if (mask > 0xffffffff || mask === 0) return -E.INVAL;
    return count === 0 ? 0 : futexWake(t, addr, shared, count, mask);
  },
  futex_wait(t, addr, value, mask, flags, timeout, clock) {
    const shared = futex2Shared(flags);
    if (value > 0xffffffff || mask > 0xffffffff || mask === 0) return -E.INVAL;
    return futexWait(t, addr, shared, value, mask, futex2Deadline(t, timeout, clock));
  },
  futex_requeue(t, waiters, flags, wake, move) {
    if (flags !== 0 || waiters === 0) return -E.INVAL;
    const [from, to] = readVector(t, waiters, 2);
    return futexRequeue(t, from, to, wake, move, from.value);
  },
};
