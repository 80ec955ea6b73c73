/**
 * Decoding: instruction bits to a row and its operands, and from there to the pre-decoded record that the wasm interpreter runs
 * (`cpu/layout.ts`). Never touches guest memory and never uses BigInt. Loops by index: an iterator costs most before V8 has compiled the loop, and a short program's
 * decoding happens there.
 */
import { F, R_IMM, R_OP, R_RS1, R_RS3, X, X_SINK } from "../layout.ts";
import { COMPRESSED_ROWS, immediateOf, registerOf } from "./compressed.ts";
import type { CompressedRow } from "./compressed.ts";
import { ROWS } from "./rows.ts";
import type { Row, RowFormat } from "./rows.ts";

/** One decoded instruction. Register fields that the row does not use are 0. */
export interface Decoded {
  /** `row.id`: index in `ROWS` plus one. */
  readonly id: number;
  readonly row: Row;
  readonly rd: number;
  /** For csrr*i this field is the 5-bit immediate (also in `rs3`). */
  readonly rs1: number;
  readonly rs2: number;
  /** Third source of a fused multiply-add; for csrr*i the 5-bit immediate. */
  readonly rs3: number;
  /** Rounding mode field; 7 is dynamic. 0 where the row has none. */
  readonly rm: number;
  /** Sign-extended immediate; a shift amount or a CSR number is unsigned. */
  readonly imm: number;
  /** Bytes: 2 or 4. */
  readonly length: number;
}

/** Rows by bits 6:2 and 14:12 of the word. */
let buckets: Row[][] | undefined;
/** Compressed rows by bits 15:13 and 1:0. */
let compressedBuckets: CompressedRow[][] | undefined;

/** Puts each row into its bucket, or into all eight of its opcode where funct3 is free. */
function sortRows(): Row[][] {
  const sorted: Row[][] = [];
  for (let i = 0; i < 256; i++) sorted.push([]);
  for (const row of ROWS) {
    const key = wordKey(row.match);
    if ((row.mask & 0x7000) !== 0) sorted[key].push(row);
    else for (let f3 = 0; f3 < 8; f3++) sorted[key + f3].push(row);
  }
  return sorted;
}

function compressedKey(half: number): number {
  return half >>> 13 << 2 | half & 3;
}

function sortCompressed(): CompressedRow[][] {
  const sorted: CompressedRow[][] = [];
  for (let i = 0; i < 32; i++) sorted.push([]);
  for (const row of COMPRESSED_ROWS) sorted[compressedKey(row.match)].push(row);
  return sorted;
}

function wordKey(word: number): number {
  return (word & 0x7c) << 1 | word >>> 12 & 7;
}

/** Immediate of a 32-bit word. */
function immediate(format: RowFormat, word: number): number {
  switch (format) {
    case "I":
      return word >> 20;
    case "sh6":
      return word >>> 20 & 63;
    case "sh5":
      return word >>> 20 & 31;
    case "S":
      return word >> 25 << 5 | word >>> 7 & 31;
    case "B":
      return word >> 31 << 12 | (word & 0x80) << 4 | word >>> 20 & 0x7e0 | word >>> 7 & 30;
    case "U":
      return word & 0xfffff000;
    case "J":
      return word >> 31 << 20 | word & 0xff000 | word >>> 9 & 0x800 | word >>> 20 & 0x7fe;
    case "csr":
    case "csri":
      return word >>> 20;
    default:
      return 0;
  }
}

function decodeWord(word: number): Decoded | undefined {
  buckets ??= sortRows();
  const rows = buckets[wordKey(word)];
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i];
    if ((word & row.mask) >>> 0 === row.match) return operands(row, word);
  }
  return undefined;
}

/** Which register fields a row has, as bits: rd 1, rs1 2, rs2 4. */
const fields: readonly number[] = [
  0,
  ...ROWS.map(({ operands }) =>
    (/[dD]/.test(operands) ? 1 : 0) | (/[sS]/.test(operands) ? 2 : 0) | (/[tT]/.test(operands) ? 4 : 0)
  ),
];

function operands(row: Row, word: number): Decoded {
  const used = fields[row.id];
  const zimm = row.format === "csri" ? word >>> 15 & 31 : 0;
  return {
    id: row.id,
    row,
    rd: used & 1 ? word >>> 7 & 31 : 0,
    rs1: used & 2 ? word >>> 15 & 31 : zimm,
    rs2: used & 4 ? word >>> 20 & 31 : 0,
    rs3: row.format === "R4" ? word >>> 27 : zimm,
    rm: row.hasRm ? word >>> 12 & 7 : 0,
    imm: immediate(row.format, word),
    length: 4,
  };
}

function expand(row: CompressedRow, half: number): Decoded | undefined {
  const imm = immediateOf(row, half);
  if (row.condition === "imm≠0" && imm === 0) return undefined;
  if (row.condition === "rd≠0" && (half >>> 7 & 31) === 0) return undefined;
  const base = row.base;
  return {
    id: base.id,
    row: base,
    rd: registerOf(row.rd, half),
    rs1: registerOf(row.rs1, half),
    rs2: registerOf(row.rs2, half),
    rs3: 0,
    rm: 0,
    imm,
    length: 2,
  };
}

/** The compressed row of a halfword, whether or not its condition holds. */
export function compressedRow(half: number): CompressedRow | undefined {
  compressedBuckets ??= sortCompressed();
  const rows = compressedBuckets[compressedKey(half)];
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i];
    if ((half & row.mask) === row.match) return row;
  }
  return undefined;
}

/**
 * Decodes the instruction that starts with halfword `low16`. `word32` holds all four bytes (low16 included) and is looked at only when
 * low16 begins a 32-bit instruction. Undefined: illegal.
 */
export function decode(low16: number, word32: number): Decoded | undefined {
  if ((low16 & 3) === 3) return decodeWord(word32);
  const row = compressedRow(low16);
  return row === undefined ? undefined : expand(row, low16);
}

/** Byte length that the first halfword announces. */
export function lengthOf(low16: number): 2 | 4 {
  return (low16 & 3) === 3 ? 4 : 2;
}

/**
 * Writes the pre-decoded record of `d` at byte `at` of code memory, with `op` for what runs it. Four whole words instead of eight fields: this runs a few thousand times
 * in each start, before V8 has compiled it.
 */
export function encodeRecord(d: Decoded, op: number, view: DataView, at: number): void {
  const row = d.row;
  const rd = row.fpRd ? F + 8 * d.rd : d.rd === 0 ? X_SINK : X + 8 * d.rd;
  const rs1 = (row.fpRs1 ? F : X) + 8 * d.rs1;
  const rs2 = (row.fpRs2 ? F : X) + 8 * d.rs2;
  const rs3 = row.format === "R4" ? F + 8 * d.rs3 : d.rs3;
  view.setInt32(at + R_OP, op | rd << 16, true);
  view.setInt32(at + R_RS1, rs1 | rs2 << 16, true);
  view.setInt32(at + R_IMM, d.imm, true);
  view.setInt32(at + R_RS3, rs3 | d.length << 16 | d.rm << 24, true);
}
