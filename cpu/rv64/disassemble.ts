/** Text of an instruction for crash reports and traces: the base row's name and its operands in the manual's order, no pseudo-instructions. */
import { decode } from "./decode.ts";
import type { Decoded } from "./decode.ts";

const INTEGER_NAMES =
  "zero ra sp gp tp t0 t1 t2 s0 s1 a0 a1 a2 a3 a4 a5 a6 a7 s2 s3 s4 s5 s6 s7 s8 s9 s10 s11 t3 t4 t5 t6"
    .split(" ");
const FLOAT_NAMES =
  "ft0 ft1 ft2 ft3 ft4 ft5 ft6 ft7 fs0 fs1 fa0 fa1 fa2 fa3 fa4 fa5 fa6 fa7 fs2 fs3 fs4 fs5 fs6 fs7 fs8 fs9 fs10 fs11 ft8 ft9 ft10 ft11"
    .split(" ");
const ROUNDING_NAMES = ["rne", "rtz", "rdn", "rup", "rmm", "rm5", "rm6", "dyn"];
const CSR_NAMES: Readonly<Record<number, string>> = {
  0x001: "fflags",
  0x002: "frm",
  0x003: "fcsr",
  0xc00: "cycle",
  0xc01: "time",
  0xc02: "instret",
};

/** ABI names of the registers. */
export function registerName(index: number, fp = false): string {
  return (fp ? FLOAT_NAMES : INTEGER_NAMES)[index];
}

function registerOperands(d: Decoded): string[] {
  return [...d.row.operands].map((field) => {
    switch (field) {
      case "d":
        return registerName(d.rd);
      case "D":
        return registerName(d.rd, true);
      case "s":
        return registerName(d.rs1);
      case "S":
        return registerName(d.rs1, true);
      case "t":
        return registerName(d.rs2);
      case "T":
        return registerName(d.rs2, true);
      default:
        return registerName(d.rs3, true);
    }
  });
}

function hex(value: number): string {
  return value < 0 ? `-0x${(-value).toString(16)}` : `0x${value.toString(16)}`;
}

function atPc(offset: number, pc: number | undefined): string {
  return pc === undefined ? `pc${offset < 0 ? "-" : "+"}0x${Math.abs(offset).toString(16)}` : hex(pc + offset);
}

/** Text of a decoded instruction. With its address, targets of jumps and branches are absolute. */
export function textOf(d: Decoded, pc?: number): string {
  const { row, imm } = d;
  const operands = registerOperands(d);
  switch (row.format) {
    case "I":
      if (/^(l[bhwd]u?|fl[wd]|jalr)$/.test(row.name)) operands[1] = `${imm}(${operands[1]})`;
      else operands.push(String(imm));
      break;
    case "S": // store: value first, then the address
      operands.splice(0, 2, operands[1], `${imm}(${operands[0]})`);
      break;
    case "sh6":
    case "sh5":
      operands.push(String(imm));
      break;
    case "U":
      operands.push(hex(imm >>> 12));
      break;
    case "B":
    case "J":
      operands.push(atPc(imm, pc));
      break;
    case "csr":
    case "csri":
      operands.splice(1, 0, CSR_NAMES[imm] ?? hex(imm));
      if (row.format === "csri") operands.push(String(d.rs3));
      break;
    case "amo":
      operands.splice(1, 2, operands[2], `(${operands[1]})`);
      break;
    case "lr":
      operands[1] = `(${operands[1]})`;
      break;
  }
  // Exact conversions round nothing; assemblers write their mode as 0.
  const exact = d.rm === 0 && /^fcvt\.d\.(s|wu?)$/.test(row.name);
  if (row.hasRm && d.rm !== 7 && !exact) operands.push(ROUNDING_NAMES[d.rm]);
  return operands.length === 0 ? row.name : `${row.name} ${operands.join(",")}`;
}

/**
 * Text of the instruction in four little-endian bytes; `.2byte` or `.4byte` when it is illegal.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { encode } from "./assemble.ts";
 * import { disassemble } from "./disassemble.ts";
 *
 * assert.equal(disassemble(encode("ld", { rd: 10, rs1: 2, imm: 16 })), "ld a0,16(sp)");
 * assert.equal(disassemble(0x4505), "addi a0,zero,1"); // c.li a0,1
 * ```
 */
export function disassemble(word: number, pc?: number): string {
  const low = word & 0xffff;
  const d = decode(low, word);
  if (d !== undefined) return textOf(d, pc);
  return (low & 3) === 3 ? `.4byte 0x${(word >>> 0).toString(16)}` : `.2byte 0x${low.toString(16)}`;
}
