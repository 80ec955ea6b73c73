/**
 * Programs with loops, calls, recursion and jumps through tables, translated with several entries: the same state and
 * the same number of instructions as in the reference interpreter, at every budget.
 */

import fc from "fast-check";
import { encode } from "../../../cpu/rv64/assemble.ts";
import { assertSame, CODE, DATA, runTranslated, type State } from "../interp/machine_pair.ts";

type Fields = Parameters<typeof encode>[1];
const RUNS = Number(Deno.env.get("DOLLY_PROPERTY_RUNS") ?? 8);
const FAR = (1n << 64n) - 1n;

/** A program as words; labels are word indices. */
class Program {
  readonly words: number[] = [];
  op(name: Parameters<typeof encode>[0], fields: Fields): this {
    this.words.push(encode(name, fields));
    return this;
  }
  /** Distance in bytes from the next instruction to a word. */
  to(word: number): number {
    return 4 * (word - this.words.length);
  }
  state(seed: number, x: (i: number) => bigint = () => 0n): State {
    const code = new Uint8Array(new Uint32Array(this.words).buffer);
    const f = Array.from({ length: 32 }, () => 0n);
    return {
      pc: CODE,
      x: f.map((_, i) => i === 2 ? BigInt(DATA + 0x1ff0) : x(i)),
      f,
      fcsr: 0,
      reservation: { addr: FAR, value: 0n, width: 0 },
      code,
      seed,
    };
  }
}

/** Recursive Fibonacci of a0, then ecall. */
function fibonacci(n: number): Program {
  const p = new Program();
  p.op("addi", { rd: 10, rs1: 0, imm: n }).op("jal", { rd: 1, imm: 8 }).op("ecall", {});
  const fib = p.words.length;
  p.op("addi", { rd: 2, rs1: 2, imm: -32 }).op("sd", { rs1: 2, rs2: 1, imm: 0 }).op("sd", { rs1: 2, rs2: 8, imm: 8 });
  p.op("slti", { rd: 5, rs1: 10, imm: 2 }).op("bne", { rs1: 5, rs2: 0, imm: 32 });
  p.op("addi", { rd: 8, rs1: 10, imm: -2 }).op("addi", { rd: 10, rs1: 10, imm: -1 });
  p.op("jal", { rd: 1, imm: p.to(fib) }).op("sd", { rs1: 2, rs2: 10, imm: 16 }).op("addi", { rd: 10, rs1: 8, imm: 0 });
  p.op("jal", { rd: 1, imm: p.to(fib) }).op("ld", { rd: 8, rs1: 2, imm: 16 }).op("add", { rd: 10, rs1: 10, rs2: 8 });
  p.words[7] = encode("bne", { rs1: 5, rs2: 0, imm: 4 * (p.words.length - 7) });
  p.op("ld", { rd: 8, rs1: 2, imm: 8 }).op("ld", { rd: 1, rs1: 2, imm: 0 }).op("addi", { rd: 2, rs1: 2, imm: 32 });
  return p.op("jalr", { rd: 0, rs1: 1, imm: 0 });
}

/** Walks memory with stores until it meets a page it may not write. */
function storesToTheEnd(stride: number): Program {
  const p = new Program().op("lui", { rd: 6, imm: DATA });
  const loop = p.words.length;
  p.op("ld", { rd: 7, rs1: 6, imm: 0 }).op("addi", { rd: 7, rs1: 7, imm: 1 }).op("sd", { rs1: 6, rs2: 7, imm: 0 });
  p.op("sb", { rs1: 6, rs2: 7, imm: 5 }).op("addi", { rd: 6, rs1: 6, imm: stride });
  return p.op("beq", { rs1: 0, rs2: 0, imm: p.to(loop) });
}

/** A loop inside a loop inside a loop, with an early way out of each. */
function nest(a: number, b: number, c: number): Program {
  const p = new Program().op("addi", { rd: 5, rs1: 0, imm: a });
  const outer = p.words.length;
  p.op("addi", { rd: 6, rs1: 0, imm: b });
  const middle = p.words.length;
  p.op("addi", { rd: 7, rs1: 0, imm: c });
  const inner = p.words.length;
  p.op("add", { rd: 10, rs1: 10, rs2: 7 }).op("andi", { rd: 28, rs1: 10, imm: 7 });
  p.op("beq", { rs1: 28, rs2: 6, imm: 12 }).op("addi", { rd: 7, rs1: 7, imm: -1 });
  p.op("bne", { rs1: 7, rs2: 0, imm: p.to(inner) }).op("addi", { rd: 6, rs1: 6, imm: -1 });
  p.op("blt", { rs1: 0, rs2: 6, imm: p.to(middle) }).op("addi", { rd: 5, rs1: 5, imm: -1 });
  return p.op("blt", { rs1: 0, rs2: 5, imm: p.to(outer) }).op("ecall", {});
}

const budgets = fc.integer({ min: 0, max: 900 });

Deno.test("recursion stops at any budget as the reference interpreter does", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 9 }),
      budgets,
      fc.subarray([CODE, CODE + 12, CODE + 44]),
      (n, budget, e) => assertSame(fibonacci(n).state(1), budget, (s, b) => runTranslated(s, b, [CODE, ...e])),
    ),
    { numRuns: 8 * RUNS },
  );
});

Deno.test("every budget of a short recursion gives the reference interpreter's state", () => {
  const state = fibonacci(4).state(3);
  for (let budget = 0; budget < 150; budget++) {
    assertSame(state, budget, (s, b) => runTranslated(s, b, [CODE, CODE + 12]));
  }
});

Deno.test("a walk through memory faults at the same access with the same registers", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(8, 24, 100, 504, 1000, 2047, -8),
      budgets,
      fc.integer(),
      (stride, budget, seed) => assertSame(storesToTheEnd(stride).state(seed), 4 * budget, runTranslated),
    ),
    { numRuns: 8 * RUNS },
  );
});

Deno.test("nested loops stop at any budget as the reference interpreter does", () => {
  const turns = fc.integer({ min: 1, max: 7 });
  fc.assert(
    fc.property(
      turns,
      turns,
      turns,
      budgets,
      (a, b, c, budget) => assertSame(nest(a, b, c).state(1), budget, runTranslated),
    ),
    { numRuns: 8 * RUNS },
  );
});

Deno.test("a far call by auipc and jalr goes where it would go without the pair being known", () => {
  const p = new Program().op("addi", { rd: 10, rs1: 0, imm: 5 });
  p.op("auipc", { rd: 1, imm: 0 }).op("jalr", { rd: 1, rs1: 1, imm: 16 }).op("addi", { rd: 10, rs1: 10, imm: 100 });
  p.op("ecall", {}).op("addi", { rd: 10, rs1: 10, imm: 1 }).op("auipc", { rd: 6, imm: 0 });
  p.op("jalr", { rd: 0, rs1: 6, imm: 9 }).op("addi", { rd: 10, rs1: 10, imm: 2 }).op("jalr", { rd: 0, rs1: 1, imm: 0 });
  for (let budget = 0; budget < 12; budget++) assertSame(p.state(1), budget, (s, b) => runTranslated(s, b));
});
