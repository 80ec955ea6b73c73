import assert from "node:assert/strict";
import { BLOCKED } from "../../../actors/blocking.ts";
import { clearTidWake } from "../../../actors/futex.ts";
import { exitTask } from "../../../actors/task/exit.ts";
import { endWait } from "../../../actors/task/waiting.ts";
import type { Task } from "../../../actors/task/task.ts";
import { E } from "../../../syscalls/abi/errno.ts";
import { FUTEX, FUTEX_CLOCK_REALTIME, FUTEX_PRIVATE } from "../../../syscalls/abi/futex.ts";
import { futexHandlers } from "../../../syscalls/futex/handle.ts";
import { call, look, MEMORY, newMachine, newTask, pass } from "../../fakes/kernel.ts";

const W = MEMORY, W2 = MEMORY + 64, TS = MEMORY + 0x800;
const PRIVATE = FUTEX_PRIVATE;
const WAITERS = 0x80000000, DIED = 0x40000000;

const futex = (t: Task, addr: number, op: number, val: number, timeout = 0, addr2 = 0, val3 = 0) =>
  call(t, () => futexHandlers.futex(t, addr, op, val, timeout, addr2, val3));
const timespec = (t: Task, sec: number, nsec: number) => {
  t.mem.setU64(TS, sec);
  t.mem.setU64(TS + 8, nsec);
  return TS;
};
const threads = (n: number): Task[] => {
  const machine = newMachine();
  const first = newTask(machine);
  return [first, ...Array.from({ length: n - 1 }, () => newTask(machine, first))];
};

Deno.test("a woken waiter returns 0 and the waker learns the count", () => {
  const [a, b] = threads(2);
  assert.equal(futex(a, W, FUTEX.WAIT | PRIVATE, 0), BLOCKED);
  assert.equal(futex(b, W, FUTEX.WAKE | PRIVATE, 1), 1);
  assert.equal(a.notified, true);
  assert.equal(look(a), 0);
  assert.equal(futex(b, W, FUTEX.WAKE | PRIVATE, 1), 0);
});

Deno.test("a mismatch is EAGAIN, but a bad timeout is told first", () => {
  const [a] = threads(1);
  assert.equal(futex(a, W, FUTEX.WAIT | PRIVATE, 7), -E.AGAIN);
  assert.equal(futex(a, W, FUTEX.WAIT | PRIVATE, 7, timespec(a, 0, 1e9)), -E.INVAL);
  assert.equal(futex(a, W, FUTEX.WAIT | PRIVATE, 7, 0x50), -E.FAULT);
});

Deno.test("address rules: misaligned EINVAL, unmapped private wake 0, unmapped shared wake EFAULT", () => {
  const [a] = threads(1);
  assert.equal(futex(a, W + 2, FUTEX.WAKE, 1), -E.INVAL);
  assert.equal(futex(a, 0x50000, FUTEX.WAKE | PRIVATE, 1), 0);
  assert.equal(futex(a, 0, FUTEX.WAKE | PRIVATE, 1), 0);
  assert.equal(futex(a, 0x50000, FUTEX.WAKE, 1), -E.FAULT);
  assert.equal(futex(a, 2 ** 32, FUTEX.WAKE | PRIVATE, 1), -E.FAULT);
  assert.equal(futex(a, 0x50000, FUTEX.WAIT | PRIVATE, 0), -E.FAULT);
});

Deno.test("private and shared keys of one word do not meet", () => {
  const [a, b] = threads(2);
  assert.equal(futex(a, W, FUTEX.WAIT, 0), BLOCKED);
  assert.equal(futex(b, W, FUTEX.WAKE | PRIVATE, 1), 0);
  assert.equal(futex(b, W, FUTEX.WAKE, 1), 1);
  assert.equal(look(a), 0);
});

Deno.test("a relative timeout ends in ETIMEDOUT and leaves nobody queued", () => {
  const [a, b] = threads(2);
  assert.equal(futex(a, W, FUTEX.WAIT | PRIVATE, 0, timespec(a, 0, 1000)), BLOCKED);
  pass(a.machine, 999);
  assert.equal(look(a), BLOCKED);
  pass(a.machine, 1);
  assert.equal(a.notified, true);
  assert.equal(look(a), -E.TIMEDOUT);
  assert.equal(futex(b, W, FUTEX.WAKE | PRIVATE, 1), 0);
});

Deno.test("a wake that comes with the timeout wins", () => {
  const [a, b] = threads(2);
  futex(a, W, FUTEX.WAIT | PRIVATE, 0, timespec(a, 0, 1000));
  pass(a.machine, 2000);
  assert.equal(futex(b, W, FUTEX.WAKE | PRIVATE, 1), 1);
  assert.equal(look(a), 0);
});

