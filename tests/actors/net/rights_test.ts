/** Sockets that travel in messages: whatever graph they form, what nobody can reach any more is closed, and nothing else is. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { socketsInFlight } from "../../../actors/net/passed_files.ts";
import { Incoming } from "../../../actors/net/socket.ts";
import { UnixSocket, unixSockets } from "../../../actors/net/unix.ts";
import { SOCK } from "../../../syscalls/abi/net.ts";
import { newMachine, newTask } from "../../fakes/kernel.ts";

/** What a guest can do with the descriptors it has. */
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant("pair" as const) }) },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant("send" as const), over: fc.nat(), what: fc.nat(), also: fc.nat() }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("close" as const), which: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("receive" as const), at: fc.nat() }) },
);

/** Sockets reachable from the open descriptors through queues. */
const reachable = (open: readonly UnixSocket[]): Set<UnixSocket> => {
  const seen = new Set<UnixSocket>(open), todo = [...open];
  for (let s = todo.pop(); s !== undefined; s = todo.pop()) {
    for (const inside of s.carried()) {
      if (inside instanceof UnixSocket && !seen.has(inside)) {
        seen.add(inside);
        todo.push(inside);
      }
    }
  }
  return seen;
};

Deno.test("only sockets that can still be reached are open, after every step", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: "max" }), (steps) => {
      const machine = newMachine(), t = newTask(machine);
      const open: UnixSocket[] = [];
      const pick = (n: number): UnixSocket | undefined => open[n % open.length];
      const check = (): void => {
        const expected = reachable(open);
        for (const s of unixSockets(machine.namespaces.of.net)) {
          assert.ok(expected.has(s), "a socket nobody reaches is open");
        }
        for (const s of expected) assert.ok(!s.dead, "a socket that can be reached is closed");
      };
      for (const s of steps) {
        if (s.do === "pair") open.push(...UnixSocket.pair(machine.namespaces.of.net, t, SOCK.STREAM, 0));
        else if (s.do === "close" && open.length > 0) open.splice(s.which % open.length, 1)[0].release();
        else if (s.do === "send" && open.length > 0) {
          const files = [pick(s.what)!, pick(s.also)!].map((f) => f.retain());
          if (pick(s.over)!.send(t, Uint8Array.of(1), { flags: 0, files }) < 0) files.forEach((f) => f.release());
        } else if (s.do === "receive" && open.length > 0) {
          const m = new Incoming(0);
          pick(s.at)!.receive(t, new Uint8Array(1), m);
          for (const file of m.files ?? []) open.push(file as UnixSocket);
        }
        check();
      }
      for (const s of open.splice(0)) s.release();
      check();
      assert.equal(unixSockets(machine.namespaces.of.net).size, 0);
      assert.equal(socketsInFlight(), 0);
    }),
    { numRuns: 300 },
  );
});
