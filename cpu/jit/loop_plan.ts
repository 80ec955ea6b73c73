/**
 * Loops of one block that are written several times over: accesses through registers that a turn changes by a constant
 * at most. One comparison with a range for each such register, before the turns, stands for all its accesses in them;
 * where it fails, a turn is done with checks of its own. So nothing is asked about memory that is not accessed.
 */

import { PERM_W } from "../layout.ts";
import { ROWS } from "../rv64/rows.ts";
import { accessBytes, accessNeed } from "./access_plan.ts";
import { RANGE_SLACK } from "./ranges.ts";
import type { Sites } from "./region_frame.ts";
import { writesX } from "./register_use.ts";
import type { Shape } from "./shape.ts";

const ADDI = ROWS.findIndex((row) => row.name === "addi") + 1;

export class LoopPlan {
  /** Base registers with a comparison before the turns. */
  registers = 0;
  /** By register: lowest offset from its value before the turns, what all accesses need, the slot of their range. */
  readonly low = new Int32Array(32);
  readonly need = new Uint8Array(32);
  readonly slot = new Int32Array(32);
  readonly #high = new Int32Array(32);
  readonly #perTurn = new Int32Array(32);
  readonly #moved = new Int32Array(32);

  clear(): void {
    this.registers = 0;
  }

  /** For the loop of block `b`, written `copies` times. */
  plan(shape: Shape, b: number, copies: number, sites: Sites): void {
    const first = shape.first[b], end = first + shape.count[b];
    const accessed = this.#findSteps(shape, first, end);
    this.#spanAll(shape, first, end, accessed, copies);
    this.registers = 0;
    for (let mask = accessed; mask !== 0; mask &= mask - 1) {
      const r = 31 - Math.clz32(mask & -mask);
      if (this.#high[r] - this.low[r] > RANGE_SLACK) continue;
      this.registers |= 1 << r;
      this.slot[r] = sites.range();
    }
  }

  /** Registers that are accessed through and change by constants; how far a turn moves each. */
  #findSteps(shape: Shape, first: number, end: number): number {
    let accessed = 0, others = 1;
    this.#perTurn.fill(0);
    for (let k = first; k < end; k++) {
      const d = shape.decoded[k];
      if (accessBytes(d) !== 0) accessed |= 1 << d.rs1;
      if (writesX(d) === 0) continue;
      if (d.id === ADDI && d.rd === d.rs1) this.#perTurn[d.rd] += d.imm;
      else others |= 1 << d.rd;
    }
    return accessed & ~others;
  }

  #spanAll(shape: Shape, first: number, end: number, accessed: number, copies: number): void {
    this.low.fill(0x7fffffff);
    this.#high.fill(-0x80000000);
    this.need.fill(0);
    this.#moved.fill(0);
    for (let k = first; k < end; k++) {
      const d = shape.decoded[k], bytes = accessBytes(d), r = d.rs1;
      if (bytes !== 0 && (accessed >>> r & 1) === 1) {
        const at = this.#moved[r] + d.imm, last = at + (copies - 1) * this.#perTurn[r];
        this.low[r] = Math.min(this.low[r], at, last);
        this.#high[r] = Math.max(this.#high[r], at + bytes, last + bytes);
        // A page that may be written may be read.
        if (this.need[r] !== PERM_W) this.need[r] = accessNeed(d);
      }
      if (writesX(d) !== 0) this.#moved[d.rd] += d.imm;
    }
  }
}
