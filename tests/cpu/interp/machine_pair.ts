/**
 * Two machines with the same memory and registers, one run by the wasm interpreter and one by the reference
 * interpreter, and generators for states and instructions that reach the corners of both.
 */

import fc from "fast-check";
import { strict as assert } from "node:assert";
import type { GuestCpu } from "../../../cpu/cpu.ts";
import { Stepper } from "../../../cpu/interp/step.ts";
import { F, FFLAGS, FRM, PC, PERM_R, PERM_W, RES_ADDR, RES_VALUE, RES_WIDTH, X } from "../../../cpu/layout.ts";
import { Translation } from "../../../cpu/jit/translation.ts";
import { ALWAYS, Translator } from "../../../cpu/jit/mod.ts";
import { Step } from "../../../cpu/reference/reference.ts";
import { encode } from "../../../cpu/rv64/assemble.ts";
import { type Row, ROWS } from "../../../cpu/rv64/rows.ts";
import { Trap } from "../../../cpu/types.ts";
import { FlatHost, RWX } from "../flat_host.ts";

/** Two pages of code, then data pages: two read-write, one read-only, one of nothing, one read-write. */
export const CODE = 0x10000;
export const DATA = 0x20000;
const DATA_END = 0x25000;

export interface State {
  readonly pc: number;
  readonly x: readonly bigint[];
  readonly f: readonly bigint[];
  readonly fcsr: number;
  readonly reservation: { readonly addr: bigint; readonly value: bigint; readonly width: number };
  /** Instruction bytes at `pc`. */
  readonly code: Uint8Array;
  /** Seeds the data pages. */
  readonly seed: number;
}

export interface Outcome {
  readonly retired: number;
  readonly trap: string;
  readonly block: string;
  readonly memory: Uint8Array;
}

class Machine {
  readonly host = new FlatHost(0x30000);
  readonly cpu: GuestCpu = this.host.newCpu();

  /** With `translator`, the code at the start is translated before it runs. */
  constructor(readonly translator?: Translator) {}

  /** Translates the code at these addresses, executed or not. */
  translate(entries: readonly number[]): void {
    const { codePages } = this.host;
    for (const page of [CODE >>> 12, (CODE >>> 12) + 1]) if (!codePages.has(page)) codePages.create(page);
    codePages.hot?.release();
    const translation = new Translation(this.translator!, this.host);
    codePages.hot = translation;
    this.host.code.translate = () => translation;
    translation.translate(entries);
  }

  reset(state: State): void {
    const { host, cpu } = this;
    host.codePages.dropAll();
    host.allow(CODE >>> 12, (CODE >>> 12) + 2, RWX);
    const data = DATA >>> 12;
    [PERM_R | PERM_W, PERM_R | PERM_W, PERM_R, 0, PERM_R | PERM_W].forEach((p, i) =>
      host.allow(data + i, data + i + 1, p)
    );
    const bytes = new Uint8Array(host.memory.buffer);
    bytes.fill(0x13, CODE, CODE + 0x2000);
    let word = state.seed;
    for (let at = DATA; at < DATA_END; at++) {
      word = Math.imul(word, 1664525) + 1013904223 | 0;
      bytes[at] = word >>> 24;
    }
    bytes.set(state.code.subarray(0, CODE + 0x2000 - state.pc), state.pc);
    for (let i = 1; i < 32; i++) cpu.setX(i, state.x[i]);
    for (let i = 0; i < 32; i++) cpu.setF(i, state.f[i]);
    cpu.fcsr = state.fcsr;
    cpu.pc = state.pc;
    const view = this.#view();
    view.setBigUint64(RES_ADDR, state.reservation.addr, true);
    view.setBigUint64(RES_VALUE, state.reservation.value, true);
    view.setUint32(RES_WIDTH, state.reservation.width, true);
  }

  outcome(retired: number, trap: string): Outcome {
    const view = this.#view();
    const words: string[] = [];
    const word = (name: string, at: number) => words.push(`${name}=${view.getBigUint64(at, true).toString(16)}`);
    for (let i = 0; i < 32; i++) word(`x${i}`, X + 8 * i);
    for (let i = 0; i < 32; i++) word(`f${i}`, F + 8 * i);
    word("pc", PC);
    word("reserved", RES_ADDR);
    words.push(`fflags=${view.getUint32(FFLAGS, true)}`, `frm=${view.getUint32(FRM, true)}`);
    const memory = new Uint8Array(this.host.memory.buffer, CODE, DATA_END - CODE).slice();
    return { retired, trap, block: words.join(" "), memory };
  }

  #view(): DataView {
    return new DataView(this.host.shadow.buffer, this.cpu.block);
  }
}

