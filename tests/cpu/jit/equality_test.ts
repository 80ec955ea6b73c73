/**
 * Translated code against the reference interpreter, which is the oracle: equal on any state, any instruction, any
 * budget.
 */

import fc from "fast-check";
import { ROWS } from "../../../cpu/rv64/rows.ts";
import { anyInstruction, assertSame, instructionOf, runTranslated, stateWith } from "../interp/machine_pair.ts";

const RUNS = Number(Deno.env.get("DOLLY_PROPERTY_RUNS") ?? 8);

/** A region must end somewhere, or its first look at the budget asks for more than a test gives. */
const ECALL = [0x73, 0, 0, 0];

function bytes(word: number): number[] {
  return [word & 255, word >>> 8 & 255, word >>> 16 & 255, word >>> 24];
}

for (const row of ROWS) {
  Deno.test(`${row.name} does translated what it does in the reference interpreter`, () => {
    const code = fc.tuple(instructionOf(row), instructionOf(row)).map((words) => [...words.flatMap(bytes), ...ECALL]);
    fc.assert(
      fc.property(stateWith(code), fc.integer({ min: 1, max: 9 }), (s, budget) => assertSame(s, budget, runTranslated)),
      { numRuns: RUNS },
    );
  });
}

Deno.test("a translated sequence stops after exactly its budget in the state the reference interpreter reaches", () => {
  const sequence = fc.array(anyInstruction, { minLength: 2, maxLength: 24 }).map((list) => [...list.flat(), ...ECALL]);
  fc.assert(
    fc.property(
      stateWith(sequence),
      fc.integer({ min: 0, max: 200 }),
      (state, budget) => assertSame(state, budget, runTranslated),
    ),
    { numRuns: 60 * RUNS },
  );
});
