/**
 * Memory that several VM groups map: its pages live here, outside every flat memory, so that all see the same bytes; accesses go through the slow path.
 * Anonymous shared memory owns its pages; a file's pages are the file's own.
 */
import type { Backing } from "../types.ts";
import { PAGE } from "../layout.ts";
import { MemoryAccount } from "./account.ts";
import { KeptPages } from "./kept_pages.ts";

export interface SharedObject {
  /** Identity for futex keys. */
  readonly key: object;
  /** Whether the page is part of it and there is memory for it; else SIGBUS. Asked at each access. */
  reaches(index: number): boolean;
  /** A page that it reaches. */
  page(index: number): Uint8Array;
  dirtied(index: number): void;
  /** Whether the page is in memory. */
  has(index: number): boolean;
  /** Makes a page zero and frees it; absent when it cannot (MADV_REMOVE). */
  punch?(index: number): void;
  retain(): void;
  release(): void;
}

/** MAP_SHARED | MAP_ANONYMOUS. */
export class AnonymousShared implements SharedObject {
  readonly #pages = new KeptPages();
  readonly key = this;
  #spaces = 0;
  constructor(readonly bytes: number, readonly account: MemoryAccount = new MemoryAccount()) {}
  reaches(): boolean {
    return true;
  }
  page(index: number): Uint8Array {
    return this.#pages.make(index, this.account) ?? new Uint8Array(PAGE);
  }
  dirtied(): void {}
  has(index: number): boolean {
    return this.#pages.has(index);
  }
  punch(index: number): void {
    this.#pages.delete(index);
  }
  retain(): void {
    this.#spaces++;
  }
  release(): void {
    if (--this.#spaces > 0) return;
    this.#pages.clear();
  }
}

/** A file that can share its pages. */
export class FileShared implements SharedObject {
  readonly key: object;
  constructor(readonly backing: Backing, readonly account: MemoryAccount = new MemoryAccount()) {
    this.key = backing.inode;
  }
  reaches(index: number): boolean {
    const { backing } = this;
    if (backing.hasSharedPage?.(index)) return true;
    return index * PAGE < backing.size() && backing.sharedPage!(index, this.account) !== undefined;
  }
  page(index: number): Uint8Array {
    return this.backing.sharedPage!(index, this.account) ?? new Uint8Array(PAGE);
  }
  dirtied(index: number): void {
    this.backing.dirtied?.(index);
  }
  /** The host's cache is as good as memory. */
  has(): boolean {
    return true;
  }
  retain(): void {
    this.backing.retain();
  }
  release(): void {
    this.backing.release();
  }
}
