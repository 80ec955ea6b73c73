import assert from "node:assert/strict";
import { credentialsOf } from "../../../actors/credentials.ts";
import type { Task } from "../../../actors/task/task.ts";
import { E } from "../../../syscalls/abi/errno.ts";
import { PR } from "../../../syscalls/abi/system.ts";
import { systemHandlers as calls } from "../../../syscalls/system/handle.ts";
import { call, MEMORY as A, newMachine, newTask } from "../../fakes/kernel.ts";

const text = (t: Task, at: number) => new TextDecoder().decode(t.mem.cstring(at, 65));
const put = (t: Task, at: number, s: string) => t.mem.write(at, new TextEncoder().encode(s + "\0"));
const prctl = (t: Task, option: number, a = 0, b = 0, c = 0, d = 0) =>
  call(t, () => calls.prctl(t, option, a, b, c, d));

Deno.test("uname tells the model kernel, the machine and the host name", () => {
  const t = newTask(newMachine());
  put(t, A, "box");
  assert.equal(calls.sethostname(t, A, 3), 0);
  calls.uname(t, A);
  assert.deepEqual([0, 65, 130, 260].map((off) => text(t, A + off)), ["Linux", "box", "6.18.0", "riscv64"]);
  assert.equal(call(t, () => calls.sethostname(t, A, 65)), -E.INVAL);
  t.cred = credentialsOf(1, 1);
  assert.equal(call(t, () => calls.sethostname(t, A, 3)), -E.PERM);
});

Deno.test("PR_SET_NAME keeps 15 bytes", () => {
  const t = newTask(newMachine());
  put(t, A, "a name longer than fits");
  assert.equal(prctl(t, PR.SET_NAME, A), 0);
  assert.equal(t.comm, "a name longer t");
  assert.equal(prctl(t, PR.GET_NAME, A + 100), 0);
  assert.equal(text(t, A + 100), "a name longer t");
});

Deno.test("prctl's booleans and ranges (SEMANTICS 9.1-9.5)", () => {
  const t = newTask(newMachine());
  assert.equal(prctl(t, PR.SET_PDEATHSIG, 65), -E.INVAL);
  assert.equal(prctl(t, PR.SET_PDEATHSIG, 64), 0);
  assert.equal(prctl(t, PR.SET_DUMPABLE, 2), -E.INVAL);
  assert.equal(prctl(t, PR.SET_DUMPABLE, 0), 0);
  assert.equal(prctl(t, PR.GET_DUMPABLE), 0);
  assert.equal(prctl(t, PR.SET_NO_NEW_PRIVS, 1, 1), -E.INVAL);
  assert.equal(prctl(t, PR.SET_NO_NEW_PRIVS, 0), -E.INVAL);
  assert.equal(prctl(t, PR.SET_NO_NEW_PRIVS, 1), 0);
  assert.equal(prctl(t, PR.GET_NO_NEW_PRIVS), 1);
  assert.equal(prctl(t, 4711), -E.INVAL);
});

Deno.test("a subreaper marks the descendants it already has", () => {
  const machine = newMachine();
  const a = newTask(machine), b = newTask(machine);
  b.group.parent = a;
  a.group.children.push(b.group);
  assert.equal(prctl(a, PR.SET_CHILD_SUBREAPER, 7), 0);
  assert.equal(b.group.hasChildSubreaper, true);
  assert.equal(b.group.childSubreaper, false);
  prctl(a, PR.GET_CHILD_SUBREAPER, A);
  assert.equal(a.mem.u32(A), 1);
});

Deno.test("bounding and ambient sets obey the others", () => {
  const t = newTask(newMachine());
  assert.equal(prctl(t, PR.CAPBSET_READ, 5), 1);
  assert.equal(prctl(t, PR.CAPBSET_DROP, 5), 0);
  assert.equal(prctl(t, PR.CAPBSET_READ, 5), 0);
  assert.equal(prctl(t, PR.CAPBSET_READ, 41), -E.INVAL);
  assert.equal(prctl(t, PR.CAP_AMBIENT, 2, 3), -E.PERM);
  t.cred = { ...t.cred, capInheritable: 8n };
  assert.equal(prctl(t, PR.CAP_AMBIENT, 2, 3), 0);
  assert.equal(prctl(t, PR.CAP_AMBIENT, 1, 3), 1);
  assert.equal(prctl(t, PR.CAP_AMBIENT, 4, 1), -E.INVAL);
  assert.equal(prctl(t, PR.CAP_AMBIENT, 4), 0);
  assert.equal(prctl(t, PR.CAP_AMBIENT, 1, 3), 0);
});

Deno.test("getrandom fills what is writable and checks its flags", () => {
  const t = newTask(newMachine());
  assert.equal(calls.getrandom(t, A, 32, 0), 32);
  assert.notEqual(t.mem.big(A), 0n);
  assert.equal(calls.getrandom(t, A, 32, 6), -E.INVAL);
  assert.equal(calls.getrandom(t, A, 32, 8), -E.INVAL);
  assert.equal(calls.getrandom(t, 0x5000, 32, 0), -E.FAULT);
  assert.equal(calls.getrandom(t, 0x5000, 0, 0), 0);
});

Deno.test("process_vm_readv copies across processes until the memory ends", () => {
  const machine = newMachine();
  const a = newTask(machine), b = newTask(machine);
  b.mem.setU32(A, 0xc0ffee);
  b.mem.setU32(A + 65532, 0xbeef);
  const iov = (at: number, addr: number, length: number) => {
    a.mem.setU64(at, addr);
    a.mem.setU64(at + 8, length);
    return at;
  };
  const local = iov(A + 256, A, 64), remote = iov(A + 512, A, 4);
  assert.equal(call(a, () => calls.process_vm_readv(a, b.tid, local, 1, remote, 1, 0)), 4);
  assert.equal(a.mem.u32(A), 0xc0ffee);
  iov(remote, A + 65532, 100);
  assert.equal(call(a, () => calls.process_vm_readv(a, b.tid, local, 1, remote, 1, 0)), 4);
  assert.equal(a.mem.u32(A), 0xbeef);
  iov(remote, 0x5000, 4);
  assert.equal(call(a, () => calls.process_vm_readv(a, b.tid, local, 1, remote, 1, 0)), -E.FAULT);
  assert.equal(call(a, () => calls.process_vm_readv(a, 999, local, 1, remote, 1, 0)), -E.SRCH);
  a.cred = credentialsOf(1000, 1000);
  assert.equal(call(a, () => calls.process_vm_writev(a, b.tid, local, 1, remote, 1, 0)), -E.PERM);
});

Deno.test("kcmp says what threads share and processes do not", () => {
  const machine = newMachine();
  const a = newTask(machine), b = newTask(machine, a), c = newTask(machine);
  assert.equal(calls.kcmp(a, a.tid, b.tid, 1, 0, 0), 0);
  assert.deepEqual([calls.kcmp(a, a.tid, c.tid, 1, 0, 0), calls.kcmp(a, c.tid, a.tid, 1, 0, 0)].sort(), [1, 2]);
  assert.equal(calls.kcmp(a, a.tid, b.tid, 0, 5, 5), -E.BADF);
  assert.equal(calls.kcmp(a, a.tid, 999, 1, 0, 0), -E.SRCH);
  assert.equal(calls.kcmp(a, a.tid, b.tid, 8, 0, 0), -E.INVAL);
});
