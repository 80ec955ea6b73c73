/**
 * What translated code compares addresses with before it looks at permission bytes: slots in the shadow memory, each a
 * range of guest memory in which every page allows what the slot is asked about. Each check has a slot, but
 * those through a register that only ever moves by constants share one for reading and one for writing. Where a range does not help, the code checks precisely and leaves a note; from the
 * notes the slots are filled between two stays in translated code. When pages allow less, the slots over them are
 * emptied at once, so that a slot is right whenever it is read.
 */

import type { CpuHost } from "../cpu.ts";
import { PAGE, PERMS, RANGE_NOTES, RANGE_SLOTS, RANGES } from "../layout.ts";

/** Bytes that one comparison may be asked about: ranges end so much earlier. */
export const RANGE_SLACK = 512;
/** Notes; a slot leaves its own at its number modulo this. */
const NOTES = 64;
/** Pages looked at on each side of an address. */
const REACH = 1 << 14;

/** Where a slot's range begins; eight bytes later is its length. */
export function rangeAt(slot: number): number {
  return RANGES + 16 * slot;
}
export function noteAt(slot: number): number {
  return RANGE_NOTES + 8 * (slot % NOTES);
}
/** What a note says beside the address: the slot and what it is about. */
export function noteOf(slot: number, need: number): number {
  return (slot + 1) * 8 + need;
}

/** The slots of one address space. */
export class Ranges {
  /** Pages of each slot that is filled. */
  readonly #first = new Int32Array(RANGE_SLOTS);
  readonly #end = new Int32Array(RANGE_SLOTS);
  readonly #filled: number[] = [];

  constructor(readonly host: CpuHost) {}

  /** Fills the slots there are notes about. */
  fill(words: Int32Array): void {
    for (let i = 0; i < NOTES; i++) {
      const at = (RANGE_NOTES >> 2) + 2 * i;
      const what = words[at + 1];
      if (what === 0) continue;
      words[at + 1] = 0;
      this.#fillOne(words, Math.floor(what / 8) - 1, words[at] >>> 12, what & 7);
    }
  }

  #fillOne(words: Int32Array, slot: number, page: number, need: number): void {
    const perms = new Uint8Array(words.buffer, PERMS, 1 << 20);
    if ((perms[page] & need) !== need) return;
    let first = page, end = page + 1;
    const least = Math.max(0, page - REACH), most = Math.min(1 << 20, page + REACH);
    while (first > least && (perms[first - 1] & need) === need) first--;
    while (end < most && (perms[end] & need) === need) end++;
    if (this.#end[slot] === 0) this.#filled.push(slot);
    this.#first[slot] = first;
    this.#end[slot] = end;
    const length = (end - first) * PAGE - RANGE_SLACK;
    const at = rangeAt(slot) >> 2;
    words[at] = first * PAGE;
    words[at + 1] = 0;
    words[at + 2] = length;
    words[at + 3] = length > 0xffffffff ? 1 : 0;
  }

  /** Pages [first, end) may allow less than before. */
  narrowed(first: number, end: number): void {
    const filled = this.#filled;
    let kept = 0;
    for (let i = 0; i < filled.length; i++) {
      const slot = filled[i];
      if (this.#first[slot] < end && first < this.#end[slot]) this.#empty(slot);
      else filled[kept++] = slot;
    }
    filled.length = kept;
  }

  #empty(slot: number): void {
    this.#end[slot] = 0;
    new Int32Array(this.host.shadow.buffer, rangeAt(slot), 4).fill(0);
  }

  release(): void {
    for (const slot of this.#filled) this.#empty(slot);
    this.#filled.length = 0;
    new Int32Array(this.host.shadow.buffer, RANGE_NOTES, 2 * NOTES).fill(0);
  }
}
