/**
 * An overlay (overlayfs of Linux): directories that may be read, one over the other, and at most one on top that takes every change. A file below is copied up when it is
 * first changed; a name that is removed is covered by a whiteout. Inodes here stand for what is seen: one object for a file before and after it is copied up.
 */
import { E, fail } from "../../../syscalls/abi/errno.ts";
import type { Task } from "../../task/task.ts";
import { type Inode, S_IFDIR } from "../inode.ts";
import { type LayerDirectory, type LayerStyle } from "./layers.ts";
import { OverlayDirectory } from "./overlay_directory.ts";
import { OverlayLeaf } from "./overlay_leaf.ts";

/** Inode numbers of the first layer's file system stay, those of others get its number in bits that no file system uses. */
const SPAN = 2 ** 44;

export class OverlayFs {
  readonly root: OverlayDirectory;
  readonly #inodes = new WeakMap<Inode, OverlayDirectory | OverlayLeaf>();
  readonly #devices: number[] = [];
  /** Numbers of copied-up files whose upper inode may be forgotten meanwhile, by device and number above. */
  readonly #numbers = new Map<string, number>();
  /** What must not be forgotten: other names of a file below still lead to it. */
  readonly #kept = new Set<OverlayLeaf>();

  /**
   * @param dev st_dev of its files
   * @param upper takes the changes; undefined: read-only
   * @param lowers the topmost first
   */
  constructor(readonly dev: number, readonly upper: LayerDirectory | undefined, lowers: readonly LayerDirectory[]) {
    this.#devices.push(lowers[0].inode.dev);
    this.root = new OverlayDirectory(this, upper?.inode, lowers, undefined, "");
  }

  /** What files below that cannot have attributes show while they could above: none. */
  get noAttributes(): Map<string, Uint8Array> | undefined {
    return (this.upper?.inode as { attributes?: unknown } | undefined)?.attributes === undefined
      ? undefined
      : new Map();
  }
  get style(): LayerStyle {
    return this.upper?.style ?? fail(E.ROFS);
  }

  /** What the layers' directories make together of a name; undefined: nothing. */
  find(t: Task, dir: OverlayDirectory, name: string): OverlayDirectory | OverlayLeaf | undefined {
    let upper: Inode | undefined;
    if (dir.upper !== undefined) {
      const found = this.style.find(t, dir.upper, name);
      if (found === "gone") return undefined;
      upper = found;
      if (upper !== undefined && (upper.type !== S_IFDIR || this.style.isOpaque(t, upper))) {
        return this.#of(upper, [], dir, name);
      }
    }
    const lowers: LayerDirectory[] = [];
    for (const { inode, style } of dir.lowers) {
      const found = style.find(t, inode, name);
      if (found === "gone") break;
      if (found === undefined) continue;
      // A file ends the search; below a directory it does not count.
      if (found.type !== S_IFDIR) {
        if (upper === undefined && lowers.length === 0) lowers.push({ inode: found, style });
        break;
      }
      lowers.push({ inode: found, style });
      if (found.passable || style.isOpaque(t, found)) break;
    }
    return upper === undefined && lowers.length === 0 ? undefined : this.#of(upper, lowers, dir, name);
  }

  /** Whether a name is to be seen below the upper layer: taking it away above needs a whiteout. */
  below(t: Task, dir: OverlayDirectory, name: string): boolean {
    for (const { inode, style } of dir.lowers) {
      const found = style.find(t, inode, name);
      if (found !== undefined) return found !== "gone";
    }
    return false;
  }

  #of(
    upper: Inode | undefined,
    lowers: readonly LayerDirectory[],
    parent: OverlayDirectory,
    name: string,
  ): OverlayDirectory | OverlayLeaf {
    const real = upper ?? lowers[0].inode;
    let inode = this.#inodes.get(real);
    if (inode === undefined || inode.type !== real.type) {
      inode = real.type === S_IFDIR
        ? new OverlayDirectory(this, upper, lowers, parent, name)
        : new OverlayLeaf(this, upper, upper === undefined ? real : undefined);
      this.#inodes.set(real, inode);
    }
    if (inode instanceof OverlayLeaf) inode.seen(parent, name);
    else {
      inode.lowers = lowers;
      inode.placed(parent, name);
    }
    return inode;
  }

  /** The inode of what was just made above. */
  made(upper: Inode, parent: OverlayDirectory, name: string): OverlayDirectory | OverlayLeaf {
    return this.#of(upper, [], parent, name);
  }

  /** A file was copied up. */
  raised(inode: OverlayDirectory | OverlayLeaf, upper: Inode): void {
    this.#inodes.set(upper, inode);
    this.#numbers.set(`${upper.dev}:${upper.ino}`, inode.ino);
  }
  keep(inode: OverlayLeaf): void {
    this.#kept.add(inode);
  }
  /** The last name is gone. */
  forget(inode: OverlayLeaf | OverlayDirectory): void {
    if (inode.upper !== undefined) this.#numbers.delete(`${inode.upper.dev}:${inode.upper.ino}`);
    if (inode instanceof OverlayLeaf) this.#kept.delete(inode);
  }

  /** The number a real file is seen under. */
  number(dev: number, ino: number): number {
    const known = this.#numbers.get(`${dev}:${ino}`);
    if (known !== undefined) return known;
    let index = this.#devices.indexOf(dev);
    if (index < 0) index = this.#devices.push(dev) - 1;
    return ino < SPAN ? ino + index * SPAN : ino;
  }
}
