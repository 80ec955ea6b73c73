/**
 * Memory that several VM groups map: its pages live here, outside every flat memory, so that all see the same bytes; accesses go through the slow path.
 * Anonymous shared memory owns its pages; a file's pages are the file's own.
 */
import type { Backing } from "../types.ts";
import { MemoryAccount } from "./account.ts";

export interface SharedObject {
  /** Identity for futex keys. */
  readonly key: object;
  /** Whether the page is part of it; one wholly beyond raises SIGBUS. Asked at each access. */
  reaches(index: number): boolean;
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
  readonly #pages = new Map<number, Uint8Array>();
  readonly key = this;
  #spaces = 0;
  constructor(readonly bytes: number, readonly account: MemoryAccount = new MemoryAccount()) {}
  reaches(): boolean {
    return true;
  }
  page(index: number): Uint8Array {
    let page = this.#pages.get(index);
    if (page === undefined) {
      this.#pages.set(index, page = new Uint8Array(4096));
      this.account.used++;
    }
    return page;
  }
  dirtied(): void {}
  has(index: number): boolean {
    return this.#pages.has(index);
  }
  punch(index: number): void {
    if (this.#pages.delete(index)) this.account.used--;
  }
  retain(): void {
    this.#spaces++;
  }
  release(): void {
    if (--this.#spaces > 0) return;
    this.account.used -= this.#pages.size;
    this.#pages.clear();
  }
}

/** A file that can share its pages. */
export class FileShared implements SharedObject {
  readonly key: object;
  constructor(readonly backing: Backing) {
    this.key = backing.inode;
  }
  reaches(index: number): boolean {
    return this.backing.hasSharedPage?.(index) || index * 4096 < this.backing.size();
  }
  page(index: number): Uint8Array {
    return this.backing.sharedPage!(index);
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
