import assert from "node:assert/strict";
import { BLOCKED } from "../../../actors/blocking.ts";
import { credentialsOf } from "../../../actors/credentials.ts";
import { exitTask } from "../../../actors/task/exit.ts";
import type { Task } from "../../../actors/task/task.ts";
import { E } from "../../../syscalls/abi/errno.ts";
import { IPC, SEM, SHM } from "../../../syscalls/abi/ipc.ts";
import { ipcHandlers as calls } from "../../../syscalls/ipc/handle.ts";
import { call, look, MEMORY as A, newMachine, newTask, pass } from "../../fakes/kernel.ts";

const two = () => {
  const machine = newMachine();
  return [newTask(machine), newTask(machine)] as const;
};
const CREAT = IPC.CREAT | 0o600;

Deno.test("a segment's bytes are the same for all who attach it, and it goes with the last", () => {
  const [a, b] = two();
  const id = call(a, () => calls.shmget(a, 42, 5000, CREAT));
  assert.ok(id >= 0);
  assert.equal(call(b, () => calls.shmget(b, 42, 100, 0)), id);
  assert.equal(call(b, () => calls.shmget(b, 42, 6000, 0)), -E.INVAL);
  assert.equal(call(b, () => calls.shmget(b, 42, 100, CREAT | IPC.EXCL)), -E.EXIST);
  assert.equal(call(b, () => calls.shmget(b, 43, 100, 0)), -E.NOENT);
  const atA = call(a, () => calls.shmat(a, id, 0, 0)), atB = call(b, () => calls.shmat(b, id, 0, SHM.RDONLY));
  a.mem.setU32(atA + 4096, 0x1234);
  assert.equal(b.mem.u32(atB + 4096), 0x1234);
  assert.equal(b.mem.accessible(atB, 4, true), 0);
  calls.shmctl(a, id, IPC.STAT, A);
  assert.equal(a.mem.u64(A + 88), 2);
  assert.equal(a.mem.u64(A + 48), 5000);
  assert.equal(call(a, () => calls.shmctl(a, id, IPC.RMID, 0)), 0);
  assert.equal(call(b, () => calls.shmget(b, 42, 100, 0)), -E.NOENT);
  assert.equal(calls.shmdt(a, atA), 0);
  assert.equal(calls.shmdt(a, atA), -E.INVAL);
  assert.equal(a.mem.accessible(atA, 4, false), 0);
  assert.equal(call(b, () => calls.shmctl(b, id, IPC.STAT, A)), 0);
  exitTask(b, 0);
  assert.equal(call(a, () => calls.shmctl(a, id, IPC.STAT, A)), -E.INVAL);
});

Deno.test("shmat checks address, mode bits and overlap", () => {
  const [a, b] = two();
  const id = call(a, () => calls.shmget(a, IPC.PRIVATE, 4096, 0o600));
  assert.equal(call(a, () => calls.shmat(a, id, A + 1, 0)), -E.INVAL);
  assert.equal(call(a, () => calls.shmat(a, id, A, 0)), -E.INVAL);
  assert.equal(call(a, () => calls.shmat(a, id, A + 1, SHM.RND | SHM.REMAP)), A);
  b.cred = credentialsOf(1000, 1000);
  assert.equal(call(b, () => calls.shmat(b, id, 0, SHM.RDONLY)), -E.ACCES);
  assert.equal(call(b, () => calls.shmctl(b, id, IPC.RMID, 0)), -E.PERM);
});

const sops = (t: Task, ...operations: [number, number, number][]) => {
  operations.forEach(([num, op, flags], i) => {
    t.mem.setU16(A + i * 6, num);
    t.mem.setU16(A + i * 6 + 2, op & 0xffff);
    t.mem.setU16(A + i * 6 + 4, flags);
  });
  return operations.length;
};
const semop = (t: Task, id: number, ...operations: [number, number, number][]) => {
  const n = sops(t, ...operations);
  return call(t, () => calls.semop(t, id, A, n));
};

