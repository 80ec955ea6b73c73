/**
 * The same program as real riscv64 machine code: each script instruction becomes one to four RV64 instructions. The image opens the shared page at `/shared` itself, so
 * it runs wherever such a file is: under Dolly's interpreter, or another.
 */
import type { ScriptOp } from "../cpu/script/ops.ts";
import type { Compiled } from "./compile.ts";
import { elfImage } from "./image.ts";
import { CODE, SHARED } from "./layout.ts";

const A0 = 10, A7 = 17, T6 = 31;
const lui = (rd: number, upper: number): number => ((upper << 12) | (rd << 7) | 0x37) >>> 0;
const addiw = (rd: number, rs: number, imm: number): number => ((imm << 20) | (rs << 15) | (rd << 7) | 0x1b) >>> 0;
const addi = (rd: number, rs: number, imm: number): number => ((imm << 20) | (rs << 15) | (rd << 7) | 0x13) >>> 0;
const lw = (rd: number, rs: number, imm: number): number =>
  ((imm << 20) | (rs << 15) | (2 << 12) | (rd << 7) | 0x03) >>> 0;
const sw = (rs2: number, rs1: number, imm: number): number =>
  (((imm >> 5) << 25) | (rs2 << 20) | (rs1 << 15) | (2 << 12) | ((imm & 31) << 7) | 0x23) >>> 0;
const ECALL = 0x73, RET = 0x00008067;
const jal = (offset: number): number =>
  ((((offset >> 20) & 1) << 31) | (((offset >> 1) & 0x3ff) << 21) | (((offset >> 11) & 1) << 20) |
    (((offset >> 12) & 0xff) << 12) | 0x6f) >>> 0;
/** bne rs, zero, +8: skips the jump that follows. */
const bnezSkip = (rs: number): number => ((rs << 15) | (1 << 12) | (8 << 7) | 0x63) >>> 0;

/** Register := constant, sign-extended from 32 bits. */
const li = (rd: number, value: number): number[] => {
  const v = value | 0, low = (v << 20) >> 20;
  if (v === low) return [addi(rd, 0, low)];
  const upper = (v - low) >> 12;
  return low === 0 ? [lui(rd, upper)] : [lui(rd, upper), addiw(rd, rd, low)];
};
/** Base and offset of an absolute address, base in t6. */
const address = (at: number): { code: number[]; low: number } => {
  const low = (at << 20) >> 20;
  return { code: [lui(T6, (at - low) >> 12)], low };
};

const encode = (op: ScriptOp, here: number, where: (index: number) => number): number[] => {
  switch (op.op) {
    case "li":
      return li(op.reg, op.n);
    case "lw": {
      const a = address(op.n);
      return [...a.code, lw(op.reg, T6, a.low)];
    }
    case "sw": {
      const a = address(op.n);
      return [...a.code, sw(op.reg, T6, a.low)];
    }
    case "ecall":
      return [ECALL];
    case "j":
      return [jal(where(op.n) - here)];
    case "beqz":
      return [bnezSkip(op.reg), jal(where(op.n) - here - 4)];
    case "ret":
      return [RET];
  }
};

/** open("/shared", O_RDWR), mmap it at SHARED, close it. `path` is an address. */
const prologue = (path: number): number[] => {
  const call = (nr: number, ...args: number[]): number[] => [
    ...args.flatMap((a, i) => li(A0 + i, a)),
    ...li(A7, nr),
    ECALL,
  ];
  // mmap(SHARED, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0)
  const map = [addi(A0 + 4, A0, 0), addi(9, A0, 0), ...call(222, SHARED, 4096, 3, 17).slice(0, -2)];
  return [
    ...call(56, -100, path, 2, 0),
    ...map,
    ...li(A0 + 5, 0),
    ...li(A7, 222),
    ECALL,
    addi(A0, 9, 0),
    ...li(A7, 57),
    ECALL,
  ];
};

export interface Assembled {
  /** By name: `p` and `x0`, `x1`, … */
  readonly images: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
  /** Lowest address of a handler; children of handlers' steps do not exist. */
  readonly handlersFrom: number;
}

/** The images of a program. */
export const assemble = (c: Compiled): Assembled => {
  const { ops } = c.script;
  const at: number[] = [];
  let pc = CODE;
  for (const op of ops) {
    at.push(pc);
    pc += 4 * encode(op, pc, () => pc).length;
  }
  const words = ops.flatMap((op, i) => encode(op, at[i], (index) => at[index]));
  const data = c.data.slice();
  const view = new DataView(data.buffer);
  for (const { offset, handler } of c.handlerSlots) view.setUint32(offset, at[c.handlers[handler]] ?? 0, true);
  const path = data.length - 16;
  data.set(new TextEncoder().encode("/shared\0"), path);
  const images = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const [name, entry] of [["p", 0] as const, ...c.entries.map((e, k) => [`x${k}`, e] as const)]) {
    const begin = prologue(0x100000 + path);
    const code = [...words, ...begin, jal(at[entry] - (pc + 4 * begin.length))];
    images.set(name, elfImage(pc, data, new Uint8Array(Uint32Array.from(code).buffer)));
  }
  const handlersFrom = Math.min(Infinity, ...c.handlers.map((h) => at[h]));
  return { images, handlersFrom };
};
