/** Why the interpreter's wasm function returned. Internal to `cpu/interp` and `cpu/cpu.ts`; the kernel sees `Trap`. */

import { SCRATCH } from "../layout.ts";

/** u32 in the CPU block: bytes of the access that missed. */
export const MISS_BYTES = SCRATCH;

export const Reason = {
  BudgetSpent: 0,
  /** The page at PC has no decoded records (or may not be executed). */
  NeedCode: 1,
  /** The record at PC is not decoded. */
  NeedDecode: 2,
  /** The instruction at PC needs the reference interpreter. */
  Step: 3,
  /** A guest access found a clear permission bit: TRAP_ADDR, TRAP_ACCESS and MISS_BYTES say which. */
  Miss: 4,
  Syscall: 5,
  Breakpoint: 6,
  Illegal: 7,
  Interrupted: 8,
  /** The instruction at PC ends in the next page, whose bytes are not those it was decoded with. */
  Straddle: 9,
  /** Translated code starts at PC. */
  Region: 10,
} as const;
