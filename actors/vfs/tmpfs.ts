/**
 * Files in memory (mm/shmem.c): the file system of /dev/shm and of memfd_create. Regular files keep their pages, directories their children; links, fifos, sockets and
 * device nodes are what they are everywhere. Nothing outlives the machine.
 */
import { E, fail } from "../../syscalls/abi/errno.ts";
import { bytesOf } from "../../syscalls/abi/text.ts";
import type { Credentials } from "../credentials.ts";
import { openDevice } from "../devfs/devfs.ts";
import type { Machine } from "../machine.ts";
import { openFifo } from "../pipe.ts";
import type { Task } from "../task/task.ts";
import { DirectoryFile } from "./directory_file.ts";
import {
  type DirEntry,
  Inode,
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFIFO,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
  type SetAttributes,
  type Stat,
} from "./inode.ts";
import { SEAL } from "../../syscalls/abi/files.ts";
import { MemoryFile } from "./memory_file.ts";
import { O_ACCMODE, O_RDONLY, O_RDWR, O_TRUNC, type OpenFile } from "./open_file.ts";
import { PAGE, PageStore } from "./page_store.ts";

const TMPFS_MAGIC = 0x01021994;

/** One mounted instance. */
export class TmpFs {
  #lastIno = 0;
  #pages = 0;
  readonly root: TmpDirectory;

  /** @param dev st_dev of its files @param limit most pages it may hold */
  constructor(readonly machine: Machine, readonly dev: number, mode = 0o1777, readonly limit = 1 << 18) {
    this.root = new TmpDirectory(this, mode);
  }
  nextIno(): number {
    return ++this.#lastIno;
  }
  reserve(n: number): boolean {
    const { memory } = this.machine;
    if (n < 0) memory.give(-n * PAGE);
    else if (this.#pages + n > this.limit || !memory.take(n * PAGE)) return false;
    this.#pages += n;
    return true;
  }
  get freePages(): number {
    return this.limit - this.#pages;
  }
}

export abstract class TmpInode extends Inode {
  readonly dev: number;
  readonly ino: number;
  abstract override readonly type: number;
  nlink = 1;
  uid = 0;
  gid = 0;
  rdev = 0;
  atime: bigint;
  mtime: bigint;
  ctime: bigint;
  readonly btime: bigint;
  /** Extended attributes, made when first set. */
  attributes: Map<string, Uint8Array> | undefined = new Map();

  constructor(readonly fs: TmpFs, public permissions: number) {
    super();
    this.dev = fs.dev;
    this.ino = fs.nextIno();
    this.atime =
      this.mtime =
      this.ctime =
      this.btime =
        fs.machine.clock.realtime();
  }

