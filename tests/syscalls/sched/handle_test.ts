import assert from "node:assert/strict";
import { credentialsOf } from "../../../actors/credentials.ts";
import type { Task } from "../../../actors/task/task.ts";
import { E } from "../../../syscalls/abi/errno.ts";
import { SCHED } from "../../../syscalls/abi/sched.ts";
import { schedHandlers as calls } from "../../../syscalls/sched/handle.ts";
import { call, MEMORY as A, newMachine, newTask } from "../../fakes/kernel.ts";

const param = (t: Task, priority: number) => {
  t.mem.setU32(A, priority);
  return A;
};

Deno.test("affinity is one CPU in a mask of eight bytes", () => {
  const t = newTask(newMachine());
  assert.equal(calls.sched_getaffinity(t, 0, 128, A), 8);
  assert.equal(t.mem.u64(A), 1);
  assert.equal(calls.sched_getaffinity(t, 0, 4, A), -E.INVAL);
  t.mem.setU64(A, 2);
  assert.equal(calls.sched_setaffinity(t, 0, 8, A), -E.INVAL);
  t.mem.setU64(A, 3);
  assert.equal(calls.sched_setaffinity(t, 0, 8, A), 0);
  assert.equal(call(t, () => calls.sched_getaffinity(t, 999, 8, A)), -E.SRCH);
});

Deno.test("policies take the priorities that are theirs", () => {
  const t = newTask(newMachine());
  assert.equal(calls.sched_setscheduler(t, 0, SCHED.FIFO, param(t, 0)), -E.INVAL);
  assert.equal(calls.sched_setscheduler(t, 0, SCHED.OTHER, param(t, 1)), -E.INVAL);
  assert.equal(calls.sched_setscheduler(t, 0, 4, param(t, 0)), -E.INVAL);
  assert.equal(calls.sched_setscheduler(t, 0, SCHED.RR | SCHED.RESET_ON_FORK, param(t, 10)), 0);
  assert.equal(calls.sched_getscheduler(t, 0), SCHED.RR | SCHED.RESET_ON_FORK);
  calls.sched_getparam(t, 0, A);
  assert.equal(t.mem.u32(A), 10);
  assert.equal(calls.sched_get_priority_max(t, SCHED.FIFO), 99);
  assert.equal(calls.sched_get_priority_min(t, 9), -E.INVAL);
});

Deno.test("an unprivileged user may be nicer, not less nice, and not real-time", () => {
  const t = newTask(newMachine());
  t.cred = credentialsOf(1000, 1000);
  assert.equal(calls.setpriority(t, 0, 0, 5), 0);
  assert.equal(calls.getpriority(t, 0, 0), 15);
  assert.equal(calls.setpriority(t, 0, 0, 4), -E.ACCES);
  assert.equal(calls.setpriority(t, 0, 999, 5), -E.SRCH);
  assert.equal(calls.setpriority(t, 7, 0, 5), -E.INVAL);
  assert.equal(calls.sched_setscheduler(t, 0, SCHED.FIFO, param(t, 1)), -E.PERM);
  assert.equal(calls.sched_setscheduler(t, 0, SCHED.BATCH, param(t, 0)), 0);
});

Deno.test("sched_attr grows: short sizes are EINVAL or E2BIG, zero tails are accepted", () => {
  const t = newTask(newMachine());
  assert.equal(calls.sched_getattr(t, 0, A, 40, 0), -E.INVAL);
  assert.equal(calls.sched_getattr(t, 0, A, 64, 0), 0);
  assert.equal(t.mem.u32(A), 56);
  t.mem.write(A, new Uint8Array(128));
  t.mem.setU32(A, 100);
  t.mem.setU32(A + 16, 3);
  assert.equal(call(t, () => calls.sched_setattr(t, 0, A, 0)), 0);
  assert.equal(t.nice, 3);
  t.mem.setU8(A + 99, 1);
  assert.equal(call(t, () => calls.sched_setattr(t, 0, A, 0)), -E["2BIG"]);
  assert.equal(t.mem.u32(A), 56);
});

Deno.test("I/O priority keeps what was set, by class", () => {
  const t = newTask(newMachine());
  assert.equal(calls.ioprio_get(t, 1, 0), 0);
  assert.equal(calls.ioprio_set(t, 1, 0, (2 << 13) | 4), 0);
  assert.equal(calls.ioprio_get(t, 1, 0), (2 << 13) | 4);
  assert.equal(calls.ioprio_set(t, 1, 0, 4 << 13), -E.INVAL);
  t.cred = credentialsOf(1, 1);
  assert.equal(calls.ioprio_set(t, 1, 0, 1 << 13), -E.PERM);
});
