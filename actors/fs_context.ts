/** What CLONE_FS shares: root directory, working directory, umask (fs/fs_struct.c). `share`, `fork`, `release`. */
import type { Inode } from "./vfs/inode.ts";

/** A directory (or any file) as the path walk sees it: the inode and its absolute path as seen from the machine's root. */
export interface Location {
  readonly inode: Inode;
  readonly path: string;
}

export class FsContext {
  #users = 1;
  constructor(public root: Location, public cwd: Location, public umask: number) {}
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
    this.#users--;
  }
}
