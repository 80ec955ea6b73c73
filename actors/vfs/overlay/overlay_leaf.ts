/** A file of an overlay that is no directory: where it lies now, its copy-up, its names. */
import { E, Errno, fail } from "../../../syscalls/abi/errno.ts";
import { openDevice } from "../../devfs/devfs.ts";
import { openFifo } from "../../pipe.ts";
import type { Task } from "../../task/task.ts";
import { Inode, S_IFBLK, S_IFCHR, S_IFIFO, S_IFLNK, S_IFREG, type SetAttributes, type Stat } from "../inode.ts";
import { O_ACCMODE, O_RDONLY, O_TRUNC, O_WRONLY, type OpenFile } from "../open_file.ts";
import type { OverlayDirectory } from "./overlay_directory.ts";
import { OverlayFile } from "./overlay_file.ts";
import type { OverlayFs } from "./overlay_fs.ts";

const CHUNK = 1 << 20;

/** Owner, mode, times and attributes of a file for its copy. What the host does not let be set stays as it is. */
export const copyAttributes = (t: Task, from: Inode, to: Inode): void => {
  const { mode, uid, gid, atime, mtime } = from.stat(), made = to.stat();
  const attempt = (set: SetAttributes): void => {
    try {
      to.setAttributes(t, set);
    } catch (error) {
      if (!(error instanceof Errno) || error.no !== E.PERM) throw error;
    }
  };
  if (made.uid !== uid || made.gid !== gid) attempt({ uid, gid });
  if (from.type !== S_IFLNK) attempt({ mode: mode & 0o7777 });
  attempt({ atime, mtime });
  const held = from as { attributes?: Map<string, Uint8Array> }, taken = to as { attributes?: Map<string, Uint8Array> };
  for (const [name, value] of held.attributes ?? []) {
    // What a layer says of its own is not part of the file.
    if (!name.startsWith("trusted.overlay.")) taken.attributes?.set(name, value);
  }
};

/** A change of a directory that shall not show in its times. */
export const unnoticed = <T>(t: Task, dir: Inode, change: () => T): T => {
  const { atime, mtime } = dir.stat();
  const result = change();
  dir.setAttributes(t, { atime, mtime });
  return result;
};

export class OverlayLeaf extends Inode {
  readonly dev: number;
  readonly ino: number;
  readonly type: number;
  /** Names below that are covered. */
  #covered = 0;
  /** A name it was last found under. */
  #parent: OverlayDirectory | undefined;
  #name = "";
  /** Keeps the copy of a file without a name. */
  #held: OpenFile | undefined;

  constructor(readonly fs: OverlayFs, public upper: Inode | undefined, readonly lower: Inode | undefined) {
    super();
    const { dev, ino, type } = this.real;
    this.dev = fs.dev;
    this.ino = fs.number(dev, ino);
    this.type = type;
  }
  /** Where its content is now. */
  get real(): Inode {
    return this.upper ?? this.lower!;
  }
  get attributes(): Map<string, Uint8Array> | undefined {
    return (this.real as { attributes?: Map<string, Uint8Array> }).attributes ?? this.fs.noAttributes;
  }
  attributesForChange(t: Task): Map<string, Uint8Array> | undefined {
    return (this.raise(t) as { attributes?: Map<string, Uint8Array> }).attributes;
  }