Deno.test("bitset waits are absolute and wake only where masks meet", () => {
  const [a, b] = threads(2);
  assert.equal(futex(a, W, FUTEX.WAIT_BITSET | PRIVATE, 0, 0, 0, 0), -E.INVAL);
  assert.equal(futex(a, W, FUTEX.WAIT_BITSET | PRIVATE, 0, timespec(a, 2000, 0), 0, 0b10), BLOCKED);
  assert.equal(futex(b, W, FUTEX.WAKE_BITSET | PRIVATE, 1, 0, 0, 0b01), 0);
  assert.equal(futex(b, W, FUTEX.WAKE_BITSET | PRIVATE, 1, 0, 0, 0), -E.INVAL);
  assert.equal(futex(b, W, FUTEX.WAKE_BITSET | PRIVATE, 1, 0, 0, 0b11), 1);
  assert.equal(look(a), 0);
  // 1 s after boot is in the past: the clock begins at 1000 s.
  futex(a, W, FUTEX.WAIT_BITSET | PRIVATE, 0, timespec(a, 1, 0), 0, 1);
  assert.equal(look(a), -E.TIMEDOUT);
});

Deno.test("the realtime flag is for waits that take a clock; unknown commands are ENOSYS", () => {
  const [a] = threads(1);
  assert.equal(futex(a, W, FUTEX.WAIT | FUTEX_CLOCK_REALTIME, 0), -E.NOSYS);
  assert.equal(futex(a, W, FUTEX.WAKE | FUTEX_CLOCK_REALTIME, 0), -E.NOSYS);
  assert.equal(futex(a, W, FUTEX.FD, 0), -E.NOSYS);
  assert.equal(futex(a, W, 99, 0), -E.NOSYS);
});

Deno.test("wake of 0 wakes one, in first-come order", () => {
  const [a, b, c] = threads(3);
  futex(a, W, FUTEX.WAIT | PRIVATE, 0);
  futex(b, W, FUTEX.WAIT | PRIVATE, 0);
  assert.equal(futex(c, W, FUTEX.WAKE | PRIVATE, 0), 1);
  assert.equal(look(a), 0);
  assert.equal(look(b), BLOCKED);
});

Deno.test("requeue wakes some, moves others, and the moved are found on the new word", () => {
  const [a, b, c, d] = threads(4);
  for (const t of [a, b, c]) futex(t, W, FUTEX.WAIT | PRIVATE, 0);
  assert.equal(futex(d, W, FUTEX.CMP_REQUEUE | PRIVATE, 1, 5, W2, 1), -E.AGAIN);
  assert.equal(futex(d, W, FUTEX.CMP_REQUEUE | PRIVATE, -1, 5, W2, 0), -E.INVAL);
  assert.equal(futex(d, W, FUTEX.CMP_REQUEUE | PRIVATE, 1, 5, W2, 0), 3);
  assert.equal(look(a), 0);
  assert.equal(futex(d, W, FUTEX.WAKE | PRIVATE, 9), 0);
  endWait(b);
  assert.equal(futex(d, W2, FUTEX.WAKE | PRIVATE, 9), 1);
  assert.equal(look(c), 0);
});

Deno.test("WAKE_OP rewrites the second word, even when its comparison is unknown", () => {
  const [a, b, c] = threads(3);
  futex(a, W, FUTEX.WAIT | PRIVATE, 0);
  futex(b, W2, FUTEX.WAIT | PRIVATE, 0);
  // ADD 3, wake on word 2 if it was 0.
  const add3IfZero = (1 << 28) | (0 << 24) | (3 << 12) | 0;
  assert.equal(futex(c, W, FUTEX.WAKE_OP | PRIVATE, 1, 1, W2, add3IfZero), 2);
  assert.equal(c.mem.u32(W2), 3);
  assert.equal(futex(c, W, FUTEX.WAKE_OP | PRIVATE, 1, 1, W2, (1 << 28) | (9 << 24) | (1 << 12)), -E.NOSYS);
  assert.equal(c.mem.u32(W2), 4);
  assert.equal(futex(c, W, FUTEX.WAKE_OP | PRIVATE, 1, 1, W2, (6 << 28) | (1 << 12)), -E.NOSYS);
  assert.equal(c.mem.u32(W2), 4);
  // OR with bit 5 by shift.
  assert.equal(futex(c, W, FUTEX.WAKE_OP | PRIVATE, 1, 1, W2, ((8 | 2) << 28 | (5 << 12)) >>> 0), 0);
  assert.equal(c.mem.u32(W2), 36);
});

