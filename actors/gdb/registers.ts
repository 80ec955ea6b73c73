/** The registers as gdb numbers them (features org.gnu.gdb.riscv.cpu and .fpu): x0–x31 and pc, then f0–f31, fflags, frm and fcsr. */
import type { Cpu } from "../../cpu/types.ts";
import { fromHex, hexOf } from "./text.ts";

const X_NAMES = "zero ra sp gp tp t0 t1 t2 fp s1 a0 a1 a2 a3 a4 a5 a6 a7 s2 s3 s4 s5 s6 s7 s8 s9 s10 s11 t3 t4 t5 t6"
  .split(" ");
const F_NAMES =
  "ft0 ft1 ft2 ft3 ft4 ft5 ft6 ft7 fs0 fs1 fa0 fa1 fa2 fa3 fa4 fa5 fa6 fa7 fs2 fs3 fs4 fs5 fs6 fs7 fs8 fs9 fs10 fs11 ft8 ft9 ft10 ft11"
    .split(" ");
const PC = 32, F = 33, FFLAGS = 65, FRM = 66, FCSR = 67;
export const REGISTERS = 68;

const typeOfX = (i: number): string => i === 1 ? "code_ptr" : i >= 2 && i <= 4 || i === 8 ? "data_ptr" : "int";

/** What qXfer:features:read:target.xml answers. */
export const targetXml = (): string => {
  const x = X_NAMES.map((name, i) =>
    `<reg name="${name}" bitsize="64" type="${typeOfX(i)}"${i === 0 ? ' regnum="0"' : ""}/>`
  );
  const f = F_NAMES.map((name, i) =>
    `<reg name="${name}" bitsize="64" type="riscv_double"${i === 0 ? ` regnum="${F}"` : ""}/>`
  );
  return `<?xml version="1.0"?><!DOCTYPE target SYSTEM "gdb-target.dtd"><target version="1.0"><architecture>riscv:rv64</architecture>` +
    `<osabi>GNU/Linux</osabi><feature name="org.gnu.gdb.riscv.cpu">${
      x.join("")
    }<reg name="pc" bitsize="64" type="code_ptr"/></feature>` +
    `<feature name="org.gnu.gdb.riscv.fpu"><union id="riscv_double"><field name="float" type="ieee_single"/>` +
    `<field name="double" type="ieee_double"/></union>${f.join("")}` +
    `<reg name="fflags" bitsize="32" type="int" regnum="${FFLAGS}"/><reg name="frm" bitsize="32" type="int"/>` +
    `<reg name="fcsr" bitsize="32" type="int"/></feature></target>`;
};

const little = (value: bigint, bytes: number): string => {
  const out = new Uint8Array(8);
  new DataView(out.buffer).setBigUint64(0, BigInt.asUintN(64, value), true);
  return hexOf(out.subarray(0, bytes));
};
const value = (hex: string): bigint => {
  const bytes = new Uint8Array(8);
  bytes.set(fromHex(hex).subarray(0, 8));
  return new DataView(bytes.buffer).getBigUint64(0, true);
};
const widthOf = (n: number): number => n < FFLAGS ? 8 : 4;

/** Register `n` in hexadecimal, low byte first; undefined where there is none. */
export const readRegister = (cpu: Cpu, n: number): string | undefined => {
  if (!(n >= 0 && n < REGISTERS)) return undefined;
  if (n < PC) return little(cpu.x(n), 8);
  if (n === PC) return little(BigInt(cpu.pc), 8);
  if (n < FFLAGS) return little(cpu.f(n - F), 8);
  const fcsr = cpu.fcsr;
  return little(BigInt(n === FFLAGS ? fcsr & 31 : n === FRM ? fcsr >> 5 : fcsr), 4);
};

/** False where there is no such register. */
export const writeRegister = (cpu: Cpu, n: number, hex: string): boolean => {
  if (!(n >= 0 && n < REGISTERS)) return false;
  const v = value(hex);
  if (n < PC) cpu.setX(n, v);
  else if (n === PC) cpu.pc = Number(v & ~1n);
  else if (n < FFLAGS) cpu.setF(n - F, v);
  else if (n === FFLAGS) cpu.fcsr = cpu.fcsr & ~31 | Number(v & 31n);
  else if (n === FRM) cpu.fcsr = cpu.fcsr & 31 | Number(v & 7n) << 5;
  else if (n === FCSR) cpu.fcsr = Number(v & 255n);
  return true;
};

/** All of them, as `g` answers. */
export const readAll = (cpu: Cpu): string => {
  let all = "";
  for (let n = 0; n < REGISTERS; n++) all += readRegister(cpu, n)!;
  return all;
};

/** As `G` sets them. */
export const writeAll = (cpu: Cpu, hex: string): void => {
  for (let n = 0, at = 0; n < REGISTERS && at < hex.length; n++) {
    const digits = 2 * widthOf(n);
    writeRegister(cpu, n, hex.slice(at, at + digits));
    at += digits;
  }
};
