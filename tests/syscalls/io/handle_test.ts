/** Reading, writing and descriptors through the handlers, over files in memory. */
import assert from "node:assert/strict";
import { BLOCKED } from "../../../actors/blocking.ts";
import { RLIMIT } from "../../../actors/limits.ts";
import { makePipe } from "../../../actors/pipe.ts";
import type { Task } from "../../../actors/task/task.ts";
import { AT_FDCWD } from "../../../syscalls/abi/at.ts";
import { E } from "../../../syscalls/abi/errno.ts";
import { F } from "../../../syscalls/abi/files.ts";
import { SIG } from "../../../syscalls/abi/signals.ts";
import { filesHandlers } from "../../../syscalls/files/handle.ts";
import { ioHandlers as io } from "../../../syscalls/io/handle.ts";
import { BUFFER, fileKernel, result, str, text } from "../../fakes/files.ts";
import { look, MEMORY, newTask } from "../../fakes/kernel.ts";

const O_RDWR = 2, O_CREAT = 0o100, O_NONBLOCK = 0o4000;
/** End of the mapped memory. */
const END = MEMORY + 65536;

const open = (t: Task, path: string, flags = O_RDWR | O_CREAT): number =>
  result(t, () => filesHandlers.openat(t, AT_FDCWD, str(t, path), flags, 0o644));
const fill = (t: Task, at: number, s: string): number => {
  t.mem.write(at, new TextEncoder().encode(s));
  return at;
};
const iovec = (t: Task, pieces: readonly (readonly [number, number])[]): number => {
  const at = BUFFER + 0x4000;
  pieces.forEach(([base, length], i) => {
    t.mem.setU64(at + 16 * i, base);
    t.mem.setU64(at + 16 * i + 8, length);
  });
  return at;
};
const pipe = (t: Task, flags = 0): [number, number] => {
  const [r, w] = makePipe(t.machine, t, flags);
  return [t.files.add(r, false, 100), t.files.add(w, false, 100)];
};

Deno.test("a later bad piece ends a vector with what was done, a bad first one fails", () => {
  const { t } = fileKernel();
  const fd = open(t, "f");
  fill(t, BUFFER, "abcdef");
  assert.equal(result(t, () => io.writev(t, fd, iovec(t, [[BUFFER, 3], [END - 2, 4], [BUFFER, 2]]), 3)), 5);
  assert.equal(result(t, () => io.writev(t, fd, iovec(t, [[8, 3], [BUFFER, 2]]), 2)), -E.FAULT);
  assert.equal(result(t, () => io.writev(t, fd, iovec(t, []), 1025)), -E.INVAL);
  assert.equal(result(t, () => io.readv(t, fd, 8, 1)), -E.FAULT);
  assert.equal(io.lseek(t, fd, 0, 0), 0);
  assert.equal(result(t, () => io.readv(t, fd, iovec(t, [[BUFFER + 100, 2], [BUFFER + 110, 50]]), 2)), 5);
  assert.equal(text(t, BUFFER + 100, 2), "ab");
});

Deno.test("a read of an empty pipe waits until bytes come, holding the description", () => {
  const { t } = fileKernel();
  const [r, w] = pipe(t);
  const writer = newTask(t.machine, t);
  assert.equal(result(t, () => io.read(t, r, BUFFER, 10)), BLOCKED);
  assert.equal(look(t), BLOCKED);
  const file = t.files.get(r);
  t.files.close(r);
  assert.equal(file.refs, 1);
  assert.equal(result(writer, () => io.write(writer, w, fill(t, BUFFER + 50, "hi"), 2)), 2);
  assert.equal(t.notified, true);
  assert.equal(look(t), 2);
  assert.equal(text(t, BUFFER, 2), "hi");
  assert.equal(file.refs, 0);
});

Deno.test("a blocking write goes on in parts; a signal leaves it with the part", () => {
  const { t } = fileKernel();
  const [r, w] = pipe(t);
  const reader = newTask(t.machine, t);
  for (let i = 0; i < 3; i++) assert.equal(result(t, () => io.write(t, w, BUFFER, 20000)), 20000);
  assert.equal(result(t, () => io.write(t, w, BUFFER, 10000)), BLOCKED);
  assert.equal(t.wait!.partial!(), 5536);
  assert.equal(result(reader, () => io.read(reader, r, BUFFER, 4000)), 4000);
  assert.equal(look(t), BLOCKED);
  assert.equal(result(reader, () => io.read(reader, r, BUFFER, 30000)), 30000);
  assert.equal(look(t), 10000);
});

Deno.test("writing where nobody reads raises SIGPIPE and is EPIPE", () => {
  const { t } = fileKernel();
  const [r, w] = pipe(t);
  t.files.close(r);
  t.blocked = 1n << BigInt(SIG.PIPE - 1);
  assert.equal(result(t, () => io.write(t, w, BUFFER, 1)), -E.PIPE);
  assert.equal(t.pending.mask & t.blocked, t.blocked);
});

