/**
 * Inodes: what a path resolves to. One class per file system kind; operations that a kind lacks fail as Linux fails them. All synchronous. Failures are thrown
 * with `fail(E.X)`. Permission checks (uid, mode) are done by the path walk and the handlers through `mayAccess`, not here.
 */
import { E, fail } from "../../syscalls/abi/errno.ts";
import type { Task } from "../task/task.ts";
import type { Location } from "../fs_context.ts";
import type { FileWatches } from "./notify.ts";
import type { OpenFile } from "./open_file.ts";

export const S_IFMT = 0o170000, S_IFSOCK = 0o140000, S_IFLNK = 0o120000, S_IFREG = 0o100000, S_IFBLK = 0o60000;
export const S_IFDIR = 0o40000, S_IFCHR = 0o20000, S_IFIFO = 0o10000;

/** As stat(2) reports; times are ns since the epoch (bigint), rdev and dev as makedev numbers. */
export interface Stat {
  dev: number;
  ino: number;
  /** Type and permission bits. */
  mode: number;
  nlink: number;
  uid: number;
  gid: number;
  rdev: number;
  size: number;
  blksize: number;
  /** 512-byte blocks. */
  blocks: number;
  atime: bigint;
  mtime: bigint;
  ctime: bigint;
  btime?: bigint;
}

export interface SetAttributes {
  mode?: number;
  uid?: number;
  gid?: number;
  size?: number;
  atime?: bigint;
  mtime?: bigint;
}

export interface DirEntry {
  readonly name: string;
  readonly ino: number;
  /** S_IF* type. */
  readonly type: number;
}

export abstract class Inode {
  abstract readonly dev: number;
  abstract readonly ino: number;
  /** S_IF* type. */
  abstract readonly type: number;

  /** Who watches it (inotify). */
  watches: FileWatches | undefined = undefined;
  /** Open descriptions of it. */
  descriptions = 0;

  abstract stat(): Stat;
  /** A directory that no path leads to any more. */
  get unlinked(): boolean {
    return false;
  }
  /** A directory that can be passed although nothing is known of it. */
  readonly passable?: boolean;
  setAttributes(_t: Task, _set: SetAttributes): void {
    fail(E.PERM);
  }

  /** Child by name ("." and ".." are the walk's business); throws ENOENT. */
  lookup(_t: Task, _name: string): Inode {
    return fail(E.NOTDIR);
  }
  /** Entries without "." and "..", in a stable order. */
  entries(_t: Task): DirEntry[] {
    return fail(E.NOTDIR);
  }
  /** Makes a child: regular file, directory, fifo, socket or device by the type bits of `mode`. EEXIST if there. */
  create(_t: Task, _name: string, _mode: number, _rdev?: number): Inode {
    return fail(E.PERM);
  }
  symlink(_t: Task, _name: string, _target: string): Inode {
    return fail(E.PERM);
  }
  link(_t: Task, _name: string, _target: Inode): void {
    fail(E.PERM);
  }
  unlink(_t: Task, _name: string): void {
    fail(E.PERM);
  }
  rmdir(_t: Task, _name: string): void {
    fail(E.PERM);
  }
  /** RENAME_NOREPLACE 1, RENAME_EXCHANGE 2. `to` is a directory of the same file system. */
  rename(_t: Task, _name: string, _to: Inode, _toName: string, _flags: number): void {
    fail(E.PERM);
  }
  readlink(_t: Task): string {
    return fail(E.INVAL);
  }
  /** For links such as /proc/self/fd/3 and /proc/self/exe, which lead to an object rather than a path. */
  jump?(_t: Task): { inode: Inode; path: string; location?: Location } | undefined;
  /** A regular file without a name in this directory's file system (O_TMPFILE). */
  createUnnamed?(_t: Task, _mode: number): Inode;

  /** Makes an open file description. `path` is the resolved absolute guest path. */
  abstract open(t: Task, flags: number, path: string): OpenFile;
}
