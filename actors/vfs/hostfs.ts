/**
 * The host's directory tree as a file system. `sysroot`: absolute paths are looked up there first, then on the host (what qemu's -L does). Symbolic links are never
 * followed by the host: the walk does that, inside the guest's root. One Inode object per (dev, ino) while it is in use.
 */
import type { KeptPages } from "../../cpu/mod.ts";
import { E, Errno, fail } from "../../syscalls/abi/errno.ts";
import { openFifo } from "../pipe.ts";
import type { Task } from "../task/task.ts";
import { type HostFiles, hostFs, type OpenHostFile } from "../world/host_fs.ts";
import { DeniedInode } from "./denied.ts";
import { DirectoryFile } from "./directory_file.ts";
import { HostRegularFile } from "./host_file.ts";
import { HostMarks } from "./host_marks.ts";
import {
  type DirEntry,
  Inode,
  S_IFDIR,
  S_IFIFO,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
  type SetAttributes,
  type Stat,
} from "./inode.ts";
import { O_ACCMODE, O_RDONLY, O_TRUNC, O_WRONLY, type OpenFile } from "./open_file.ts";

export class HostFs {
  readonly #inodes = new Map<string, WeakRef<HostInode>>();
  #sinceSweep = 0;
  readonly marks = new HostMarks();
  /** Bits the host takes away from modes of new files. */
  readonly hostUmask: number;
  /** Counts lookups and changes: metadata fetched at one count is not used at another. */
  generation = 0;

  /** @param root host directory that is the root, "" for the host's own; @param overlay directory searched first for every path, or "" */
  constructor(readonly root: string, readonly overlay = "", readonly host: HostFiles = hostFs) {
    this.hostUmask = host.umask();
  }

  rootInode(): Inode {
    const path = this.root === "" ? "/" : this.root;
    if (!this.host.mayRead(path)) return new DeniedInode(this, path, "/");
    return this.inode(path, "/", this.host.lstat(path));
  }

