/**
 * An open regular file of an overlay: reads and writes go to the layer that holds the file. One opened for reading before the file was copied up reads the copy from then
 * on, as on Linux; mappings made before stay with the file below.
 */
import type { Backing } from "../../../cpu/types.ts";
import { E } from "../../../syscalls/abi/errno.ts";
import type { Task } from "../../task/task.ts";
import type { Inode } from "../inode.ts";
import { O_CREAT, O_EXCL, O_TRUNC, OpenFile } from "../open_file.ts";
import type { OverlayLeaf } from "./overlay_leaf.ts";

type Real = OpenFile & {
  truncate?(size: number): number | void;
  fallocate?(mode: number, offset: number, length: number): number;
  sync?(dataOnly: boolean): void;
};

export class OverlayFile extends OpenFile {
  #real: Real;
  #of: Inode;
  #backing: Backing | undefined;
  #backingOf: Inode | undefined;

  constructor(override readonly inode: OverlayLeaf, path: string, flags: number, real: OpenFile) {
    super(inode, path, flags);
    this.#real = real;
    this.#of = inode.real;
  }

  /** The description of the layer where the file is now. */
  #current(t: Task): Real {
    const now = this.inode.real;
    if (this.#of !== now) {
      const next = now.open(t, this.flags & ~(O_TRUNC | O_CREAT | O_EXCL), this.path);
      this.#real.release();
      this.#real = next;
      this.#of = now;
    }
    this.#real.flags = this.flags;
    return this.#real;
  }

  override read(t: Task, into: Uint8Array, at?: number): number {
    const n = this.#current(t).read(t, into, at ?? this.pos);
    if (at === undefined && n > 0) this.pos += n;
    return n;
  }
  override write(t: Task, from: Uint8Array, at?: number): number {
    const real = this.#current(t);
    if (at !== undefined) return real.write(t, from, at);
    real.pos = this.pos;
    const n = real.write(t, from);
    this.pos = real.pos;
    return n;
  }
  override seek(offset: number, whence: number): number {
    this.#real.pos = this.pos;
    const to = this.#real.seek(offset, whence);
    if (to >= 0) this.pos = to;
    return to;
  }

  /** ftruncate(2); the file is open for writing, so it is above. */
  truncate(size: number): number {
    return this.#real.truncate?.(size) ?? 0;
  }
  /** fallocate(2). */
  fallocate(mode: number, offset: number, length: number): number {
    if (this.#real.fallocate !== undefined) return this.#real.fallocate(mode, offset, length);
    if ((mode & ~1) !== 0) return -E.OPNOTSUPP;
    return (mode & 1) === 0 && this.inode.stat().size < offset + length ? this.truncate(offset + length) : 0;
  }
  /** fsync(2), fdatasync(2). */
  sync(dataOnly: boolean): void {
    this.#real.sync?.(dataOnly);
  }

  /** What is mapped is known by the inode that is seen. */
  override backing(): Backing | undefined {
    const real = this.#real.backing();
    if (real === undefined) return undefined;
    if (this.#backing === undefined || this.#backingOf !== this.#of) {
      this.#backing = { ...real, inode: this.inode, path: this.path };
      this.#backingOf = this.#of;
    }
    return this.#backing;
  }
  protected closed(): void {
    this.#real.release();
  }
}
