/**
 * Every 32-bit instruction of RV64IMAFD, Zicsr, Zifencei, Zba, Zbb, Zbs and Zicond as data: one row each. Decoder, assembler,
 * disassembler, meanings and tests all read this one table. Compressed instructions (`compressed.ts`) expand to these rows.
 *
 * A row's id is its index plus one: the `op` of a pre-decoded record, where 0 means "not decoded". Ids are not stable between
 * versions and are never stored.
 */

/** Which bits are fixed and where the immediate sits. */
export type RowFormat = keyof typeof FORMATS;
export type Extension = "I" | "M" | "A" | "F" | "D" | "Zicsr" | "Zifencei" | "Zba" | "Zbb" | "Zbs" | "Zicond";

/** Bits fixed by a row of each format. */
export const FORMATS = {
  R: 0xfe00707f,
  /** R with the rounding mode in funct3. */
  Rrm: 0xfe00007f,
  /** R with one source: the rs2 field selects the operation. */
  R1: 0xfff0707f,
  R1rm: 0xfff0007f,
  /** Fused multiply-add: rs3 in the top five bits, rounding mode in funct3. */
  R4: 0x0600007f,
  /** Atomics: aq and rl (bits 26 and 25) are free. */
  amo: 0xf800707f,
  lr: 0xf9f0707f,
  I: 0x0000707f,
  /** Shift amounts of 6 and 5 bits. */
  sh6: 0xfc00707f,
  sh5: 0xfe00707f,
  S: 0x0000707f,
  B: 0x0000707f,
  U: 0x0000007f,
  J: 0x0000007f,
  /** CSR number in the immediate field, unsigned. */
  csr: 0x0000707f,
  /** The same with a 5-bit immediate in place of rs1. */
  csri: 0x0000707f,
  /** Ordering fields are ignored: every fence is a full one (pause and fence.tso included). */
  fence: 0x0000707f,
  fixed: 0xffffffff,
} as const;

/**
 * Name, extension, format, operands, match. Operands name the registers of the fields in use: `d` rd, `s` rs1, `t` rs2 as integer
 * registers, `D`, `S`, `T` and `R` (rs3) as floating-point registers.
 */
