/** TCP connections inside the machine: the queue of a listener, flow control, ends. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { encodeAddress, LOOPBACK4 } from "../../../actors/net/ip.ts";
import { Incoming } from "../../../actors/net/socket.ts";
import { TcpSocket } from "../../../actors/net/tcp.ts";
import { POLLIN, POLLOUT } from "../../../actors/vfs/open_file.ts";
import type { Task } from "../../../actors/task/task.ts";
import { E } from "../../../syscalls/abi/errno.ts";
import { AF } from "../../../syscalls/abi/net.ts";
import { newMachine, newTask } from "../../fakes/kernel.ts";

const listener = (t: Task, backlog: number) => {
  const s = new TcpSocket(t.machine, t.cred, AF.INET);
  s.bind(t, encodeAddress({ ip: LOOPBACK4, port: 0 }, AF.INET));
  s.listen(t, backlog);
  return s;
};
const client = (t: Task, to: TcpSocket) => {
  const s = new TcpSocket(t.machine, t.cred, AF.INET);
  const result = s.connect(t, encodeAddress(to.local, AF.INET));
  return { s, result };
};

Deno.test("who finds a listener's queue full gets in when a connection is accepted", () => {
  const t = newTask(newMachine()), l = listener(t, 1);
  const one = client(t, l), two = client(t, l), three = client(t, l), four = client(t, l);
  assert.deepEqual([one, two, three, four].map((c) => c.result), [0, 0, -E.INPROGRESS, -E.INPROGRESS]);
  assert.equal(three.s.poll() & POLLOUT, 0);
  assert.equal(three.s.connected(), -E.ALREADY);
  const accepted = l.accept(t) as TcpSocket;
  assert.ok(accepted.remote!.port === one.s.local.port);
  assert.equal(three.s.poll() & POLLOUT, POLLOUT);
  assert.equal(three.s.connected(), 0);
  // The listener goes: who is in is reset, who waits is refused.
  l.release();
  assert.equal(two.s.receive(t, new Uint8Array(1), new Incoming(0)), -E.CONNRESET);
  assert.equal(four.s.connected(), -E.CONNREFUSED);
});

Deno.test("a client that gives up while it waits leaves no trace", () => {
  const t = newTask(newMachine()), l = listener(t, 0);
  client(t, l);
  client(t, l).s.release();
  assert.ok(l.accept(t) instanceof TcpSocket);
  assert.equal(l.accept(t), -E.AGAIN);
});

Deno.test("bytes arrive in order both ways, and a refusing end is not ready", () => {
  const move = fc.record({ back: fc.boolean(), send: fc.nat(300000), receive: fc.nat(300000) });
  fc.assert(
    fc.property(fc.array(move, { maxLength: 40 }), (moves) => {
      const t = newTask(newMachine()), l = listener(t, 5);
      const ends = [client(t, l).s, l.accept(t) as TcpSocket];
      const sent = [0, 0], got = [0, 0];
      for (const m of moves) {
        const from = m.back ? 1 : 0, to = 1 - from;
        const n = ends[from].send(t, Uint8Array.from({ length: m.send }, (_, i) => sent[from] + i), { flags: 0 });
        if (n === -E.AGAIN) assert.equal(ends[from].poll() & POLLOUT, 0);
        else sent[from] += n;
        const into = new Uint8Array(m.receive), r = ends[to].receive(t, into, new Incoming(0));
        for (let i = 0; i < r; i++) assert.equal(into[i], (got[to] + i) & 255);
        if (r > 0) got[to] += r;
        assert.equal((ends[to].poll() & POLLIN) !== 0, sent[from] > got[to]);
      }
    }),
    { numRuns: 30 },
  );
});
