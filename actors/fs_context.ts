/** What CLONE_FS shares: root directory, working directory, umask (fs/fs_struct.c). `share`, `fork`, `release`. */
import type { Inode } from "./vfs/inode.ts";

/** A place in the tree: the inode, its absolute path as seen from the machine's root, and the directory it was found in (undefined at the machine's root). */
export interface Location {
  readonly inode: Inode;
  readonly path: string;
  readonly parent?: Location;
}

export class FsContext {
  #users = 1;
  /** Contexts that exist in this process, for the tests that nothing is left. */
  static live = 0;
  constructor(public root: Location, public cwd: Location, public umask: number) {
    FsContext.live++;
  }
  get users(): number {
    return this.#users;
  }
  share(): FsContext {
    this.#users++;
    return this;
  }
  fork(): FsContext {
    return new FsContext(this.root, this.cwd, this.umask);
  }
  release(): void {
    if (this.#users <= 0) throw new Error("release of a dead fs context");
    if (--this.#users === 0) FsContext.live--;
  }
}
