/**
 * Generated file systems as data: a tree of entries (text made by a function, links, directories) over a subject S (the machine, a task, a descriptor), and the
 * inodes that serve it. procfs and sysfs are such trees. Text is made when a read begins at offset 0 and served by offset, as Linux's seq files are.
 */
import { E, fail } from "../../syscalls/abi/errno.ts";
import { bytesOf, textOf } from "../../syscalls/abi/text.ts";
import type { Machine } from "../machine.ts";
import type { Task } from "../task/task.ts";
import type { ThreadGroup } from "../task/thread_group.ts";
import { DirectoryFile } from "../vfs/directory_file.ts";
import { type DirEntry, Inode, S_IFDIR, S_IFLNK, S_IFREG, type SetAttributes, type Stat } from "../vfs/inode.ts";
import { OpenFile } from "../vfs/open_file.ts";
import type { Location } from "../fs_context.ts";

/** Where a magic link leads. */
export interface Target {
  readonly inode: Inode;
  readonly path: string;
  readonly location?: Location;
}

export interface TextEntry<S> {
  readonly is: "text";
  readonly mode: number;
  /** The whole content, for reader `t`. */
  readonly text: (s: S, t: Task) => string | Uint8Array;
  /** What was written by one write(2); absent: EINVAL. Fails by throwing. */
  readonly write?: (s: S, t: Task, text: string) => void;
  /** Asked at open; throws (EACCES) when the opener may not look. */
  readonly mayOpen?: (s: S, t: Task) => void;
}
/** A file with a description class of its own. */
export interface FileEntry<S> {
  readonly is: "file";
  readonly mode: number;
  readonly open: (s: S, t: Task, inode: Inode, path: string, flags: number) => OpenFile;
}
export interface LinkEntry<S> {
  readonly is: "link";
  readonly mode?: (s: S) => number;
  readonly target: (s: S, t: Task) => string;
  /** Leads to an object instead of a path; undefined: ENOENT. */
  readonly jump?: (s: S, t: Task) => Target | undefined;
}
/** A directory whose names are known only at look-up. */
export interface DynamicEntry<S> {
  readonly is: "dynamic";
  readonly mode: number;
  readonly names: (s: S, t: Task) => readonly { readonly name: string; readonly type: number }[];
  readonly find: (s: S, t: Task, name: string) => { readonly entry: Entry<any>; readonly subject: any } | undefined;
  readonly mayOpen?: (s: S, t: Task) => void;
}
export interface DirectoryEntry<S> {
  readonly is: "directory";
  readonly mode: number;
  readonly children: Readonly<Record<string, Entry<S>>>;
  /** Names besides the children. */
  readonly more?: DynamicEntry<S>;
  /** The thread group that the directory itself stands for. */
  readonly group?: (s: S) => ThreadGroup;
}
export type Entry<S> = TextEntry<S> | FileEntry<S> | LinkEntry<S> | DynamicEntry<S> | DirectoryEntry<S>;

export const text = <S>(make: TextEntry<S>["text"], more: Partial<TextEntry<S>> = {}): TextEntry<S> => ({
  is: "text",
  mode: 0o444,
  text: make,
  ...more,
});
export const link = <S>(target: LinkEntry<S>["target"], jump?: LinkEntry<S>["jump"]): LinkEntry<S> => ({
  is: "link",
  target,
  jump,
});
export const directory = <S>(
  children: Readonly<Record<string, Entry<S>>>,
  more?: DynamicEntry<S>,
): DirectoryEntry<S> => ({
  is: "directory",
  mode: 0o555,
  children,
  more,
});

/** What all nodes of one tree share. */
export interface Tree {
  readonly machine: Machine;
  readonly dev: number;
}

/** Whose file it is and since when; `gone`: the subject no longer exists. */
export interface Standing {
  readonly uid: number;
  readonly gid: number;
  /** Realtime ns. */
  readonly time: bigint;
}
/** Subjects that are not simply root's say so. */
export interface Subject {
  standing?(mode: number, type: number): Standing;
  /** Throws when the subject is gone. */
  check?(error: number): void;
}

const TYPES = { text: S_IFREG, file: S_IFREG, link: S_IFLNK, dynamic: S_IFDIR, directory: S_IFDIR } as const;

/** Stable inode number of a path in a tree: FNV-1a, 48 bits. */
const inodeNumber = (path: string): number => {
  if (path === "") return 1;
  let hi = 0x811c, lo = 0x9dc5 + path.length * 65536;
  for (let i = 0; i < path.length; i++) {
    lo = Math.imul(lo ^ path.charCodeAt(i), 0x01000193) >>> 0;
    hi = Math.imul(hi ^ (lo >>> 16) ^ path.charCodeAt(i), 0x0193) & 0xffff;
  }
  return 4096 + hi * 2 ** 32 + lo;
};

