/** The wasm blocks that are open where a region is being written, and how far out each is. */

import { NO_VALUE, Op } from "./code_writer.ts";
import type { RegionFrame } from "./region_frame.ts";

/** What a branch to it does: goes to the block that follows, to the start of the loop, or neither. */
export const Open = { Before: 0, Loop: 1, Other: 2 } as const;

export class OpenBlocks {
  /** Kind and basic block of each, outermost first. */
  readonly #kind: number[] = [];
  readonly #block: number[] = [];

  constructor(readonly frame: RegionFrame) {}

  begin(): void {
    this.#kind.length = this.#block.length = 0;
  }
  open(op: number, kind: number, block: number): void {
    this.frame.w.byte(op);
    this.frame.w.byte(NO_VALUE);
    this.#kind.push(kind);
    this.#block.push(block);
    this.frame.depth++;
  }
  /** An `if` for a condition that hardly ever holds. */
  openRarely(): void {
    this.frame.w.unlikely.push(this.frame.w.at);
    this.open(Op.If, Open.Other, 0);
  }
  close(): void {
    this.frame.w.byte(Op.End);
    this.#kind.pop();
    this.#block.pop();
    this.frame.depth--;
  }
  /** Depth for a branch to the basic block. */
  depthOf(kind: number, block: number): number {
    const last = this.#kind.length - 1;
    for (let i = last; i >= 0; i--) if (this.#kind[i] === kind && this.#block[i] === block) return last - i;
    throw new Error(`block ${block} is not open`);
  }
}
