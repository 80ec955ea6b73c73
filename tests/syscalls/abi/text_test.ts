/** Names as bytes and strings. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { bytesOf, clipped, textOf } from "../../../syscalls/abi/text.ts";

const mixed = fc.array(
  fc.oneof(fc.string({ unit: "grapheme" }).map((s) => [...new TextEncoder().encode(s)]), fc.array(fc.nat(255))),
).map((parts) => Uint8Array.from(parts.flat()));

Deno.test("every sequence of bytes survives being a string", () => {
  fc.assert(fc.property(mixed, (bytes) => {
    assert.deepEqual([...bytesOf(textOf(bytes))], [...bytes]);
  }));
});

Deno.test("valid UTF-8 reads as the text it is, a byte order mark included", () => {
  fc.assert(fc.property(fc.string({ unit: "grapheme" }), (s) => {
    assert.equal(textOf(new TextEncoder().encode(s)), s);
  }));
  assert.equal(textOf(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61)), "\ufeffa");
});

Deno.test("bytes that are no UTF-8 become lone surrogates", () => {
  assert.equal(textOf(Uint8Array.of(0x61, 0xff, 0xe2, 0x82)), "a\udcff\udce2\udc82");
  assert.equal(textOf(Uint8Array.of(0xed, 0xa0, 0x80)), "\udced\udca0\udc80");
  assert.equal(textOf(Uint8Array.of(0xc0, 0x80)), "\udcc0\udc80");
});

Deno.test("a clipped name ends after so many bytes, in the middle of a character if need be", () => {
  assert.deepEqual([...bytesOf(clipped("abcdeé", 6))], [97, 98, 99, 100, 101, 0xc3]);
  assert.equal(clipped("é", 2), "é");
});