const wasm = new Machine();
const translated = new Machine(new Translator({ ...ALWAYS, interval: 1 << 20, cold: true }));
const reference = new Machine();
const stepper = new Stepper(reference.host, reference.cpu.block);
const TRAP_NAMES = new Map<number, string>(Object.entries(Trap).map(([name, value]) => [value, name]));
const STEP_NAMES = new Map<number, string>(Object.entries(Step).map(([name, value]) => [value, name]));

function faultText(f: { signal: string; code: number; addr: bigint }): string {
  return `Fault ${f.signal} ${f.code} ${f.addr.toString(16)}`;
}

export function runWasm(state: State, budget: number): Outcome {
  wasm.reset(state);
  const trap = wasm.cpu.run(budget);
  const name = trap === Trap.Fault ? faultText(wasm.cpu.fault) : TRAP_NAMES.get(trap)!;
  return wasm.outcome(wasm.cpu.spent, name);
}

/** The same with the code at the start translated, as far as it can be. */
export function runTranslated(state: State, budget: number, entries: readonly number[] = [state.pc]): Outcome {
  translated.reset(state);
  translated.translate(entries);
  const trap = translated.cpu.run(budget);
  const name = trap === Trap.Fault ? faultText(translated.cpu.fault) : TRAP_NAMES.get(trap)!;
  return translated.outcome(translated.cpu.spent, name);
}

export function runReference(state: State, budget: number): Outcome {
  reference.reset(state);
  for (let retired = 0; retired < budget; retired++) {
    const step = stepper.step();
    if (step === Step.Ok || step === Step.FenceI || step === Step.Wait) continue;
    return reference.outcome(retired, step === Step.Fault ? faultText(stepper.fault) : STEP_NAMES.get(step)!);
  }
  return reference.outcome(budget, "BudgetSpent");
}

/** Both engines end in the same state after at most `budget` instructions. */
export function assertSame(state: State, budget: number, run = runWasm): void {
  const [got, want] = [run(state, budget), runReference(state, budget)];
  const changed = (a: string, b: string) => a.split(" ").filter((w, i) => w !== b.split(" ")[i]).join(" ");
  const differs = got.block !== want.block
    ? `wasm ${changed(got.block, want.block)}; reference ${changed(want.block, got.block)}`
    : "";
  assert.deepEqual(
    { retired: got.retired, trap: got.trap, differs },
    { retired: want.retired, trap: want.trap, differs: "" },
  );
  assert.equal(got.memory.findIndex((b, i) => b !== want.memory[i]), -1, "first byte of memory that differs");
}

const pointers = fc.tuple(
  fc.constantFrom(DATA, DATA + 0x1000, DATA + 0x2000, DATA + 0x3000, DATA + 0x4000, DATA_END, CODE, CODE + 0x1000),
  fc.oneof(fc.integer({ min: -16, max: 16 }), fc.integer({ min: 0, max: 500 }).map((n) => n * 8)),
).map(([base, offset]) => BigInt(base + offset));
const specialIntegers = fc.constantFrom(
  0n,
  1n,
  (1n << 64n) - 1n,
  1n << 63n,
  (1n << 63n) - 1n,
  0xffffffff80000000n,
  0x80000000n,
  0x7fffffffn,
  0xffffffffn,
  1n << 32n,
  0xfffffffffn << 28n,
);
const bits64 = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });

function fromDouble(value: number): bigint {
  return new BigUint64Array(new Float64Array([value]).buffer)[0];
}
function fromSingle(value: number): bigint {
  return 0xffffffff00000000n | BigInt(new Uint32Array(new Float32Array([value]).buffer)[0]);
}
const plain = [
  0,
  -0,
  1,
  -1,
  0.5,
  1.5,
  2.5,
  -2.5,
  3,
  10,
  0.1,
  1 / 3,
  1e10,
  -1e10,
  2 ** 31,
  2 ** 32,
  2 ** 53,
  2 ** 63,
  2 ** 64,
];
const doubles = fc.oneof(
  fc.constantFrom(...plain, Infinity, -Infinity, 5e-324, 2.2250738585072014e-308, Number.MAX_VALUE, -(2 ** 63)).map(
    fromDouble,
  ),
  fc.constantFrom(
    0x7ff8000000000000n,
    0x7ff0000000000001n,
    0xfff8000000000001n,
    0x7fefffffffffffffn,
    0x000fffffffffffffn,
  ),
  fc.tuple(fc.integer({ min: -1000000, max: 1000000 }), fc.integer({ min: -40, max: 40 })).map(([m, e]) =>
    fromDouble(m * 2 ** e)
  ),
  // Exponents close to each other, so that operations round and cancel.
  fc.tuple(
    fc.bigInt({ min: 0n, max: (1n << 52n) - 1n }),
    fc.bigInt({ min: 1000n, max: 1050n }),
    fc.bigInt({ min: 0n, max: 1n }),
  )
    .map(([m, e, s]) => s << 63n | e << 52n | m),
  bits64,
);
const singles = fc.oneof(
  fc.constantFrom(...plain, Infinity, -Infinity, 1e-45, 1.1754943508222875e-38, 3.4028234663852886e38).map(fromSingle),
  fc.constantFrom(0xffffffff7fc00000n, 0xffffffff7f800001n, 0xffffffffffc12345n, 0x3f800000n, 0xffffffff00000001n),
  fc.tuple(
    fc.bigInt({ min: 0n, max: (1n << 23n) - 1n }),
    fc.bigInt({ min: 100n, max: 150n }),
    fc.bigInt({ min: 0n, max: 1n }),
  )
    .map(([m, e, s]) => 0xffffffff00000000n | s << 31n | e << 23n | m),
  fc.bigInt({ min: 0n, max: 0xffffffffn }).map((b) => 0xffffffff00000000n | b),
);
const integers = fc.oneof(
  specialIntegers,
  pointers,
  bits64,
  fc.bigInt({ min: -2048n, max: 2048n }).map((n) => BigInt.asUintN(64, n)),
);
const anyFloat = fc.oneof(doubles, singles);