  get size(): number {
    return 0;
  }
  get blocks(): number {
    return 0;
  }
  stat(): Stat {
    const { dev, ino, nlink, uid, gid, rdev, size, blocks, atime, mtime, ctime, btime } = this;
    const mode = this.type | this.permissions;
    return { dev, ino, mode, nlink, uid, gid, rdev, size, blksize: 4096, blocks, atime, mtime, ctime, btime };
  }
  statfs() {
    const { limit, freePages } = this.fs;
    return {
      type: TMPFS_MAGIC,
      bsize: 4096,
      blocks: limit,
      bfree: freePages,
      bavail: freePages,
      files: limit,
      ffree: freePages,
    };
  }
  /** Metadata changed; with `content`, the content too. */
  changed(content = false): void {
    this.ctime = this.fs.machine.clock.realtime();
    if (content) this.mtime = this.ctime;
  }
  override setAttributes(_t: Task, set: SetAttributes): void {
    if (set.size !== undefined) {
      const result = this.resize(set.size);
      if (result < 0) fail(-result);
    }
    if (set.mode !== undefined) this.permissions = set.mode & 0o7777;
    if (set.uid !== undefined) this.uid = set.uid;
    if (set.gid !== undefined) this.gid = set.gid;
    this.changed();
    if (set.atime !== undefined) this.atime = set.atime;
    if (set.mtime !== undefined) this.mtime = set.mtime;
  }
  resize(_size: number): number {
    return -E.INVAL;
  }
  /** A name of it went away. */
  lostName(): void {
    this.nlink--;
    this.changed();
  }
}

export class TmpRegular extends TmpInode {
  readonly type = S_IFREG;
  readonly store: PageStore;
  seals: number = SEAL.SEAL;
  opened = 0;
  mapped = 0;
  /** Made by O_TMPFILE without O_EXCL: may be given a first name. */
  linkable = false;
  constructor(fs: TmpFs, permissions: number) {
    super(fs, permissions);
    this.store = new PageStore((n) => fs.reserve(n));
  }
  override get size(): number {
    return this.store.size;
  }
  override get blocks(): number {
    return this.store.residentPages * 8;
  }
  /** relatime: a read counts when the last one was before the last change. */
  accessed(): void {
    if (this.atime <= this.mtime) this.atime = this.fs.machine.clock.realtime();
  }
  touchedByMapping(): void {
    this.changed(true);
  }
  override resize(size: number): number {
    if (size < this.size && (this.seals & SEAL.SHRINK) !== 0) return -E.PERM;
    if (size > this.size && (this.seals & SEAL.GROW) !== 0) return -E.PERM;
    this.store.truncate(size);
    this.changed(true);
    return 0;
  }
  override lostName(): void {
    super.lostName();
    this.dropIfUnused();
  }
  /** Without names and descriptions the pages go. */
  dropIfUnused(): void {
    if (this.nlink === 0 && this.opened === 0) this.store.clear();
  }
  open(_t: Task, flags: number, path: string): OpenFile {
    if ((flags & O_TRUNC) !== 0) {
      const result = this.resize(0);
      if (result < 0) fail(-result);
    }
    return new MemoryFile(this, path, flags);
  }
}

class TmpLink extends TmpInode {
  readonly type = S_IFLNK;
  constructor(fs: TmpFs, readonly target: string) {
    super(fs, 0o777);
  }
  override get size(): number {
    return bytesOf(this.target).length;
  }
  override readlink(): string {
    return this.target;
  }
  open(): OpenFile {
    return fail(E.LOOP);
  }
}

/** Fifo, socket or device. */
class TmpNode extends TmpInode {
  constructor(fs: TmpFs, readonly type: number, permissions: number, rdev: number) {
    super(fs, permissions);
    this.rdev = rdev;
  }
  open(t: Task, flags: number, path: string): OpenFile {
    if (this.type === S_IFIFO) return openFifo(t.machine, this, flags, path);
    return this.type === S_IFCHR ? openDevice(t, this, this.rdev, flags, path) : fail(E.NXIO);
  }
}

export class TmpDirectory extends TmpInode {
  readonly type = S_IFDIR;
  readonly #children = new Map<string, TmpInode>();
  override nlink = 2;

