/**
 * Marks in the records of an address space: where one stands the interpreter stops. The record's own operation moves
 * aside for it. Records are shared with forked spaces, where a mark may have no meaning.
 */

import type { CpuHost } from "../cpu.ts";
import { decodeFrom } from "../interp/decode_page.ts";
import { FIRST, OP_REGION } from "../interp/op_tables.ts";
import { CODE_MAP, PAGE, R_OP, R_RS3, RECORD } from "../layout.ts";
import { decode, lengthOf } from "../rv64/decode.ts";

export class Marks {
  constructor(readonly host: CpuHost) {}

  /** False where there can be none: an instruction that needs the field, or no records. */
  set(pc: number): boolean {
    const guest = new DataView(this.host.memory.buffer);
    if (pc + 4 > guest.byteLength || (pc & 1) !== 0) return false;
    const low = guest.getUint16(pc, true);
    const d = decode(low, lengthOf(low) === 4 ? guest.getUint32(pc, true) : low);
    if (d === undefined || d.row.format === "R4" || d.row.format === "csri") return false;
    const { view } = this.host.codePages.code;
    const at = this.#recordOf(pc);
    if (at === 0) return false;
    if (view.getUint16(at + R_OP, true) === 0) this.decode(pc);
    const op = view.getUint16(at + R_OP, true);
    if (op < FIRST) return op === OP_REGION;
    view.setUint16(at + R_RS3, op, true);
    view.setUint16(at + R_OP, OP_REGION, true);
    return true;
  }

  clear(pc: number): void {
    const { view } = this.host.codePages.code;
    const at = this.#recordOf(pc);
    if (at === 0 || view.getUint16(at + R_OP, true) !== OP_REGION) return;
    view.setUint16(at + R_OP, view.getUint16(at + R_RS3, true), true);
    view.setUint16(at + R_RS3, 0, true);
  }

  /** Makes the records from an address on, in a page that has some. */
  decode(pc: number): void {
    const { memory, codePages } = this.host;
    const guest = new DataView(memory.buffer, (pc & ~(PAGE - 1)) >>> 0, PAGE);
    decodeFrom(guest, pc & 0xfff, codePages.code, this.#recordOf(pc) - ((pc & 0xfff) >>> 1) * RECORD);
  }

  #recordOf(pc: number): number {
    const records = new Uint32Array(this.host.shadow.buffer, CODE_MAP + 4 * Math.floor(pc / PAGE), 1)[0];
    return records === 0 ? 0 : records + ((pc & 0xfff) >>> 1) * RECORD;
  }
}
