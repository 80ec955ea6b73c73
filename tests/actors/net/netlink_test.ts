/** Netlink requests, well-formed or not. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { answerDiag } from "../../../actors/net/sock_diag.ts";
import { answerRoute } from "../../../actors/net/route_messages.ts";
import { TcpSocket } from "../../../actors/net/tcp.ts";
import { UnixSocket } from "../../../actors/net/unix.ts";
import { newMachine, newTask } from "../../fakes/kernel.ts";

Deno.test("whatever bytes are sent, every answer is a row of whole messages", () => {
  const machine = newMachine(), t = newTask(machine), { net } = machine.namespaces.of;
  UnixSocket.pair(net, t, 1, 0);
  new TcpSocket(net, t.cred, 2).listen(t, 1);
  const header = fc.tuple(fc.nat(60), fc.nat(120), fc.nat(0xffff), fc.uint8Array({ maxLength: 60 })).map(
    ([length, type, flags, rest]) => {
      const out = new Uint8Array(16 + rest.length), view = new DataView(out.buffer);
      view.setUint32(0, length, true);
      view.setUint16(4, type, true);
      view.setUint16(6, flags, true);
      out.set(rest, 16);
      return out;
    },
  );
  fc.assert(fc.property(fc.oneof(header, fc.uint8Array({ maxLength: 200 })), (bytes) => {
    for (const reply of [...answerRoute(bytes, 77, net, t), ...answerDiag(bytes, 77, net)]) {
      const view = new DataView(reply.buffer);
      let at = 0;
      while (at < reply.length) {
        const length = view.getUint32(at, true);
        assert.ok(length >= 16 && at + length <= reply.length);
        assert.equal(view.getUint32(at + 12, true), 77);
        at += (length + 3) & ~3;
      }
      assert.equal(at, reply.length);
    }
  }));
});

Deno.test("a dump ends with NLMSG_DONE", () => {
  const request = new Uint8Array(20), view = new DataView(request.buffer);
  view.setUint32(0, 20, true);
  view.setUint16(4, 18, true);
  view.setUint16(6, 0x301, true);
  const t = newTask(newMachine());
  const replies = answerRoute(request, 1, t.namespaces.of.net, t);
  assert.equal(replies.length, 2);
  assert.equal(new DataView(replies[1].buffer).getUint16(4, true), 3);
});