  override get size(): number {
    return this.#children.size * 20 + 40;
  }
  override get unlinked(): boolean {
    return this.nlink === 0;
  }
  get empty(): boolean {
    return this.#children.size === 0;
  }
  override lookup(_t: Task, name: string): TmpInode {
    return this.#children.get(name) ?? fail(E.NOENT);
  }
  override entries(): DirEntry[] {
    return [...this.#children].map(([name, { ino, type }]) => ({ name, ino, type })).reverse();
  }
  #add(name: string, inode: TmpInode): void {
    if (this.nlink === 0) fail(E.NOENT);
    if (this.#children.has(name)) fail(E.EXIST);
    this.#children.set(name, inode);
    if (inode.type === S_IFDIR) this.nlink++;
    this.changed(true);
  }
  #take(name: string): TmpInode {
    const inode = this.#children.get(name) ?? fail(E.NOENT);
    this.#children.delete(name);
    if (inode.type === S_IFDIR) this.nlink--;
    this.changed(true);
    return inode;
  }
  override create(_t: Task, name: string, mode: number, rdev = 0): TmpInode {
    const type = (mode & S_IFMT) || S_IFREG, bits = mode & 0o7777;
    const inode = type === S_IFDIR
      ? new TmpDirectory(this.fs, bits)
      : type === S_IFREG
      ? new TmpRegular(this.fs, bits)
      : new TmpNode(this.fs, type, bits, type === S_IFCHR || type === S_IFBLK ? rdev : 0);
    this.#add(name, inode);
    return inode;
  }
  override createUnnamed(_t: Task, mode: number): TmpInode {
    const inode = new TmpRegular(this.fs, mode & 0o7777);
    inode.nlink = 0;
    inode.linkable = true;
    return inode;
  }
  override symlink(_t: Task, name: string, target: string): TmpInode {
    const inode = new TmpLink(this.fs, target);
    this.#add(name, inode);
    return inode;
  }
  override link(_t: Task, name: string, target: Inode): void {
    if (!(target instanceof TmpInode) || target.fs !== this.fs) return fail(E.XDEV);
    if (target.nlink === 0 && !(target instanceof TmpRegular && target.linkable)) fail(E.NOENT);
    this.#add(name, target);
    target.nlink++;
    target.changed();
  }
  override unlink(_t: Task, name: string): void {
    if (this.#children.get(name)?.type === S_IFDIR) fail(E.ISDIR);
    this.#take(name).lostName();
  }
  override rmdir(_t: Task, name: string): void {
    const inode = this.#children.get(name) ?? fail(E.NOENT);
    if (!(inode instanceof TmpDirectory)) return fail(E.NOTDIR);
    if (!inode.empty) fail(E.NOTEMPTY);
    this.#take(name);
    inode.nlink = 0;
  }
  override rename(_t: Task, name: string, to: Inode, toName: string, flags: number): void {
    if (!(to instanceof TmpDirectory) || to.fs !== this.fs) return fail(E.XDEV);
    const moved = this.#children.get(name) ?? fail(E.NOENT), there = to.#children.get(toName);
    if ((flags & 1) !== 0 && there !== undefined) fail(E.EXIST);
    if ((flags & 2) !== 0) {
      if (there === undefined) return fail(E.NOENT);
      this.#take(name);
      to.#take(toName);
      to.#add(toName, moved);
      this.#add(name, there);
      there.changed();
    } else {
      if (there === moved) return;
      if (there instanceof TmpDirectory) {
        if (!(moved instanceof TmpDirectory)) fail(E.ISDIR);
        if (!there.empty) fail(E.NOTEMPTY);
        to.rmdir(_t, toName);
      } else if (there !== undefined) {
        if (moved instanceof TmpDirectory) fail(E.NOTDIR);
        to.unlink(_t, toName);
      }
      to.#add(toName, this.#take(name));
    }
    moved.changed();
  }
  open(_t: Task, flags: number, path: string): OpenFile {
    return (flags & O_ACCMODE) === O_RDONLY ? new DirectoryFile(this, path, flags) : fail(E.ISDIR);
  }
}

/** st_dev of /dev/shm, and of the files memfd_create makes. */
const SHM_DEV = 24, MEMFD_DEV = 1;
const hidden = new WeakMap<Machine, TmpFs>();

/** What is mounted at /dev/shm. */
export const makeShm = (machine: Machine): TmpFs => new TmpFs(machine, SHM_DEV);

/** memfd_create(2): an open file without a name. `sealable`: MFD_ALLOW_SEALING. */
export const makeMemfd = (
  machine: Machine,
  cred: Credentials,
  name: string,
  sealable: boolean,
  executable: boolean,
): OpenFile => {
  let fs = hidden.get(machine);
  if (fs === undefined) hidden.set(machine, fs = new TmpFs(machine, MEMFD_DEV));
  const inode = new TmpRegular(fs, executable ? 0o777 : 0o666);
  inode.nlink = 0;
  inode.uid = cred.fsuid;
  inode.gid = cred.fsgid;
  inode.seals = (sealable ? 0 : SEAL.SEAL) | (executable ? 0 : SEAL.EXEC);
  return new MemoryFile(inode, `/memfd:${name} (deleted)`, O_RDWR | 0o100000);
};
