import assert from "node:assert/strict";
import { BLOCKED } from "../../../actors/blocking.ts";
import { encodeSigInfo } from "../../../actors/signals/siginfo.ts";
import { exitTask } from "../../../actors/task/exit.ts";
import type { Task } from "../../../actors/task/task.ts";
import { E } from "../../../syscalls/abi/errno.ts";
import { SIG } from "../../../syscalls/abi/signals.ts";
import { CLOCK, SIGEV } from "../../../syscalls/abi/time.ts";
import { timeHandlers as calls } from "../../../syscalls/time/handle.ts";
import { call, look, MEMORY, newMachine, newTask, pass } from "../../fakes/kernel.ts";

const A = MEMORY, B = MEMORY + 128;
const write = (t: Task, at: number, ...words: number[]) => {
  words.forEach((word, i) => t.mem.setU64(at + i * 8, word));
  return at;
};
const read = (t: Task, at: number, n: number) => Array.from({ length: n }, (_, i) => t.mem.u64(at + i * 8));
/** Blocks the signals a test counts, so that they stay queued. */
const quiet = (t: Task) => {
  t.blocked = 0xffffffffffffffffn;
  return t;
};
/** Charges CPU time as the life loop does. */
const burn = (t: Task, ns: number) => {
  t.cpuTime += ns;
  t.group.chargeCpu?.(ns);
};

Deno.test("clocks tell virtual time and CPU time", () => {
  const t = newTask(newMachine());
  assert.equal(calls.clock_gettime(t, CLOCK.MONOTONIC, A), 0);
  assert.deepEqual(read(t, A, 2), [1000, 0]);
  pass(t.machine, 1.5e9);
  calls.clock_gettime(t, CLOCK.BOOTTIME, A);
  assert.deepEqual(read(t, A, 2), [1001, 5e8]);
  calls.clock_gettime(t, CLOCK.REALTIME, A);
  assert.deepEqual(read(t, A, 2), [1893456001, 5e8]);
  burn(t, 42);
  calls.clock_gettime(t, CLOCK.THREAD_CPUTIME_ID, A);
  assert.deepEqual(read(t, A, 2), [0, 42]);
  calls.clock_gettime(t, ~t.tid << 3 | 2, A);
  assert.deepEqual(read(t, A, 2), [0, 42]);
  assert.equal(calls.clock_gettime(t, 10, A), -E.INVAL);
  assert.equal(calls.clock_gettime(t, ~999 << 3 | 2, A), -E.INVAL);
});

Deno.test("nanosleep ends with 0 at its deadline and reports the rest when interrupted", () => {
  const t = newTask(newMachine());
  assert.equal(call(t, () => calls.nanosleep(t, write(t, A, 0, 1e9), B)), -E.INVAL);
  assert.equal(call(t, () => calls.nanosleep(t, write(t, A, 2, 0), B)), BLOCKED);
  pass(t.machine, 5e8);
  assert.equal(look(t), BLOCKED);
  t.wait!.interrupted!();
  assert.deepEqual(read(t, B, 2), [1, 5e8]);
  assert.equal(t.wait!.restart, "block");
  pass(t.machine, 15e8);
  assert.equal(look(t), 0);
});

Deno.test("an absolute sleep on the wall clock waits for that time, a past one is over", () => {
  const t = newTask(newMachine());
  const sleep = (id: number) => call(t, () => calls.clock_nanosleep(t, id, 1, A, B));
  write(t, A, 1893456003, 0);
  assert.equal(sleep(CLOCK.REALTIME), BLOCKED);
  assert.equal(t.wait!.restart, "nohand");
  pass(t.machine, 3e9);
  assert.equal(look(t), 0);
  write(t, A, 1, 0);
  assert.equal(sleep(CLOCK.MONOTONIC), BLOCKED);
  assert.equal(look(t), 0);
  assert.equal(sleep(CLOCK.MONOTONIC_RAW), -E.OPNOTSUPP);
  assert.equal(sleep(CLOCK.THREAD_CPUTIME_ID), -E.OPNOTSUPP);
});

Deno.test("a sleep on the process clock ends when a sibling has burnt enough", () => {
  const machine = newMachine();
  const a = newTask(machine), b = newTask(machine, a);
  write(a, A, 0, 1000);
  assert.equal(call(a, () => calls.clock_nanosleep(a, CLOCK.PROCESS_CPUTIME_ID, 0, A, 0)), BLOCKED);
  burn(b, 999);
  assert.equal(look(a), BLOCKED);
  burn(b, 1);
  assert.equal(look(a), 0);
  assert.equal(a.group.chargeCpu, undefined);
});

Deno.test("ITIMER_REAL sends SIGALRM each interval and getitimer tells the rest", () => {
  const t = quiet(newTask(newMachine()));
  assert.equal(calls.setitimer(t, 0, write(t, A, 1, 0, 0, 500000), 0), 0);
  calls.getitimer(t, 0, B);
  assert.deepEqual(read(t, B, 4), [1, 0, 0, 500000]);
  pass(t.machine, 5e8);
  assert.ok(t.group.pending.has(SIG.ALRM));
  t.group.pending.clear();
  pass(t.machine, 9e8);
  assert.equal(t.group.pending.has(SIG.ALRM), false);
  pass(t.machine, 1e8);
  assert.ok(t.group.pending.has(SIG.ALRM));
  assert.equal(calls.setitimer(t, 0, 0, B), 0);
  assert.equal(t.machine.timers.size, 0);
  assert.equal(calls.setitimer(t, 3, A, 0), -E.INVAL);
});

