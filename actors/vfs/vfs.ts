/**
 * The file system tree of a machine: mounts and the path walk (path_resolution(7)). All symbolic links are resolved here, inside the task's root, so that no link
 * leads out of it.
 */
import { PathFile } from "./path_file.ts";
import { MOUNT } from "../../syscalls/abi/mount.ts";
import { IN } from "../../syscalls/abi/inotify.ts";
import { AT, AT_FDCWD } from "../../syscalls/abi/at.ts";
import { E, fail } from "../../syscalls/abi/errno.ts";
import { bytesOf } from "../../syscalls/abi/text.ts";
import type { Location } from "../fs_context.ts";
import type { Task } from "../task/task.ts";
import { MAY_EXEC, MAY_READ, MAY_WRITE, mayAccess, mayRemove } from "./access.ts";
import { CAP, capable } from "../credentials.ts";
import { DirectoryFile } from "./directory_file.ts";
import { type Inode, S_IFDIR, S_IFLNK, S_IFMT, S_IFREG } from "./inode.ts";
import { nameMade, told } from "./notify.ts";
import { BEHIND_ROOT, flagsOf, type Mount, MountTable, moved, within } from "./mount_table.ts";
import {
  O_ACCMODE,
  O_CREAT,
  O_DIRECTORY,
  O_EXCL,
  O_NOCTTY,
  O_NOFOLLOW,
  O_PATH,
  O_RDONLY,
  O_TMPFILE,
  O_TRUNC,
  O_WRONLY,
  type OpenFile,
} from "./open_file.ts";

const PATH_MAX = 4096, NAME_MAX = 255, MAX_LINKS = 40;

/** Where a walk ended: the directory, the last name in it, and what it leads to (undefined: no such file). */
export interface Found {
  readonly dir: Location;
  /** "" when the path ends in a directory reached by "/", "." or "..". */
  readonly name: string;
  readonly at: Location | undefined;
  /** The path ended in a slash. */
  readonly slash: boolean;
}

/** How to walk: what openat2's RESOLVE_* bits ask for, and whether a link in the last component is followed. */
export interface WalkRules {
  readonly follow: boolean;
  readonly noLinks?: boolean;
  readonly noMagic?: boolean;
  /** Not across mounts. */
  readonly noXdev?: boolean;
  /** Not above the starting directory, no absolute paths. */
  readonly beneath?: boolean;
  /** The starting directory is the root. */
  readonly inRoot?: boolean;
}

/** One walk: its rules, links followed so far, the root, and where RESOLVE_BENEATH began. */
interface Walk {
  readonly rules: WalkRules;
  readonly root: Location;
  readonly start: Location;
  links: number;
}

export class Vfs {
  private constructor(readonly mounts: MountTable) {}

  /** A tree with this root. */
  static of(root: Inode, source = "/dev/root", type = "ext4"): Vfs {
    const vfs = new Vfs(new MountTable());
    vfs.mounts.add({ path: "/", root, source, type, flags: MOUNT.RELATIME });
    return vfs;
  }
  /** The same tree for another mount namespace. */
  copy(): Vfs {
    return new Vfs(this.mounts.copy());
  }
  get root(): Location {
    return { inode: this.mounts.at("/")!.root, path: "/" };
  }

  mount(path: string, root: Inode, source: string, type: string, options = "rw,nosuid,nodev,relatime"): void {
    const { flags, rest } = flagsOf(options);
    this.mounts.add({ path, root, source, type, flags, options: rest });
  }
  isMountPoint(path: string): boolean {
    return this.mounts.at(path) !== undefined;
  }

  /** What a place lies on; undefined for none, and for what has no place in the tree ("pipe:[7]"). */
  mountOf(at: Location | undefined): Mount | undefined {
    return at?.path.startsWith("/") ? this.mounts.of(at.path) : undefined;
  }

  /** EROFS where nothing may be written (mnt_want_write). */
  requireWritable(at: Location | undefined): void {
    if (at !== undefined && (this.mounts.of(at.path).flags & MOUNT.RDONLY) !== 0) fail(E.ROFS);
  }

