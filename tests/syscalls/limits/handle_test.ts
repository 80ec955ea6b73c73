import assert from "node:assert/strict";
import { credentialsOf } from "../../../actors/credentials.ts";
import { RLIMIT } from "../../../actors/limits.ts";
import { E } from "../../../syscalls/abi/errno.ts";
import { SIG } from "../../../syscalls/abi/signals.ts";
import { limitsHandlers as calls } from "../../../syscalls/limits/handle.ts";
import { MEMORY as A, newMachine, newTask } from "../../fakes/kernel.ts";

const INFINITY = 0xffffffffffffffffn;

Deno.test("limits are read and written, infinity is all ones", () => {
  const t = newTask(newMachine());
  assert.equal(calls.prlimit64(t, 0, RLIMIT.STACK, 0, A), 0);
  assert.deepEqual([t.mem.big(A), t.mem.big(A + 8)], [8n << 20n, INFINITY]);
  t.mem.setU64(A, 1 << 20);
  t.mem.setBig(A + 8, INFINITY);
  assert.equal(calls.setrlimit(t, RLIMIT.STACK, A), 0);
  assert.equal(t.vm.space.limits.stack, 1 << 20);
  assert.equal(calls.getrlimit(t, 16, A), -E.INVAL);
});

Deno.test("soft above hard is EINVAL; raising hard needs privilege", () => {
  const t = newTask(newMachine());
  t.cred = credentialsOf(1000, 1000);
  t.mem.setU64(A, 20);
  t.mem.setU64(A + 8, 10);
  assert.equal(calls.setrlimit(t, RLIMIT.CORE, A), -E.INVAL);
  t.mem.setU64(A, 5);
  assert.equal(calls.setrlimit(t, RLIMIT.CORE, A), 0);
  t.mem.setU64(A + 8, 11);
  assert.equal(calls.setrlimit(t, RLIMIT.CORE, A), -E.PERM);
  t.mem.setU64(A + 8, 1048577);
  assert.equal(calls.setrlimit(t, RLIMIT.NOFILE, A), -E.PERM);
});

Deno.test("limits of others: same ids or privilege, and they must exist", () => {
  const machine = newMachine();
  const a = newTask(machine), b = newTask(machine);
  assert.equal(calls.prlimit64(a, 999, RLIMIT.CORE, 0, A), -E.SRCH);
  assert.equal(calls.prlimit64(a, b.tid, RLIMIT.CORE, 0, A), 0);
  a.cred = credentialsOf(1000, 1000);
  assert.equal(calls.prlimit64(a, b.tid, RLIMIT.CORE, 0, A), -E.PERM);
});

Deno.test("RLIMIT_CPU sends SIGXCPU each second from the soft limit and SIGKILL at the hard one", () => {
  const t = newTask(newMachine());
  t.blocked = 1n << BigInt(SIG.XCPU - 1);
  t.mem.setU64(A, 1);
  t.mem.setU64(A + 8, 3);
  calls.setrlimit(t, RLIMIT.CPU, A);
  const burn = (ns: number) => {
    t.cpuTime += ns;
    t.group.chargeCpu?.(ns);
  };
  burn(1e9);
  assert.ok(t.group.pending.has(SIG.XCPU));
  t.group.pending.clear();
  burn(1e9);
  assert.ok(t.group.pending.has(SIG.XCPU));
  assert.equal(t.group.groupExit, undefined);
  burn(1e9);
  assert.equal(t.group.groupExit, SIG.KILL);
});

Deno.test("getrusage counts live threads for the process, one for the thread", () => {
  const machine = newMachine();
  const a = newTask(machine), b = newTask(machine, a);
  a.cpuTime = 2e9;
  b.cpuTime = 1.5e9;
  assert.equal(calls.getrusage(a, 0, A), 0);
  assert.deepEqual([a.mem.u64(A), a.mem.u64(A + 8)], [3, 500000]);
  calls.getrusage(b, 1, A);
  assert.deepEqual([a.mem.u64(A), a.mem.u64(A + 8)], [1, 500000]);
  assert.equal(calls.getrusage(a, 2, A), -E.INVAL);
});
