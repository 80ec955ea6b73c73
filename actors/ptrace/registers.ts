/** The register sets of riscv64 as a tracer sees them: struct user_regs_struct (pc, x1..x31) and struct __riscv_d_ext_state (f0..f31, fcsr, padded). */
import type { Task } from "../task/task.ts";

export const REGS_BYTES = 256, FP_BYTES = 264;

export const readRegs = ({ cpu }: Task): Uint8Array<ArrayBuffer> => {
  const v = new DataView(new ArrayBuffer(REGS_BYTES));
  v.setBigUint64(0, BigInt(cpu.pc), true);
  for (let i = 1; i < 32; i++) v.setBigUint64(8 * i, cpu.x(i), true);
  return new Uint8Array(v.buffer);
};

export const writeRegs = ({ cpu }: Task, bytes: Uint8Array): void => {
  const v = new DataView(bytes.buffer, bytes.byteOffset, REGS_BYTES);
  // The lowest bit of the pc does not exist.
  cpu.pc = Number(v.getBigUint64(0, true) & ~1n);
  for (let i = 1; i < 32; i++) cpu.setX(i, v.getBigUint64(8 * i, true));
  cpu.clearReservation();
};

export const readFpRegs = ({ cpu }: Task): Uint8Array<ArrayBuffer> => {
  const v = new DataView(new ArrayBuffer(FP_BYTES));
  for (let i = 0; i < 32; i++) v.setBigUint64(8 * i, cpu.f(i), true);
  v.setUint32(256, cpu.fcsr, true);
  return new Uint8Array(v.buffer);
};

export const writeFpRegs = ({ cpu }: Task, bytes: Uint8Array): void => {
  const v = new DataView(bytes.buffer, bytes.byteOffset, FP_BYTES);
  for (let i = 0; i < 32; i++) cpu.setF(i, v.getBigUint64(8 * i, true));
  cpu.fcsr = v.getUint32(256, true) & 0xff;
};