  /** Child of a directory; undefined when there is none. */
  child(t: Task, dir: Location, name: string): Location | undefined {
    const path = dir.path === "/" ? "/" + name : dir.path + "/" + name;
    const mounted = this.mounts.at(path);
    if (mounted !== undefined) return { inode: mounted.root, path, parent: dir };
    try {
      return { inode: dir.inode.lookup(t, name), path, parent: dir };
    } catch (error) {
      if ((error as { no?: number }).no === E.NOENT) return undefined;
      throw error;
    }
  }

  /** Where a descriptor argument of an *at call starts. */
  start(t: Task, dirfd: number, path: string): Location {
    if (path.startsWith("/")) return t.fs.root;
    if (dirfd === AT_FDCWD) return t.fs.cwd;
    const file = t.files.get(dirfd, true);
    return this.locationOf(file);
  }

  /** The place an open description was opened at. */
  locationOf(file: OpenFile): Location {
    return file.location ?? { inode: file.inode, path: file.path };
  }

  /** Walks a path. Throws ENOENT only for a missing directory on the way, or an empty path. */
  walk(t: Task, dirfd: number, path: string, rules: WalkRules): Found {
    if (path === "") return fail(E.NOENT);
    if (path.length >= PATH_MAX) return fail(E.NAMETOOLONG);
    if (rules.beneath && path.startsWith("/")) fail(E.XDEV);
    const start = this.start(t, dirfd, rules.inRoot ? "." : path);
    return this.#walk(t, start, path, rules.follow, { rules, root: rules.inRoot ? start : t.fs.root, start, links: 0 });
  }

