/**
 * What is mounted where, as one mount namespace sees it. A mount point is an absolute path of the namespace; several mounts on one path lie on top of each other, the last
 * one hides those below. Propagation between namespaces does not exist: every mount is private.
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
  /** The mount that it hides. */
  under: Mount | undefined;
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

export class MountTable {
  readonly #tops = new Map<string, Mount>();
  /** @param ids numbers of the last mount and of the last file system's device; shared with the tables copied from this one */
  constructor(readonly ids = { last: 20, device: 64 }) {}

  /** The mount seen at a path. */
  at(path: string): Mount | undefined {
    return this.#tops.get(path);
  }
  /** All that can be seen or will be when others go, those below first. */
  all(): Mount[] {
    const found: Mount[] = [];
    for (let m of this.#tops.values()) {
      const stack: Mount[] = [];
      for (let at: Mount | undefined = m; at !== undefined; at = at.under) stack.unshift(m = at);
      found.push(...stack);
    }
    return found.sort((a, b) => a.id - b.id);
  }
  add(mount: NewMount): Mount {
    const made: Mount = {
      id: ++this.ids.last,
      rootPath: "/",
      options: "",
      ...mount,
      under: this.#tops.get(mount.path),
    };
    this.#tops.set(made.path, made);
    return made;
  }
  remove(mount: Mount): void {
    if (mount.under === undefined) this.#tops.delete(mount.path);
    else this.#tops.set(mount.path, mount.under);
  }
  /** The mount that a place belongs to. */
  of(path: string): Mount {
    for (let at = path;; at = at.slice(0, at.lastIndexOf("/")) || "/") {
      const found = this.#tops.get(at);
      if (found !== undefined) return found;
      if (at === "/") throw new Error("no root is mounted");
    }
  }
  /** Mounts below a place, not on it. */
  below(path: string): Mount[] {
    return this.all().filter((m) => m.path !== path && within(m.path, path));
  }
  /** Every mount point gets the path that `to` gives it. */
  relocate(to: (path: string) => string): void {
    const stacks = [...this.#tops.values()];
    this.#tops.clear();
    for (const top of stacks) {
      for (let m: Mount | undefined = top; m !== undefined; m = m.under) m.path = to(m.path);
      this.#tops.set(top.path, top);
    }
  }
  /** The same mounts for another namespace. */
  copy(): MountTable {
    const table = new MountTable(this.ids);
    for (const mount of this.all()) {
      const { id: _id, ...rest } = mount;
      table.add(rest);
    }
    return table;
  }
  /** Entries of what is mounted in a directory. */
  entriesIn(dir: string): DirEntry[] {
    const prefix = dir === "/" ? "/" : dir + "/", out: DirEntry[] = [];
    for (const { path, root } of this.#tops.values()) {
      const name = path.slice(prefix.length);
      if (name !== "" && path.startsWith(prefix) && !name.includes("/")) {
        out.push({ name, ino: root.ino, type: root.type });
      }
    }
    return out;
  }
}
