/** Paths: fetch, then let the tree do. */
import {
  CAP,
  capable,
  capableHere,
  fileTold,
  hasOneName,
  makeMemfd,
  MAY_EXEC,
  mayRemove,
  nameAdded,
  nameMade,
  nameMoved,
  nameRemoved,
  O_CLOEXEC,
  O_CREAT,
  O_DIRECTORY,
  O_LARGEFILE,
  O_PATH,
  O_TMPFILE,
  O_TRUNC,
  readPath,
  RLIMIT,
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFIFO,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
  S_IFSOCK,
  type Task,
  type WalkRules,
} from "../../actors/mod.ts";
import { AT, AT_FDCWD } from "../abi/at.ts";
import type { Handlers } from "../abi/call.ts";
import { E } from "../abi/errno.ts";
import { bytesOf, textOf } from "../abi/text.ts";
import type { files } from "./declare.ts";
import { IN } from "../abi/inotify.ts";
import { MFD, RESOLVE } from "../abi/files.ts";
import { changeHandlers } from "./changes.ts";
import { lateFileHandlers } from "./late.ts";
import { access } from "./access.ts";
import { locate } from "./place.ts";
import { statBytes, statfsBytes, statxBytes } from "./metadata.ts";

const open = (
  t: Task,
  dirfd: number,
  path: string,
  flags: number,
  mode: number,
  rules: Partial<WalkRules> = {},
): number => {
  const limit = t.group.limits[RLIMIT.NOFILE].soft, full = t.files.refuses(limit);
  // Before anything is made.
  if (full < 0) return full;
  // What O_PATH does not know is ignored.
  const known = (flags & O_PATH) !== 0 ? flags & (O_PATH | O_DIRECTORY | 0o400000 | O_CLOEXEC) : flags;
  const file = t.vfs.open(t, dirfd, path, known & ~O_CLOEXEC, mode, rules);
  if ((flags & O_PATH) === 0) file.flags |= O_LARGEFILE;
  const wait = file.opening?.(t);
  const fd = t.files.add(file, (flags & O_CLOEXEC) !== 0, limit);
  if (fd < 0) {
    file.release();
    return fd;
  }
  return wait === undefined ? fd : wait(fd);
};

/** rmdir of a path that ends in ".", ".." or is only slashes. */
const lastIsDots = (path: string): number => {
  const last = path.split("/").filter((n) => n !== "").at(-1);
  return last === "." ? -E.INVAL : last === ".." ? -E.NOTEMPTY : -E.BUSY;
};

