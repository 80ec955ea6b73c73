/**
 * The C extension of RV64 as data: each 16-bit row names the base row it stands for, where that row's register fields come from
 * and how the immediate's bits are spread. `decode.ts` turns a match into a decoded base instruction of length 2.
 *
 * The first matching row decides. A row whose `when` fails is a reserved encoding, hence illegal; hints (writes to x0, shifts by
 * zero) stay legal and expand to what they say.
 */
import { rowNamed } from "./rows.ts";
import type { Row, RowName } from "./rows.ts";

/**
 * A register field of the expansion: a fixed number, or bits of the halfword: `d` 11:7, `t` 6:2, `d'` 9:7 and `t'` 4:2 (the latter two
 * mean x8..x15 or f8..f15).
 */
export type RegisterSource = number | "d" | "t" | "d'" | "t'";

/** Conditions outside which an encoding is reserved. */
export type Condition = "rd≠0" | "imm≠0";

/**
 * Name, mask, match, base row, [rd, rs1, rs2], immediate, condition. The immediate is a list of `high:low@place` pieces (bits high..low
 * of the halfword go to bit `place` and up); a leading `s` sign-extends from the first piece's highest bit.
 */
type Line = readonly [
  string,
  number,
  number,
  RowName,
  readonly [RegisterSource, RegisterSource, RegisterSource],
  string?,
  Condition?,
];

const IMM6 = "12@5 6:2@0";
const TABLE: readonly Line[] = [
  ["c.addi4spn", 0xe003, 0x0000, "addi", ["t'", 2, 0], "12:11@4 10:7@6 6@2 5@3", "imm≠0"],
  ["c.fld", 0xe003, 0x2000, "fld", ["t'", "d'", 0], "12:10@3 6:5@6"],
  ["c.lw", 0xe003, 0x4000, "lw", ["t'", "d'", 0], "12:10@3 6@2 5@6"],
  ["c.ld", 0xe003, 0x6000, "ld", ["t'", "d'", 0], "12:10@3 6:5@6"],
  ["c.fsd", 0xe003, 0xa000, "fsd", [0, "d'", "t'"], "12:10@3 6:5@6"],
  ["c.sw", 0xe003, 0xc000, "sw", [0, "d'", "t'"], "12:10@3 6@2 5@6"],
  ["c.sd", 0xe003, 0xe000, "sd", [0, "d'", "t'"], "12:10@3 6:5@6"],

  ["c.addi", 0xe003, 0x0001, "addi", ["d", "d", 0], `s ${IMM6}`],
  ["c.addiw", 0xe003, 0x2001, "addiw", ["d", "d", 0], `s ${IMM6}`, "rd≠0"],
  ["c.li", 0xe003, 0x4001, "addi", ["d", 0, 0], `s ${IMM6}`],
  ["c.addi16sp", 0xef83, 0x6101, "addi", [2, 2, 0], "s 12@9 6@4 5@6 4:3@7 2@5", "imm≠0"],
  ["c.lui", 0xe003, 0x6001, "lui", ["d", 0, 0], "s 12@17 6:2@12", "imm≠0"],
  ["c.srli", 0xec03, 0x8001, "srli", ["d'", "d'", 0], IMM6],
  ["c.srai", 0xec03, 0x8401, "srai", ["d'", "d'", 0], IMM6],
  ["c.andi", 0xec03, 0x8801, "andi", ["d'", "d'", 0], `s ${IMM6}`],
  ["c.sub", 0xfc63, 0x8c01, "sub", ["d'", "d'", "t'"]],
  ["c.xor", 0xfc63, 0x8c21, "xor", ["d'", "d'", "t'"]],
  ["c.or", 0xfc63, 0x8c41, "or", ["d'", "d'", "t'"]],
  ["c.and", 0xfc63, 0x8c61, "and", ["d'", "d'", "t'"]],
  ["c.subw", 0xfc63, 0x9c01, "subw", ["d'", "d'", "t'"]],
  ["c.addw", 0xfc63, 0x9c21, "addw", ["d'", "d'", "t'"]],
  ["c.j", 0xe003, 0xa001, "jal", [0, 0, 0], "s 12@11 11@4 10:9@8 8@10 7@6 6@7 5:3@1 2@5"],
  ["c.beqz", 0xe003, 0xc001, "beq", [0, "d'", 0], "s 12@8 11:10@3 6:5@6 4:3@1 2@5"],
  ["c.bnez", 0xe003, 0xe001, "bne", [0, "d'", 0], "s 12@8 11:10@3 6:5@6 4:3@1 2@5"],

  ["c.slli", 0xe003, 0x0002, "slli", ["d", "d", 0], IMM6],
  ["c.fldsp", 0xe003, 0x2002, "fld", ["d", 2, 0], "12@5 6:5@3 4:2@6"],
  ["c.lwsp", 0xe003, 0x4002, "lw", ["d", 2, 0], "12@5 6:4@2 3:2@6", "rd≠0"],
  ["c.ldsp", 0xe003, 0x6002, "ld", ["d", 2, 0], "12@5 6:5@3 4:2@6", "rd≠0"],
  ["c.ebreak", 0xffff, 0x9002, "ebreak", [0, 0, 0]],
  ["c.jr", 0xf07f, 0x8002, "jalr", [0, "d", 0], "", "rd≠0"],
  ["c.jalr", 0xf07f, 0x9002, "jalr", [1, "d", 0]],
  ["c.mv", 0xf003, 0x8002, "add", ["d", 0, "t"]],
  ["c.add", 0xf003, 0x9002, "add", ["d", "d", "t"]],
  ["c.fsdsp", 0xe003, 0xa002, "fsd", [0, 2, "t"], "12:10@3 9:7@6"],
  ["c.swsp", 0xe003, 0xc002, "sw", [0, 2, "t"], "12:9@2 8:7@6"],
  ["c.sdsp", 0xe003, 0xe002, "sd", [0, 2, "t"], "12:10@3 9:7@6"],
];

