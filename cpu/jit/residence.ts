/**
 * Which registers of a region live in locals. The host's allocator spills badly when many values are live through a
 * loop: it moves them around on each turn, and what the loop needs goes to the stack. So the registers used most,
 * counted by the depth of loops and whether they change, get locals; the others stay in the CPU block, read and written where they are used.
 */

import { PASSED } from "./region_frame.ts";
import type { Flow } from "./flow.ts";
import { readsX, writesX } from "./register_use.ts";
import type { Shape } from "./shape.ts";

/** Registers beside those that are passed that get locals. */
const LOCALS = 8;
/** How much more a use counts in a loop, and the depth beyond which it does not count more. */
const PER_LOOP = 3, DEEPEST = 4;
/** How much more it counts to write: what a loop changes must not wait for memory; what it only reads may. */
const PER_WRITE = 4;

export class Residence {
  readonly #weight = new Float64Array(32);
  readonly #order = Array.from({ length: 32 }, (_, r) => r);

  /** Bit r for each register that stays in the CPU block. */
  inBlock(shape: Shape, flow: Flow): number {
    const weight = this.#weight.fill(0);
    for (let i = 0; i < flow.reached; i++) {
      const b = flow.order[i];
      const unit = 2 ** (PER_LOOP * Math.min(flow.loopDepth[b], DEEPEST));
      for (let k = shape.first[b], end = k + shape.count[b]; k < end; k++) {
        const d = shape.decoded[k];
        for (let mask = readsX(d); mask !== 0; mask &= mask - 1) weight[31 - Math.clz32(mask & -mask)] += unit;
        if (writesX(d) !== 0) weight[d.rd] += PER_WRITE * unit;
      }
    }
    const order = this.#order.sort((a, b) => weight[b] - weight[a]);
    let block = -1, locals = 0;
    for (let i = 0; i < 32 && locals < LOCALS; i++) {
      const r = order[i];
      if (weight[r] === 0) break;
      if ((PASSED >>> r & 1) === 0) block &= ~(1 << r), locals++;
    }
    return block & ~PASSED & ~1;
  }
}
