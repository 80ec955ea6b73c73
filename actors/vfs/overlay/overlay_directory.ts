/** A directory of an overlay: the upper layer's and those below it merged. Every change first makes sure that the directory is there above. */
import { E, fail } from "../../../syscalls/abi/errno.ts";
import type { Task } from "../../task/task.ts";
import { DirectoryFile } from "../directory_file.ts";
import { type DirEntry, Inode, S_IFCHR, S_IFDIR, S_IFMT, type SetAttributes, type Stat } from "../inode.ts";
import { O_ACCMODE, O_RDONLY, type OpenFile } from "../open_file.ts";
import type { HostFsFacts } from "../../world/host_fs.ts";
import type { LayerDirectory } from "./layers.ts";
import type { OverlayFs } from "./overlay_fs.ts";
import { copyAttributes, OverlayLeaf, unnoticed } from "./overlay_leaf.ts";

const OVERLAYFS_MAGIC = 0x794c7630;

export class OverlayDirectory extends Inode {
  readonly dev: number;
  readonly ino: number;
  readonly type = S_IFDIR;
  override readonly passable: boolean;
  #gone = false;

  constructor(
    readonly fs: OverlayFs,
    public upper: Inode | undefined,
    public lowers: readonly LayerDirectory[],
    private parent: OverlayDirectory | undefined,
    private name: string,
  ) {
    super();
    this.dev = fs.dev;
    // Merged or not, above or below: the number is that of the first directory below.
    const { dev, ino } = lowers[0]?.inode ?? upper!;
    this.ino = fs.number(dev, ino);
    this.passable = upper === undefined && lowers[0].inode.passable === true;
  }
  get real(): Inode {
    return this.upper ?? this.lowers[0].inode;
  }
  override get unlinked(): boolean {
    return this.#gone;
  }
  get attributes(): Map<string, Uint8Array> | undefined {
    return (this.real as { attributes?: Map<string, Uint8Array> }).attributes ?? this.fs.noAttributes;
  }
  attributesForChange(t: Task): Map<string, Uint8Array> | undefined {
    return (this.raise(t) as { attributes?: Map<string, Uint8Array> }).attributes;
  }
  placed(parent: OverlayDirectory, name: string): void {
    this.parent = parent;
    this.name = name;
  }
  stat(): Stat {
    const stat = this.real.stat();
    const merged = this.lowers.length > (this.upper === undefined ? 1 : 0);
    const nlink = this.#gone ? 0 : merged ? 1 : stat.nlink;
    return { ...stat, dev: this.dev, ino: this.ino, nlink };
  }
  statfs(): HostFsFacts | undefined {
    const real = this.fs.upper?.inode ?? this.real;
    const facts = (real as Inode & { statfs?(): HostFsFacts | undefined }).statfs?.();
    return facts && { ...facts, type: OVERLAYFS_MAGIC };
  }

  /** The directory above, made there if need be. */
  raise(t: Task): Inode {
    if (this.upper !== undefined) return this.upper;
    const { parent, name } = this;
    if (parent === undefined) return fail(E.ROFS);
    if (this.#gone) return fail(E.NOENT);
    const dir = parent.raise(t), from = this.real;
    const made = unnoticed(t, dir, () => dir.create(t, name, S_IFDIR | (from.stat().mode & 0o7777)));
    copyAttributes(t, from, made);
    this.upper = made;
    this.fs.raised(this, made);
    return made;
  }
  /** For making something in it. */
  #open(t: Task): Inode {
    return this.#gone ? fail(E.NOENT) : this.raise(t);
  }