Deno.test("operations happen together or not at all, and waiters are served by whoever frees them", () => {
  const [a, b] = two();
  const id = call(a, () => calls.semget(a, IPC.PRIVATE, 2, 0o600));
  assert.equal(semop(a, id, [0, -1, IPC.NOWAIT]), -E.AGAIN);
  assert.equal(semop(a, id, [2, 1, 0]), -E.FBIG);
  assert.equal(semop(b, id, [1, 1, 0], [0, -2, 0]), BLOCKED);
  assert.equal(calls.semctl(a, id, 1, SEM.GETVAL, 0), 0);
  assert.equal(calls.semctl(a, id, 0, SEM.GETNCNT, 0), 1);
  assert.equal(semop(a, id, [0, 1, 0]), 0);
  assert.equal(look(b), BLOCKED);
  assert.equal(semop(a, id, [0, 1, 0]), 0);
  assert.equal(look(b), 0);
  assert.deepEqual([0, 1].map((n) => calls.semctl(a, id, n, SEM.GETVAL, 0)), [0, 1]);
  assert.equal(calls.semctl(a, id, 1, SEM.GETPID, 0), b.tid);
});

Deno.test("semtimedop times out with EAGAIN, removal wakes with EIDRM", () => {
  const [a, b] = two();
  const id = call(a, () => calls.semget(a, 7, 1, CREAT));
  sops(b, [0, -1, 0]);
  b.mem.setU64(A + 64, 0);
  b.mem.setU64(A + 72, 100);
  assert.equal(call(b, () => calls.semtimedop(b, id, A, 1, A + 64)), BLOCKED);
  assert.equal(b.wait!.restart, "eintr");
  pass(a.machine, 100);
  assert.equal(look(b), -E.AGAIN);
  assert.equal(semop(b, id, [0, -1, 0]), BLOCKED);
  calls.semctl(a, id, 0, IPC.RMID, 0);
  assert.equal(look(b), -E.IDRM);
});

Deno.test("SEM_UNDO is undone when the process ends, and forgotten by SETVAL", () => {
  const [a, b] = two();
  const id = call(a, () => calls.semget(a, IPC.PRIVATE, 2, 0o600));
  calls.semctl(a, id, 0, SEM.SETVAL, 1);
  assert.equal(semop(b, id, [0, -1, SEM.UNDO], [1, 3, SEM.UNDO]), 0);
  calls.semctl(a, id, 1, SEM.SETVAL, 9);
  assert.equal(semop(a, id, [0, -1, 0]), BLOCKED);
  exitTask(b, 0);
  assert.equal(look(a), 0);
  assert.equal(calls.semctl(a, id, 1, SEM.GETVAL, 0), 9);
});

const send = (t: Task, id: number, type: number, body: string, flags = 0) => {
  t.mem.setU64(A, type);
  const bytes = new TextEncoder().encode(body);
  t.mem.write(A + 8, bytes);
  return call(t, () => calls.msgsnd(t, id, A, bytes.length, flags));
};
const receive = (t: Task, id: number, type: number, flags = 0, size = 100) =>
  call(t, () => calls.msgrcv(t, id, A, size, type, flags));
const body = (t: Task, n: number) => new TextDecoder().decode(t.mem.read(A + 8, n));

Deno.test("messages are chosen by type, shortened only when asked", () => {
  const [a] = two();
  const id = call(a, () => calls.msgget(a, IPC.PRIVATE, 0o600));
  assert.equal(send(a, id, 0, "x"), -E.INVAL);
  for (const [type, s] of [[5, "five"], [2, "two"], [3, "three"]] as const) assert.equal(send(a, id, type, s), 0);
  assert.equal(receive(a, id, -3), 3);
  assert.equal(body(a, 3), "two");
  assert.equal(receive(a, id, 3, 0, 2), -E["2BIG"]);
  assert.equal(receive(a, id, 3, 0o10000, 2), 2);
  assert.equal(receive(a, id, 5, 0o20000 | IPC.NOWAIT), -E.NOMSG);
  assert.equal(receive(a, id, 0), 4);
});

Deno.test("a receiver waits for its type, a sender for room", () => {
  const [a, b] = two();
  const id = call(a, () => calls.msgget(a, 9, CREAT));
  assert.equal(receive(b, id, 4), BLOCKED);
  send(a, id, 3, "no");
  assert.equal(look(b), BLOCKED);
  send(a, id, 4, "yes");
  assert.equal(look(b), 3);
  assert.equal(b.mem.u64(A), 4);
  const big = "x".repeat(8000);
  assert.equal(send(a, id, 1, big), 0);
  assert.equal(send(a, id, 1, big), 0);
  assert.equal(send(a, id, 1, big, IPC.NOWAIT), -E.AGAIN);
  assert.equal(send(a, id, 1, big), BLOCKED);
  assert.equal(receive(b, id, 1, 0, 9000), 8000);
  assert.equal(look(a), 0);
});