Deno.test("ITIMER_VIRTUAL and ITIMER_PROF run on the group's CPU time", () => {
  const machine = newMachine();
  const a = quiet(newTask(machine)), b = quiet(newTask(machine, a));
  calls.setitimer(a, 1, write(a, A, 0, 0, 0, 10), 0);
  calls.setitimer(a, 2, write(a, A, 0, 0, 0, 20), 0);
  burn(b, 10000);
  assert.ok(a.group.pending.has(SIG.VTALRM));
  assert.equal(a.group.pending.has(SIG.PROF), false);
  burn(a, 10000);
  assert.ok(a.group.pending.has(SIG.PROF));
});

const makeTimer = (t: Task, id: number, signo: number, notify: number, tid = 0): number => {
  t.mem.setU64(A, 0x1234);
  t.mem.setU32(A + 8, signo);
  t.mem.setU32(A + 12, notify);
  t.mem.setU32(A + 16, tid);
  const result = call(t, () => calls.timer_create(t, id, A, B));
  return result === 0 ? t.mem.u32(B) : result;
};

Deno.test("a POSIX timer signals with its value and counts the expirations nobody took", () => {
  const t = quiet(newTask(newMachine()));
  const id = makeTimer(t, CLOCK.MONOTONIC, SIG.USR1, SIGEV.SIGNAL);
  assert.equal(id, 0);
  assert.equal(calls.timer_settime(t, id, 0, write(t, A, 0, 1000, 0, 1000), 0), 0);
  pass(t.machine, 3500);
  const info = t.group.pending.take(SIG.USR1);
  const bytes = new DataView(encodeSigInfo(info).buffer);
  assert.deepEqual([bytes.getInt32(8, true), bytes.getInt32(16, true), bytes.getInt32(20, true)], [-2, 0, 2]);
  assert.equal(bytes.getBigUint64(24, true), 0x1234n);
  assert.equal(calls.timer_getoverrun(t, id), 2);
  calls.timer_gettime(t, id, A);
  assert.deepEqual(read(t, A, 4), [0, 1000, 0, 500]);
  pass(t.machine, 500);
  assert.equal(t.group.pending.take(SIG.USR1).overrun, 0);
  assert.equal(calls.timer_getoverrun(t, id), 0);
  assert.equal(calls.timer_delete(t, id), 0);
  assert.equal(calls.timer_delete(t, id), -E.INVAL);
  assert.equal(t.machine.timers.size, 0);
});

Deno.test("a timer may tell one thread, or nobody", () => {
  const machine = newMachine();
  const a = quiet(newTask(machine)), b = quiet(newTask(machine, a)), stranger = newTask(machine);
  assert.equal(makeTimer(a, CLOCK.MONOTONIC, SIG.USR1, SIGEV.THREAD_ID, stranger.tid), -E.INVAL);
  assert.equal(makeTimer(a, CLOCK.MONOTONIC, 65, SIGEV.SIGNAL), -E.INVAL);
  assert.equal(makeTimer(a, CLOCK.MONOTONIC_RAW, SIG.USR1, SIGEV.SIGNAL), -E.OPNOTSUPP);
  const id = makeTimer(a, CLOCK.REALTIME, SIG.USR1, SIGEV.THREAD_ID, b.tid);
  calls.timer_settime(a, id, 1, write(a, A, 0, 0, 1893456001, 0), 0);
  pass(machine, 1e9);
  assert.ok(b.pending.has(SIG.USR1));
  const silent = makeTimer(a, CLOCK.MONOTONIC, 0, SIGEV.NONE);
  calls.timer_settime(a, silent, 0, write(a, A, 0, 300, 0, 1000), 0);
  pass(machine, 1100);
  calls.timer_gettime(a, silent, A);
  assert.deepEqual(read(a, A, 4), [0, 300, 0, 200]);
});

Deno.test("a deleted timer takes its pending signal back; the group's end deletes all", () => {
  const machine = newMachine();
  const t = quiet(newTask(machine));
  const id = makeTimer(t, CLOCK.MONOTONIC, SIG.USR1, SIGEV.SIGNAL);
  calls.timer_settime(t, id, 0, write(t, A, 0, 0, 0, 10), 0);
  pass(machine, 10);
  assert.ok(t.group.pending.has(SIG.USR1));
  calls.timer_delete(t, id);
  assert.equal(t.group.pending.has(SIG.USR1), false);
  const second = makeTimer(t, CLOCK.MONOTONIC, SIG.USR1, SIGEV.SIGNAL);
  calls.timer_settime(t, second, 0, write(t, A, 0, 0, 100, 0), 0);
  calls.setitimer(t, 0, write(t, A, 0, 0, 100, 0), 0);
  assert.equal(machine.timers.size, 2);
  exitTask(t, 0);
  assert.equal(machine.timers.size, 0);
});

Deno.test("the host's clock is not the guest's to set", () => {
  const t = newTask(newMachine());
  assert.equal(calls.clock_settime(t, CLOCK.REALTIME, write(t, A, 0, 0)), -E.PERM);
  assert.equal(calls.clock_settime(t, CLOCK.MONOTONIC, A), -E.INVAL);
  t.mem.write(A, new Uint8Array(208));
  assert.equal(calls.adjtimex(t, A), 5);
  t.mem.setU32(A, 1);
  assert.equal(calls.adjtimex(t, A), -E.PERM);
});
