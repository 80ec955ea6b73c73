/**
 * Which loads and stores of a region check their page, and for which range. Accesses of a block through the same
 * unchanged register are checked once, by the first of them, for the whole range they span. What a check found is
 * kept in a local per base register and kind of access (a key), where it is likely to be asked again: permissions
 * never change while translated code runs.
 */

import { PERM_R, PERM_W } from "../layout.ts";
import { ROWS } from "../rv64/rows.ts";
import type { Flow } from "./flow.ts";
import { writesX } from "./register_use.ts";
import { MAX_INSTRUCTIONS, type Shape } from "./shape.ts";

const BYTES: Record<string, number> = { b: 1, h: 2, w: 4, d: 8 };
const PLAIN = /^f?([ls])([bhwd])u?$/;

const bytesOf = Uint8Array.from([0, ...ROWS.map(({ name }) => BYTES[PLAIN.exec(name)?.[2] ?? ""] ?? 0)]);
const needOf = Uint8Array.from([0, ...ROWS.map(({ name }) => PLAIN.exec(name)?.[1] === "s" ? PERM_W : PERM_R)]);

/** Offsets of a group may not be further apart: the first and the last page are all that is checked. */
const MAX_SPAN = 4096;

export const Check = { Own: 0, First: 1, Covered: 2 } as const;

export class AccessPlan {
  /** By instruction: checks itself, checks for a group from `low` to `high`, or is covered by the group's first. */
  readonly check = new Uint8Array(MAX_INSTRUCTIONS);
  readonly low = new Int32Array(MAX_INSTRUCTIONS);
  readonly high = new Int32Array(MAX_INSTRUCTIONS);
  readonly need = new Uint8Array(MAX_INSTRUCTIONS);
  /** Whether its check keeps what it found. */
  readonly keyed = new Uint8Array(MAX_INSTRUCTIONS);
  /** Registers with a key for reading and for writing. */
  readKeys = 0;
  writeKeys = 0;
  /** First instruction of the open group of each base register, or -1. */
  readonly #group = new Int32Array(32);
  /** Checks by base register, for reading and for writing; a check in a loop counts double. */
  readonly #reads = new Int32Array(32);
  readonly #writes = new Int32Array(32);

  plan(shape: Shape, flow: Flow): void {
    this.#reads.fill(0);
    this.#writes.fill(0);
    for (let i = 0; i < flow.reached; i++) this.#planBlock(shape, flow.order[i]);
    for (let i = 0; i < flow.reached; i++) this.#count(shape, flow, flow.order[i]);
    this.readKeys = this.writeKeys = 0;
    for (let r = 1; r < 32; r++) {
      if (this.#reads[r] > 1) this.readKeys |= 1 << r;
      if (this.#writes[r] > 1) this.writeKeys |= 1 << r;
    }
    for (let i = 0; i < shape.instructions; i++) {
      const keys = this.need[i] === PERM_W ? this.writeKeys : this.readKeys;
      this.keyed[i] = keys >>> shape.decoded[i].rs1 & 1;
    }
  }

  #planBlock(shape: Shape, b: number): void {
    const group = this.#group.fill(-1);
    for (let k = shape.first[b], end = k + shape.count[b]; k < end; k++) {
      const d = shape.decoded[k];
      const bytes = bytesOf[d.id];
      if (bytes !== 0) {
        this.low[k] = d.imm;
        this.high[k] = d.imm + bytes;
        this.need[k] = needOf[d.id];
        this.check[k] = Check.Own;
        if (d.rs1 !== 0) this.#join(k, d.rs1);
      }
      const written = writesX(d);
      if (written !== 0) group[d.rd] = -1;
    }
  }

  #join(k: number, base: number): void {
    const first = this.#group[base];
    if (first >= 0) {
      const low = Math.min(this.low[first], this.low[k]), high = Math.max(this.high[first], this.high[k]);
      if (high - low <= MAX_SPAN) {
        this.low[first] = low;
        this.high[first] = high;
        // A page that may be written may be read.
        if (this.need[k] === PERM_W) this.need[first] = PERM_W;
        this.check[first] = Check.First;
        this.check[k] = Check.Covered;
        return;
      }
    }
    this.#group[base] = k;
  }

  #count(shape: Shape, flow: Flow, b: number): void {
    const weight = flow.inLoop[b] === 1 ? 2 : 1;
    for (let k = shape.first[b], end = k + shape.count[b]; k < end; k++) {
      const d = shape.decoded[k];
      if (bytesOf[d.id] === 0 || this.check[k] === Check.Covered) continue;
      if (this.need[k] === PERM_W) this.#writes[d.rs1] += weight;
      else this.#reads[d.rs1] += weight;
    }
  }
}
