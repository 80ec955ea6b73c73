/** Chains under one dispatch: the same result as one by one, at every budget, wherever the chain is entered. */

import fc from "fast-check";
import { strict as assert } from "node:assert";
import { CHAINS, type Handler } from "../../../cpu/interp/handlers.ts";
import { extend, opOf } from "../../../cpu/interp/op_tables.ts";
import { decode } from "../../../cpu/rv64/decode.ts";
import { anyInstruction, assertSame, instructionOf, stateWith } from "./machine_pair.ts";

/** All 16-bit encodings of each row. */
const compressed = new Map<number, number[]>();
for (let half = 0; half < 0x10000; half++) {
  const d = (half & 3) === 3 ? undefined : decode(half, half);
  if (d !== undefined) compressed.set(d.id, [...compressed.get(d.id) ?? [], half]);
}

function bytesOf(h: Handler): fc.Arbitrary<number[]> {
  if (h.length === 2) return fc.constantFrom(...compressed.get(h.row.id)!).map((half) => [half & 255, half >>> 8]);
  const asked = instructionOf(h.row).filter((word) => !h.row.hasRm || (word >>> 12 & 7) === h.rm);
  return asked.map((word) => [word & 255, word >>> 8 & 255, word >>> 16 & 255, word >>> 24]);
}

Deno.test("every chain stops exactly at its budget in the state the reference interpreter reaches", () => {
  for (const { handlers } of CHAINS) {
    const code = fc.tuple(...handlers.map(bytesOf), anyInstruction).map((list) => list.flat());
    fc.assert(
      fc.property(stateWith(code), fc.integer({ min: 0, max: 5 }), (state, budget) => assertSame(state, budget)),
      { numRuns: 12 },
    );
  }
});

Deno.test("only the last instruction of a chain may never go on to the next", () => {
  for (const { handlers } of CHAINS) {
    for (const { row } of handlers.slice(0, -1)) assert.ok(!["jal", "jalr", "ecall", "ebreak"].includes(row.name));
  }
});

Deno.test("each chain is reached by adding its instructions one by one", () => {
  for (const { op, handlers } of CHAINS) {
    assert.equal(handlers.slice(1).reduce((chain, h) => extend(chain, h.op), handlers[0].op), op);
  }
});

Deno.test("an op exists for every encoding that a compiler emits, and none for reserved rounding modes", () => {
  const add = decode(0x3, 0x02007053)!; // fadd.d f0, f0, f0, rne
  assert.notEqual(opOf(add, 0), 2);
  assert.equal(opOf({ ...add, rm: 5 }, 0), 2);
});
