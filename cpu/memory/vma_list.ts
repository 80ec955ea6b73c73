/** The mappings of one address space: a sorted, non-overlapping list, the truth that permission bytes only cache. Addresses are numbers, multiples of 4096. */
import type { Backing, Vma } from "../types.ts";
import type { SharedObject } from "./shared.ts";

/** A mapping. Immutable: a change replaces it. */
export interface Mapping extends Vma {
  /** Where the pages of a MAP_SHARED mapping live; absent for private mappings. */
  readonly object?: SharedObject;
}

const mergeable = (a: Mapping, b: Mapping): boolean =>
  a.end === b.start && a.prot === b.prot && a.shared === b.shared && a.backing === b.backing && a.object === b.object &&
  a.name === b.name &&
  a.growsDown === b.growsDown && a.wipeOnFork === b.wipeOnFork && a.dontFork === b.dontFork &&
  a.dontDump === b.dontDump && a.locked === b.locked && a.readOnly === b.readOnly &&
  ((a.backing === undefined && a.object === undefined) || a.offset + (a.end - a.start) === b.offset);

/** The part of a mapping in [start, end). */
export const part = (m: Mapping, start: number, end: number): Mapping => ({
  ...m,
  start,
  end,
  offset: m.offset + (start - m.start),
});

export class VmaList {
  #list: Mapping[] = [];

  get all(): readonly Mapping[] {
    return this.#list;
  }

  /** Index of the first mapping that ends after `addr`. */
  #at(addr: number): number {
    let lo = 0, hi = this.#list.length;
    while (lo < hi) {
      const mid = (lo + hi) >> 1;
      if (this.#list[mid].end > addr) hi = mid;
      else lo = mid + 1;
    }
    return lo;
  }

  find(addr: number): Mapping | undefined {
    const m = this.#list[this.#at(addr)];
    return m !== undefined && m.start <= addr ? m : undefined;
  }

  /** The first mapping that ends after `addr`, whether or not it contains it. */
  findFrom(addr: number): Mapping | undefined {
    return this.#list[this.#at(addr)];
  }

  /** The mapping just below `addr`. */
  before(addr: number): Mapping | undefined {
    return this.#list[this.#at(addr) - 1];
  }

  /** The parts of mappings inside [start, end), clipped. */
  within(start: number, end: number): Mapping[] {
    const out: Mapping[] = [];
    for (let i = this.#at(start); i < this.#list.length && this.#list[i].start < end; i++) {
      const m = this.#list[i];
      out.push(part(m, Math.max(m.start, start), Math.min(m.end, end)));
    }
    return out;
  }

  /** Whether [start, end) is mapped without a hole. */
  covers(start: number, end: number): boolean {
    let at = start;
    for (let i = this.#at(start); at < end; i++) {
      const m = this.#list[i];
      if (m === undefined || m.start > at) return false;
      at = m.end;
    }
    return true;
  }

  /** Puts `pieces` (sorted, inside [start, end)) in place of what [start, end) holds now. */
  replace(start: number, end: number, pieces: readonly Mapping[]): void {
    const from = this.#at(start);
    let to = from;
    const kept: Mapping[] = [...pieces];
    for (; to < this.#list.length && this.#list[to].start < end; to++) {
      const m = this.#list[to];
      if (m.start < start) kept.unshift(part(m, m.start, start));
      if (m.end > end) kept.push(part(m, end, m.end));
    }
    this.#list.splice(from, to - from, ...kept);
    this.#merge(from - 1, from + kept.length + 1);
  }

  #merge(from: number, to: number): void {
    for (let i = Math.min(to, this.#list.length - 1); i > Math.max(from, 0); i--) {
      const a = this.#list[i - 1], b = this.#list[i];
      if (a !== undefined && mergeable(a, b)) this.#list.splice(i - 1, 2, { ...a, end: b.end });
    }
  }

  /** Lowest gap of `length` bytes at or above `from`, below `limit`; -1 when there is none. */
  gap(length: number, from: number, limit: number): number {
    let at = from;
    for (let i = this.#at(from); i < this.#list.length; i++) {
      const m = this.#list[i];
      if (m.start - at >= length) break;
      at = Math.max(at, m.end);
    }
    return at + length <= limit ? at : -1;
  }

  bytes(): number {
    let sum = 0;
    for (const m of this.#list) sum += m.end - m.start;
    return sum;
  }
}

export type { Backing };
