/**
 * What translated code compares addresses with before it looks at permission bytes: slots in the shadow memory, each a
 * range of guest memory in which every page allows what the slot is asked about. Each check has a slot, but
 * those through a register that only ever moves by constants share one for reading and one for writing. Where a range does not help, the code checks precisely and leaves a note; from the
 * notes the slots are filled between two stays in translated code. When pages allow less, the slots over them are
 * emptied at once, so that a slot is right whenever it is read.
 */

import type { CpuHost } from "../cpu.ts";
import { PAGE, PERMS, RANGE_NOTES, RANGES } from "../layout.ts";

/** Bytes that one comparison may be asked about: ranges end so much earlier. */
export const RANGE_SLACK = 512;
/** Notes; a slot leaves its own at its number modulo this. */
const NOTES = 64;
/** Pages looked at on each side of an address, and ranges remembered. */
const REACH = 1 << 14;
const MOST_FOUND = 64;

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

/** Pages that all allow `need`, and the slots that were filled with them. */
interface Range {
  readonly first: number;
  readonly end: number;
  readonly need: number;
  readonly slots: Set<number>;
}

/** The slots of one address space. */
export class Ranges {
  readonly #found: Range[] = [];
  /** The range of each slot that is filled. */
  readonly #of: (Range | undefined)[] = [];

  constructor(readonly host: CpuHost) {}

  /** Fills the slots there are notes about; how many pages were looked at for it. */
  fill(words: Int32Array): number {
    let looked = 0;
    for (let i = 0; i < NOTES; i++) {
      const at = (RANGE_NOTES >> 2) + 2 * i;
      const what = words[at + 1];
      if (what === 0) continue;
      words[at + 1] = 0;
      const slot = Math.floor(what / 8) - 1, page = words[at] >>> 12, need = what & 7;
      let range = this.#found.find((r) => r.first <= page && page < r.end && r.need === need);
      if (range === undefined && (range = this.#find(words, page, need)) !== undefined) {
        looked += range.end - range.first;
      }
      if (range !== undefined) this.#fillOne(words, slot, range);
    }
    return looked;
  }

  #find(words: Int32Array, page: number, need: number): Range | undefined {
    const perms = new Uint8Array(words.buffer, PERMS, 1 << 20);
    if ((perms[page] & need) !== need) return undefined;
    let first = page, end = page + 1;
    const least = Math.max(0, page - REACH), most = Math.min(1 << 20, page + REACH);
    while (first > least && (perms[first - 1] & need) === need) first--;
    while (end < most && (perms[end] & need) === need) end++;
    const range = { first, end, need, slots: new Set<number>() };
    if (this.#found.length === MOST_FOUND) this.#forget(this.#found.shift()!);
    this.#found.push(range);
    return range;
  }

  #fillOne(words: Int32Array, slot: number, range: Range): void {
    this.#of[slot]?.slots.delete(slot);
    this.#of[slot] = range;
    range.slots.add(slot);
    const at = rangeAt(slot) >> 2;
    words[at] = range.first * PAGE;
    words[at + 1] = 0;
    words[at + 2] = (range.end - range.first) * PAGE - RANGE_SLACK;
    words[at + 3] = 0;
  }

  /** Pages [first, end) may allow less than before. */
  narrowed(first: number, end: number): void {
    const found = this.#found;
    let kept = 0;
    for (let i = 0; i < found.length; i++) {
      const range = found[i];
      if (range.first < end && first < range.end) this.#forget(range);
      else found[kept++] = range;
    }
    found.length = kept;
  }

  /** Empties the slots of a range. */
  #forget(range: Range): void {
    const words = new Int32Array(this.host.shadow.buffer);
    for (const slot of range.slots) {
      this.#of[slot] = undefined;
      words.fill(0, rangeAt(slot) >> 2, (rangeAt(slot) >> 2) + 4);
    }
  }

  release(): void {
    for (const range of this.#found) this.#forget(range);
    this.#found.length = 0;
    new Int32Array(this.host.shadow.buffer, RANGE_NOTES, 2 * NOTES).fill(0);
  }
}
