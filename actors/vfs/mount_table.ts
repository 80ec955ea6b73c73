/**
 * What is mounted where, as one mount namespace sees it. A mount point is an absolute path of the namespace; several mounts on one path lie on top of each other, the last
 * one hides those below and what stands on them. Propagation between namespaces does not exist: every mount is private.
 */
import { MOUNT } from "../../syscalls/abi/mount.ts";
import type { DirEntry, Inode } from "./inode.ts";

/** Flags of mount(2) that stay with a mount and are shown. */
const SHOWN: readonly (readonly [flag: number, text: string])[] = [
  [MOUNT.NOSUID, "nosuid"],
  [MOUNT.NODEV, "nodev"],
  [MOUNT.NOEXEC, "noexec"],
  [MOUNT.NOATIME, "noatime"],
  [MOUNT.NODIRATIME, "nodiratime"],
  [MOUNT.RELATIME, "relatime"],
  [MOUNT.NOSYMFOLLOW, "nosymfollow"],
];
/** All flags that stay. */
export const KEPT = SHOWN.reduce((mask, [flag]) => mask | flag, MOUNT.RDONLY as number);

/** The flags of a mount table's words, and what is none: "rw,nosuid,size=64k". */
export const flagsOf = (options: string): { flags: number; rest: string } => {
  let flags = 0;
  const rest = options.split(",").filter((word) => {
    const known = word === "ro" ? MOUNT.RDONLY : word === "rw" ? 0 : SHOWN.find(([, text]) => text === word)?.[0];
    flags |= known ?? 0;
    return known === undefined && word !== "";
  });
  return { flags, rest: rest.join(",") };
};

export interface Mount {
  /** As /proc/PID/mountinfo numbers it; unique in the machine. */
  readonly id: number;
  path: string;
  readonly root: Inode;
  /** Place of `root` in its file system: other than "/" for bind mounts. */
  readonly rootPath: string;
  readonly source: string;
  readonly type: string;
  flags: number;
  /** Options of the file system itself: "size=64k". */
  readonly options: string;
  /** The mount that its place belongs to; undefined: it is the root. */
  parent: Mount | undefined;
}
/** What a new mount needs to be told. */
export type NewMount = Pick<Mount, "path" | "root" | "source" | "type" | "flags"> & Partial<Mount>;

/** "rw,nosuid,relatime" */
export const mountOptions = ({ flags }: Mount): string =>
  [
    (flags & MOUNT.RDONLY) !== 0 ? "ro" : "rw",
    ...SHOWN.filter(([flag]) => (flags & flag) !== 0).map(([, text]) => text),
  ]
    .join(",");

/** Whether a path is a place or lies below it. */
export const within = (path: string, place: string): boolean =>
  path === place || place === "/" || path.startsWith(place + "/");
/** A path after the place it lies in has moved. */
export const moved = (path: string, from: string, to: string): string => {
  const rest = from === "/" ? (path === "/" ? "" : path) : path.slice(from.length);
  return to === "/" ? rest || "/" : to + rest;
};

/** Place of a root over which another was put: no name leads there, only what stands there already. */
export const BEHIND_ROOT = "//";

const directoryOf = (path: string): string => path.slice(0, path.lastIndexOf("/")) || "/";

export class MountTable {
  /** All mounts by their path, the older first: those of hidden mounts too. */
  readonly #byPath = new Map<string, Mount[]>();
  /** @param ids numbers of the last mount and of the last file system's device; shared with the tables copied from this one */
  constructor(readonly ids = { last: 20, device: 64 }) {}

  /** The mount seen at a path. */
  at(path: string): Mount | undefined {
    const here = this.#byPath.get(path);
    if (here === undefined) return undefined;
    // What is mounted on a directory of a hidden mount is hidden with it; of several on one place, each lies on the one before.
    let seen: Mount | undefined;
    for (let on = path === "/" ? undefined : this.of(directoryOf(path));; on = seen) {
      const next = here.find((m) => m.parent === on);
      if (next === undefined) return seen;
      seen = next;
    }
  }
  /** All, seen or hidden, in order of age. */
  all(): Mount[] {
    return [...this.#byPath.values()].flat().sort((a, b) => a.id - b.id);
  }
  add(mount: NewMount): Mount {
    const parent = this.at(mount.path) ?? (mount.path === "/" ? undefined : this.of(directoryOf(mount.path)));
    const made: Mount = { id: ++this.ids.last, rootPath: "/", options: "", ...mount, parent };
    this.#enter(made);
    return made;
  }
  #enter(mount: Mount): void {
    const here = this.#byPath.get(mount.path);
    if (here === undefined) this.#byPath.set(mount.path, [mount]);
    else here.push(mount);
  }
  remove(mount: Mount): void {
    const here = this.#byPath.get(mount.path)!;
    if (here.length === 1) this.#byPath.delete(mount.path);
    else here.splice(here.indexOf(mount), 1);
  }
  /** The mount that a place belongs to. */
  of(path: string): Mount {
    for (let at = path;; at = directoryOf(at)) {
      const found = this.at(at);
      if (found !== undefined) return found;
      if (at === "/") throw new Error("no root is mounted");
    }
  }
  /** The mounts that stand on a mount or on what stands on it. */
  standingOn(mount: Mount): Mount[] {
    const found = new Set<Mount | undefined>([mount]);
    return this.all().filter((m) => found.has(m.parent) && found.add(m));
  }
  /** Mounts that can be seen below a place. */
  below(path: string): Mount[] {
    return this.all().filter((m) => m.path !== path && within(m.path, path) && this.at(m.path) === m);
  }
  /** Every mount point gets the path that `to` gives it. */
  relocate(to: (mount: Mount) => string): void {
    const all = this.all(), paths = all.map(to);
    this.#byPath.clear();
    all.forEach((mount, i) => {
      mount.path = paths[i];
      this.#enter(mount);
    });
  }
  /** The same mounts for another namespace. */
  copy(): MountTable {
    const table = new MountTable(this.ids);
    const copies = new Map<Mount | undefined, Mount>();
    for (const mount of this.all()) {
      const copied = { ...mount, id: ++this.ids.last, parent: copies.get(mount.parent) };
      copies.set(mount, copied);
      table.#enter(copied);
    }
    return table;
  }
  /** Entries of what is mounted in a directory. */
  entriesIn(dir: string): DirEntry[] {
    const out: DirEntry[] = [];
    for (const path of this.#byPath.keys()) {
      const mount = path !== "/" && path !== BEHIND_ROOT && directoryOf(path) === dir ? this.at(path) : undefined;
      if (mount === undefined) continue;
      out.push({ name: path.slice(path.lastIndexOf("/") + 1), ino: mount.root.ino, type: mount.root.type });
    }
    return out;
  }
}
