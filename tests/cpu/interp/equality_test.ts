/**
 * The wasm interpreter against the reference interpreter, which is the oracle: equal on any state and any
 * instruction.
 */

import fc from "fast-check";
import { encode } from "../../../cpu/rv64/assemble.ts";
import { ROWS } from "../../../cpu/rv64/rows.ts";
import { anyInstruction, assertSame, CODE, instructionOf, stateWith } from "./machine_pair.ts";

const RUNS = Number(Deno.env.get("DOLLY_PROPERTY_RUNS") ?? 12);

function bytes(word: number): number[] {
  return [word & 255, word >>> 8 & 255, word >>> 16 & 255, word >>> 24];
}

for (const row of ROWS) {
  Deno.test(`${row.name} does in the wasm interpreter what it does in the reference interpreter`, () => {
    fc.assert(fc.property(stateWith(instructionOf(row).map(bytes)), (state) => assertSame(state, 1)), {
      numRuns: RUNS,
    });
  });
}

Deno.test("any encoding ends in the same state or trap in both interpreters", () => {
  fc.assert(fc.property(stateWith(anyInstruction), (state) => assertSame(state, 1)), { numRuns: 40 * RUNS });
});

Deno.test("a sequence stops after exactly its budget in the state the reference interpreter reaches", () => {
  const sequence = fc.array(anyInstruction, { minLength: 2, maxLength: 12 }).map((list) => list.flat());
  fc.assert(
    fc.property(stateWith(sequence), fc.integer({ min: 0, max: 24 }), (state, budget) => assertSame(state, budget)),
    { numRuns: 40 * RUNS },
  );
});

Deno.test("zero divided by infinity raises no flag", () => {
  const [zero, infinity] = [0xffffffff00000000n, 0xffffffff7f800000n];
  const f = Array.from({ length: 32 }, (_, i) => i === 1 ? zero : i === 2 ? infinity : 0n);
  const x = f.map(() => 0n);
  const code = new Uint8Array(bytes(encode("fdiv.s", { rd: 3, rs1: 1, rs2: 2 })));
  assertSame({ pc: CODE, x, f, fcsr: 0, reservation: { addr: 0n, value: 0n, width: 0 }, code, seed: 1 }, 1);
});
