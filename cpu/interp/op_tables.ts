/**
 * Which operation of the interpreter a decoded instruction gets: the special operations, and lookup by form and by
 * chain in tables that `tools/build_interpreter.ts` generates from `handlers.ts`.
 */

import { PAGE } from "../layout.ts";
import type { Decoded } from "../rv64/decode.ts";
import { CHAIN_STEPS, HANDLER_FORMS } from "./interpreter_bytes.ts";

export const OP_UNDECODED = 0;
/** The sentinels after a page's last record: go on in the next page. */
export const OP_PAGE_END = 1;
/** One step of the reference interpreter. */
export const OP_STEP = 2;
export const OP_ILLEGAL = 3;
/** The last halfword of a page begins an instruction that ends in the next page; see `decode_page.ts`. */
export const OP_STRADDLE = 4;
/**
 * Translated code starts here: leave, unless NO_REGIONS says to go on. The record's own op is in its R_RS3 field, so
 * only instructions that do not use that field can be marked (`cpu/jit`).
 */
export const OP_REGION = 5;

/** The first op that is an instruction. */
export const FIRST = 6;

/** The dynamic rounding mode; its handlers also do the static mode to-nearest-even, see `FloatEmitter`. */
export const DYNAMIC = 7;

/** What picks a handler, as a number: row, rounding mode, length, whether a direct jump stays in its page. */
export function form(id: number, rm: number, length: number, near: boolean): number {
  return id << 5 | (rm === 0 ? DYNAMIC : rm) << 2 | (length === 2 ? 1 : 0) | (near ? 2 : 0);
}

/** Op by form; OP_STEP where there is no handler for it. */
const ops = new Uint16Array(1 << 14).fill(OP_STEP);
for (let i = 0; i < HANDLER_FORMS.length; i++) ops[HANDLER_FORMS[i]] = FIRST + i;

/** Op of a longer chain by the op it begins with, shifted, and the op added. */
const longer = new Map<number, number>();
for (let i = 0; i < CHAIN_STEPS.length; i += 2) {
  longer.set(CHAIN_STEPS[i] << 16 | CHAIN_STEPS[i + 1], FIRST + HANDLER_FORMS.length + i / 2);
}

/**
 * The op that does what `chain` (an instruction or a chain) does and then `next`, whose record follows; 0 when there
 * is none.
 */
export function extend(chain: number, next: number): number {
  return longer.get(chain << 16 | next) ?? 0;
}

/** The op of an instruction that starts `offset` bytes into its page. */
export function opOf(d: Decoded, offset: number): number {
  const target = offset + d.imm;
  const direct = d.row.format === "B" || d.row.format === "J";
  return ops[form(d.id, d.rm, d.length, direct && target >= 0 && target < PAGE)];
}

/** The same for an instruction whose record is not at its place, so that no jump is near. */
export function farOpOf(d: Decoded): number {
  return ops[form(d.id, d.rm, d.length, false)];
}
