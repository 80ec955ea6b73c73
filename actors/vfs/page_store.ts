/** The bytes of a file kept in memory: 4 KiB pages, made when first written. Mappings use the very same pages, so reads, writes and mappings agree. */

export const PAGE = 4096;

export class PageStore {
  readonly #pages = new Map<number, Uint8Array>();
  /** File size in bytes. */
  size = 0;

  /** @param reserve asks for `n` more pages (negative: gives back); false: no space */
  constructor(readonly reserve: (n: number) => boolean = () => true) {}

  get residentPages(): number {
    return this.#pages.size;
  }

  has(index: number): boolean {
    return this.#pages.has(index);
  }
  /** The page for good: made when absent. Undefined when there is no space. */
  page(index: number): Uint8Array | undefined {
    let page = this.#pages.get(index);
    if (page === undefined) {
      if (!this.reserve(1)) return undefined;
      this.#pages.set(index, page = new Uint8Array(PAGE));
    }
    return page;
  }

  /** Bytes read at `at`; 0 at and beyond the end. Holes read as zeros. */
  read(into: Uint8Array, at: number): number {
    const n = Math.max(0, Math.min(into.length, this.size - at));
    for (let done = 0; done < n;) {
      const offset = (at + done) % PAGE, size = Math.min(PAGE - offset, n - done);
      const page = this.#pages.get(Math.floor((at + done) / PAGE));
      if (page === undefined) into.fill(0, done, done + size);
      else if (size === PAGE) into.set(page, done);
      else into.set(page.subarray(offset, offset + size), done);
      done += size;
    }
    return n;
  }

  /** Bytes written; fewer than given when space runs out. */
  write(from: Uint8Array, at: number): number {
    let done = 0;
    while (done < from.length) {
      const offset = (at + done) % PAGE, size = Math.min(PAGE - offset, from.length - done);
      const page = this.page(Math.floor((at + done) / PAGE));
      if (page === undefined) break;
      page.set(size === from.length ? from : from.subarray(done, done + size), offset);
      done += size;
    }
    if (done > 0 && at + done > this.size) this.size = at + done;
    return done;
  }

  truncate(size: number): void {
    if (size < this.size) this.punch(size, Infinity);
    this.size = size;
  }

  /** Makes [start, end) a hole: whole pages go, the rest is zeroed. */
  punch(start: number, end: number): void {
    for (const [index, page] of this.#pages) {
      const from = Math.max(0, start - index * PAGE), to = Math.min(PAGE, end - index * PAGE);
      if (from >= to) continue;
      if (from === 0 && to === PAGE) {
        this.#pages.delete(index);
        this.reserve(-1);
      } else page.fill(0, from, to);
    }
  }

  /** Start of the next data at or after `at`; undefined when only a hole is left. */
  nextData(at: number): number | undefined {
    let best = Infinity;
    for (const index of this.#pages.keys()) {
      if ((index + 1) * PAGE > at) best = Math.min(best, Math.max(at, index * PAGE));
    }
    return best < this.size ? best : undefined;
  }

  /** Start of the next hole at or after `at`: the end of the file at the latest. */
  nextHole(at: number): number {
    let index = Math.floor(at / PAGE);
    if (!this.#pages.has(index)) return at;
    while (this.#pages.has(index)) index++;
    return Math.min(this.size, index * PAGE);
  }

  /** Everything goes. */
  clear(): void {
    this.reserve(-this.#pages.size);
    this.#pages.clear();
    this.size = 0;
  }
}
