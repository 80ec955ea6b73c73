/** Which registers each row reads and writes, and whether it can leave before it is done; from the rows' operands. */

import type { Decoded } from "../rv64/decode.ts";
import { ROWS } from "../rv64/rows.ts";

const READS_X1 = 1, READS_X2 = 2, WRITES_X = 4, READS_F1 = 8, READS_F2 = 16, READS_F3 = 32, WRITES_F = 64, LEAVES = 128;
const LETTERS: Record<string, number> = {
  d: WRITES_X,
  s: READS_X1,
  t: READS_X2,
  D: WRITES_F,
  S: READS_F1,
  T: READS_F2,
  R: READS_F3,
};
const MEMORY = /^(l[bhwd]u?|s[bhwd]|fl[wd]|fs[wd]|amo.*|lr\..*|sc\..*)$/;

const flags = Uint8Array.from([
  0,
  ...ROWS.map(({ operands, name, extension }) => {
    const registers = [...operands].reduce((bits, letter) => bits | LETTERS[letter], 0);
    return registers | (MEMORY.test(name) || extension === "F" || extension === "D" ? LEAVES : 0);
  }),
]);

/** Bit r for each integer register read, x0 never. */
export function readsX(d: Decoded): number {
  const f = flags[d.id];
  return ((f & READS_X1 ? 1 << d.rs1 : 0) | (f & READS_X2 ? 1 << d.rs2 : 0)) & ~1;
}
export function writesX(d: Decoded): number {
  return flags[d.id] & WRITES_X ? 1 << d.rd & ~1 : 0;
}
export function readsF(d: Decoded): number {
  const f = flags[d.id];
  return (f & READS_F1 ? 1 << d.rs1 : 0) | (f & READS_F2 ? 1 << d.rs2 : 0) | (f & READS_F3 ? 1 << d.rs3 : 0);
}
export function writesF(d: Decoded): number {
  return flags[d.id] & WRITES_F ? 1 << d.rd : 0;
}
/** The instruction may turn out to be one the interpreter must do: an access that misses, unusual floating point. */
export function mayLeave(d: Decoded): boolean {
  return (flags[d.id] & LEAVES) !== 0;
}
