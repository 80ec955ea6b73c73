/** Encodes single instructions from the row table: the inverse of `decode.ts`, for tests, fuzzers and small built-in code (vDSO). */
import { rowNamed } from "./rows.ts";
import type { Row, RowFormat, RowName } from "./rows.ts";

/** Fields of an instruction; absent ones are 0, the rounding mode 7 (dynamic). */
export interface Fields {
  readonly rd?: number;
  readonly rs1?: number;
  readonly rs2?: number;
  readonly rs3?: number;
  /** Immediate as `decode` gives it: byte offset, shift amount, CSR number; for lui and auipc with the low 12 bits zero. */
  readonly imm?: number;
  /** 5-bit immediate of csrr*i. */
  readonly zimm?: number;
  readonly rm?: number;
  /** aq and rl bits of an atomic: 0..3. */
  readonly ordering?: number;
}

function signedRange(row: Row, imm: number, bits: number, align: number): void {
  const limit = 2 ** (bits - 1);
  if (imm < -limit || imm >= limit || imm % align !== 0) throw new RangeError(`${row.name}: immediate ${imm}`);
}

function unsignedRange(row: Row, imm: number, bits: number): void {
  if (imm < 0 || imm >= 2 ** bits) throw new RangeError(`${row.name}: immediate ${imm}`);
}

/** Bits of the immediate in place. */
function immediateBits(row: Row, format: RowFormat, imm: number): number {
  switch (format) {
    case "I":
      signedRange(row, imm, 12, 1);
      return imm << 20;
    case "S":
      signedRange(row, imm, 12, 1);
      return imm >> 5 << 25 | (imm & 31) << 7;
    case "B":
      signedRange(row, imm, 13, 2);
      return (imm >> 12 & 1) << 31 | (imm >> 5 & 63) << 25 | (imm >> 1 & 15) << 8 | (imm >> 11 & 1) << 7;
    case "U":
      signedRange(row, imm, 32, 4096);
      return imm;
    case "J":
      signedRange(row, imm, 21, 2);
      return (imm >> 20 & 1) << 31 | (imm >> 1 & 0x3ff) << 21 | (imm >> 11 & 1) << 20 | imm & 0xff000;
    case "sh6":
      unsignedRange(row, imm, 6);
      return imm << 20;
    case "sh5":
      unsignedRange(row, imm, 5);
      return imm << 20;
    case "csr":
    case "csri":
      unsignedRange(row, imm, 12);
      return imm << 20;
    default:
      return 0;
  }
}

/** The 32-bit word, unsigned. Fields that the row does not have are ignored; an immediate out of range is a RangeError. */
export function encode(name: RowName, fields: Fields = {}): number {
  const row = rowNamed(name);
  const { rd = 0, rs1 = 0, rs2 = 0, rs3 = 0, imm = 0, zimm = 0, rm = 7, ordering = 0 } = fields;
  let word = row.match | immediateBits(row, row.format, imm);
  if (/[dD]/.test(row.operands)) word |= rd << 7;
  if (/[sS]/.test(row.operands)) word |= rs1 << 15;
  if (/[tT]/.test(row.operands)) word |= rs2 << 20;
  if (row.format === "R4") word |= rs3 << 27;
  if (row.format === "csri") word |= zimm << 15;
  if (row.hasRm) word |= rm << 12;
  if (row.format === "amo" || row.format === "lr") word |= ordering << 25;
  return word >>> 0;
}
