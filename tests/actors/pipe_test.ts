/** Pipes as a queue of bytes, and when their ends are ready. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { MemoryAccount } from "../../cpu/mod.ts";
import { makePipe, Pipe } from "../../actors/pipe.ts";
import { O_RDONLY, POLLERR, POLLHUP, POLLIN, POLLOUT } from "../../actors/vfs/open_file.ts";
import { E } from "../../syscalls/abi/errno.ts";
import { newMachine, newTask } from "../fakes/kernel.ts";

Deno.test("bytes come out in the order they went in, whatever the sizes", () => {
  const move = fc.record({ put: fc.nat(9000), take: fc.nat(9000), peek: fc.boolean() });
  fc.assert(fc.property(fc.array(move, { maxLength: 30 }), (moves) => {
    const pipe = new Pipe(new MemoryAccount());
    let next = 0, expected = 0;
    for (const { put, take, peek } of moves) {
      const n = Math.min(put, pipe.free);
      pipe.put(Uint8Array.from({ length: n }, () => next++));
      const out = new Uint8Array(take);
      const got = peek ? pipe.peek(out) : pipe.take(out);
      for (let i = 0; i < got; i++) assert.equal(out[i], (expected + i) & 255);
      if (peek) pipe.skip(got);
      expected += got;
      assert.equal(pipe.length, next - expected);
    }
  }));
});

const ends = () => {
  const machine = newMachine(), t = newTask(machine);
  const [r, w] = makePipe(machine, t, 0);
  const read = (n: number) => r.read(t, new Uint8Array(n));
  const write = (n: number) => w.write(t, new Uint8Array(n));
  return { r, w, read, write };
};

Deno.test("a full pipe takes large writes in part and small ones not at all", () => {
  const { r, w, read, write } = ends();
  assert.equal(write(100000), 65536);
  assert.equal(write(1), -E.AGAIN);
  assert.equal(w.poll() & POLLOUT, 0);
  assert.equal(read(100), 100);
  assert.equal(write(4096), -E.AGAIN);
  assert.equal(write(5000), 100);
  assert.equal(read(4096), 4096);
  assert.equal(write(4096), 4096);
  assert.equal(r.poll() & POLLIN, POLLIN);
});

Deno.test("readers see the end after the last writer, writers the lack of readers", () => {
  const one = ends();
  assert.equal(one.read(1), -E.AGAIN);
  one.write(3);
  one.w.release();
  assert.equal(one.r.poll() & (POLLIN | POLLHUP), POLLIN | POLLHUP);
  assert.equal(one.read(10), 3);
  assert.equal(one.read(10), 0);
  const two = ends();
  two.r.release();
  assert.equal(two.w.poll() & POLLERR, POLLERR);
  assert.equal(two.write(1), -E.PIPE);
});

Deno.test("each change wakes who waits on the other end", () => {
  const { r, w, read, write } = ends();
  let woken = 0;
  r.queue.add({ notify: () => woken++ });
  write(1);
  assert.equal(woken, 1);
  w.queue.add({ notify: () => woken += 10 });
  read(1);
  assert.ok(woken >= 11);
  woken = 0;
  w.release();
  assert.equal(woken, 1);
});

Deno.test("a pipe opened again through its descriptor waits for nobody", () => {
  const machine = newMachine(), t = newTask(machine);
  const [r, w] = makePipe(machine, t, 0);
  w.release();
  const again = r.inode.open(t, O_RDONLY, r.path);
  assert.equal(again.opening?.(t), undefined);
  assert.equal(again.read(t, new Uint8Array(1)), 0);
});
