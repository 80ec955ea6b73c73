/** What riscv_hwprobe answers per key: the one kind of CPU the machine has (Documentation/arch/riscv/hwprobe.rst). */
import { HWPROBE_EXTENSIONS } from "../abi/mman.ts";

const VALUES = new Map<number, bigint>([
  // mvendorid, marchid, mimpid: zero means "not implemented".
  [0, 0n],
  [1, 0n],
  [2, 0n],
  // Base behaviour: IMA.
  [3, 1n],
  [4, HWPROBE_EXTENSIONS],
  // Misaligned scalar access is fast (older key, then newer one).
  [5, 3n],
  // No Zicboz: block size 0.
  [6, 0n],
  // Highest user address.
  [7, 0xffffefffn],
  // The time CSR counts nanoseconds.
  [8, 1000000000n],
  [9, 3n],
  // Misaligned vector access: unsupported.
  [10, 4n],
]);

/** The value of a key, undefined for one the kernel does not know (reported as key -1). */
export const hwprobeValue = (key: number): bigint | undefined => VALUES.get(key);
