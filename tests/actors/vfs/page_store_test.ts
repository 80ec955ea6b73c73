/** The page store behaves as one growing array of bytes. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { PAGE, PageStore } from "../../../actors/vfs/page_store.ts";

const bytes = (length: number, value: number) => new Uint8Array(length).fill(value);

const step = fc.oneof(
  fc.record({
    do: fc.constant("write" as const),
    at: fc.nat(3 * PAGE),
    length: fc.integer({ min: 1, max: 2 * PAGE }),
    value: fc.integer({ min: 1, max: 255 }),
  }),
  fc.record({ do: fc.constant("truncate" as const), at: fc.nat(5 * PAGE), length: fc.nat(1), value: fc.nat(1) }),
  fc.record({ do: fc.constant("punch" as const), at: fc.nat(3 * PAGE), length: fc.nat(2 * PAGE), value: fc.nat(1) }),
);

Deno.test("writes, truncations and holes read back as in a plain array", () => {
  fc.assert(fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
    const store = new PageStore();
    const model = new Uint8Array(8 * PAGE);
    let size = 0;
    for (const s of steps) {
      if (s.do === "write") {
        assert.equal(store.write(bytes(s.length, s.value), s.at), s.length);
        model.fill(s.value, s.at, s.at + s.length);
        size = Math.max(size, s.at + s.length);
      } else if (s.do === "truncate") {
        store.truncate(s.at);
        model.fill(0, s.at);
        size = s.at;
      } else {
        store.punch(s.at, s.at + s.length);
        model.fill(0, s.at, s.at + s.length);
      }
      assert.equal(store.size, size);
      const out = bytes(size + 10, 7);
      assert.equal(store.read(out, 0), size);
      assert.deepEqual(out.subarray(0, size), model.subarray(0, size));
      assert.equal(out[size], 7);
    }
  }));
});

Deno.test("data and holes are found by pages", () => {
  const store = new PageStore();
  store.write(bytes(10, 1), 2 * PAGE + 5);
  store.truncate(10 * PAGE);
  assert.equal(store.nextData(0), 2 * PAGE);
  assert.equal(store.nextData(2 * PAGE + 9), 2 * PAGE + 9);
  assert.equal(store.nextData(3 * PAGE), undefined);
  assert.equal(store.nextHole(0), 0);
  assert.equal(store.nextHole(2 * PAGE), 3 * PAGE);
});

Deno.test("a write stops where space runs out, and cleared pages give space back", () => {
  let free = 2;
  const store = new PageStore((n) => free - n < 0 ? false : (free -= n, true));
  assert.equal(store.write(bytes(3 * PAGE, 1), 0), 2 * PAGE);
  assert.equal(store.size, 2 * PAGE);
  store.clear();
  assert.equal(free, 2);
  assert.equal(store.size, 0);
});