Deno.test("LOCK_PI takes a free word, refuses its owner, waits for another, and unlock hands over", () => {
  const [a, b, c] = threads(3);
  assert.equal(futex(a, W, FUTEX.LOCK_PI | PRIVATE, 0), 0);
  assert.equal(a.mem.u32(W), a.tid);
  assert.equal(futex(a, W, FUTEX.LOCK_PI | PRIVATE, 0), -E.DEADLK);
  assert.equal(futex(b, W, FUTEX.TRYLOCK_PI | PRIVATE, 0), -E.AGAIN);
  assert.equal(futex(b, W, FUTEX.LOCK_PI | PRIVATE, 0), BLOCKED);
  assert.equal(a.mem.u32(W), (a.tid | WAITERS) >>> 0);
  assert.equal(futex(c, W, FUTEX.UNLOCK_PI | PRIVATE, 0), -E.PERM);
  assert.equal(futex(c, W, FUTEX.WAKE | PRIVATE, 1), -E.INVAL);
  assert.equal(futex(a, W, FUTEX.UNLOCK_PI | PRIVATE, 0), 0);
  assert.equal(look(b), 0);
  assert.equal(a.mem.u32(W), (b.tid | WAITERS) >>> 0);
  assert.equal(futex(b, W, FUTEX.UNLOCK_PI | PRIVATE, 0), 0);
  assert.equal(a.mem.u32(W), 0);
  assert.equal(futex(b, W, FUTEX.UNLOCK_PI | PRIVATE, 0), -E.PERM);
});

Deno.test("a lock of a dead owner is ESRCH, one marked dead without owner is taken with its mark", () => {
  const [a] = threads(1);
  a.mem.setU32(W, 12345);
  assert.equal(futex(a, W, FUTEX.LOCK_PI | PRIVATE, 0), -E.SRCH);
  assert.equal(a.mem.u32(W), (12345 | WAITERS) >>> 0);
  a.mem.setU32(W, DIED);
  assert.equal(futex(a, W, FUTEX.LOCK_PI | PRIVATE, 0), 0);
  assert.equal(a.mem.u32(W), DIED | a.tid);
});

Deno.test("two tasks that wait for each other's lock: the second is refused", () => {
  const [a, b] = threads(2);
  futex(a, W, FUTEX.LOCK_PI | PRIVATE, 0);
  futex(b, W2, FUTEX.LOCK_PI | PRIVATE, 0);
  assert.equal(futex(a, W2, FUTEX.LOCK_PI | PRIVATE, 0), BLOCKED);
  assert.equal(futex(b, W, FUTEX.LOCK_PI | PRIVATE, 0), -E.DEADLK);
});

Deno.test("a lock whose owner exits goes to the top waiter, marked", () => {
  const [a, b] = threads(2);
  futex(b, W, FUTEX.LOCK_PI | PRIVATE, 0);
  futex(a, W, FUTEX.LOCK_PI | PRIVATE, 0);
  exitTask(b, 0);
  assert.equal(look(a), 0);
  assert.equal(a.mem.u32(W) & ~WAITERS, a.tid | DIED);
});

Deno.test("an interrupted lock wait leaves no trace in the kernel", () => {
  const [a, b, c] = threads(3);
  futex(a, W, FUTEX.LOCK_PI | PRIVATE, 0);
  futex(b, W, FUTEX.LOCK_PI | PRIVATE, 0);
  endWait(b);
  assert.equal(futex(a, W, FUTEX.UNLOCK_PI | PRIVATE, 0), 0);
  assert.equal(a.mem.u32(W), 0);
  assert.equal(futex(c, W, FUTEX.LOCK_PI | PRIVATE, 0), 0);
});

Deno.test("CMP_REQUEUE_PI hands a free lock to the first waiter and queues the others on it", () => {
  const [a, b, c] = threads(3);
  assert.equal(futex(a, W, FUTEX.WAIT_REQUEUE_PI | PRIVATE, 0, 0, W), -E.INVAL);
  assert.equal(futex(a, W, FUTEX.WAIT_REQUEUE_PI | PRIVATE, 0, 0, W2), BLOCKED);
  assert.equal(futex(b, W, FUTEX.WAIT_REQUEUE_PI | PRIVATE, 0, 0, W2), BLOCKED);
  assert.equal(futex(c, W, FUTEX.WAKE | PRIVATE, 1), -E.INVAL);
  assert.equal(futex(c, W, FUTEX.CMP_REQUEUE_PI | PRIVATE, 2, 9, W2, 0), -E.INVAL);
  assert.equal(futex(c, W, FUTEX.CMP_REQUEUE_PI | PRIVATE, 1, 9, MEMORY + 128, 0), -E.INVAL);
  assert.equal(futex(c, W, FUTEX.CMP_REQUEUE_PI | PRIVATE, 1, 9, W2, 0), 2);
  assert.equal(look(a), 0);
  assert.equal(c.mem.u32(W2), (a.tid | WAITERS) >>> 0);
  assert.equal(look(b), BLOCKED);
  assert.equal(futex(a, W2, FUTEX.UNLOCK_PI | PRIVATE, 0), 0);
  assert.equal(look(b), 0);
  assert.equal(c.mem.u32(W2) & ~WAITERS, b.tid);
});

