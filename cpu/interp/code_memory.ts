/**
 * The pre-decoded records of a machine: one wasm memory, handed out as pages of records, one per guest code page. VM
 * groups made by fork share the records of pages they inherit, so a page is counted. `CodePages` is one address
 * space's view: which of its guest pages have records, kept in the CODE_MAP of its shadow memory.
 */

import {
  CODE_LEAST,
  CODE_MAP,
  CODE_PAGE_BYTES,
  PERM_W,
  PERMS,
  R_OP,
  RECORD,
  RECORDS_PER_PAGE,
  SENTINELS,
} from "../layout.ts";
import type { CpuHost } from "../cpu.ts";
import { Frames } from "../memory/frame.ts";
import type { HotCode } from "../hot_code.ts";
import { OP_PAGE_END } from "./op_tables.ts";

const WASM_PAGE = 65536;
const MAXIMUM_PAGES = 65536;
/** Growth is at least this many wasm pages: 4 MiB. */
const GROWTH = 64;

/** Code memory is full; the machine cannot decode more. */
export class CodeMemoryFull extends Error {}

export class CodeMemory {
  /** Address spaces that ended leave their frames to the next ones. */
  readonly frames = new Frames();
  readonly memory = new WebAssembly.Memory({ initial: CODE_LEAST, maximum: MAXIMUM_PAGES });
  /** Kept fresh across growth. */
  view: DataView = new DataView(this.memory.buffer);
  /** Makes the translated code of an address space; absent while nothing is translated. */
  translate: ((host: CpuHost) => HotCode) | undefined;
  /** What rdtime reads, ns: the machine's clock, asked only when it is read. */
  clock: () => number = () => 0;
  /** Instructions an address space must have run before it gets any: most processes are short. */
  coldInstructions = 0;
  /** Record pages are numbered from 1; page n is at n * CODE_PAGE_BYTES. */
  readonly #references: number[] = [0];
  readonly #free: number[] = [];

  /** A page of undecoded records, counted once. */
  allocate(): number {
    const free = this.#free.pop();
    if (free !== undefined) {
      this.#references[free] = 1;
      const at = free * CODE_PAGE_BYTES;
      new Uint8Array(this.memory.buffer, at, CODE_PAGE_BYTES).fill(0);
      return this.#withSentinels(at);
    }
    const at = this.#references.length * CODE_PAGE_BYTES;
    this.#ensure(at + CODE_PAGE_BYTES);
    this.#references.push(1);
    return this.#withSentinels(at);
  }

  #withSentinels(at: number): number {
    for (let i = 0; i < SENTINELS; i++) {
      this.view.setUint16(at + (RECORDS_PER_PAGE + i) * RECORD + R_OP, OP_PAGE_END, true);
    }
    return at;
  }

  retain(at: number): void {
    this.#references[this.#number(at)]++;
  }

  release(at: number): void {
    const number = this.#number(at);
    if (--this.#references[number] === 0) this.#free.push(number);
  }

  /** Record pages in use. */
  get live(): number {
    return this.#references.length - 1 - this.#free.length;
  }

  #number(at: number): number {
    const number = at / CODE_PAGE_BYTES;
    if (!(this.#references[number] > 0)) throw new Error(`no code page at ${at}`);
    return number;
  }

  #ensure(bytes: number): void {
    const have = this.memory.buffer.byteLength;
    if (bytes <= have) return;
    try {
      this.memory.grow(Math.max(GROWTH, Math.ceil((bytes - have) / WASM_PAGE)));
    } catch {
      throw new CodeMemoryFull("code memory is full");
    }
    this.view = new DataView(this.memory.buffer);
  }
}

/**
 * The decoded pages of one address space. A page with records must not be writable in the permission bytes: a write
 * then misses, and whoever resolves the miss calls `drop` before giving the bit back. The same holds for unmapping
 * and for losing PERM_X.
 */
export class CodePages {
  readonly #pages = new Set<number>();
  /** Translated code made of these pages. */
  hot: HotCode | undefined;
  /** Instructions run in this space without translated code. */
  interpreted = 0;

  constructor(readonly shadow: WebAssembly.Memory, readonly code: CodeMemory) {}

  /** Whether the guest page has records. */
  has(page: number): boolean {
    return this.#pages.has(page);
  }

  /**
   * Gives the guest page records, none decoded yet, and takes its write permission bit. The caller has checked
   * PERM_X.
   */
  create(page: number): number {
    if (this.#pages.has(page)) throw new Error(`page ${page} has records already`);
    const at = this.code.allocate();
    this.#set(page, at);
    return at;
  }

  /** Forgets the records of the page; without effect if it has none. The permission bits are the caller's. */
  drop(page: number): void {
    if (!this.#pages.delete(page)) return;
    this.hot?.dropped(page);
    const entry = new Uint32Array(this.shadow.buffer, CODE_MAP + 4 * page, 1);
    this.code.release(entry[0]);
    entry[0] = 0;
  }

  /** Drops every page in [first, end); cheap when there are none. */
  dropRange(first: number, end: number): void {
    if (this.#pages.size === 0) return;
    if (end - first < this.#pages.size) {
      for (let page = first; page < end; page++) this.drop(page);
    } else {
      for (const page of this.#pages) if (page >= first && page < end) this.drop(page);
    }
  }

  /** Takes over another space's records, as a forked child does whose pages hold the same bytes. */
  inherit(from: CodePages): void {
    const entries = new Uint32Array(from.shadow.buffer, CODE_MAP);
    for (const page of from.#pages) {
      this.code.retain(entries[page]);
      this.#set(page, entries[page]);
    }
  }

  dropAll(): void {
    for (const page of this.#pages) this.drop(page);
  }

  #set(page: number, at: number): void {
    this.#pages.add(page);
    new Uint32Array(this.shadow.buffer, CODE_MAP + 4 * page, 1)[0] = at;
    new Uint8Array(this.shadow.buffer, PERMS + page, 1)[0] &= ~PERM_W;
    this.hot?.narrowed(page, page + 1);
  }
}
