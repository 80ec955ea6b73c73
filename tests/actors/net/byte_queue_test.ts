/** Bytes of a stream wait in order, however they come and go. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { MemoryAccount } from "../../../cpu/mod.ts";
import { ByteQueue } from "../../../actors/net/byte_queue.ts";

Deno.test("bytes come out in the order they went in, from any offset, whatever the sizes", () => {
  const move = fc.record({ put: fc.nat(9000), take: fc.nat(9000), peekAt: fc.option(fc.nat(5000)) });
  fc.assert(fc.property(fc.array(move, { maxLength: 60 }), (moves) => {
    const account = new MemoryAccount();
    const queue = new ByteQueue(account);
    let put = 0, taken = 0;
    for (const m of moves) {
      queue.put(Uint8Array.from({ length: m.put }, () => put++));
      if (m.peekAt !== null) {
        const seen = new Uint8Array(100), n = queue.peek(seen, m.peekAt);
        assert.equal(n, Math.max(0, Math.min(100, queue.length - m.peekAt)));
        for (let i = 0; i < n; i++) assert.equal(seen[i], (taken + m.peekAt + i) & 255);
      }
      const out = new Uint8Array(m.take), n = queue.take(out);
      for (let i = 0; i < n; i++) assert.equal(out[i], (taken + i) & 255);
      taken += n;
      assert.equal(queue.length, put - taken);
      assert.equal(n, Math.min(m.take, put - taken + n));
    }
  }));
});