  /** The inode for a host path and its metadata; the same object for the same file. */
  inode(hostPath: string, inside: string, raw: Stat): HostInode {
    const stat = this.marks.dress(raw);
    const key = `${stat.dev}:${stat.ino}`;
    let inode = this.#inodes.get(key)?.deref();
    // A number that came back with another type is another file.
    if (inode === undefined || inode.type !== (stat.mode & S_IFMT)) {
      if (++this.#sinceSweep > 4096) this.#sweep();
      inode = new HostInode(this, hostPath, inside, stat);
      this.#inodes.set(key, new WeakRef(inode));
    }
    inode.hostPath = hostPath;
    inode.inside = inside;
    inode.gone = false;
    inode.remember(stat, ++this.generation);
    return inode;
  }

  /** The file's last name is gone: its number may come back for another file. */
  forget(inode: HostInode): void {
    inode.gone = true;
    this.marks.forget(inode);
    const key = `${inode.dev}:${inode.ino}`;
    if (this.#inodes.get(key)?.deref() === inode) this.#inodes.delete(key);
  }

  /** A directory moved: what is known below it moved along. */
  moved(fromHost: string, toHost: string, fromInside: string, toInside: string): void {
    for (const ref of this.#inodes.values()) {
      const inode = ref.deref();
      if (inode === undefined) continue;
      if (inode.hostPath.startsWith(fromHost + "/")) inode.hostPath = toHost + inode.hostPath.slice(fromHost.length);
      if (inode.inside.startsWith(fromInside + "/")) inode.inside = toInside + inode.inside.slice(fromInside.length);
    }
  }

  #sweep(): void {
    this.#sinceSweep = 0;
    for (const [key, ref] of this.#inodes) if (ref.deref() === undefined) this.#inodes.delete(key);
  }

  /** A file by the path inside the tree: in the overlay first. */
  find(inside: string): HostInode | DeniedInode | undefined {
    return (this.overlay === "" ? undefined : this.#findIn(this.overlay, inside)) ?? this.#findIn(this.root, inside);
  }
  /** With two trees the walk knows that one of them has these directories; in the other they may be links, which the host would follow. */
  #directoriesTo(base: string, inside: string): boolean {
    for (let at = inside.indexOf("/", 1); at > 0; at = inside.indexOf("/", at + 1)) {
      const stat = this.host.find(base + inside.slice(0, at));
      if (stat === undefined || (stat.mode & S_IFMT) !== S_IFDIR) return false;
    }
    return true;
  }
  #findIn(base: string, inside: string): HostInode | DeniedInode | undefined {
    const path = base + inside;
    if (this.overlay !== "" && this.root !== "" && !this.#directoriesTo(base, inside)) return undefined;
    // The host's interface has strings for names: what is not UTF-8 cannot be there.
    if (!inside.isWellFormed()) return undefined;
    if (!this.host.mayRead(path)) return new DeniedInode(this, path, inside);
    const stat = this.host.find(path);
    return stat === undefined ? undefined : this.inode(path, inside, stat);
  }
}

const join = (dir: string, name: string): string => dir === "/" ? "/" + name : dir + "/" + name;

export class HostInode extends Inode {
  readonly dev: number;
  readonly ino: number;
  readonly type: number;
  /** Pages of MAP_SHARED mappings, and those of them the host has not got yet. */
  pages: KeptPages | undefined;
  readonly dirty = new Set<number>();
  mapped = 0;
  /** Open host files of it: they answer for the metadata, also when it has no name left. */
  readonly files = new Set<OpenHostFile>();
  /** No name is left. */
  gone = false;
  #known: Stat;
  #knownAt = -1;
  #seenAt = -1;

  constructor(readonly fs: HostFs, public hostPath: string, public inside: string, stat: Stat) {
    super();
    this.dev = stat.dev;
    this.ino = stat.ino;
    this.type = stat.mode & S_IFMT;
    this.#known = stat;
  }

  /** What the walk has just seen, good for one look in the same call. */
  remember(stat: Stat, generation: number): void {
    this.#known = stat;
    this.#knownAt = this.#seenAt = generation;
  }

  /**
   * What the host has at this path, if it is still this file. A file that is held (a descriptor, a working directory) may have lost its name to another one, and what lies
   * there now, or on the way there, may be a link that leads out of the root: paths of held files are trusted only after this look.
   */
  #here(): Stat | undefined {
    if (this.gone) return undefined;
    try {
      const stat = this.fs.host.find(this.hostPath);
      return stat !== undefined && stat.dev === this.dev && stat.ino === this.ino ? stat : undefined;
    } catch (error) {
      if (error instanceof Errno && (error.no === E.NOTDIR || error.no === E.LOOP)) return undefined;
      throw error;
    }
  }
  /** ENOENT unless the path still leads here. The walk has mostly just seen that it does. */
  #requireHere(): void {
    if (this.inside === "/" || (this.#seenAt === this.fs.generation && !this.gone)) return;
    if (this.#here() === undefined) fail(E.NOENT);
  }

  stat(): Stat {
    for (const file of this.files) {
      return this.#changed(this.fs.marks.dress(file.stat()));
    }
    if (this.#knownAt === this.fs.generation) {
      this.#knownAt = -1;
      return this.#known;
    }
    const now = this.#here();
    if (now === undefined) return this.#changed({ ...this.#known, nlink: 0 });
    return this.#known = this.fs.marks.dress(now);
  }
  /** What was changed of a file without a path. */
  #unnamed: SetAttributes | undefined;
  #changed(stat: Stat): Stat {
    if (this.#unnamed === undefined) return stat;
    const { mode, uid, gid } = this.#unnamed;
    return {
      ...stat,
      mode: mode === undefined ? stat.mode : (stat.mode & S_IFMT) | mode,
      uid: uid ?? stat.uid,
      gid: gid ?? stat.gid,
    };
  }

  statfs() {
    return this.fs.host.statfs(this.hostPath);
  }

  override get unlinked(): boolean {
    return this.gone && this.type === S_IFDIR;
  }
  override lookup(_t: Task, name: string): Inode {
    if (this.type !== S_IFDIR) return fail(E.NOTDIR);
    this.#requireHere();
    return this.fs.find(join(this.inside, name)) ?? fail(E.NOENT);
  }
  /** A child that will be changed. */
  #own(name: string): HostInode {
    this.#requireHere();
    const child = this.fs.find(join(this.inside, name)) ?? fail(E.NOENT);
    return child instanceof HostInode ? child : fail(E.ACCES);
  }

  override entries(_t: Task): DirEntry[] {
    this.#requireHere();
    const out = new Map<string, DirEntry>();
    const { overlay, root, marks } = this.fs;
    for (const base of overlay === "" ? [root] : [overlay, root]) {
      const path = base + this.inside;
      if (overlay !== "" && this.fs.host.find(path) === undefined) continue;
      for (const e of this.fs.host.entries(path)) {
        if (out.has(e.name)) continue;
        const found = this.fs.host.find(join(path, e.name));
        if (found === undefined) continue;
        const stat = marks.dress(found);
        out.set(e.name, { name: e.name, ino: stat.ino, type: stat.mode & S_IFMT });
      }
    }
    return [...out.values()];
  }

  override readlink(_t: Task): string {
    if (this.type !== S_IFLNK) return fail(E.INVAL);
    this.#requireHere();
    return this.fs.host.readlink(this.hostPath);
  }

  /** Host path of a child that exists. */
  #child(name: string): string {
    const { overlay } = this.fs;
    const inOverlay = overlay + join(this.inside, name);
    return overlay !== "" && this.fs.host.find(inOverlay) !== undefined ? inOverlay : this.#newChild(name);
  }
  /** Host path for a new child: under the root where the directory is there too, so that a sysroot only adds. */
  #newChild(name: string): string {
    const { overlay, root } = this.fs;
    if (!name.isWellFormed()) fail(E.ILSEQ);
    this.#requireHere();
    if (overlay === "" || !this.hostPath.startsWith(overlay)) return join(this.hostPath, name);
    const inRoot = root + this.inside;
    return join(this.fs.host.find(inRoot) === undefined ? this.hostPath : inRoot, name);
  }
  #made(path: string, name: string): HostInode {
    this.fs.generation++;
    return this.fs.inode(path, join(this.inside, name), this.fs.host.lstat(path));
  }

  override create(_t: Task, name: string, mode: number, rdev = 0): Inode {
    const path = this.#newChild(name), type = (mode & S_IFMT) || S_IFREG, bits = mode & 0o7777;
    if (type === S_IFDIR) this.fs.host.mkdir(path, bits);
    else this.fs.host.open(path, { read: false, write: true, exclusive: true, mode: bits & 0o777 }).close();
    // The host's own umask has been applied as well; the guest's decides.
    if ((bits & (this.fs.hostUmask | 0o7000)) !== 0) this.fs.host.chmod(path, bits);
    if (type !== S_IFDIR && type !== S_IFREG) this.fs.marks.node(this.fs.host.lstat(path), type, rdev);
    return this.#made(path, name);
  }
  override symlink(_t: Task, name: string, target: string): Inode {
    const path = this.#newChild(name);
    if (!target.isWellFormed()) fail(E.ILSEQ);
    this.fs.host.symlink(target, path);
    return this.#made(path, name);
  }
  override link(_t: Task, name: string, target: Inode): void {
    if (!(target instanceof HostInode) || target.fs !== this.fs) return fail(E.XDEV);
    if (target.#here() === undefined) fail(E.NOENT);
    this.fs.generation++;
    this.fs.host.link(target.hostPath, this.#newChild(name));
  }
  override unlink(_t: Task, name: string): void {
    const inode = this.#own(name);
    if (inode.type === S_IFDIR) fail(E.ISDIR);
    this.#remove(inode, name);
  }
  override rmdir(_t: Task, name: string): void {
    const inode = this.#own(name);
    if (inode.type !== S_IFDIR) fail(E.NOTDIR);
    this.#remove(inode, name);
  }
  #remove(inode: HostInode, name: string): void {
    const { nlink } = inode.stat();
    this.fs.host.remove(this.#child(name));
    this.fs.generation++;
    if (inode.type === S_IFDIR || nlink <= 1) this.fs.forget(inode);
  }

  override rename(_t: Task, name: string, to: Inode, toName: string, flags: number): void {
    if (!(to instanceof HostInode) || to.fs !== this.fs) return fail(E.XDEV);
    to.#requireHere();
    const moved = this.#own(name), there = to.fs.find(join(to.inside, toName));
    if (there instanceof DeniedInode) return fail(E.ACCES);
    const from = moved.hostPath, target = there?.hostPath ?? to.#newChild(toName);
    if ((flags & 1) !== 0 && there !== undefined) fail(E.EXIST);
    if ((flags & 2) !== 0) {
      if (there === undefined) return fail(E.NOENT);
      const aside = `${target}.dolly-exchange`;
      this.fs.host.rename(target, aside);
      this.fs.host.rename(from, target);
      this.fs.host.rename(aside, from);
      there.#renamed(from, join(this.inside, name));
    } else {
      const last = there !== undefined && (there.type === S_IFDIR || there.stat().nlink <= 1);
      this.fs.host.rename(from, target);
      if (last) this.fs.forget(there);
    }
    moved.#renamed(target, join(to.inside, toName));
  }
  #renamed(hostPath: string, inside: string): void {
    this.fs.generation++;
    if (this.type === S_IFDIR) this.fs.moved(this.hostPath, hostPath, this.inside, inside);
    this.hostPath = hostPath;
    this.inside = inside;
  }

  override setAttributes(_t: Task, set: SetAttributes): void {
    if (this.#here() === undefined) return this.#setUnnamed(set);
    this.fs.generation++;
    if (this.type === S_IFLNK) return this.#setLinkAttributes(set);
    if (set.size !== undefined) {
      this.flush();
      this.fs.host.truncate(this.hostPath, set.size);
      this.pages?.clear();
    }
    if (set.uid !== undefined || set.gid !== undefined) {
      this.fs.host.chown(this.hostPath, set.uid ?? null, set.gid ?? null);
    }
    if (set.mode !== undefined) this.fs.host.chmod(this.hostPath, set.mode & 0o7777);
    if (set.atime !== undefined || set.mtime !== undefined) {
      const now = this.stat();
      this.fs.host.utime(this.hostPath, set.atime ?? now.atime, set.mtime ?? now.mtime);
      this.fs.marks.times(this, set.atime, set.mtime);
    }
  }

  /** Without a path only what is open can be changed; the rest is remembered here as long as the file is in use. */
  #setUnnamed(set: SetAttributes): void {
    this.#unnamed = { ...this.#unnamed, ...set };
    for (const file of this.files) {
      if (!file.writable) continue;
      if (set.size !== undefined) {
        file.truncate(set.size);
        this.pages?.clear();
      }
      if (set.atime !== undefined || set.mtime !== undefined) {
        const now = file.stat();
        file.utime(set.atime ?? now.atime, set.mtime ?? now.mtime);
      }
      break;
    }
  }

  /** The host's other calls would follow the link. */
  #setLinkAttributes(set: SetAttributes): void {
    const now = this.stat();
    if (set.uid !== undefined || set.gid !== undefined) {
      this.fs.host.linkChown(this.hostPath, set.uid ?? now.uid, set.gid ?? now.gid);
    }
    if (set.atime !== undefined || set.mtime !== undefined) {
      this.fs.host.linkUtime(this.hostPath, set.atime ?? now.atime, set.mtime ?? now.mtime);
      this.fs.marks.times(this, set.atime, set.mtime);
    }
  }

  open(t: Task, flags: number, path: string): OpenFile {
    if (this.type === S_IFDIR) {
      return (flags & O_ACCMODE) === O_RDONLY ? new DirectoryFile(this, path, flags) : fail(E.ISDIR);
    }
    if (this.type === S_IFIFO) return openFifo(t.machine, this, flags, path);
    if (this.type === S_IFLNK) fail(E.LOOP);
    if (this.type !== S_IFREG) fail(E.NXIO);
    const mode = flags & O_ACCMODE;
    if (this.#seenAt !== this.fs.generation && this.#here() === undefined) fail(E.NOENT);
    const host = this.fs.host.open(this.hostPath, { read: mode !== O_WRONLY, write: mode !== O_RDONLY });
    const opened = host.stat();
    // Somebody outside put another file there between the look and now.
    if (opened.dev !== this.dev || opened.ino !== this.ino) {
      host.close();
      fail(E.NOENT);
    }
    const file = new HostRegularFile(this, path, flags, host);
    if ((flags & O_TRUNC) !== 0) {
      if (mode !== O_RDONLY) file.truncate(0);
      else this.setAttributes(t, { size: 0 });
    }
    return file;
  }

  /** Nobody maps it. */
  forgetPages(): void {
    this.pages?.clear();
    this.pages = undefined;
  }

  /** Writes what mappings changed to the host. Any open file that may write will do. */
  flush(): void {
    if (this.dirty.size === 0) return;
    for (const file of this.files) {
      if (!file.writable) continue;
      const { size } = file.stat();
      for (const index of this.dirty) {
        const page = this.pages?.get(index), at = index * 4096;
        if (page !== undefined && at < size) file.write(page.subarray(0, Math.min(4096, size - at)), at);
      }
      break;
    }
    this.dirty.clear();
  }
}
