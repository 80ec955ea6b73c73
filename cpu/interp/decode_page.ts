/**
 * Decoding on demand: when the interpreter meets an undecoded record, the instructions from there on are decoded
 * until control surely goes elsewhere. A record depends on the bytes of its own page only, so records can be shared
 * wherever the bytes are.
 *
 * The exception is an instruction across two pages. Its record is the second sentinel, two records further than its
 * place, and is reached through the last record of the page, which first compares the halfword in the next page with
 * the one decoded and moves the pc's origin by those two records. The record behind it is a page end again, for the
 * pc after the instruction.
 */

import { PAGE, R_IMM, R_LEN, R_OP, RECORD, RECORDS_PER_PAGE } from "../layout.ts";
import { decode, encodeRecord, lengthOf } from "../rv64/decode.ts";
import type { CodeMemory } from "./code_memory.ts";
import { extend, farOpOf, OP_ILLEGAL, OP_STRADDLE, OP_UNDECODED, opOf } from "./op_tables.ts";

/** Matches no halfword: the next page has not been looked at. */
const UNKNOWN = -1;
/** Which sentinel holds an instruction across two pages. */
export const STRADDLE_SENTINEL = 1;

/** Records whose chain reaches up to the instruction being decoded. */
const chains: number[] = [];

/**
 * Decodes from byte `offset` of a guest page. `guest` views the page's bytes, `records` is the address of its
 * records. Stops after an unconditional jump or an illegal encoding, at a decoded record, or at the page's end.
 */
export function decodeFrom(guest: DataView, offset: number, code: CodeMemory, records: number): void {
  const view = code.view;
  let open = 0;
  while (offset < PAGE) {
    const at = records + (offset >>> 1) * RECORD;
    if (view.getUint16(at + R_OP, true) !== OP_UNDECODED) return;
    const low = guest.getUint16(offset, true);
    const length = lengthOf(low);
    if (offset + length > PAGE) {
      view.setInt32(at + R_IMM, UNKNOWN, true);
      return special(view, at, OP_STRADDLE, length);
    }
    const d = decode(low, length === 4 ? guest.getUint32(offset, true) : low);
    if (d === undefined) return special(view, at, OP_ILLEGAL, length);
    const op = opOf(d, offset);
    encodeRecord(d, op, view, at);
    let longer = 0;
    for (let i = 0; i < open; i++) {
      if (lengthen(view, chains[i], op)) chains[longer++] = chains[i];
    }
    chains[longer] = at;
    open = longer + 1;
    if (d.row.name === "jal" || d.row.name === "jalr") return;
    offset += length;
  }
}

/**
 * Decodes the instruction whose halves are the last of one page and the first of the next, for the page at `records`.
 */
export function decodeStraddling(low: number, high: number, code: CodeMemory, records: number): void {
  const view = code.view;
  const last = records + (RECORDS_PER_PAGE - 1) * RECORD;
  const at = records + (RECORDS_PER_PAGE + STRADDLE_SENTINEL) * RECORD;
  const d = decode(low, low | high << 16);
  if (d === undefined) {
    special(view, at, OP_ILLEGAL, 4);
  } else {
    // No jump counts as near: distances are from the true place.
    encodeRecord(d, farOpOf(d), view, at);
  }
  view.setInt32(last + R_IMM, high, true);
}

/** Adds an instruction to the chain of a record; false if there is no such chain. */
function lengthen(view: DataView, record: number, op: number): boolean {
  const chain = extend(view.getUint16(record + R_OP, true), op);
  if (chain !== 0) view.setUint16(record + R_OP, chain, true);
  return chain !== 0;
}

function special(view: DataView, at: number, op: number, length: number): void {
  view.setUint16(at + R_OP, op, true);
  view.setUint8(at + R_LEN, length);
}