  seen(parent: OverlayDirectory, name: string): void {
    this.#parent = parent;
    this.#name = name;
  }
  #names(): number {
    return (this.upper?.stat().nlink ?? 0) + (this.lower === undefined ? 0 : this.lower.stat().nlink - this.#covered);
  }
  stat(): Stat {
    const nlink = Math.max(0, this.#names());
    return { ...this.real.stat(), dev: this.dev, ino: this.ino, nlink };
  }
  statfs() {
    return this.fs.root.statfs();
  }

  /** A name of it went away, or another file covers it: one below, or one above, whose inode knows by itself. */
  lostName(parent: OverlayDirectory, name: string, below: boolean): void {
    if (below) this.#covered++;
    if (this.#parent === parent && this.#name === name) this.#parent = undefined;
    if (this.#names() <= 0) this.fs.forget(this);
    else if (below) this.fs.keep(this);
  }

  /** The file above, copied there if need be. @param size bytes that will be kept */
  raise(t: Task, size = Infinity): Inode {
    if (this.upper !== undefined) return this.upper;
    const lower = this.lower!, parent = this.#parent;
    const links = lower.stat().nlink;
    if (parent === undefined) this.upper = this.#copyUnnamed(t, lower, size);
    else {
      const dir = parent.raise(t), name = this.#name;
      this.upper = unnoticed(t, dir, () => this.#copyInto(t, lower, dir, name, size));
      this.#covered++;
      if (links > 1) this.fs.keep(this);
    }
    this.fs.raised(this, this.upper);
    return this.upper;
  }
  #copyInto(t: Task, lower: Inode, dir: Inode, name: string, size: number): Inode {
    if (this.type === S_IFLNK) {
      const made = dir.symlink(t, name, lower.readlink(t));
      copyAttributes(t, lower, made);
      return made;
    }
    const { mode, rdev } = lower.stat();
    const made = dir.create(t, name, mode, rdev);
    try {
      if (this.type === S_IFREG) copyData(t, lower, made, size).release();
      copyAttributes(t, lower, made);
    } catch (error) {
      dir.unlink(t, name);
      throw error;
    }
    return made;
  }
  /** Its name is gone, a descriptor is left. */
  #copyUnnamed(t: Task, lower: Inode, size: number): Inode {
    const dir = this.fs.root.raise(t);
    if (this.type !== S_IFREG || dir.createUnnamed === undefined) return fail(E.NOENT);
    const made = dir.createUnnamed(t, lower.stat().mode);
    this.#held = copyData(t, lower, made, size);
    copyAttributes(t, lower, made);
    return made;
  }

  /** Makes sure that this name is one of the upper layer's. */
  raiseName(t: Task, parent: OverlayDirectory, name: string): Inode {
    if (this.upper === undefined) {
      this.seen(parent, name);
      return this.raise(t);
    }
    const dir = parent.raise(t);
    if (this.fs.style.find(t, dir, name) !== undefined) return this.upper;
    const { upper } = this;
    unnoticed(t, dir, () => dir.link(t, name, upper));
    this.#covered++;
    return upper;
  }

  override setAttributes(t: Task, set: SetAttributes): void {
    this.raise(t, set.size).setAttributes(t, set);
  }
  override readlink(t: Task): string {
    return this.real.readlink(t);
  }
  override jump(t: Task): ReturnType<NonNullable<Inode["jump"]>> {
    return this.real.jump?.(t);
  }

  open(t: Task, flags: number, path: string): OpenFile {
    switch (this.type) {
      case S_IFIFO:
        return openFifo(t.machine, this, flags, path);
      case S_IFCHR:
        return openDevice(t, this, this.stat().rdev, flags, path);
      case S_IFLNK:
        return fail(E.LOOP);
      case S_IFBLK:
        return fail(E.NXIO);
    }
    if (this.type !== S_IFREG) fail(E.NXIO);
    const writes = (flags & O_ACCMODE) !== O_RDONLY || (flags & O_TRUNC) !== 0;
    if (writes) this.raise(t, (flags & O_TRUNC) !== 0 ? 0 : Infinity);
    return new OverlayFile(this, path, flags, this.real.open(t, flags, path));
  }
}

/** The description through which the content was written. */
const copyData = (t: Task, from: Inode, to: Inode, size: number): OpenFile => {
  const target = to.open(t, O_WRONLY, "");
  if (size === 0) return target;
  const source = from.open(t, O_RDONLY, "");
  try {
    const buffer = new Uint8Array(Math.max(1, Math.min(CHUNK, size, from.stat().size)));
    for (let at = 0; at < size;) {
      const n = source.read(t, buffer, at);
      if (n < 0) fail(-n);
      if (n === 0) break;
      const written = target.write(t, buffer.subarray(0, Math.min(n, size - at)), at);
      if (written < 0) fail(-written);
      if (written < Math.min(n, size - at)) fail(E.NOSPC);
      at += n;
    }
    return target;
  } catch (error) {
    target.release();
    throw error;
  } finally {
    source.release();
  }
};