Deno.test("RLIMIT_FSIZE cuts a write, then raises SIGXFSZ; RLIMIT_NOFILE bounds descriptors", () => {
  const { t } = fileKernel();
  const fd = open(t, "f");
  t.group.limits[RLIMIT.FSIZE] = { soft: 10, hard: 10 };
  t.blocked = 1n << BigInt(SIG.XFSZ - 1);
  assert.equal(result(t, () => io.write(t, fd, BUFFER, 30)), 10);
  assert.equal(result(t, () => io.write(t, fd, BUFFER, 1)), -E.FBIG);
  assert.equal(t.pending.mask & t.blocked, t.blocked);
  t.group.limits[RLIMIT.NOFILE] = { soft: 2, hard: 2 };
  assert.equal(io.dup(t, fd), 1);
  assert.equal(io.dup(t, fd), -E.MFILE);
  assert.equal(io.dup3(t, fd, 2, 0), -E.BADF);
  assert.equal(io.fcntl(t, fd, F.DUPFD, 2), -E.INVAL);
  io.close(t, 0);
  assert.equal(io.dup(t, 1), 0);
});

Deno.test("a splice into a full pipe loses nothing", () => {
  const { t } = fileKernel();
  const [r1, w1] = pipe(t, O_NONBLOCK), [r2, w2] = pipe(t, O_NONBLOCK);
  for (let i = 0; i < 4; i++) io.write(t, w2, BUFFER, 16384);
  io.write(t, w1, fill(t, BUFFER, "keep me"), 7);
  assert.equal(result(t, () => io.splice(t, r1, 0, w2, 0, 100, 0)), -E.AGAIN);
  while (io.read(t, r2, BUFFER + 0x2000, 16384) > 0);
  assert.equal(result(t, () => io.splice(t, r1, 0, w2, 0, 100, 0)), 7);
  assert.equal(io.read(t, r2, BUFFER, 100), 7);
  assert.equal(text(t, BUFFER, 7), "keep me");
  assert.equal(result(t, () => io.splice(t, r1, 0, w1, 0, 100, 0)), -E.INVAL);
});

Deno.test("sendfile from an offset leaves the file's own alone and waits for room", () => {
  const { t } = fileKernel();
  const fd = open(t, "f"), [r, w] = pipe(t);
  io.write(t, fd, fill(t, BUFFER, "0123456789"), 10);
  const cell = BUFFER + 0x1000;
  t.mem.setU64(cell, 4);
  for (let i = 0; i < 4; i++) io.write(t, w, BUFFER, 16384);
  assert.equal(result(t, () => io.sendfile(t, w, fd, cell, 100)), BLOCKED);
  const reader = newTask(t.machine, t);
  for (let i = 0; i < 4; i++) io.read(reader, r, BUFFER, 16384);
  assert.equal(look(t), 6);
  assert.equal(t.mem.u64(cell), 10);
  assert.equal(io.lseek(t, fd, 0, 1), 10);
  assert.equal(io.read(reader, r, BUFFER, 100), 6);
  assert.equal(text(t, BUFFER, 6), "456789");
});

Deno.test("lowest free descriptors are reused, and copies share offset and status flags", () => {
  const { t } = fileKernel();
  assert.deepEqual([open(t, "a"), open(t, "b"), open(t, "c")], [0, 1, 2]);
  io.close(t, 1);
  assert.equal(io.dup(t, 2), 1);
  io.write(t, 2, BUFFER, 5);
  assert.equal(io.lseek(t, 1, 0, 1), 5);
  assert.equal(io.fcntl(t, 1, F.SETFL, O_NONBLOCK), 0);
  assert.equal(io.fcntl(t, 2, F.GETFL, 0) & O_NONBLOCK, O_NONBLOCK);
  assert.equal(io.dup3(t, 0, 7, 0o2000000), 7);
  assert.equal(io.fcntl(t, 7, F.GETFD, 0), 1);
  assert.equal(io.close_range(t, 1, 0xffffffff, 0), 0);
  assert.deepEqual(t.files.descriptors(), [0]);
  assert.equal(open(t, "d"), 1);
});

Deno.test("a small vector goes into a pipe whole or not at all", () => {
  const { t } = fileKernel();
  const [r, w] = pipe(t, O_NONBLOCK);
  for (let i = 0; i < 4; i++) io.write(t, w, BUFFER, 16383);
  const vector = iovec(t, [[fill(t, BUFFER, "abc"), 3], [fill(t, BUFFER + 64, "de"), 2]]);
  assert.equal(result(t, () => io.writev(t, w, vector, 2)), -E.AGAIN);
  assert.equal(io.read(t, r, BUFFER + 0x2000, 4), 4);
  assert.equal(result(t, () => io.writev(t, w, vector, 2)), 5);
  for (let left = 65533; left > 0; left -= 4096) io.read(t, r, BUFFER + 0x2000, Math.min(left, 4096));
  io.writev(t, w, vector, 2);
  assert.equal(result(t, () => io.readv(t, r, iovec(t, [[BUFFER + 200, 1], [BUFFER + 300, 9]]), 2)), 5);
  assert.equal(text(t, BUFFER + 300, 4), "bcde");
});
