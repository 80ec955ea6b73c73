/**
 * Decoding on demand: when the interpreter meets an undecoded record, the instructions from there on are decoded until control
 * surely goes elsewhere. A record depends on the bytes of its own page only, so records can be shared wherever the bytes are.
 */

import { PAGE, R_LEN, R_OP, RECORD } from "../layout.ts";
import { decode, encodeRecord, lengthOf } from "../rv64/decode.ts";
import type { CodeMemory } from "./code_memory.ts";
import { OP_ILLEGAL, OP_STEP, OP_UNDECODED, opOf, pairOf } from "./handlers.ts";

/**
 * Decodes from byte `offset` of a guest page. `guest` views the page's bytes, `records` is the address of its records. Stops after an
 * unconditional jump or an illegal encoding, at a decoded record, or at the page's end.
 */
export function decodeFrom(guest: DataView, offset: number, code: CodeMemory, records: number): void {
  const view = code.view;
  /** Record and op of the instruction before, which may join with this one. */
  let before = 0, beforeOp = OP_UNDECODED;
  while (offset < PAGE) {
    const at = records + (offset >>> 1) * RECORD;
    if (view.getUint16(at + R_OP, true) !== OP_UNDECODED) return;
    const low = guest.getUint16(offset, true);
    const length = lengthOf(low);
    if (offset + length > PAGE) return special(view, at, OP_STEP, length);
    const d = decode(low, length === 4 ? guest.getUint32(offset, true) : low);
    if (d === undefined) return special(view, at, OP_ILLEGAL, length);
    encodeRecord(d, view, at);
    const op = opOf(d, offset);
    view.setUint16(at + R_OP, op, true);
    const pair = pairOf(beforeOp, op);
    if (pair !== 0) view.setUint16(before + R_OP, pair, true);
    before = at;
    beforeOp = op;
    if (d.row.name === "jal" || d.row.name === "jalr") return;
    offset += length;
  }
}

function special(view: DataView, at: number, op: number, length: number): void {
  view.setUint16(at + R_OP, op, true);
  view.setUint8(at + R_LEN, length);
}