/** The inode of an entry of a tree. */
export class TreeNode<S> extends Inode {
  readonly ino: number;
  constructor(readonly tree: Tree, readonly entry: Entry<S>, readonly subject: S, readonly place: string) {
    super();
    this.ino = inodeNumber(place);
    if (entry.is === "link" && entry.jump !== undefined) {
      this.jump = (t) => entry.jump!(this.subject, t) ?? fail(E.NOENT);
    }
  }
  /** See `signalTarget`. */
  get pidfdGroup(): ThreadGroup | undefined {
    return this.entry.is === "directory" ? this.entry.group?.(this.subject) : undefined;
  }
  get dev(): number {
    return this.tree.dev;
  }
  get type(): number {
    return TYPES[this.entry.is];
  }
  get #asSubject(): Subject {
    return this.subject as Subject;
  }
  #check(error: number): void {
    this.#asSubject.check?.(error);
  }

  override stat(): Stat {
    const { entry } = this;
    const mode = entry.is === "link" ? entry.mode?.(this.subject) ?? 0o777 : entry.mode;
    const { uid, gid, time } = this.#asSubject.standing?.(mode, this.type) ??
      { uid: 0, gid: 0, time: bootTime(this.tree.machine) };
    return {
      dev: this.dev,
      ino: this.ino,
      mode: this.type | mode,
      nlink: this.type === S_IFDIR ? 2 : 1,
      uid,
      gid,
      rdev: 0,
      size: 0,
      blksize: 1024,
      blocks: 0,
      atime: time,
      mtime: time,
      ctime: time,
    };
  }
  /** Times may be set without effect (touch); truncation at open is allowed. */
  override setAttributes(_t: Task, set: SetAttributes): void {
    if (set.mode !== undefined || set.uid !== undefined || set.gid !== undefined) fail(E.PERM);
  }

  override lookup(t: Task, name: string): Inode {
    this.#check(E.NOENT);
    const { entry } = this;
    if (entry.is === "directory") {
      if (Object.hasOwn(entry.children, name)) return this.#child(name, entry.children[name], this.subject);
      const found = entry.more?.find(this.subject, t, name);
      return found === undefined ? fail(E.NOENT) : this.#child(name, found.entry, found.subject);
    }
    if (entry.is !== "dynamic") return fail(E.NOTDIR);
    const found = entry.find(this.subject, t, name);
    return found === undefined ? fail(E.NOENT) : this.#child(name, found.entry, found.subject);
  }
  #child<C>(name: string, entry: Entry<C>, subject: C): Inode {
    return new TreeNode(this.tree, entry, subject, `${this.place}/${name}`);
  }

  override entries(t: Task): DirEntry[] {
    this.#check(E.NOENT);
    const { entry } = this;
    const made = (name: string, type: number): DirEntry => ({ name, type, ino: inodeNumber(`${this.place}/${name}`) });
    if (entry.is === "directory") {
      const fixed = Object.entries(entry.children).map(([name, child]) => made(name, TYPES[child.is]));
      return [...fixed, ...(entry.more?.names(this.subject, t) ?? []).map(({ name, type }) => made(name, type))];
    }
    if (entry.is !== "dynamic") return fail(E.NOTDIR);
    return entry.names(this.subject, t).map(({ name, type }) => made(name, type));
  }

  override readlink(t: Task): string {
    this.#check(E.NOENT);
    return this.entry.is === "link" ? this.entry.target(this.subject, t) : fail(E.INVAL);
  }

  override create(): Inode {
    return fail(E.NOENT);
  }

  override open(t: Task, flags: number, path: string): OpenFile {
    this.#check(E.NOENT);
    const { entry, subject } = this;
    switch (entry.is) {
      case "text":
        entry.mayOpen?.(subject, t);
        return new TextFile(this, path, flags, entry, subject);
      case "file":
        return entry.open(subject, t, this, path, flags);
      case "link":
        return fail(E.LOOP);
      case "dynamic":
        entry.mayOpen?.(subject, t);
        return new DirectoryFile(this, path, flags);
      case "directory":
        return new DirectoryFile(this, path, flags);
    }
  }
}

const bootTimes = new WeakMap<Machine, bigint>();
/** Realtime of the machine's start, ns. */
export const bootTime = (machine: Machine): bigint => {
  let time = bootTimes.get(machine);
  if (time === undefined) {
    bootTimes.set(machine, time = machine.clock.realtime() - BigInt(machine.clock.monotonic() - machine.bootedAt));
  }
  return time;
};

class TextFile<S> extends OpenFile {
  #content: Uint8Array | undefined;
  constructor(inode: Inode, path: string, flags: number, readonly entry: TextEntry<S>, readonly subject: S) {
    super(inode, path, flags);
  }

  override read(t: Task, into: Uint8Array, at?: number): number {
    const from = at ?? this.pos;
    if (from === 0 || this.#content === undefined) {
      (this.subject as Subject).check?.(E.SRCH);
      const made = this.entry.text(this.subject, t);
      this.#content = typeof made === "string" ? bytesOf(made) : made;
    }
    const part = this.#content.subarray(from, from + into.length);
    into.set(part);
    if (at === undefined) this.pos += part.length;
    return part.length;
  }

  override write(t: Task, bytes: Uint8Array, at?: number): number {
    const { write } = this.entry;
    if (write === undefined) return -E.INVAL;
    (this.subject as Subject).check?.(E.SRCH);
    write(this.subject, t, textOf(bytes.slice(0, 4096)));
    if (at === undefined) this.pos += bytes.length;
    return bytes.length;
  }

  override seek(offset: number, whence: number): number {
    const to = whence === 0 ? offset : whence === 1 ? this.pos + offset : -1;
    return to < 0 ? -E.INVAL : this.pos = to;
  }
  protected override closed(): void {}
}

// ---- values written to files -----------------------------------------------------------------------------------------
/** A decimal or 0x number written to a file within bounds; EINVAL otherwise. */
export const writtenNumber = (written: string, least: number, most: number): number => {
  const trimmed = written.trim();
  if (!/^-?(0[xX][0-9a-fA-F]+|[0-9]+)$/.test(trimmed)) return fail(E.INVAL);
  const value = trimmed.startsWith("-") ? -Number(trimmed.slice(1)) : Number(trimmed);
  return value < least || value > most ? fail(E.INVAL) : value;
};
