/**
 * Memory that several VM groups map: its pages live here, outside every flat memory, so that all see the same bytes; accesses go through the slow path.
 * Anonymous shared memory owns its pages; a file's pages are the file's own.
 */
import type { Backing } from "../types.ts";

export interface SharedObject {
  /** Identity for futex keys. */
  readonly key: object;
  /** Size in bytes; pages wholly beyond raise SIGBUS. */
  size(): number;
  page(index: number): Uint8Array;
  dirtied(index: number): void;
  retain(): void;
  release(): void;
}

/** MAP_SHARED | MAP_ANONYMOUS. */
export class AnonymousShared implements SharedObject {
  readonly #pages = new Map<number, Uint8Array>();
  readonly key = this;
  constructor(readonly bytes: number) {}
  size(): number {
    return Infinity;
  }
  page(index: number): Uint8Array {
    let page = this.#pages.get(index);
    if (page === undefined) this.#pages.set(index, page = new Uint8Array(4096));
    return page;
  }
  dirtied(): void {}
  retain(): void {}
  release(): void {}
}

/** A file that can share its pages. */
export class FileShared implements SharedObject {
  readonly key: object;
  constructor(readonly backing: Backing) {
    this.key = backing.inode;
  }
  size(): number {
    return this.backing.size();
  }
  page(index: number): Uint8Array {
    return this.backing.sharedPage!(index);
  }
  dirtied(index: number): void {
    this.backing.dirtied?.(index);
  }
  retain(): void {
    this.backing.retain();
  }
  release(): void {
    this.backing.release();
  }
}
