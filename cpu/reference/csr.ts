/**
 * The control and status registers that user code can see: the floating-point state and the three counters. Anything else is
 * an illegal instruction, and so is a write to a counter.
 */
import { FFLAGS, FRM, INSTRET } from "../layout.ts";
import type { CpuBlock, MemoryPort } from "./port.ts";

export const CSR_FFLAGS = 0x001;
export const CSR_FRM = 0x002;
export const CSR_FCSR = 0x003;
export const CSR_CYCLE = 0xc00;
export const CSR_TIME = 0xc01;
export const CSR_INSTRET = 0xc02;

/** Current value, or undefined when there is no such register. `progress`: instructions retired but not yet counted in INSTRET. */
export function readCsr(block: CpuBlock, port: MemoryPort, csr: number, progress: number): bigint | undefined {
  switch (csr) {
    case CSR_FFLAGS:
      return BigInt(block.get32(FFLAGS) & 0x1f);
    case CSR_FRM:
      return BigInt(block.get32(FRM) & 7);
    case CSR_FCSR:
      return BigInt((block.get32(FRM) & 7) << 5 | block.get32(FFLAGS) & 0x1f);
    case CSR_TIME:
      return BigInt(port.time?.() ?? 0);
    case CSR_CYCLE:
    case CSR_INSTRET:
      return BigInt.asUintN(64, block.get64(INSTRET) + BigInt(progress));
    default:
      return undefined;
  }
}

/** False when the register is read-only or absent. Reserved rounding modes can be stored; using them is what is illegal. */
export function writeCsr(block: CpuBlock, csr: number, value: bigint): boolean {
  const low = Number(value & 0xffn);
  switch (csr) {
    case CSR_FFLAGS:
      block.set32(FFLAGS, low & 0x1f);
      return true;
    case CSR_FRM:
      block.set32(FRM, low & 7);
      return true;
    case CSR_FCSR:
      block.set32(FFLAGS, low & 0x1f);
      block.set32(FRM, low >>> 5);
      return true;
    default:
      return false;
  }
}
