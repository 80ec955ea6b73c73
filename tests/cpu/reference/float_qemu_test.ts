/**
 * Every floating-point row in every rounding mode against qemu-riscv64: result and flags of each operation, on the same operand tables.
 * One guest loop per row and mode reads operands, clears fflags, executes the row, and stores the result and fcsr.
 */
import assert from "node:assert/strict";
import { disassemble } from "../../../cpu/rv64/disassemble.ts";
import { encode } from "../../../cpu/rv64/assemble.ts";
import { type Row, ROWS } from "../../../cpu/rv64/rows.ts";
import { Chance, GuestProgram, haveQemu, runQemu, runReference } from "./guest_program.ts";
import { doubleOperand, integerOperand, singleOperand } from "./operands.ts";

const ENTRY = 64; // three fp operands, one integer, result, fcsr, two unused
const PER_LOOP = 24;

interface Job {
  readonly row: Row;
  /** rm field and frm. */
  readonly rm: number;
  readonly frm: number;
}

function jobsOf(row: Row): Job[] {
  if (!row.hasRm) return [{ row, rm: 0, frm: 0 }];
  const modes = [0, 1, 2, 3, 4];
  return [...modes.map((rm) => ({ row, rm, frm: 0 })), ...modes.map((frm) => ({ row, rm: 7, frm }))];
}

function readsSingle(row: Row): boolean {
  return row.name.endsWith(".s") && !/^fcvt\.s\./.test(row.name) || /^f(mv\.w|mv\.x\.w)/.test(row.name);
}

function emitLoop(program: GuestProgram, job: Job, dataOffset: number): number {
  const { row, rm, frm } = job;
  program.dataAddress(5, dataOffset);
  program.constant(6, PER_LOOP);
  const start = program.position;
  program.op("fld", { rd: 1, rs1: 5, imm: 0 });
  program.op("fld", { rd: 2, rs1: 5, imm: 8 });
  program.op("fld", { rd: 3, rs1: 5, imm: 16 });
  program.op("ld", { rd: 7, rs1: 5, imm: 24 });
  program.op("addi", { rd: 8, imm: frm << 5 });
  program.op("csrrw", { rd: 0, rs1: 8, imm: 3 });
  const word = encode(row.name, { rd: 4, rs1: row.fpRs1 ? 1 : 7, rs2: 2, rs3: 3, rm });
  program.word(word);
  if (row.fpRd) program.op("fsd", { rs1: 5, rs2: 4, imm: 32 });
  else program.op("sd", { rs1: 5, rs2: 4, imm: 32 });
  program.op("csrrs", { rd: 8, imm: 3 });
  program.op("sd", { rs1: 5, rs2: 8, imm: 40 });
  program.op("addi", { rd: 5, rs1: 5, imm: ENTRY });
  program.op("addi", { rd: 6, rs1: 6, imm: -1 });
  program.op("bne", { rs1: 6, rs2: 0, imm: 2 * (start - program.position) });
  return word;
}

function report(view: DataView, got: DataView, at: number, word: number, frm: number): string {
  const hex = (v: DataView, offset: number) => v.getBigUint64(at + offset, true).toString(16).padStart(16, "0");
  return `${disassemble(word)} frm ${frm}: a ${hex(view, 0)} b ${hex(view, 8)} c ${hex(view, 16)} x ${
    hex(view, 24)
  }\n` +
    `  qemu      ${hex(view, 32)} fcsr ${hex(view, 40)}\n  reference ${hex(got, 32)} fcsr ${hex(got, 40)}`;
}

function compareRows(rows: readonly Row[], seed: number): void {
  const chance = new Chance(seed);
  const jobs = rows.flatMap(jobsOf);
  const data = new Uint8Array(jobs.length * PER_LOOP * ENTRY);
  const view = new DataView(data.buffer);
  const program = new GuestProgram();
  const words = jobs.map((job, index) => {
    const operand = readsSingle(job.row) ? singleOperand : doubleOperand;
    for (let i = 0; i < PER_LOOP; i++) {
      const at = (index * PER_LOOP + i) * ENTRY;
      for (let k = 0; k < 3; k++) view.setBigUint64(at + 8 * k, operand(chance), true);
      view.setBigUint64(at + 24, integerOperand(chance), true);
    }
    return emitLoop(program, job, index * PER_LOOP * ENTRY);
  });
  const built = program.finish(data);
  const expected = runQemu(built);
  const got = runReference(built);
  const expectedView = new DataView(expected.buffer, expected.byteOffset);
  const gotView = new DataView(got.buffer, got.byteOffset);
  assert.equal(expected.length, data.length);
  const wrong: string[] = [];
  for (let at = 0; at < data.length; at += 8) {
    if (expectedView.getBigUint64(at, true) === gotView.getBigUint64(at, true)) continue;
    const entry = at - at % ENTRY;
    const job = Math.floor(entry / ENTRY / PER_LOOP);
    wrong.push(report(expectedView, gotView, entry, words[job], jobs[job].frm));
  }
  assert.equal(wrong.length, 0, `seed ${seed}, ${wrong.length} differences, first:\n${wrong.slice(0, 10).join("\n")}`);
}

const arithmetic = ROWS.filter((row) =>
  (row.extension === "F" || row.extension === "D") && row.format !== "I" && row.format !== "S"
);

for (const extension of ["F", "D"] as const) {
  Deno.test({
    name: `every ${extension} row in every rounding mode gives qemu's result and flags`,
    ignore: !haveQemu(), // needs qemu-riscv64
    fn: () => {
      const seed = Number(Deno.env.get("SEED") ?? 1);
      compareRows(arithmetic.filter((row) => row.extension === extension), seed);
    },
  });
}
