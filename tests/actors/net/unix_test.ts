/** AF_UNIX queues against a plain model: bytes, message bounds, room. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { Incoming } from "../../../actors/net/socket.ts";
import { UnixSocket } from "../../../actors/net/unix.ts";
import { POLLHUP, POLLIN, POLLOUT, POLLRDHUP } from "../../../actors/vfs/open_file.ts";
import { E } from "../../../syscalls/abi/errno.ts";
import { MSG, SOCK } from "../../../syscalls/abi/net.ts";
import { newMachine, newTask } from "../../fakes/kernel.ts";

const pair = (type: number) => {
  const machine = newMachine(), t = newTask(machine);
  const [a, b] = UnixSocket.pair(machine.namespaces.of.net, t, type, 0);
  return { t, a, b };
};

Deno.test("a stream gives back its bytes in order, and is never ready for writing while it refuses", () => {
  const move = fc.record({ send: fc.nat(70000), receive: fc.nat(70000), peek: fc.boolean() });
  fc.assert(fc.property(fc.array(move, { maxLength: 40 }), (moves) => {
    const { t, a, b } = pair(SOCK.STREAM);
    let sent = 0, got = 0;
    for (const m of moves) {
      const bytes = Uint8Array.from({ length: m.send }, (_, i) => sent + i);
      const n = a.send(t, bytes, { flags: 0 });
      if (n === -E.AGAIN) assert.equal(a.poll() & POLLOUT, 0);
      else sent += n;
      const into = new Uint8Array(m.receive), r = b.receive(t, into, new Incoming(m.peek ? MSG.PEEK : 0));
      for (let i = 0; i < r; i++) assert.equal(into[i], (got + i) & 255);
      if (r > 0 && !m.peek) got += r;
      assert.equal((b.poll() & POLLIN) !== 0, sent > got);
      assert.equal(b.pendingBytes, sent - got);
    }
    while (got < sent) got += b.receive(t, new Uint8Array(100000), new Incoming(0));
    assert.equal(a.charged, 0);
    assert.equal(a.poll() & POLLOUT, POLLOUT);
  }));
});

Deno.test("packets keep their bounds, and what they took is given back", () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(3000), { maxLength: 40 }),
      fc.constantFrom(SOCK.DGRAM, SOCK.SEQPACKET),
      (sizes, type) => {
        const { t, a, b } = pair(type);
        const lengths: number[] = [];
        for (const size of sizes) if (a.send(t, new Uint8Array(size), { flags: 0 }) === size) lengths.push(size);
        for (const length of lengths) {
          const m = new Incoming(MSG.TRUNC);
          assert.equal(b.receive(t, new Uint8Array(1000), m), length);
          assert.equal((m.flags & MSG.TRUNC) !== 0, length > 1000);
        }
        assert.equal(b.receive(t, new Uint8Array(10), new Incoming(0)), -E.AGAIN);
        assert.equal(a.charged, 0);
      },
    ),
  );
});

Deno.test("a closed end is seen by the other, which can still read what was sent", () => {
  const { t, a, b } = pair(SOCK.STREAM);
  a.send(t, Uint8Array.of(1, 2, 3), { flags: 0 });
  let woken = 0;
  b.queue.add({ notify: () => woken++ });
  a.release();
  assert.ok(woken > 0);
  const all = POLLIN | POLLHUP | POLLRDHUP;
  assert.equal(b.poll() & all, all);
  assert.equal(b.receive(t, new Uint8Array(9), new Incoming(0)), 3);
  assert.equal(b.receive(t, new Uint8Array(9), new Incoming(0)), 0);
  assert.equal(b.send(t, Uint8Array.of(1), { flags: 0 }), -E.PIPE);
});