export const filesHandlers: Handlers<Task, typeof files> = {
  ...lateFileHandlers,
  ...changeHandlers,
  openat: (t, dirfd, path, flags, mode) => open(t, dirfd, readPath(t, path), flags, mode),
  openat2(t, dirfd, path, how, size) {
    if (size < 24) return -E.INVAL;
    if (size > 4096) return -E["2BIG"];
    const flags = t.mem.u64(how), mode = t.mem.u64(how + 8), resolve = t.mem.u64(how + 16);
    for (let at = 24; at < size; at++) if (t.mem.u8(how + at) !== 0) return -E["2BIG"];
    if (flags >= 0x100000000 || (mode & ~0o7777) !== 0 || resolve > 0x3f) return -E.INVAL;
    if (mode !== 0 && (flags & O_CREAT) === 0 && (flags & O_TMPFILE) !== O_TMPFILE) return -E.INVAL;
    const asks = (bit: number): boolean => (resolve & bit) !== 0;
    if (asks(RESOLVE.BENEATH) && asks(RESOLVE.IN_ROOT)) return -E.INVAL;
    const text = readPath(t, path);
    // Nothing is known to be cached: the caller tries again without.
    if (asks(RESOLVE.CACHED)) return (flags & (O_CREAT | O_TRUNC | O_TMPFILE)) !== 0 ? -E.INVAL : -E.AGAIN;
    return open(t, dirfd, text, flags | 0, mode, {
      noXdev: asks(RESOLVE.NO_XDEV),
      noLinks: asks(RESOLVE.NO_SYMLINKS),
      noMagic: asks(RESOLVE.NO_SYMLINKS) || asks(RESOLVE.NO_MAGICLINKS),
      beneath: asks(RESOLVE.BENEATH),
      inRoot: asks(RESOLVE.IN_ROOT),
    });
  },
  fstat(t, fd, at) {
    t.mem.write(at, statBytes(t, t.files.get(fd, true).inode.stat()));
    return 0;
  },
  newfstatat(t, dirfd, path, at, flags) {
    if ((flags & ~(AT.SYMLINK_NOFOLLOW | AT.EMPTY_PATH | AT.NO_AUTOMOUNT)) !== 0) return -E.INVAL;
    t.mem.write(at, statBytes(t, locate(t, dirfd, path, flags).inode.stat()));
    return 0;
  },
  statx(t, dirfd, path, flags, mask, at) {
    if ((flags & ~0x7900) !== 0 || mask >= 0x80000000) return -E.INVAL;
    const place = locate(t, dirfd, path, flags);
    t.mem.write(at, statxBytes(t, place.inode.stat(), place.inode, t.vfs.mountOf(place)));
    return 0;
  },
  statfs(t, path, at) {
    const place = t.vfs.find(t, AT_FDCWD, readPath(t, path));
    t.mem.write(at, statfsBytes(place.inode, t.vfs.mountOf(place)));
    return 0;
  },
  fstatfs(t, fd, at) {
    const { inode, location } = t.files.get(fd, true);
    t.mem.write(at, statfsBytes(inode, t.vfs.mountOf(location)));
    return 0;
  },
  getdents64(t, fd, at, count) {
    const file = t.files.get(fd);
    const n = t.mem.withBuffer(at, Math.min(count, 1 << 20), true, (view) => file.getdents(t, view));
    if (n >= 0) fileTold(file, IN.ACCESS);
    return n;
  },
  getcwd(t, at, size) {
    const root = t.fs.root.path === "/" ? "" : t.fs.root.path;
    const { path, inode } = t.fs.cwd;
    if (inode.unlinked) return -E.NOENT;
    const shown = root !== "" && path === root
      ? "/"
      : path.startsWith(root + "/")
      ? path.slice(root.length)
      : `(unreachable)${path}`;
    const bytes = bytesOf(shown + "\0");
    if (size < bytes.length) return -E.RANGE;
    t.mem.write(at, bytes);
    return bytes.length;
  },
  chdir(t, path) {
    const at = t.vfs.find(t, AT_FDCWD, readPath(t, path));
    if (at.inode.type !== S_IFDIR) return -E.NOTDIR;
    t.vfs.require(t, at.inode, MAY_EXEC);
    t.fs.cwd = at;
    return 0;
  },
  fchdir(t, fd) {
    const file = t.files.get(fd, true);
    if (file.inode.type !== S_IFDIR) return -E.NOTDIR;
    t.vfs.require(t, file.inode, MAY_EXEC);
    t.fs.cwd = t.vfs.locationOf(file);
    return 0;
  },
  chroot(t, path) {
    const at = t.vfs.find(t, AT_FDCWD, readPath(t, path));
    if (at.inode.type !== S_IFDIR) return -E.NOTDIR;
    t.vfs.require(t, at.inode, MAY_EXEC);
    if (!capableHere(t.cred, CAP.SYS_CHROOT)) return -E.PERM;
    t.fs.root = at;
    return 0;
  },
  umask(t, mask) {
    const before = t.fs.umask;
    t.fs.umask = mask & 0o777;
    return before;
  },
  mkdirat(t, dirfd, path, mode) {
    const { vfs } = t;
    const { dir, name } = vfs.place(t, dirfd, readPath(t, path), true);
    // A set-gid directory hands the bit on.
    const inherited = dir.inode.stat().mode & 0o2000;
    const made = dir.inode.create(t, name, S_IFDIR | inherited | (mode & 0o1777 & ~t.fs.umask));
    vfs.own(t, dir.inode, made);
    nameMade(dir.inode, name, made);
    return 0;
  },
  mknodat(t, dirfd, path, mode, dev) {
    const type = mode & S_IFMT;
    if (type === S_IFDIR) return -E.PERM;
    if (![0, S_IFREG, S_IFIFO, S_IFSOCK, S_IFCHR, S_IFBLK].includes(type)) return -E.INVAL;
    if ((type === S_IFCHR || type === S_IFBLK) && !capable(t.cred, CAP.MKNOD)) return -E.PERM;
    const { dir, name } = t.vfs.place(t, dirfd, readPath(t, path));
    const made = dir.inode.create(t, name, (type || S_IFREG) | (mode & 0o7777 & ~t.fs.umask), dev);
    t.vfs.own(t, dir.inode, made);
    nameMade(dir.inode, name, made);
    return 0;
  },
  unlinkat(t, dirfd, path, flags) {
    if ((flags & ~AT.REMOVEDIR) !== 0) return -E.INVAL;
    const text = readPath(t, path);
    const { dir, name, at } = t.vfs.victim(t, dirfd, text);
    const last = hasOneName(at.inode);
    if ((flags & AT.REMOVEDIR) !== 0) {
      if (name === "") return lastIsDots(text);
      if (at.inode.type !== S_IFDIR) return -E.NOTDIR;
      dir.inode.rmdir(t, name);
    } else {
      if (at.inode.type === S_IFDIR) return -E.ISDIR;
      dir.inode.unlink(t, name);
    }
    t.vfs.relocated(t, at.inode, at.path, undefined);
    nameRemoved(dir.inode, name, at.inode, last);
    return 0;
  },
  symlinkat(t, target, dirfd, path) {
    const text = readPath(t, target);
    if (text === "") return -E.NOENT;
    const { dir, name } = t.vfs.place(t, dirfd, readPath(t, path));
    nameMade(dir.inode, name, dir.inode.symlink(t, name, text));
    return 0;
  },
  linkat(t, oldDir, oldPath, newDir, newPath, flags) {
    if ((flags & ~(AT.SYMLINK_FOLLOW | AT.EMPTY_PATH)) !== 0) return -E.INVAL;
    const nofollow = (flags & AT.SYMLINK_FOLLOW) === 0 ? AT.SYMLINK_NOFOLLOW : 0;
    const from = t.vfs.findAt(t, oldDir, readPath(t, oldPath), nofollow | (flags & AT.EMPTY_PATH));
    const { dir, name } = t.vfs.place(t, newDir, readPath(t, newPath));
    if (from.inode.type === S_IFDIR) return -E.PERM;
    if (from.inode.dev !== dir.inode.dev) return -E.XDEV;
    dir.inode.link(t, name, from.inode);
    nameAdded(dir.inode, name, from.inode);
    return 0;
  },
  renameat2(t, oldDir, oldPath, newDir, newPath, flags) {
    if ((flags & ~7) !== 0 || (flags & 3) === 3) return -E.INVAL;
    if ((flags & 4) !== 0) return -E.INVAL;
    const { vfs } = t;
    const old = readPath(t, oldPath), wanted = readPath(t, newPath);
    const from = vfs.victim(t, oldDir, old);
    const to = vfs.walk(t, newDir, wanted, { follow: false });
    if (from.name === "" || to.name === "") return -E.BUSY;
    if (to.at !== undefined && vfs.isMountPoint(to.at.path)) return -E.BUSY;
    if (from.dir.inode.dev !== to.dir.inode.dev) return -E.XDEV;
    vfs.require(t, to.dir.inode, 3);
    if ((flags & 1) !== 0 && to.at !== undefined) return -E.EXIST;
    if (to.at !== undefined && !mayRemove(t.cred, to.dir.inode.stat(), to.at.inode.stat())) return -E.PERM;
    if (to.slash && from.at.inode.type !== S_IFDIR) return -E.NOTDIR;
    for (let up: typeof to.dir | undefined = to.dir; up !== undefined; up = up.parent) {
      if (up.inode === from.at.inode) return -E.INVAL;
    }
    vfs.requireWritable(to.dir);
    if (to.at?.inode === from.at.inode) return 0;
    if (to.at !== undefined && (flags & 2) === 0) {
      const fromDir = from.at.inode.type === S_IFDIR, toDir = to.at.inode.type === S_IFDIR;
      if (fromDir && !toDir) return -E.NOTDIR;
      if (!fromDir && toDir) return -E.ISDIR;
    }
    const last = to.at !== undefined && hasOneName(to.at.inode);
    from.dir.inode.rename(t, from.name, to.dir.inode, to.name, flags);
    const path = to.dir.path === "/" ? "/" + to.name : to.dir.path + "/" + to.name;
    const exchanged = (flags & 2) !== 0 ? to.at : undefined;
    if (exchanged === undefined && to.at !== undefined) vfs.relocated(t, to.at.inode, path, undefined);
    vfs.relocated(t, from.at.inode, from.at.path, { inode: from.at.inode, path, parent: to.dir });
    if (exchanged !== undefined) {
      vfs.relocated(t, exchanged.inode, path, { inode: exchanged.inode, path: from.at.path, parent: from.dir });
    }
    const [before, after] = [[from.dir.inode, from.name], [to.dir.inode, to.name]] as const;
    nameMoved(before, after, from.at.inode, exchanged === undefined ? to.at?.inode : undefined, last);
    if (exchanged !== undefined) nameMoved(after, before, exchanged.inode, undefined, false);
    return 0;
  },
  readlinkat(t, dirfd, path, at, size) {
    if (size <= 0) return -E.INVAL;
    const name = readPath(t, path);
    const { inode } = t.vfs.findAt(t, dirfd, name, AT.SYMLINK_NOFOLLOW | AT.EMPTY_PATH);
    if (inode.type !== S_IFLNK) return name === "" ? -E.NOENT : -E.INVAL;
    const bytes = bytesOf(inode.readlink(t)).subarray(0, size);
    t.mem.write(at, bytes);
    return bytes.length;
  },
  faccessat: (t, dirfd, path, mode) => access(t, dirfd, readPath(t, path), mode, 0),
  faccessat2: (t, dirfd, path, mode, flags) => access(t, dirfd, readPath(t, path), mode, flags),
  memfd_create(t, name, flags) {
    const { CLOEXEC, ALLOW_SEALING, NOEXEC_SEAL, EXEC } = MFD;
    if ((flags & ~(CLOEXEC | ALLOW_SEALING | NOEXEC_SEAL | EXEC)) !== 0) return -E.INVAL;
    if ((flags & NOEXEC_SEAL) !== 0 && (flags & EXEC) !== 0) return -E.INVAL;
    const bytes = t.mem.cstring(name, 250);
    if (bytes === undefined) return -E.INVAL;
    const sealed = (flags & NOEXEC_SEAL) !== 0;
    const sealable = sealed || (flags & ALLOW_SEALING) !== 0;
    const file = makeMemfd(t.machine, t.cred, textOf(bytes), sealable, !sealed);
    const fd = t.files.add(file, (flags & CLOEXEC) !== 0, t.group.limits[RLIMIT.NOFILE].soft);
    if (fd < 0) file.release();
    return fd;
  },
};