  #walk(t: Task, from: Location, path: string, follow: boolean, w: Walk): Found {
    let at = path.startsWith("/") ? w.root : from;
    const names = path.split("/");
    const slash = path.endsWith("/");
    let end = names.length;
    while (end > 0 && names[end - 1] === "") end--;
    for (let i = 0; i < end; i++) {
      const name = names[i], last = i === end - 1;
      if (name === "") continue;
      this.#mayEnter(t, at);
      if (name === ".") continue;
      if (name === "..") {
        at = this.#up(t, at, w);
        continue;
      }
      if (name.length > NAME_MAX / 3 && bytesOf(name).length > NAME_MAX) fail(E.NAMETOOLONG);
      const dir = at;
      const found = this.child(t, dir, name);
      if (found === undefined) return last ? { dir, name, at: undefined, slash } : fail(E.NOENT);
      if (w.rules.noXdev && found.inode === this.mounts.at(found.path)?.root) fail(E.XDEV);
      if (found.inode.type !== S_IFLNK || (last && !follow && !slash)) {
        if (last) {
          if (slash && found.inode.type !== S_IFDIR) fail(E.NOTDIR);
          return { dir, name, at: found, slash };
        }
        at = found;
        continue;
      }
      if (w.rules.noLinks || ++w.links > MAX_LINKS) fail(E.LOOP);
      const target = this.#followLink(t, dir, found, last ? true : follow, w);
      if (last) return slash && target.at !== undefined && target.at.inode.type !== S_IFDIR ? fail(E.NOTDIR) : target;
      if (target.at === undefined) return fail(E.NOENT);
      at = target.at;
    }
    // "/", or a path that ends in "." or "..".
    if (slash && at.inode.type !== S_IFDIR) fail(E.NOTDIR);
    return { dir: at, name: "", at, slash };
  }

  #followLink(t: Task, dir: Location, link: Location, follow: boolean, w: Walk): Found {
    const { rules } = w;
    const jumped = link.inode.jump?.(t);
    if (jumped !== undefined) {
      if (rules.noMagic) fail(E.LOOP);
      if (rules.beneath || rules.inRoot || (rules.noXdev && jumped.inode.dev !== w.start.inode.dev)) fail(E.XDEV);
      const at: Location = jumped.location ?? { inode: jumped.inode, path: jumped.path };
      return { dir, name: "", at, slash: false };
    }
    const target = link.inode.readlink(t);
    if (target === "") return fail(E.NOENT);
    if (rules.beneath && target.startsWith("/")) fail(E.XDEV);
    return this.#walk(t, dir, target, follow, w);
  }

  #mayEnter(t: Task, dir: Location): void {
    if (dir.inode.type !== S_IFDIR) fail(E.NOTDIR);
    // Root, and whoever may pass any directory, need no look at the mode.
    if (dir.inode.passable || capable(t.cred, CAP.DAC_OVERRIDE) || capable(t.cred, CAP.DAC_READ_SEARCH)) return;
    if (!mayAccess(t.cred, dir.inode.stat(), MAY_EXEC)) fail(E.ACCES);
  }

  #up(t: Task, at: Location, w: Walk): Location {
    if (w.rules.beneath && at.path === w.start.path) fail(E.XDEV);
    if (at.path === w.root.path) return w.root;
    if (w.rules.noXdev && at.inode === this.mounts.at(at.path)?.root) fail(E.XDEV);
    return at.parent ?? this.#parentByPath(t, at);
  }
  /** A place known only by its path (a descriptor): its parent is found from the machine's root. */
  #parentByPath(t: Task, at: Location): Location {
    const up = at.path.slice(0, at.path.lastIndexOf("/")) || "/";
    const found = this.#walk(t, this.root, up, true, {
      rules: { follow: true },
      root: this.root,
      start: this.root,
      links: 0,
    });
    return found.at ?? this.root;
  }

  /** A file got another place in the tree, or (`to` undefined) lost it: what is open on it or below it, and working directories, are told. */
  relocated(t: Task, inode: Inode, from: string, to: Location | undefined): void {
    const below = from + "/";
    if (to !== undefined && this.mounts.below(from).length > 0) {
      this.mounts.relocate(({ path }) => within(path, from) ? moved(path, from, to.path) : path);
    }
    const rebase = (l: Location): Location =>
      l.path === from && l.inode === inode
        ? to ?? { ...l, path: from + " (deleted)" }
        : to !== undefined && l.path.startsWith(below) && l.parent !== undefined
        ? { inode: l.inode, path: to.path + l.path.slice(from.length), parent: rebase(l.parent) }
        : l;
    this.#rebaseAll(t, rebase, (path) => path === from || path.startsWith(below), true);
  }

  /** Every place that a task stands in or has open gets what `rebase` makes of it; of descriptions only those whose path is `concerned`; `everywhere`: in all namespaces. */
  #rebaseAll(
    t: Task,
    rebase: (at: Location, standing: boolean) => Location,
    concerned: (path: string) => boolean,
    everywhere: boolean,
  ): void {
    const seen = new Set<object>();
    for (const task of t.machine.tasks.values()) {
      const { fs, files, holdings } = task;
      if (!everywhere && (!holdings.namespaces || task.vfs !== this)) continue;
      if (holdings.fs && !seen.has(fs)) {
        seen.add(fs);
        fs.cwd = rebase(fs.cwd, true);
        fs.root = rebase(fs.root, true);
      }
      if (!holdings.files || seen.has(files)) continue;
      seen.add(files);
      for (const file of files.all()) {
        if (file.location === undefined || !concerned(file.path)) continue;
        const before = file.location;
        file.location = rebase(before, false);
        if (file.location !== before) file.path = file.location.path;
      }
    }
  }

  /** Whether a task stands in a mount or has something open there. */
  inUse(t: Task, { path }: Mount): boolean {
    for (const task of t.machine.tasks.values()) {
      const { fs, files, holdings } = task;
      if (!holdings.namespaces || task.vfs !== this) continue;
      if (holdings.fs && (within(fs.cwd.path, path) || within(fs.root.path, path))) return true;
      if (holdings.files && [...files.all()].some((file) => file.location !== undefined && within(file.path, path))) {
        return true;
      }
    }
    return false;
  }

  /** Another mount becomes the root, the former root goes where `old` is (pivot_root(2)); the caller has checked both. */
  pivot(t: Task, root: string, old: string): void {
    const { mounts } = this, former = mounts.at("/")!, next = mounts.at(root)!;
    const oldPlace = old === root ? BEHIND_ROOT : moved(old, root, "/");
    const taken = new Set([next, ...mounts.standingOn(next)]);
    const rename = (path: string): string => within(path, root) ? moved(path, root, "/") : moved(path, "/", oldPlace);
    former.parent = mounts.of(old);
    next.parent = undefined;
    mounts.relocate((m) => taken.has(m) ? moved(m.path, root, "/") : moved(m.path, "/", oldPlace));
    const place = (at: Location): Location => ({
      inode: at.inode,
      path: rename(at.path),
      parent: at.parent && place(at.parent),
    });
    // Whoever stands at the former root stands at the new one; what is open there stays there.
    this.#rebaseAll(t, (at, standing) => standing && at.path === "/" ? this.root : place(at), () => true, false);
  }

  /** The file a path leads to; ENOENT when there is none. */
  find(t: Task, dirfd: number, path: string, follow = true): Location {
    return this.walk(t, dirfd, path, { follow }).at ?? fail(E.NOENT);
  }

  /** For calls with AT_EMPTY_PATH and AT_SYMLINK_NOFOLLOW. */
  findAt(t: Task, dirfd: number, path: string, flags: number): Location {
    if (path === "" && (flags & AT.EMPTY_PATH) !== 0) {
      return dirfd === AT_FDCWD ? t.fs.cwd : this.locationOf(t.files.get(dirfd, true));
    }
    return this.find(t, dirfd, path, (flags & AT.SYMLINK_NOFOLLOW) === 0);
  }

  /** The directory and free name for a new file. EEXIST when it is there; `dirs`: a trailing slash is allowed (mkdir). */
  place(t: Task, dirfd: number, path: string, dirs = false): { dir: Location; name: string } {
    const { dir, name, at, slash } = this.walk(t, dirfd, path, { follow: false });
    if (at !== undefined) return fail(E.EXIST);
    if (slash && !dirs) return fail(E.NOENT);
    this.requireWritable(dir);
    this.require(t, dir.inode, MAY_WRITE | MAY_EXEC);
    return { dir, name };
  }

  /** The directory and name of a file to be removed or renamed. */
  victim(t: Task, dirfd: number, path: string): { dir: Location; name: string; at: Location } {
    // A trailing slash does not follow a link here: the link itself is no directory.
    const bare = path.replace(/([^/])\/+$/, "$1");
    const { dir, name, at } = this.walk(t, dirfd, bare, { follow: false });
    if (at === undefined) return fail(E.NOENT);
    if (bare !== path && at.inode.type !== S_IFDIR) return fail(E.NOTDIR);
    if (name === "") return { dir, name, at };
    this.requireWritable(dir);
    this.require(t, dir.inode, MAY_WRITE | MAY_EXEC);
    if (!mayRemove(t.cred, dir.inode.stat(), at.inode.stat())) fail(E.PERM);
    if (this.isMountPoint(at.path)) fail(E.BUSY);
    return { dir, name, at };
  }

  /** EACCES unless the task may. */
  require(t: Task, inode: Inode, mask: number): void {
    if (!mayAccess(t.cred, inode.stat(), mask)) fail(E.ACCES);
  }

  // ---- open ----------------------------------------------------------------------------------------------------------
  open(t: Task, dirfd: number, path: string, flags: number, mode: number, rules: Partial<WalkRules> = {}): OpenFile {
    if ((flags & O_TMPFILE) === O_TMPFILE) return this.#openUnnamed(t, dirfd, path, flags, mode);
    const creating = (flags & O_CREAT) !== 0 && (flags & O_PATH) === 0;
    const follow = (flags & O_NOFOLLOW) === 0 && !(creating && (flags & O_EXCL) !== 0);
    const found = this.walk(t, dirfd, path, { ...rules, follow });
    if (found.at === undefined) return creating ? this.#create(t, found, flags, mode) : fail(E.NOENT);
    if (creating && (flags & O_EXCL) !== 0) fail(E.EXIST);
    if (creating && !found.at.inode.passable && (found.at.inode.type === S_IFDIR || found.slash)) fail(E.ISDIR);
    return this.#openFound(t, found.at, flags);
  }

  #openFound(t: Task, at: Location, flags: number): OpenFile {
    const { inode } = at;
    if ((flags & O_DIRECTORY) !== 0 && inode.type !== S_IFDIR) fail(E.NOTDIR);
    if ((flags & O_PATH) !== 0) return placed(t, new PathFile(inode, at.path, flags), at);
    if (inode.type === S_IFLNK) fail(E.LOOP);
    const access = flags & O_ACCMODE;
    const writing = access !== O_RDONLY || (flags & O_TRUNC) !== 0;
    if (writing && inode.type === S_IFDIR) fail(inode.passable ? E.ACCES : E.ISDIR);
    if (writing && inode.type === S_IFREG) this.requireWritable(at);
    this.require(t, inode, (access !== O_WRONLY ? MAY_READ : 0) | (writing ? MAY_WRITE : 0));
    const file = placed(t, inode.open(t, flags, at.path), at);
    if ((flags & O_TRUNC) !== 0 && inode.type === S_IFREG) told(at, IN.MODIFY);
    return file;
  }

  #create(t: Task, found: Found, flags: number, mode: number): OpenFile {
    if (found.slash) fail(E.ISDIR);
    if ((flags & O_DIRECTORY) !== 0) fail(E.INVAL);
    this.requireWritable(found.dir);
    this.require(t, found.dir.inode, MAY_WRITE | MAY_EXEC);
    const inode = found.dir.inode.create(t, found.name, S_IFREG | (mode & 0o7777 & ~t.fs.umask));
    this.own(t, found.dir.inode, inode);
    nameMade(found.dir.inode, found.name, inode);
    const path = found.dir.path === "/" ? "/" + found.name : found.dir.path + "/" + found.name;
    // The mode of a file just made does not bind the one who made it.
    return placed(t, inode.open(t, flags & ~(O_CREAT | O_EXCL | O_TRUNC), path), { inode, path, parent: found.dir });
  }

  /** A new file belongs to its maker, or to the group of a set-gid directory. */
  own(t: Task, dir: Inode, inode: Inode): void {
    const parent = dir.stat(), stat = inode.stat();
    const gid = (parent.mode & 0o2000) !== 0 ? parent.gid : t.cred.fsgid;
    if (stat.uid !== t.cred.fsuid || stat.gid !== gid) inode.setAttributes(t, { uid: t.cred.fsuid, gid });
  }

  #openUnnamed(t: Task, dirfd: number, path: string, flags: number, mode: number): OpenFile {
    if ((flags & O_ACCMODE) === O_RDONLY) fail(E.INVAL);
    const dir = this.find(t, dirfd, path);
    if (dir.inode.type !== S_IFDIR) fail(E.NOTDIR);
    this.requireWritable(dir);
    this.require(t, dir.inode, MAY_WRITE | MAY_EXEC);
    if (dir.inode.createUnnamed === undefined) return fail(E.OPNOTSUPP);
    const inode = dir.inode.createUnnamed(t, S_IFREG | (mode & 0o7777 & ~t.fs.umask));
    const shown = `${dir.path === "/" ? "" : dir.path}/#${inode.ino} (deleted)`;
    return inode.open(t, flags & ~O_TMPFILE, shown);
  }

  /** Opens a file execve may run: EACCES without the x bit or for other than regular files; errors of the walk. */
  openForExec(t: Task, dirfd: number, path: string, flags: number): OpenFile {
    const at = this.findAt(t, dirfd, path, flags);
    if (at.inode.type === S_IFLNK) fail(E.LOOP);
    if ((this.mounts.of(at.path).flags & MOUNT.NOEXEC) !== 0) fail(E.ACCES);
    const stat = at.inode.stat();
    if ((stat.mode & S_IFMT) !== S_IFREG || !mayAccess(t.cred, stat, MAY_EXEC)) fail(E.ACCES);
    return placed(t, at.inode.open(t, O_RDONLY, at.path), at);
  }
}

/** Bits of open(2) that are no status flags (do_dentry_open). */
const CREATION = O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC;

const placed = (t: Task, file: OpenFile, at: Location): OpenFile => {
  file.location = at;
  file.flags &= ~CREATION;
  if ((file.flags & O_PATH) === 0) told(at, IN.OPEN);
  if (file instanceof DirectoryFile) {
    file.parentIno = at.parent?.inode.ino ?? at.inode.ino;
    file.mounted = t.vfs.mounts.entriesIn(at.path);
  }
  return file;
};
