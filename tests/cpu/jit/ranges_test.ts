/**
 * Ranges that translated code compares addresses with, while pages lose and regain permissions between slices: the
 * same faults at the same instructions, registers and memory as in the reference interpreter.
 */

import fc from "fast-check";
import { strict as assert } from "node:assert";
import type { GuestCpu } from "../../../cpu/cpu.ts";
import { Stepper } from "../../../cpu/interp/step.ts";
import { ALWAYS, Translator } from "../../../cpu/jit/mod.ts";
import { PERM_R, PERM_W, RANGE_NOTES, RANGES } from "../../../cpu/layout.ts";
import { Step } from "../../../cpu/reference/reference.ts";
import { encode } from "../../../cpu/rv64/assemble.ts";
import { Trap } from "../../../cpu/types.ts";
import { FlatHost, RWX } from "../flat_host.ts";

const RUNS = Number(Deno.env.get("DOLLY_PROPERTY_RUNS") ?? 8);
const CODE = 0x10000, DATA = 0x20000, PAGES = 8;
const RW = PERM_R | PERM_W;

/** Walks the data by a stride, round and round: loads, stores beside and behind, and pushes on a stack in it. */
function walk(stride: number): Uint8Array {
  const p = [
    encode("addi", { rd: 5, rs1: 5, imm: stride }),
    encode("and", { rd: 5, rs1: 5, rs2: 6 }),
    encode("add", { rd: 7, rs1: 5, rs2: 8 }),
    encode("ld", { rd: 10, rs1: 7, imm: 0 }),
    encode("addi", { rd: 10, rs1: 10, imm: 1 }),
    encode("sd", { rs1: 7, rs2: 10, imm: 0 }),
    encode("lbu", { rd: 11, rs1: 7, imm: 300 }),
    encode("sw", { rs1: 7, rs2: 11, imm: 301 }),
    encode("addi", { rd: 2, rs1: 2, imm: -16 }),
    encode("sd", { rs1: 2, rs2: 10, imm: 8 }),
    encode("ld", { rd: 12, rs1: 2, imm: 8 }),
    encode("addi", { rd: 2, rs1: 2, imm: 16 }),
    encode("beq", { rs1: 0, rs2: 0, imm: -48 }),
  ];
  return new Uint8Array(new Uint32Array(p).buffer);
}

/** Two loops of one block after each other, round and round: one adds to what it passes, one sums it up backwards. */
function passes(stride: number): Uint8Array {
  const p = [
    encode("addi", { rd: 7, rs1: 8, imm: 0 }),
    encode("ld", { rd: 10, rs1: 7, imm: 0 }),
    encode("addi", { rd: 10, rs1: 10, imm: 1 }),
    encode("sd", { rs1: 7, rs2: 10, imm: 0 }),
    encode("addi", { rd: 7, rs1: 7, imm: stride }),
    encode("sb", { rs1: 7, rs2: 7, imm: 3 }),
    encode("bltu", { rs1: 7, rs2: 9, imm: -20 }),
    encode("lw", { rd: 11, rs1: 7, imm: 8 }),
    encode("addi", { rd: 7, rs1: 7, imm: -4 }),
    encode("add", { rd: 12, rs1: 12, rs2: 11 }),
    encode("bltu", { rs1: 8, rs2: 7, imm: -12 }),
    encode("beq", { rs1: 0, rs2: 0, imm: -44 }),
  ];
  return new Uint8Array(new Uint32Array(p).buffer);
}

function machine(code: Uint8Array): { host: FlatHost; cpu: GuestCpu } {
  const host = new FlatHost(0x30000);
  const cpu = host.newCpu();
  host.allow(CODE >>> 12, (CODE >>> 12) + 1, RWX);
  host.allow(DATA >>> 12, (DATA >>> 12) + PAGES, RW);
  host.poke(CODE, code);
  cpu.pc = CODE;
  cpu.setNumber(6, (PAGES - 1) * 4096 - 8);
  cpu.setNumber(8, DATA + 2048);
  cpu.setNumber(9, DATA + (PAGES - 1) * 4096 - 256);
  cpu.setNumber(2, DATA + 3 * 4096 + 64);
  return { host, cpu };
}

/** Runs until the budget is spent or there is a fault, whose address it gives. */
function runReference(stepper: Stepper, budget: number): { retired: number; fault?: bigint } {
  for (let retired = 0; retired < budget; retired++) {
    const step = stepper.step();
    if (step === Step.Fault) return { retired, fault: stepper.fault.addr };
  }
  return { retired: budget };
}

function runTranslated(cpu: GuestCpu, budget: number): { retired: number; fault?: bigint } {
  const trap = cpu.run(budget);
  return trap === Trap.Fault ? { retired: cpu.spent, fault: cpu.fault.addr } : { retired: cpu.spent };
}

function stateOf({ host, cpu }: { host: FlatHost; cpu: GuestCpu }): unknown {
  const registers = Array.from({ length: 32 }, (_, i) => cpu.x(i));
  return { pc: cpu.pc, registers, memory: new Uint8Array(host.memory.buffer, DATA, PAGES * 4096).slice() };
}

const slices = fc.array(
  fc.record({
    budget: fc.integer({ min: 1, max: 6000 }),
    page: fc.integer({ min: 0, max: PAGES - 1 }),
    /** Mostly nothing changes, so that ranges live for some slices. */
    allowed: fc.constantFrom(0, PERM_R, RW, undefined, undefined, undefined),
  }),
  { minLength: 4, maxLength: 24 },
);

const programs = fc.oneof(
  fc.constantFrom(8, 16, 40, 264, 2040, -8).map(walk),
  fc.constantFrom(4, 8, 24, 120, 600).map(passes),
);

Deno.test("permissions that change between slices are seen by translated code as by the reference interpreter", () => {
  let hits = 0;
  fc.assert(
    fc.property(programs, slices, (program, list) => {
      const a = machine(program), b = machine(program);
      const translator = new Translator({ ...ALWAYS, interval: 1 << 20 });
      a.host.code.translate = (host) => translator.attach(host);
      a.cpu.run(20);
      runReference(new Stepper(b.host, b.cpu.block), 20);
      a.host.codePages.hot ??= translator.attach(a.host);
      (a.host.codePages.hot as unknown as { translate(entries: number[]): void }).translate([
        CODE,
        CODE + 4,
        CODE + 28,
      ]);
      const stepper = new Stepper(b.host, b.cpu.block);
      for (const { budget, page, allowed } of list) {
        const at = (DATA >>> 12) + page;
        if (allowed !== undefined) { for (const { host } of [a, b]) host.allow(at, at + 1, allowed); }
        const got = runTranslated(a.cpu, budget), want = runReference(stepper, budget);
        assert.deepEqual(got, want);
        assert.deepEqual(stateOf(a), stateOf(b));
        const words = new Int32Array(a.host.shadow.buffer, RANGES, (RANGE_NOTES - RANGES) >> 2);
        if (words.some((word) => word !== 0)) hits++;
        if (want.fault === undefined) continue;
        const missing = Number(want.fault >> 12n);
        for (const { host } of [a, b]) host.allow(missing, missing + 1, RW);
      }
    }),
    { numRuns: 6 * RUNS },
  );
  assert.ok(hits > 0, "no range was ever filled");
});