const TABLE = [
  ["lui", "I", "U", "d", 0x37],
  ["auipc", "I", "U", "d", 0x17],
  ["jal", "I", "J", "d", 0x6f],
  ["jalr", "I", "I", "ds", 0x67],
  ["beq", "I", "B", "st", 0x0063],
  ["bne", "I", "B", "st", 0x1063],
  ["blt", "I", "B", "st", 0x4063],
  ["bge", "I", "B", "st", 0x5063],
  ["bltu", "I", "B", "st", 0x6063],
  ["bgeu", "I", "B", "st", 0x7063],
  ["lb", "I", "I", "ds", 0x0003],
  ["lh", "I", "I", "ds", 0x1003],
  ["lw", "I", "I", "ds", 0x2003],
  ["ld", "I", "I", "ds", 0x3003],
  ["lbu", "I", "I", "ds", 0x4003],
  ["lhu", "I", "I", "ds", 0x5003],
  ["lwu", "I", "I", "ds", 0x6003],
  ["sb", "I", "S", "st", 0x0023],
  ["sh", "I", "S", "st", 0x1023],
  ["sw", "I", "S", "st", 0x2023],
  ["sd", "I", "S", "st", 0x3023],
  ["addi", "I", "I", "ds", 0x0013],
  ["slti", "I", "I", "ds", 0x2013],
  ["sltiu", "I", "I", "ds", 0x3013],
  ["xori", "I", "I", "ds", 0x4013],
  ["ori", "I", "I", "ds", 0x6013],
  ["andi", "I", "I", "ds", 0x7013],
  ["slli", "I", "sh6", "ds", 0x1013],
  ["srli", "I", "sh6", "ds", 0x5013],
  ["srai", "I", "sh6", "ds", 0x40005013],
  ["add", "I", "R", "dst", 0x0033],
  ["sub", "I", "R", "dst", 0x40000033],
  ["sll", "I", "R", "dst", 0x1033],
  ["slt", "I", "R", "dst", 0x2033],
  ["sltu", "I", "R", "dst", 0x3033],
  ["xor", "I", "R", "dst", 0x4033],
  ["srl", "I", "R", "dst", 0x5033],
  ["sra", "I", "R", "dst", 0x40005033],
  ["or", "I", "R", "dst", 0x6033],
  ["and", "I", "R", "dst", 0x7033],
  ["addiw", "I", "I", "ds", 0x001b],
  ["slliw", "I", "sh5", "ds", 0x101b],
  ["srliw", "I", "sh5", "ds", 0x501b],
  ["sraiw", "I", "sh5", "ds", 0x4000501b],
  ["addw", "I", "R", "dst", 0x003b],
  ["subw", "I", "R", "dst", 0x4000003b],
  ["sllw", "I", "R", "dst", 0x103b],
  ["srlw", "I", "R", "dst", 0x503b],
  ["sraw", "I", "R", "dst", 0x4000503b],
  ["fence", "I", "fence", "", 0x000f],
  ["ecall", "I", "fixed", "", 0x00000073],
  ["ebreak", "I", "fixed", "", 0x00100073],
  ["fence.i", "Zifencei", "fence", "", 0x100f],
  ["csrrw", "Zicsr", "csr", "ds", 0x1073],
  ["csrrs", "Zicsr", "csr", "ds", 0x2073],
  ["csrrc", "Zicsr", "csr", "ds", 0x3073],
  ["csrrwi", "Zicsr", "csri", "d", 0x5073],
  ["csrrsi", "Zicsr", "csri", "d", 0x6073],
  ["csrrci", "Zicsr", "csri", "d", 0x7073],

  ["mul", "M", "R", "dst", 0x02000033],
  ["mulh", "M", "R", "dst", 0x02001033],
  ["mulhsu", "M", "R", "dst", 0x02002033],
  ["mulhu", "M", "R", "dst", 0x02003033],
  ["div", "M", "R", "dst", 0x02004033],
  ["divu", "M", "R", "dst", 0x02005033],
  ["rem", "M", "R", "dst", 0x02006033],
  ["remu", "M", "R", "dst", 0x02007033],
  ["mulw", "M", "R", "dst", 0x0200003b],
  ["divw", "M", "R", "dst", 0x0200403b],
  ["divuw", "M", "R", "dst", 0x0200503b],
  ["remw", "M", "R", "dst", 0x0200603b],
  ["remuw", "M", "R", "dst", 0x0200703b],

  ["lr.w", "A", "lr", "ds", 0x1000202f],
  ["sc.w", "A", "amo", "dst", 0x1800202f],
  ["amoswap.w", "A", "amo", "dst", 0x0800202f],
  ["amoadd.w", "A", "amo", "dst", 0x0000202f],
  ["amoxor.w", "A", "amo", "dst", 0x2000202f],
  ["amoand.w", "A", "amo", "dst", 0x6000202f],
  ["amoor.w", "A", "amo", "dst", 0x4000202f],
  ["amomin.w", "A", "amo", "dst", 0x8000202f],
  ["amomax.w", "A", "amo", "dst", 0xa000202f],
  ["amominu.w", "A", "amo", "dst", 0xc000202f],
  ["amomaxu.w", "A", "amo", "dst", 0xe000202f],
  ["lr.d", "A", "lr", "ds", 0x1000302f],
  ["sc.d", "A", "amo", "dst", 0x1800302f],
  ["amoswap.d", "A", "amo", "dst", 0x0800302f],
  ["amoadd.d", "A", "amo", "dst", 0x0000302f],
  ["amoxor.d", "A", "amo", "dst", 0x2000302f],
  ["amoand.d", "A", "amo", "dst", 0x6000302f],
  ["amoor.d", "A", "amo", "dst", 0x4000302f],
  ["amomin.d", "A", "amo", "dst", 0x8000302f],
  ["amomax.d", "A", "amo", "dst", 0xa000302f],
  ["amominu.d", "A", "amo", "dst", 0xc000302f],
  ["amomaxu.d", "A", "amo", "dst", 0xe000302f],

  ["flw", "F", "I", "Ds", 0x2007],
  ["fsw", "F", "S", "sT", 0x2027],
  ["fmadd.s", "F", "R4", "DSTR", 0x43],
  ["fmsub.s", "F", "R4", "DSTR", 0x47],
  ["fnmsub.s", "F", "R4", "DSTR", 0x4b],
  ["fnmadd.s", "F", "R4", "DSTR", 0x4f],
  ["fadd.s", "F", "Rrm", "DST", 0x00000053],
  ["fsub.s", "F", "Rrm", "DST", 0x08000053],
  ["fmul.s", "F", "Rrm", "DST", 0x10000053],
  ["fdiv.s", "F", "Rrm", "DST", 0x18000053],
  ["fsqrt.s", "F", "R1rm", "DS", 0x58000053],
  ["fsgnj.s", "F", "R", "DST", 0x20000053],
  ["fsgnjn.s", "F", "R", "DST", 0x20001053],
  ["fsgnjx.s", "F", "R", "DST", 0x20002053],
  ["fmin.s", "F", "R", "DST", 0x28000053],
  ["fmax.s", "F", "R", "DST", 0x28001053],
  ["fle.s", "F", "R", "dST", 0xa0000053],
  ["flt.s", "F", "R", "dST", 0xa0001053],
  ["feq.s", "F", "R", "dST", 0xa0002053],
  ["fclass.s", "F", "R1", "dS", 0xe0001053],
  ["fmv.x.w", "F", "R1", "dS", 0xe0000053],
  ["fmv.w.x", "F", "R1", "Ds", 0xf0000053],
  ["fcvt.w.s", "F", "R1rm", "dS", 0xc0000053],
  ["fcvt.wu.s", "F", "R1rm", "dS", 0xc0100053],
  ["fcvt.l.s", "F", "R1rm", "dS", 0xc0200053],
  ["fcvt.lu.s", "F", "R1rm", "dS", 0xc0300053],
  ["fcvt.s.w", "F", "R1rm", "Ds", 0xd0000053],
  ["fcvt.s.wu", "F", "R1rm", "Ds", 0xd0100053],
  ["fcvt.s.l", "F", "R1rm", "Ds", 0xd0200053],
  ["fcvt.s.lu", "F", "R1rm", "Ds", 0xd0300053],

  ["fld", "D", "I", "Ds", 0x3007],
  ["fsd", "D", "S", "sT", 0x3027],
  ["fmadd.d", "D", "R4", "DSTR", 0x02000043],
  ["fmsub.d", "D", "R4", "DSTR", 0x02000047],
  ["fnmsub.d", "D", "R4", "DSTR", 0x0200004b],
  ["fnmadd.d", "D", "R4", "DSTR", 0x0200004f],
  ["fadd.d", "D", "Rrm", "DST", 0x02000053],
  ["fsub.d", "D", "Rrm", "DST", 0x0a000053],
  ["fmul.d", "D", "Rrm", "DST", 0x12000053],
  ["fdiv.d", "D", "Rrm", "DST", 0x1a000053],
  ["fsqrt.d", "D", "R1rm", "DS", 0x5a000053],
  ["fsgnj.d", "D", "R", "DST", 0x22000053],
  ["fsgnjn.d", "D", "R", "DST", 0x22001053],
  ["fsgnjx.d", "D", "R", "DST", 0x22002053],
  ["fmin.d", "D", "R", "DST", 0x2a000053],
  ["fmax.d", "D", "R", "DST", 0x2a001053],
  ["fle.d", "D", "R", "dST", 0xa2000053],
  ["flt.d", "D", "R", "dST", 0xa2001053],
  ["feq.d", "D", "R", "dST", 0xa2002053],
  ["fclass.d", "D", "R1", "dS", 0xe2001053],
  ["fmv.x.d", "D", "R1", "dS", 0xe2000053],
  ["fmv.d.x", "D", "R1", "Ds", 0xf2000053],
  ["fcvt.w.d", "D", "R1rm", "dS", 0xc2000053],
  ["fcvt.wu.d", "D", "R1rm", "dS", 0xc2100053],
  ["fcvt.l.d", "D", "R1rm", "dS", 0xc2200053],
  ["fcvt.lu.d", "D", "R1rm", "dS", 0xc2300053],
  ["fcvt.d.w", "D", "R1rm", "Ds", 0xd2000053],
  ["fcvt.d.wu", "D", "R1rm", "Ds", 0xd2100053],
  ["fcvt.d.l", "D", "R1rm", "Ds", 0xd2200053],
  ["fcvt.d.lu", "D", "R1rm", "Ds", 0xd2300053],
  ["fcvt.s.d", "D", "R1rm", "DS", 0x40100053],
  ["fcvt.d.s", "D", "R1rm", "DS", 0x42000053],

  ["add.uw", "Zba", "R", "dst", 0x0800003b],
  ["sh1add", "Zba", "R", "dst", 0x20002033],
  ["sh2add", "Zba", "R", "dst", 0x20004033],
  ["sh3add", "Zba", "R", "dst", 0x20006033],
  ["sh1add.uw", "Zba", "R", "dst", 0x2000203b],
  ["sh2add.uw", "Zba", "R", "dst", 0x2000403b],
  ["sh3add.uw", "Zba", "R", "dst", 0x2000603b],
  ["slli.uw", "Zba", "sh6", "ds", 0x0800101b],

  ["andn", "Zbb", "R", "dst", 0x40007033],
  ["orn", "Zbb", "R", "dst", 0x40006033],
  ["xnor", "Zbb", "R", "dst", 0x40004033],
  ["clz", "Zbb", "R1", "ds", 0x60001013],
  ["ctz", "Zbb", "R1", "ds", 0x60101013],
  ["cpop", "Zbb", "R1", "ds", 0x60201013],
  ["clzw", "Zbb", "R1", "ds", 0x6000101b],
  ["ctzw", "Zbb", "R1", "ds", 0x6010101b],
  ["cpopw", "Zbb", "R1", "ds", 0x6020101b],
  ["min", "Zbb", "R", "dst", 0x0a004033],
  ["minu", "Zbb", "R", "dst", 0x0a005033],
  ["max", "Zbb", "R", "dst", 0x0a006033],
  ["maxu", "Zbb", "R", "dst", 0x0a007033],
  ["sext.b", "Zbb", "R1", "ds", 0x60401013],
  ["sext.h", "Zbb", "R1", "ds", 0x60501013],
  ["zext.h", "Zbb", "R1", "ds", 0x0800403b],
  ["rol", "Zbb", "R", "dst", 0x60001033],
  ["ror", "Zbb", "R", "dst", 0x60005033],
  ["rori", "Zbb", "sh6", "ds", 0x60005013],
  ["rolw", "Zbb", "R", "dst", 0x6000103b],
  ["rorw", "Zbb", "R", "dst", 0x6000503b],
  ["roriw", "Zbb", "sh5", "ds", 0x6000501b],
  ["orc.b", "Zbb", "R1", "ds", 0x28705013],
  ["rev8", "Zbb", "R1", "ds", 0x6b805013],

  ["bclr", "Zbs", "R", "dst", 0x48001033],
  ["bclri", "Zbs", "sh6", "ds", 0x48001013],
  ["bext", "Zbs", "R", "dst", 0x48005033],
  ["bexti", "Zbs", "sh6", "ds", 0x48005013],
  ["binv", "Zbs", "R", "dst", 0x68001033],
  ["binvi", "Zbs", "sh6", "ds", 0x68001013],
  ["bset", "Zbs", "R", "dst", 0x28001033],
  ["bseti", "Zbs", "sh6", "ds", 0x28001013],

  ["czero.eqz", "Zicond", "R", "dst", 0x0e005033],
  ["czero.nez", "Zicond", "R", "dst", 0x0e007033],
] as const;

