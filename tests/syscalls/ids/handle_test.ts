import assert from "node:assert/strict";
import { ALL_CAPS, CAP, credentialsOf } from "../../../actors/credentials.ts";
import type { Task } from "../../../actors/task/task.ts";
import { E } from "../../../syscalls/abi/errno.ts";
import { idsHandlers as calls } from "../../../syscalls/ids/handle.ts";
import { call, MEMORY, newMachine, newTask } from "../../fakes/kernel.ts";

const KEEP = 0xffffffff;
const three = (t: Task) => [t.cred.ruid, t.cred.euid, t.cred.suid, t.cred.fsuid];

Deno.test("root's setuid drops everything for good", () => {
  const t = newTask(newMachine());
  assert.equal(calls.setuid(t, KEEP), -E.INVAL);
  assert.equal(calls.setuid(t, 1000), 0);
  assert.deepEqual(three(t), [1000, 1000, 1000, 1000]);
  assert.equal(t.cred.capPermitted, 0n);
  assert.equal(calls.setuid(t, 0), -E.PERM);
  assert.equal(t.vm.dumpable, 0);
});

Deno.test("seteuid keeps the way back: effective capabilities follow the effective user", () => {
  const t = newTask(newMachine());
  assert.equal(calls.setresuid(t, KEEP, 1000, KEEP), 0);
  assert.equal(t.cred.capEffective, 0n);
  assert.equal(t.cred.capPermitted, ALL_CAPS);
  assert.equal(calls.setresuid(t, 5, KEEP, KEEP), -E.PERM);
  assert.equal(calls.setresuid(t, KEEP, 0, KEEP), 0);
  assert.equal(t.cred.capEffective, ALL_CAPS);
});

Deno.test("setreuid sets the saved user when the real one is given", () => {
  const t = newTask(newMachine());
  t.cred = { ...credentialsOf(10, 10), suid: 20 };
  assert.equal(calls.setreuid(t, 20, KEEP), -E.PERM);
  assert.equal(calls.setreuid(t, KEEP, 20), 0);
  assert.deepEqual(three(t), [10, 20, 20, 20]);
  assert.equal(calls.setreuid(t, 20, 10), 0);
  assert.deepEqual(three(t), [20, 10, 10, 10]);
});

Deno.test("setfsuid gives the old one and moves the file capabilities", () => {
  const t = newTask(newMachine());
  assert.equal(calls.setfsuid(t, 7), 0);
  assert.equal(t.cred.capEffective & (1n << BigInt(CAP.CHOWN)), 0n);
  assert.equal(calls.setfsuid(t, KEEP), 7);
  assert.equal(calls.setfsuid(t, 0), 7);
  assert.equal(t.cred.capEffective, ALL_CAPS);
});

Deno.test("groups are read back sorted, and sizes are checked", () => {
  const t = newTask(newMachine());
  [30, 10, 20].forEach((gid, i) => t.mem.setU32(MEMORY + i * 4, gid));
  assert.equal(calls.setgroups(t, 3, MEMORY), 0);
  assert.equal(calls.getgroups(t, 0, 0), 3);
  assert.equal(calls.getgroups(t, 2, MEMORY), -E.INVAL);
  assert.equal(calls.getgroups(t, 3, MEMORY), 3);
  assert.deepEqual([0, 4, 8].map((at) => t.mem.u32(MEMORY + at)), [10, 20, 30]);
  t.cred = credentialsOf(1, 1);
  assert.equal(calls.setgroups(t, 70000, 0), -E.PERM);
});

Deno.test("capget speaks three versions and corrects a fourth", () => {
  const t = newTask(newMachine());
  const header = MEMORY, data = MEMORY + 64;
  t.mem.setU32(header, 0x20080522);
  t.mem.setU32(header + 4, 0);
  assert.equal(calls.capget(t, header, data), 0);
  assert.equal(t.mem.u32(data), 0xffffffff);
  assert.equal(t.mem.u32(data + 12), 0x1ff);
  t.mem.setU32(header, 1);
  assert.equal(calls.capget(t, header, data), -E.INVAL);
  assert.equal(t.mem.u32(header), 0x20080522);
  t.mem.setU32(header + 4, 4242);
  assert.equal(calls.capget(t, header, data), -E.SRCH);
  assert.equal(calls.capset(t, header, data), -E.PERM);
});

Deno.test("capset takes away, and does not give back", () => {
  const t = newTask(newMachine());
  const header = MEMORY, data = MEMORY + 64;
  t.mem.setU32(header, 0x20080522);
  t.mem.setU32(header + 4, 0);
  const set = (effective: number, permitted: number) => {
    [effective, permitted, 0, 0, 0, 0].forEach((word, i) => t.mem.setU32(data + i * 4, word));
    return calls.capset(t, header, data);
  };
  assert.equal(set(1, 3), 0);
  assert.equal(t.cred.capPermitted, 3n);
  assert.equal(set(4, 3), -E.PERM);
  assert.equal(set(1, 7), -E.PERM);
});

Deno.test("setsid makes a session once; setpgid follows the rules of job control", () => {
  const machine = newMachine();
  const shell = newTask(machine), job = newTask(machine), other = newTask(machine);
  assert.equal(calls.setsid(shell), -E.PERM);
  // The fake gives each process its own session: put the job into the shell's.
  job.group.sid = job.group.pgid = shell.group.sid;
  job.group.parent = shell;
  shell.group.children.push(job.group);
  assert.equal(calls.setpgid(shell, job.tid, -1), -E.INVAL);
  assert.equal(calls.setpgid(shell, 999, 0), -E.SRCH);
  assert.equal(calls.setpgid(shell, other.tid, 0), -E.SRCH);
  assert.equal(calls.setpgid(shell, 0, 0), -E.PERM);
  assert.equal(calls.setpgid(shell, job.tid, other.tid), -E.PERM);
  assert.equal(calls.setpgid(shell, job.tid, 0), 0);
  assert.equal(calls.getpgid(shell, job.tid), job.tid);
  assert.equal(calls.setsid(job), -E.PERM);
  job.group.hasExeced = true;
  assert.equal(calls.setpgid(shell, job.tid, 0), -E.ACCES);
  assert.equal(calls.setpgid(job, 0, shell.group.pgid), 0);
  assert.equal(calls.setsid(job), job.tid);
  assert.equal(calls.getsid(shell, job.tid), job.tid);
  assert.equal(calls.getppid(job), shell.tid);
  assert.equal(calls.getppid(shell), 1);
});

Deno.test("ids of a thread: one pid, two tids", () => {
  const machine = newMachine();
  const a = newTask(machine), b = newTask(machine, a);
  assert.equal(calls.getpid(b), a.tid);
  assert.equal(calls.gettid(b), b.tid);
  assert.equal(call(b, () => calls.setpgid(b, b.tid, 0)), -E.INVAL);
});
