/** An open regular file that lives in memory: on a tmpfs, or made by memfd_create. */
import type { Backing } from "../../cpu/types.ts";
import { E } from "../../syscalls/abi/errno.ts";
import { SEAL } from "../../syscalls/abi/files.ts";
import type { Task } from "../task/task.ts";
import { O_APPEND, O_NOATIME, OpenFile } from "./open_file.ts";
import type { TmpRegular } from "./tmpfs.ts";

/** Modes of fallocate(2). */
const KEEP_SIZE = 1, PUNCH_HOLE = 2, ZERO_RANGE = 16;

export class MemoryFile extends OpenFile {
  #backing: Backing | undefined;
  constructor(override readonly inode: TmpRegular, path: string, flags: number) {
    super(inode, path, flags);
    inode.opened++;
  }

  override read(_t: Task, into: Uint8Array, at?: number): number {
    const { inode } = this;
    const n = inode.store.read(into, at ?? this.pos);
    if (at === undefined) this.pos += n;
    if ((this.flags & O_NOATIME) === 0) inode.accessed();
    return n;
  }

  override write(_t: Task, from: Uint8Array, at?: number): number {
    const { inode } = this, { store } = inode;
    const start = (this.flags & O_APPEND) !== 0 ? store.size : at ?? this.pos;
    if ((inode.seals & (SEAL.WRITE | SEAL.FUTURE_WRITE)) !== 0) return -E.PERM;
    if ((inode.seals & SEAL.GROW) !== 0 && start + from.length > store.size) return -E.PERM;
    const n = store.write(from, start);
    if (n === 0 && from.length > 0) return -E.NOSPC;
    if (at === undefined) this.pos = start + n;
    inode.changed(true);
    return n;
  }

  override seek(offset: number, whence: number): number {
    const { store } = this.inode;
    if (whence > 4 || whence < 0) return -E.INVAL;
    if (whence >= 3 && (offset < 0 || offset >= store.size)) return -E.NXIO;
    const to = whence === 0
      ? offset
      : whence === 1
      ? this.pos + offset
      : whence === 2
      ? store.size + offset
      : whence === 3
      ? store.nextData(offset) ?? -E.NXIO
      : store.nextHole(offset);
    if (to < 0) return whence === 3 ? to : -E.INVAL;
    return this.pos = to;
  }

  /** ftruncate(2). */
  truncate(size: number): number {
    return this.inode.resize(size);
  }

  /** fallocate(2). */
  fallocate(mode: number, offset: number, length: number): number {
    const { inode } = this, { store } = inode, end = offset + length;
    const known = mode === 0 || mode === KEEP_SIZE || mode === (PUNCH_HOLE | KEEP_SIZE) ||
      (mode & ~KEEP_SIZE) === ZERO_RANGE;
    if (!known) return -E.OPNOTSUPP;
    if ((mode & PUNCH_HOLE) !== 0) {
      if ((inode.seals & (SEAL.WRITE | SEAL.FUTURE_WRITE)) !== 0) return -E.PERM;
      store.punch(offset, end);
    } else {
      if (end > store.size && (inode.seals & SEAL.GROW) !== 0) return -E.PERM;
      if ((mode & ZERO_RANGE) !== 0) store.punch(offset, end);
      if ((mode & KEEP_SIZE) === 0 && end > store.size) store.size = end;
    }
    inode.changed(true);
    return 0;
  }

  seals(): number {
    return this.inode.seals;
  }
  addSeals(seals: number): number {
    const { inode } = this;
    if (!this.writable) return -E.PERM;
    if ((seals & ~SEAL.ALL) !== 0) return -E.INVAL;
    if ((inode.seals & SEAL.SEAL) !== 0) return -E.PERM;
    if ((seals & SEAL.WRITE) !== 0 && inode.mapped > 0) return -E.BUSY;
    inode.seals |= seals;
    return 0;
  }

  override backing(): Backing {
    const { inode } = this;
    if ((inode.seals & SEAL.WRITE) !== 0) return this.#makeBacking(false);
    return this.#backing ??= this.#makeBacking(true);
  }
  #makeBacking(shareable: boolean): Backing {
    const { inode } = this, { store } = inode;
    return {
      inode,
      path: this.path,
      size: () => store.size,
      fill: (at, into) => void into.fill(0, store.read(into, at)),
      ...(shareable
        ? {
          hasSharedPage: (index: number) => store.has(index),
          sharedPage: (index: number) => store.page(index),
          dirtied: () => inode.touchedByMapping(),
        }
        : {}),
      retain: () => {
        inode.mapped++;
        this.retain();
      },
      release: () => {
        inode.mapped--;
        this.release();
      },
    };
  }

  protected closed(): void {
    this.inode.opened--;
    this.inode.dropIfUnused();
  }
}