/** A piece of a spread immediate: `(half >>> shift) & mask`, placed at bit `place`. */
interface Piece {
  readonly shift: number;
  readonly mask: number;
  readonly place: number;
}

/** One compressed instruction. */
export interface CompressedRow {
  readonly name: string;
  readonly mask: number;
  readonly match: number;
  readonly base: Row;
  readonly rd: RegisterSource;
  readonly rs1: RegisterSource;
  readonly rs2: RegisterSource;
  readonly pieces: readonly Piece[];
  /** Bits above the immediate's sign bit, for sign extension by shifting; 0 when unsigned. */
  readonly signShift: number;
  readonly condition: Condition | undefined;
}

function parsePiece(text: string): Piece {
  const [bits, place] = text.split("@");
  const [high, low = high] = bits.split(":");
  return { shift: Number(low), mask: (1 << (Number(high) - Number(low) + 1)) - 1, place: Number(place) };
}

function parseImmediate(text: string): { pieces: Piece[]; signShift: number } {
  const words = text.split(" ").filter((word) => word !== "");
  const signed = words[0] === "s";
  const pieces = words.slice(signed ? 1 : 0).map(parsePiece);
  return { pieces, signShift: signed ? 31 - pieces[0].place : 0 };
}

export const COMPRESSED_ROWS: readonly CompressedRow[] = TABLE.map(
  ([name, mask, match, base, [rd, rs1, rs2], immediate = "", condition]) => {
    return { name, mask, match, base: rowNamed(base), rd, rs1, rs2, ...parseImmediate(immediate), condition };
  },
);

/** The register number a source names in a halfword. */
export function registerOf(source: RegisterSource, half: number): number {
  if (typeof source === "number") return source;
  switch (source) {
    case "d":
      return half >>> 7 & 31;
    case "t":
      return half >>> 2 & 31;
    case "d'":
      return 8 + (half >>> 7 & 7);
    case "t'":
      return 8 + (half >>> 2 & 7);
  }
}

/** The immediate of a halfword that matches the row. */
export function immediateOf(row: CompressedRow, half: number): number {
  let value = 0;
  for (let i = 0; i < row.pieces.length; i++) {
    const piece = row.pieces[i];
    value |= (half >>> piece.shift & piece.mask) << piece.place;
  }
  return value << row.signShift >> row.signShift;
}
