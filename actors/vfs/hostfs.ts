/**
 * The host's directory tree as a file system. `sysroot`: absolute paths are looked up there first, then on the host (what qemu's -L does). Symbolic links are never
 * followed by the host: the walk does that, inside the guest's root. One Inode object per (dev, ino) while it is in use.
 */
import type { Backing } from "../../cpu/types.ts";
import { E, fail } from "../../syscalls/abi/errno.ts";
import type { Task } from "../task/task.ts";
import { type HostFile, hostFs, type HostStat } from "../world/host_fs.ts";
import {
  type DirEntry,
  Inode,
  S_IFDIR,
  S_IFIFO,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
  S_IFSOCK,
  type SetAttributes,
  type Stat,
} from "./inode.ts";
import { DirectoryFile } from "./directory_file.ts";
import { HostRegularFile } from "./host_file.ts";
import { O_ACCMODE, O_PATH, O_RDONLY, O_TRUNC, O_WRONLY, type OpenFile } from "./open_file.ts";
import { PathFile } from "./path_file.ts";

export class HostFs {
  readonly #inodes = new Map<string, WeakRef<HostInode>>();
  #sinceSweep = 0;

  /** @param root host directory that is the root; @param overlay directory searched first for every path, or "" */
  constructor(readonly root: string, readonly overlay = "") {}

  rootInode(): HostInode {
    const path = this.root === "" ? "/" : this.root;
    return this.inode(path, "/", hostFs.lstat(path));
  }

  /** The inode for a host path and its metadata; the same object for the same file. */
  inode(hostPath: string, inside: string, stat: HostStat): HostInode {
    const key = `${stat.dev}:${stat.ino}`;
    const known = this.#inodes.get(key)?.deref();
    if (known !== undefined) {
      known.hostPath = hostPath;
      known.inside = inside;
      return known;
    }
    if (++this.#sinceSweep > 4096) this.#sweep();
    const made = new HostInode(this, hostPath, inside, stat);
    this.#inodes.set(key, new WeakRef(made));
    return made;
  }

  #sweep(): void {
    this.#sinceSweep = 0;
    for (const [key, ref] of this.#inodes) if (ref.deref() === undefined) this.#inodes.delete(key);
  }

  /** Child of a directory, by the path inside the tree: in the overlay first. */
  find(inside: string): HostInode | undefined {
    for (const base of this.overlay === "" ? [this.root] : [this.overlay, this.root]) {
      const stat = hostFs.find(base + inside);
      if (stat !== undefined) return this.inode(base + inside, inside, stat);
    }
    return undefined;
  }
}

const join = (dir: string, name: string): string => dir === "/" ? "/" + name : dir + "/" + name;

export class HostInode extends Inode {
  readonly dev: number;
  readonly ino: number;
  readonly type: number;
  /** Pages shared by MAP_SHARED mappings while there are any; reads and writes of the file go through them too. */
  pages: Map<number, Uint8Array> | undefined;
  mappings = 0;

  constructor(readonly fs: HostFs, public hostPath: string, public inside: string, stat: HostStat) {
    super();
    this.dev = stat.dev;
    this.ino = stat.ino;
    this.type = stat.mode & S_IFMT;
  }

  stat(): Stat {
    return hostFs.lstat(this.hostPath);
  }

  override lookup(_t: Task, name: string): Inode {
    if (this.type !== S_IFDIR) return fail(E.NOTDIR);
    return this.fs.find(join(this.inside, name)) ?? fail(E.NOENT);
  }

  override entries(_t: Task): DirEntry[] {
    const out = new Map<string, DirEntry>();
    const { overlay, root } = this.fs;
    for (const base of overlay === "" ? [root] : [overlay, root]) {
      const path = base + this.inside;
      if (overlay !== "" && hostFs.find(path) === undefined) continue;
      for (const e of hostFs.entries(path)) {
        if (out.has(e.name)) continue;
        const stat = hostFs.find(join(path, e.name));
        if (stat !== undefined) out.set(e.name, { name: e.name, ino: stat.ino, type: stat.mode & S_IFMT });
      }
    }
    return [...out.values()];
  }

  override readlink(_t: Task): string {
    if (this.type !== S_IFLNK) return fail(E.INVAL);
    return hostFs.readlink(this.hostPath);
  }

  #child(name: string): string {
    return join(this.hostPath, name);
  }

