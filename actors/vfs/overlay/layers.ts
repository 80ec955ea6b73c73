/**
 * How the layers of an overlay say that a name is gone (a whiteout) and that a directory hides those below it (opaque). File systems in memory do it as Linux does: a
 * character device 0:0, and an attribute. The host's files cannot hold these: there it is files `.wh.NAME` and `.wh..wh..opq`, as in the layers of OCI images.
 */
import { E, Errno, fail } from "../../../syscalls/abi/errno.ts";
import type { Task } from "../../task/task.ts";
import { type DirEntry, type Inode, S_IFCHR, S_IFREG } from "../inode.ts";

/** The child of a directory, or undefined. */
export const childOf = (t: Task, dir: Inode, name: string): Inode | undefined => {
  try {
    return dir.lookup(t, name);
  } catch (error) {
    if (error instanceof Errno && error.no === E.NOENT) return undefined;
    throw error;
  }
};

/** A directory's entries with the names it takes away from the layers below. */
export interface LayerEntries {
  readonly shown: readonly DirEntry[];
  readonly gone: readonly string[];
}

export interface LayerStyle {
  /** A child, "gone" for a whiteout, undefined when the layer says nothing of the name. */
  find(t: Task, dir: Inode, name: string): Inode | "gone" | undefined;
  list(t: Task, dir: Inode): LayerEntries;
  /** Nothing of the layers below is seen in it. */
  isOpaque(t: Task, dir: Inode): boolean;
  makeOpaque(t: Task, dir: Inode): void;
  /** Makes a whiteout of a free name, and takes it away. */
  whiteOut(t: Task, dir: Inode, name: string): void;
  uncover(t: Task, dir: Inode, name: string): void;
  /** EPERM for names that have a meaning. */
  check(name: string): void;
}

const OPAQUE = "trusted.overlay.opaque";
type WithAttributes = Inode & { attributes?: Map<string, Uint8Array> };

export const isWhiteout = (inode: Inode): boolean => inode.type === S_IFCHR && inode.stat().rdev === 0;

/** Layers that can hold devices and attributes. */
export const DEVICES: LayerStyle = {
  find(t, dir, name) {
    const inode = childOf(t, dir, name);
    return inode !== undefined && isWhiteout(inode) ? "gone" : inode;
  },
  list(t, dir) {
    const gone: string[] = [];
    const shown = dir.entries(t).filter(({ name, type }) => {
      const hides = type === S_IFCHR && isWhiteout(dir.lookup(t, name));
      if (hides) gone.push(name);
      return !hides;
    });
    return { shown, gone };
  },
  isOpaque: (_t, dir) => (dir as WithAttributes).attributes?.get(OPAQUE)?.[0] === 0x79,
  makeOpaque: (_t, dir) => void (dir as WithAttributes).attributes?.set(OPAQUE, new Uint8Array([0x79])),
  whiteOut: (t, dir, name) => void dir.create(t, name, S_IFCHR, 0),
  uncover: (t, dir, name) => dir.unlink(t, name),
  check() {},
};

const WHITEOUT = ".wh.", OPAQUE_FILE = ".wh..wh..opq";

/** Layers of the host's files. */
export const NAMES: LayerStyle = {
  find(t, dir, name) {
    if (name.startsWith(WHITEOUT)) return undefined;
    return childOf(t, dir, name) ?? (childOf(t, dir, WHITEOUT + name) === undefined ? undefined : "gone");
  },
  list(t, dir) {
    const all = dir.entries(t);
    return {
      shown: all.filter(({ name }) => !name.startsWith(WHITEOUT)),
      gone: all.filter(({ name }) => name.startsWith(WHITEOUT)).map(({ name }) => name.slice(WHITEOUT.length)),
    };
  },
  isOpaque: (t, dir) => childOf(t, dir, OPAQUE_FILE) !== undefined,
  makeOpaque: (t, dir) => void dir.create(t, OPAQUE_FILE, S_IFREG | 0o600),
  whiteOut: (t, dir, name) => void dir.create(t, WHITEOUT + name, S_IFREG | 0o600),
  uncover: (t, dir, name) => dir.unlink(t, WHITEOUT + name),
  check: (name) => name.startsWith(WHITEOUT) ? fail(E.PERM) : undefined,
};

/** A directory of one layer. */
export interface LayerDirectory {
  readonly inode: Inode;
  readonly style: LayerStyle;
}