export type RowName = typeof TABLE[number][0];

/** One base instruction. */
export interface Row {
  /** Index in `ROWS` plus one. */
  readonly id: number;
  readonly name: RowName;
  readonly extension: Extension;
  readonly format: RowFormat;
  /** Register fields in use; see `TABLE`. */
  readonly operands: string;
  /** Unsigned 32-bit: a word belongs to the row when `(word & mask) >>> 0 === match`. */
  readonly mask: number;
  readonly match: number;
  /** The rounding mode sits in funct3 (7: dynamic, from frm). */
  readonly hasRm: boolean;
  /** The register field is a floating-point register. */
  readonly fpRd: boolean;
  readonly fpRs1: boolean;
  readonly fpRs2: boolean;
}

export const ROWS: readonly Row[] = TABLE.map(([name, extension, format, operands, match], index) => ({
  id: index + 1,
  name,
  extension,
  format,
  operands,
  mask: FORMATS[format],
  match,
  hasRm: format === "Rrm" || format === "R1rm" || format === "R4",
  fpRd: operands.includes("D"),
  fpRs1: operands.includes("S"),
  fpRs2: operands.includes("T"),
}));

const byName = new Map<string, Row>(ROWS.map((row) => [row.name, row]));

/** The row of a name; an unknown name is a defect of the caller. */
export function rowNamed(name: RowName): Row {
  const row = byName.get(name);
  if (row === undefined) throw new Error(`no instruction row named ${name}`);
  return row;
}
