/**
 * Which loads and stores of a region check their page, and for which range. Accesses of a block through the same
 * unchanged register are checked once, by the first of them, for the whole range they span. Where a check is likely to
 * be made again it compares with a range first (`ranges.ts`).
 */

import { PERM_R, PERM_W } from "../layout.ts";
import type { Decoded } from "../rv64/decode.ts";
import { ROWS } from "../rv64/rows.ts";
import type { Flow } from "./flow.ts";
import { writesX } from "./register_use.ts";
import { MAX_INSTRUCTIONS, type Shape } from "./shape.ts";

const BYTES: Record<string, number> = { b: 1, h: 2, w: 4, d: 8 };
const PLAIN = /^f?([ls])([bhwd])u?$/;

const bytesOf = Uint8Array.from([0, ...ROWS.map(({ name }) => BYTES[PLAIN.exec(name)?.[2] ?? ""] ?? 0)]);
const needOf = Uint8Array.from([0, ...ROWS.map(({ name }) => PLAIN.exec(name)?.[1] === "s" ? PERM_W : PERM_R)]);

/** Bytes that a plain load or store accesses, else 0; and the permission it needs. */
export function accessBytes(d: Decoded): number {
  return bytesOf[d.id];
}
export function accessNeed(d: Decoded): number {
  return needOf[d.id];
}

const STACK_POINTER = 2;

/** Offsets of a group may not be further apart: the first and the last page are all that is checked. */
const MAX_SPAN = 4096;

export const Check = { Own: 0, First: 1, Covered: 2 } as const;

const ADDI = ROWS.findIndex((row) => row.name === "addi") + 1, ADD = ROWS.findIndex((row) => row.name === "add") + 1;

/** The instruction adds to its register. */
function moves(d: Decoded): boolean {
  return (d.id === ADDI && d.rd === d.rs1) || (d.id === ADD && (d.rd === d.rs1 || d.rd === d.rs2));
}

export class AccessPlan {
  /** By instruction: checks itself, checks for a group from `low` to `high`, or is covered by the group's first. */
  readonly check = new Uint8Array(MAX_INSTRUCTIONS);
  readonly low = new Int32Array(MAX_INSTRUCTIONS);
  readonly high = new Int32Array(MAX_INSTRUCTIONS);
  readonly need = new Uint8Array(MAX_INSTRUCTIONS);
  /** Whether its check compares with a range first. */
  readonly ranged = new Uint8Array(MAX_INSTRUCTIONS);
  /** Registers that the region changes only by adding to them. */
  steady = 0;
  /** First instruction of the open group of each base register, or -1. */
  readonly #group = new Int32Array(32);
  /** By base register; for writing 32 later. */
  readonly #checks = new Int32Array(64);

  plan(shape: Shape, flow: Flow): void {
    this.#checks.fill(0);
    this.steady = -1;
    for (let i = 0; i < flow.reached; i++) this.#planBlock(shape, flow.order[i]);
    for (let i = 0; i < flow.reached; i++) this.#count(shape, flow, flow.order[i]);
    for (let i = 0; i < flow.reached; i++) this.#choose(shape, flow, flow.order[i]);
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
      if (writesX(d) === 0) continue;
      group[d.rd] = -1;
      if (!moves(d)) this.steady &= ~(1 << d.rd);
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

  /** Checks of the block through each register, for reading and for writing; in a loop they count double. */
  #count(shape: Shape, flow: Flow, b: number): void {
    const weight = flow.loopDepth[b] > 0 ? 2 : 1;
    for (let k = shape.first[b], end = k + shape.count[b]; k < end; k++) {
      if (this.#isCheck(shape, k)) this.#checks[this.#kind(shape, k)] += weight;
    }
  }

  #choose(shape: Shape, flow: Flow, b: number): void {
    for (let k = shape.first[b], end = k + shape.count[b]; k < end; k++) {
      if (!this.#isCheck(shape, k)) continue;
      const { rs1 } = shape.decoded[k];
      // Frames lie where they lay the last time.
      const shared = (this.steady >>> rs1 & 1) === 1;
      const often = shared ? this.#checks[this.#kind(shape, k)] > 1 : flow.loopDepth[b] > 0;
      this.ranged[k] = rs1 === STACK_POINTER || often ? 1 : 0;
    }
  }

  #isCheck(shape: Shape, k: number): boolean {
    return bytesOf[shape.decoded[k].id] !== 0 && this.check[k] !== Check.Covered;
  }
  #kind(shape: Shape, k: number): number {
    return shape.decoded[k].rs1 + (this.need[k] === PERM_W ? 32 : 0);
  }
}
