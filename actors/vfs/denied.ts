/**
 * A host path that Deno's permissions do not cover. It can be passed, since something below may be allowed (`--allow-read=/a/b` says nothing of /a); to look at it is
 * EACCES, unless Deno's user grants it when asked.
 */
import { E, Errno, fail } from "../../syscalls/abi/errno.ts";
import type { Task } from "../task/task.ts";
import type { HostFs } from "./hostfs.ts";
import { type DirEntry, Inode, S_IFDIR, type Stat } from "./inode.ts";
import { type OpenFile } from "./open_file.ts";

/** The root exists whatever may be known of it. */
const ROOT: Stat = {
  dev: 0,
  ino: 2,
  mode: S_IFDIR | 0o711,
  nlink: 2,
  uid: 0,
  gid: 0,
  rdev: 0,
  size: 4096,
  blksize: 4096,
  blocks: 8,
  atime: 0n,
  mtime: 0n,
  ctime: 0n,
};

export class DeniedInode extends Inode {
  readonly dev = 0;
  readonly ino = 2;
  readonly type = S_IFDIR;
  override readonly passable = true;

  constructor(readonly fs: HostFs, readonly hostPath: string, readonly inside: string) {
    super();
  }
  stat(): Stat {
    try {
      return this.fs.host.lstat(this.hostPath);
    } catch (error) {
      if (this.inside === "/" && error instanceof Errno) return ROOT;
      throw error;
    }
  }
  override lookup(_t: Task, name: string): Inode {
    return this.fs.find(this.inside === "/" ? "/" + name : `${this.inside}/${name}`) ?? fail(E.NOENT);
  }
  override entries(): DirEntry[] {
    return fail(E.ACCES);
  }
  override create(): Inode {
    return fail(E.ACCES);
  }
  open(t: Task, flags: number, path: string): OpenFile {
    this.fs.host.lstat(this.hostPath);
    // Granted meanwhile: now it is known what it is.
    const known = this.fs.find(this.inside) ?? fail(E.NOENT);
    return known instanceof DeniedInode ? fail(E.ACCES) : known.open(t, flags, path);
  }
}