/** Few registers, so that operands coincide; x0 included. */
const register = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 31 }));

function immediateOf(row: Row): fc.Arbitrary<number> {
  switch (row.format) {
    case "I":
    case "S":
      return fc.oneof(fc.integer({ min: -8, max: 8 }), fc.integer({ min: -2048, max: 2047 }));
    case "B":
      return fc.oneof(fc.integer({ min: -6, max: 6 }), fc.integer({ min: -2048, max: 2047 })).map((n) => n * 2);
    case "U":
      return fc.integer({ min: -(1 << 19), max: (1 << 19) - 1 }).map((n) => n * 4096);
    case "J":
      return fc.oneof(fc.integer({ min: -6, max: 6 }), fc.integer({ min: -(1 << 19), max: (1 << 19) - 1 })).map((n) =>
        n * 2
      );
    case "sh6":
      return fc.integer({ min: 0, max: 63 });
    case "sh5":
      return fc.integer({ min: 0, max: 31 });
    case "csr":
    case "csri":
      return fc.constantFrom(1, 2, 3, 0xc01, 0x300, 0xc80);
    default:
      return fc.constant(0);
  }
}

/** Any instruction of a row, rounding modes reserved ones included. */
export function instructionOf(row: Row): fc.Arbitrary<number> {
  return fc.record({
    rd: register,
    rs1: register,
    rs2: register,
    rs3: register,
    imm: immediateOf(row),
    zimm: fc.integer({ min: 0, max: 31 }),
    rm: fc.constantFrom(7, 7, 0, 0, 1, 2, 3, 4, 5, 6),
    ordering: fc.integer({ min: 0, max: 3 }),
  }).map((fields) => encode(row.name, fields));
}

function bytesOf(word: number): number[] {
  const bytes = [word & 255, word >>> 8 & 255, word >>> 16 & 255, word >>> 24];
  return (word & 3) === 3 ? bytes : bytes.slice(0, 2);
}

/** A row's instruction, a 16-bit one, or arbitrary bits. */
export const anyInstruction: fc.Arbitrary<number[]> = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...ROWS).chain(instructionOf).map(bytesOf) },
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 0xffff }).filter((h) => (h & 3) !== 3).map(bytesOf) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 0xffffffff }).map((w) => bytesOf((w | 3) >>> 0)) },
);

/** A state that is about to execute these instructions. */
export function stateWith(code: fc.Arbitrary<number[]>): fc.Arbitrary<State> {
  return fc.record({
    pc: fc.constantFrom(CODE, CODE + 0x7fe, CODE + 0xffc, CODE + 0xffe, CODE + 0x1000, CODE + 0x1ffc),
    x: fc.array(integers, { minLength: 32, maxLength: 32 }),
    f: fc.array(anyFloat, { minLength: 32, maxLength: 32 }),
    fcsr: fc.oneof(fc.constantFrom(0, 0, 1, 1), fc.integer({ min: 0, max: 255 })),
    reserved: fc.boolean(),
    code: code.map((bytes) => new Uint8Array(bytes)),
    seed: fc.integer(),
  }).map(({ reserved, ...state }) => ({ ...state, reservation: reservationOf(state.x[1], reserved) }));
}

function reservationOf(addr: bigint, reserved: boolean): State["reservation"] {
  return reserved ? { addr, value: 0n, width: 32 } : { addr: (1n << 64n) - 1n, value: 0n, width: 0 };
}