Deno.test("waitv returns the index of a woken word and leaves the others", () => {
  const [a, b] = threads(2);
  const V = MEMORY + 0x1000;
  [W, W2].forEach((addr, i) => {
    a.mem.setU64(V + i * 24, 0);
    a.mem.setU64(V + i * 24 + 8, addr);
    a.mem.setU32(V + i * 24 + 16, 2 | 128);
    a.mem.setU32(V + i * 24 + 20, 0);
  });
  const waitv = (n: number, flags = 0) => call(a, () => futexHandlers.futex_waitv(a, V, n, flags, 0, 1));
  assert.equal(waitv(0), -E.INVAL);
  assert.equal(waitv(2, 1), -E.INVAL);
  assert.equal(waitv(2), BLOCKED);
  assert.equal(futex(b, W2, FUTEX.WAKE | PRIVATE, 1), 1);
  assert.equal(look(a), 1);
  assert.equal(futex(b, W, FUTEX.WAKE | PRIVATE, 1), 0);
  a.mem.setU32(W2, 5);
  assert.equal(waitv(2), -E.AGAIN);
  assert.equal(futex(b, W, FUTEX.WAKE | PRIVATE, 1), 0);
});

Deno.test("futex_wake of nobody's strict 0 wakes none", () => {
  const [a, b] = threads(2);
  assert.equal(call(a, () => futexHandlers.futex_wait(a, W, 0, 1, 2 | 128, 0, 0)), BLOCKED);
  assert.equal(call(b, () => futexHandlers.futex_wake(b, W, 1, 0, 2 | 128)), 0);
  assert.equal(call(b, () => futexHandlers.futex_wake(b, W, 1, 1, 128)), -E.INVAL);
  assert.equal(call(b, () => futexHandlers.futex_wake(b, W, 1, 1, 2 | 128)), 1);
});

Deno.test("exit marks held robust words, at most 2048, and wakes one shared sleeper of each contended", () => {
  const [a, b] = threads(2);
  const HEAD = MEMORY + 0x2000, ENTRY = MEMORY + 0x2100;
  // Two entries: at ENTRY (held, contended) and ENTRY + 32 (another's); the word is 16 bytes after each.
  b.mem.setU64(HEAD, ENTRY);
  b.mem.setU64(HEAD + 8, 16);
  b.mem.setU64(HEAD + 16, 0);
  b.mem.setU64(ENTRY, ENTRY + 32);
  b.mem.setU64(ENTRY + 32, HEAD);
  b.mem.setU32(ENTRY + 16, (b.tid | WAITERS) >>> 0);
  b.mem.setU32(ENTRY + 48, 999);
  assert.equal(futexHandlers.set_robust_list(b, HEAD, 23), -E.INVAL);
  assert.equal(futexHandlers.set_robust_list(b, HEAD, 24), 0);
  assert.equal(futex(a, ENTRY + 16, FUTEX.WAIT, (b.tid | WAITERS) >>> 0), BLOCKED);
  exitTask(b, 0);
  assert.equal(a.mem.u32(ENTRY + 16), (WAITERS | DIED) >>> 0);
  assert.equal(a.mem.u32(ENTRY + 48), 999);
  assert.equal(look(a), 0);
});

Deno.test("a pending robust operation on a free word wakes one", () => {
  const [a, b] = threads(2);
  const HEAD = MEMORY + 0x2000;
  b.mem.setU64(HEAD, HEAD);
  b.mem.setU64(HEAD + 8, 0);
  b.mem.setU64(HEAD + 16, W);
  futexHandlers.set_robust_list(b, HEAD, 24);
  futex(a, W, FUTEX.WAIT, 0);
  exitTask(b, 0);
  assert.equal(look(a), 0);
});

Deno.test("the clear-tid word is cleared and a shared waiter woken only while others use the memory", () => {
  const [a, b] = threads(2);
  a.mem.setU32(W, b.tid);
  b.clearTid = W;
  futex(a, W, FUTEX.WAIT, b.tid);
  exitTask(b, 0);
  assert.equal(a.mem.u32(W), 0);
  assert.equal(look(a), 0);
  const sole = newTask(a.machine);
  sole.mem.setU32(W, 7);
  sole.clearTid = W;
  clearTidWake(sole, true);
  assert.equal(sole.mem.u32(W), 7);
  assert.equal(sole.clearTid, 0);
});
