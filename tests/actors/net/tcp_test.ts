/** TCP connections inside the machine: the queue of a listener, flow control, ends. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { encodeAddress, LOOPBACK4 } from "../../../actors/net/ip.ts";
import { portsOf } from "../../../actors/net/ports.ts";
import { Incoming } from "../../../actors/net/socket.ts";
import { TcpSocket } from "../../../actors/net/tcp.ts";
import { POLLIN, POLLOUT } from "../../../actors/vfs/open_file.ts";
import type { Task } from "../../../actors/task/task.ts";
import { E } from "../../../syscalls/abi/errno.ts";
import { AF } from "../../../syscalls/abi/net.ts";
import { newMachine, newTask } from "../../fakes/kernel.ts";

const listener = (t: Task, backlog: number) => {
  const s = new TcpSocket(t.namespaces.of.net, t.cred, AF.INET);
  s.bind(t, encodeAddress({ ip: LOOPBACK4, port: 0 }, AF.INET));
  s.listen(t, backlog);
  return s;
};
const client = (t: Task, to: TcpSocket) => {
  const s = new TcpSocket(t.namespaces.of.net, t.cred, AF.INET);
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

/** What programs do with TCP sockets, in any order. */
const action = fc.record({
  do: fc.constantFrom("listen", "connect", "accept", "send", "receive", "finish", "close", "dissolve"),
  at: fc.nat(),
  to: fc.nat(),
});

Deno.test("connections keep their two ends in agreement, and closing everything frees every port", () => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 80, size: "max" }), (actions) => {
      const t = newTask(newMachine()), sockets: TcpSocket[] = [];
      const agree = (): void => {
        for (const s of sockets) {
          const { other } = s;
          assert.ok(s.state !== "established" || other !== undefined);
          if (s.state !== "established" || !(other instanceof TcpSocket) || other.dead) continue;
          // Whoever one is connected to knows it, or has broken off and said so.
          assert.ok(other.other === s, "the other end does not know this one");
          assert.equal(s.finSent, other.finReceived);
        }
      };
      for (const a of actions) {
        const s = sockets[a.at % sockets.length];
        if (a.do === "listen") sockets.push(listener(t, a.at % 3));
        else if (s === undefined) continue;
        else if (a.do === "connect") {
          const to = sockets[a.to % sockets.length];
          const c = new TcpSocket(t.namespaces.of.net, t.cred, AF.INET, 0o4000);
          sockets.push(c);
          if (to.local.port !== 0) c.connect(t, encodeAddress({ ip: LOOPBACK4, port: to.local.port }, AF.INET));
        } else if (a.do === "accept") {
          const got = s.accept(t);
          if (got instanceof TcpSocket) sockets.push(got);
        } else if (a.do === "send") s.send(t, new Uint8Array(a.to % 5000), { flags: 0 });
        else if (a.do === "receive") s.receive(t, new Uint8Array(a.to % 5000), new Incoming(0));
        else if (a.do === "finish") s.shutdown(t, a.to % 3);
        else if (a.do === "close") sockets.splice(a.at % sockets.length, 1)[0].release();
        else s.connect(t, new Uint8Array(16));
        agree();
      }
      for (const s of sockets.splice(0)) s.release();
      assert.deepEqual([...portsOf(t.namespaces.of.net).tcp.all()], []);
    }),
    { numRuns: 500 },
  );
});
