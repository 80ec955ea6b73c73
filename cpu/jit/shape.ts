/**
 * The region under translation as arrays: instructions, basic blocks, how each block ends. Filled by `discover.ts`,
 * analysed by `flow.ts`, written by `region_writer.ts`. One object is used for all regions, one after the other.
 */

import type { Decoded } from "../rv64/decode.ts";

/** Instructions of a region at most, and blocks. */
export const MAX_INSTRUCTIONS = 500;
export const MAX_BLOCKS = 400;

/** How a block ends. */
export const End = {
  /** Goes on in `next`. */
  Fall: 0,
  /** Direct jump to `taken`. */
  Jump: 1,
  /** Conditional branch to `taken`, else `next`. */
  Branch: 2,
  /** Direct call of `callee`; comes back to `next`. */
  Call: 3,
  /** Call of an address in a register; comes back to `next`. */
  CallIndirect: 4,
  /** Jump to an address in a link register. */
  Return: 5,
  /** Jump to an address in another register; `targets` of the profile are successors. */
  JumpIndirect: 6,
  /** The interpreter must do the instruction at `next`. */
  Stop: 7,
} as const;

/** No block: the edge leaves the region. */
export const OUTSIDE = -1;

export class Shape {
  entry = 0;
  instructions = 0;
  readonly pc = new Float64Array(MAX_INSTRUCTIONS);
  readonly decoded: Decoded[] = [];

  blocks = 0;
  /** First instruction and how many are done in it; an instruction left to the interpreter is not among them. */
  readonly first = new Int32Array(MAX_BLOCKS);
  readonly count = new Int32Array(MAX_BLOCKS);
  readonly start = new Float64Array(MAX_BLOCKS);
  readonly end = new Uint8Array(MAX_BLOCKS);
  /** Successor blocks, or OUTSIDE, and the addresses they stand for. */
  readonly taken = new Int32Array(MAX_BLOCKS);
  readonly next = new Int32Array(MAX_BLOCKS);
  readonly takenPc = new Float64Array(MAX_BLOCKS);
  readonly nextPc = new Float64Array(MAX_BLOCKS);
  /** For JumpIndirect: where it went, as addresses and blocks. */
  readonly tables: (readonly number[] | undefined)[] = [];
  readonly tableBlocks: (number[] | undefined)[] = [];

  /** Adds a block of the same instructions that goes on as the other does; its number. */
  copyBlock(b: number): number {
    const copy = this.blocks++;
    const { first, count, start, end, taken, next, takenPc, nextPc } = this;
    for (const field of [first, count, start, end, taken, next, takenPc, nextPc]) field[copy] = field[b];
    this.tables[copy] = this.tables[b];
    this.tableBlocks[copy] = this.tableBlocks[b]?.slice();
    return copy;
  }

  /** Makes the edges of a block that go to `from` go to `to`. */
  redirect(b: number, from: number, to: number): void {
    if (this.taken[b] === from) this.taken[b] = to;
    if (this.next[b] === from) this.next[b] = to;
    const table = this.tableBlocks[b];
    if (table !== undefined) { for (let i = 0; i < table.length; i++) if (table[i] === from) table[i] = to; }
  }
}