  override create(t: Task, name: string, mode: number): Inode {
    const path = this.#child(name), type = mode & S_IFMT;
    if (hostFs.find(path) !== undefined) fail(E.EXIST);
    if (type === S_IFDIR) hostFs.mkdir(path, mode & 0o7777);
    else if (type === S_IFREG || type === 0) {
      hostFs.open(path, { read: false, write: true, exclusive: true, mode: mode & 0o7777 }).close();
    } else if (type === S_IFSOCK || type === S_IFIFO) {
      // Deno cannot make these on the host: a regular file holds the name, its kind lives in this machine.
      hostFs.open(path, { read: false, write: true, exclusive: true, mode: mode & 0o777 }).close();
    } else fail(E.PERM);
    // The host's own umask has been applied as well; the guest's decides.
    if (type !== S_IFSOCK && type !== S_IFIFO) hostFs.chmod(path, mode & 0o7777);
    return this.lookup(t, name);
  }
  override symlink(t: Task, name: string, target: string): Inode {
    hostFs.symlink(target, this.#child(name));
    return this.lookup(t, name);
  }
  override link(_t: Task, name: string, target: Inode): void {
    if (!(target instanceof HostInode)) return fail(E.XDEV);
    hostFs.link(target.hostPath, this.#child(name));
  }
  override unlink(t: Task, name: string): void {
    const inode = this.lookup(t, name);
    if (inode.type === S_IFDIR) fail(E.ISDIR);
    hostFs.remove(this.#child(name));
  }
  override rmdir(t: Task, name: string): void {
    const inode = this.lookup(t, name);
    if (inode.type !== S_IFDIR) fail(E.NOTDIR);
    hostFs.remove(this.#child(name));
  }
  override rename(t: Task, name: string, to: Inode, toName: string, flags: number): void {
    if (!(to instanceof HostInode)) return fail(E.XDEV);
    const from = this.#child(name), target = to.#child(toName);
    const there = hostFs.find(target);
    if ((flags & 1) !== 0 && there !== undefined) fail(E.EXIST);
    const moved = this.lookup(t, name);
    if ((flags & 2) !== 0) {
      if (there === undefined) fail(E.NOENT);
      const aside = `${target}.dolly-exchange`;
      hostFs.rename(target, aside);
      hostFs.rename(from, target);
      hostFs.rename(aside, from);
    } else hostFs.rename(from, target);
    (moved as HostInode).hostPath = target;
    (moved as HostInode).inside = join(to.inside, toName);
  }

  override setAttributes(_t: Task, set: SetAttributes): void {
    if (set.size !== undefined) {
      hostFs.truncate(this.hostPath, set.size);
      this.pages?.clear();
    }
    if (set.uid !== undefined || set.gid !== undefined) hostFs.chown(this.hostPath, set.uid ?? null, set.gid ?? null);
    if (set.mode !== undefined) hostFs.chmod(this.hostPath, set.mode & 0o7777);
    if (set.atime !== undefined || set.mtime !== undefined) {
      const now = this.stat();
      hostFs.utime(this.hostPath, set.atime ?? now.atime, set.mtime ?? now.mtime);
    }
  }

  open(_t: Task, flags: number, path: string): OpenFile {
    if ((flags & O_PATH) !== 0) return new PathFile(this, path, flags);
    if (this.type === S_IFDIR) {
      if ((flags & O_ACCMODE) !== O_RDONLY) fail(E.ISDIR);
      return new DirectoryFile(this, path, flags);
    }
    if (this.type === S_IFSOCK) fail(E.NXIO);
    if (this.type === S_IFLNK) fail(E.LOOP);
    if (this.type !== S_IFREG) fail(E.NXIO);
    return new HostRegularFile(this, path, flags, this.#openHost(flags));
  }

  #openHost(flags: number): HostFile {
    const mode = flags & O_ACCMODE;
    const file = hostFs.open(this.hostPath, { read: mode !== O_WRONLY, write: mode !== O_RDONLY });
    if ((flags & O_TRUNC) !== 0 && mode !== O_RDONLY) {
      file.truncate(0);
      this.pages?.clear();
    }
    return file;
  }

  /** What mmap of an open description of this file uses. */
  backing(file: HostFile, path: string, hold: { retain(): unknown; release(): void }, writable: boolean): Backing {
    // deno-lint-ignore no-this-alias
    const inode = this;
    const fill = (at: number, into: Uint8Array): void => {
      let done = 0;
      while (done < into.length) {
        const n = file.read(into.subarray(done), at + done);
        if (n === 0) break;
        done += n;
      }
      into.fill(0, done);
    };
    return {
      inode,
      path,
      size: () => file.stat().size,
      fill,
      sharedPage(index) {
        const pages = inode.pages ??= new Map();
        let page = pages.get(index);
        if (page === undefined) {
          page = new Uint8Array(4096);
          fill(index * 4096, page);
          pages.set(index, page);
        }
        return page;
      },
      dirtied(index) {
        if (!writable) return;
        const size = file.stat().size, at = index * 4096;
        const page = inode.pages?.get(index);
        if (page !== undefined && at < size) file.write(page.subarray(0, Math.min(4096, size - at)), at);
      },
      retain: () => void hold.retain(),
      release: () => hold.release(),
    };
  }
}