  override lookup(t: Task, name: string): OverlayDirectory | OverlayLeaf {
    if (this.#gone) return fail(E.NOENT);
    return this.fs.find(t, this, name) ?? fail(E.NOENT);
  }

  override entries(t: Task): DirEntry[] {
    if (this.#gone) return [];
    const { fs, upper } = this, hidden = new Set<string>(), out: DirEntry[] = [];
    const layers = upper === undefined ? this.lowers : [{ inode: upper, style: fs.style }, ...this.lowers];
    for (const { inode, style } of layers) {
      const { shown, gone } = style.list(t, inode);
      for (const { name, ino, type } of shown) {
        if (hidden.has(name)) continue;
        hidden.add(name);
        // A directory above may be one of below, too, whose number counts; a file known to be copied up keeps its own.
        const number = inode === upper ? fs.find(t, this, name)?.ino : undefined;
        out.push({ name, ino: number ?? fs.number(inode.dev, ino), type });
      }
      for (const name of gone) hidden.add(name);
    }
    return out;
  }

  /** Makes a child above where nothing is seen: takes the whiteout away, and puts it back when the making fails. */
  #make(t: Task, name: string, make: (dir: Inode) => Inode): Inode {
    const { fs } = this;
    fs.style.check(name);
    const dir = this.#open(t);
    if (fs.find(t, this, name) !== undefined) fail(E.EXIST);
    const covered = fs.style.find(t, dir, name) === "gone";
    if (covered) fs.style.uncover(t, dir, name);
    try {
      const made = make(dir);
      if (covered && made.type === S_IFDIR) fs.style.makeOpaque(t, made);
      return made;
    } catch (error) {
      if (covered) fs.style.whiteOut(t, dir, name);
      throw error;
    }
  }
  override create(t: Task, name: string, mode: number, rdev = 0): Inode {
    // It would be a whiteout.
    if ((mode & S_IFMT) === S_IFCHR && rdev === 0) fail(E.PERM);
    return this.fs.made(this.#make(t, name, (dir) => dir.create(t, name, mode, rdev)), this, name);
  }
  override symlink(t: Task, name: string, target: string): Inode {
    return this.fs.made(this.#make(t, name, (dir) => dir.symlink(t, name, target)), this, name);
  }
  override createUnnamed(t: Task, mode: number): Inode {
    const made = this.#open(t).createUnnamed?.(t, mode) ?? fail(E.OPNOTSUPP);
    return this.fs.made(made, this, "");
  }
  override link(t: Task, name: string, target: Inode): void {
    if (!(target instanceof OverlayLeaf) || target.fs !== this.fs) return fail(E.XDEV);
    if (target.stat().nlink === 0 && !(target.real as { linkable?: boolean }).linkable) fail(E.NOENT);
    const upper = target.raise(t);
    this.#make(t, name, (dir) => {
      dir.link(t, name, upper);
      return upper;
    });
  }

  override unlink(t: Task, name: string): void {
    const inode = this.lookup(t, name);
    if (!(inode instanceof OverlayLeaf)) return fail(E.ISDIR);
    this.#take(t, name, inode);
  }
  override rmdir(t: Task, name: string): void {
    const inode = this.lookup(t, name);
    if (!(inode instanceof OverlayDirectory)) return fail(E.NOTDIR);
    this.#take(t, name, inode);
  }
  /** Takes a name away, directories only if nothing is seen in them. */
  #take(t: Task, name: string, inode: OverlayLeaf | OverlayDirectory): void {
    const { fs } = this, dir = this.raise(t);
    const above = fs.style.find(t, dir, name), below = fs.below(t, this, name);
    if (inode instanceof OverlayDirectory) {
      if (inode.entries(t).length > 0) fail(E.NOTEMPTY);
      if (above !== undefined) {
        inode.#clear(t);
        dir.rmdir(t, name);
      }
      inode.#gone = true;
      fs.forget(inode);
    } else if (above !== undefined) dir.unlink(t, name);
    if (below) fs.style.whiteOut(t, dir, name);
    // What covered a file below covered it when it came.
    if (inode instanceof OverlayLeaf) inode.lostName(this, name, above === undefined);
  }
  /** The upper directory, in which nothing is seen, loses its whiteouts. */
  #clear(t: Task): void {
    const { upper } = this;
    for (const { name, type } of upper?.entries(t) ?? []) {
      if (type === S_IFDIR) upper!.rmdir(t, name);
      else upper!.unlink(t, name);
    }
  }
  /** Lies in the upper layer only: such a directory can be moved as it is. */
  get #pure(): boolean {
    return this.upper !== undefined && this.lowers.length === 0;
  }

  override rename(t: Task, name: string, to: Inode, toName: string, flags: number): void {
    if (!(to instanceof OverlayDirectory) || to.fs !== this.fs) return fail(E.XDEV);
    this.fs.style.check(toName);
    const moved = this.lookup(t, name), there = this.fs.find(t, to, toName);
    if ((flags & 1) !== 0 && there !== undefined) fail(E.EXIST);
    // Whoever moves such a directory copies it instead (overlayfs without redirect_dir).
    if (moved instanceof OverlayDirectory && !moved.#pure) fail(E.XDEV);
    const from = this.#open(t), target = to.#open(t);
    if (moved instanceof OverlayLeaf) moved.raiseName(t, this, name);
    if ((flags & 2) !== 0) return this.#exchange(t, name, to, toName, there ?? fail(E.NOENT), moved);
    if (there === moved) return;
    if (there instanceof OverlayDirectory) {
      if (moved instanceof OverlayLeaf) fail(E.ISDIR);
      to.rmdir(t, toName);
    } else if (there !== undefined) {
      if (moved instanceof OverlayDirectory) fail(E.NOTDIR);
      to.unlink(t, toName);
    }
    const { style } = this.fs;
    const covered = style.find(t, target, toName) === "gone";
    if (covered) style.uncover(t, target, toName);
    from.rename(t, name, target, toName, 0);
    if (moved instanceof OverlayDirectory) {
      if (covered && !style.isOpaque(t, moved.upper!)) style.makeOpaque(t, moved.upper!);
      moved.placed(to, toName);
    } else moved.seen(to, toName);
    if (this.fs.below(t, this, name)) style.whiteOut(t, from, name);
  }
  #exchange(
    t: Task,
    name: string,
    to: OverlayDirectory,
    toName: string,
    there: OverlayDirectory | OverlayLeaf,
    moved: OverlayDirectory | OverlayLeaf,
  ): void {
    if (there instanceof OverlayDirectory && !there.#pure) fail(E.XDEV);
    if (there instanceof OverlayLeaf) there.raiseName(t, to, toName);
    this.upper!.rename(t, name, to.upper!, toName, 2);
    const { style } = this.fs;
    for (const [inode, dir, at] of [[moved, to, toName], [there, this, name]] as const) {
      if (inode instanceof OverlayLeaf) inode.seen(dir, at);
      else {
        inode.placed(dir, at);
        if (this.fs.below(t, dir, at) && !style.isOpaque(t, inode.upper!)) style.makeOpaque(t, inode.upper!);
      }
    }
  }

  override setAttributes(t: Task, set: SetAttributes): void {
    this.raise(t).setAttributes(t, set);
  }
  open(t: Task, flags: number, path: string): OpenFile {
    if (this.passable) return this.real.open(t, flags, path);
    return (flags & O_ACCMODE) === O_RDONLY ? new DirectoryFile(this, path, flags) : fail(E.ISDIR);
  }
}
