/** Modes, owners, times, sizes and extended attributes of files. */
import { S_IFDIR, S_IFLNK, type Task } from "../../actors/mod.ts";
import { AT, AT_FDCWD } from "../abi/at.ts";
import type { Handlers } from "../abi/call.ts";
import { E } from "../abi/errno.ts";
import { IN } from "../abi/inotify.ts";
import { getAttribute, listAttributes, removeAttribute, setAttribute } from "./attributes.ts";
import type { files } from "./declare.ts";
import { allocate, changeMode, changeOwner, changeSize, changeTimes } from "./metadata.ts";
import { changing, changingOpen, locate, placeOf } from "./place.ts";

type Calls =
  | "fchmod"
  | "fchmodat"
  | "fchmodat2"
  | "fchown"
  | "fchownat"
  | "utimensat"
  | "truncate"
  | "ftruncate"
  | "fallocate"
  | `${"" | "l" | "f"}${"set" | "get" | "list" | "remove"}xattr`;
const KNOWN = AT.SYMLINK_NOFOLLOW | AT.EMPTY_PATH;

export const changeHandlers: Pick<Handlers<Task, typeof files>, Calls> = {
  fchmod: (t, fd, mode) => changingOpen(t, t.files.get(fd), IN.ATTRIB, (inode) => changeMode(t, inode, mode)),
  fchmodat: (t, dirfd, path, mode) =>
    changing(t, locate(t, dirfd, path, 0), IN.ATTRIB, (inode) => changeMode(t, inode, mode)),
  fchmodat2(t, dirfd, path, mode, flags) {
    if ((flags & ~KNOWN) !== 0) return -E.INVAL;
    const at = locate(t, dirfd, path, flags), link = at.inode.type === S_IFLNK;
    return changing(t, at, IN.ATTRIB, (inode) => link ? -E.OPNOTSUPP : changeMode(t, inode, mode));
  },
  fchown: (t, fd, uid, gid) => changingOpen(t, t.files.get(fd), IN.ATTRIB, (inode) => changeOwner(t, inode, uid, gid)),
  fchownat(t, dirfd, path, uid, gid, flags) {
    if ((flags & ~KNOWN) !== 0) return -E.INVAL;
    return changing(t, locate(t, dirfd, path, flags), IN.ATTRIB, (inode) => changeOwner(t, inode, uid, gid));
  },
  utimensat(t, dirfd, path, times, flags) {
    if ((flags & ~KNOWN) !== 0) return -E.INVAL;
    return path === 0
      ? changingOpen(t, t.files.get(dirfd), IN.ATTRIB, (inode) => changeTimes(t, inode, times))
      : changing(t, locate(t, dirfd, path, flags), IN.ATTRIB, (inode) => changeTimes(t, inode, times));
  },
  truncate(t, path, size) {
    if (size < 0) return -E.INVAL;
    const at = locate(t, AT_FDCWD, path, 0);
    if (at.inode.type === S_IFDIR) return -E.ISDIR;
    return changing(t, at, IN.MODIFY, (inode) => {
      t.vfs.require(t, inode, 2);
      return changeSize(t, inode, size);
    });
  },
  ftruncate(t, fd, size) {
    const file = t.files.get(fd);
    return file.writable ? changingOpen(t, file, IN.MODIFY, (inode) => changeSize(t, inode, size, file)) : -E.INVAL;
  },
  fallocate(t, fd, mode, offset, length) {
    const file = t.files.get(fd);
    return changingOpen(t, file, IN.MODIFY, () => allocate(t, file, mode, offset, length));
  },
  setxattr: (t, path, name, value, size, flags) =>
    changing(t, placeOf(t, path), IN.ATTRIB, (inode) => setAttribute(t, inode, name, value, size, flags)),
  lsetxattr: (t, path, name, value, size, flags) =>
    changing(t, placeOf(t, path, false), IN.ATTRIB, (inode) => setAttribute(t, inode, name, value, size, flags)),
  fsetxattr: (t, fd, name, value, size, flags) =>
    changingOpen(t, t.files.get(fd), IN.ATTRIB, (inode) => setAttribute(t, inode, name, value, size, flags)),
  getxattr: (t, path, name, value, size) => getAttribute(t, placeOf(t, path).inode, name, value, size),
  lgetxattr: (t, path, name, value, size) => getAttribute(t, placeOf(t, path, false).inode, name, value, size),
  fgetxattr: (t, fd, name, value, size) => getAttribute(t, t.files.get(fd).inode, name, value, size),
  listxattr: (t, path, list, size) => listAttributes(t, placeOf(t, path).inode, list, size),
  llistxattr: (t, path, list, size) => listAttributes(t, placeOf(t, path, false).inode, list, size),
  flistxattr: (t, fd, list, size) => listAttributes(t, t.files.get(fd).inode, list, size),
  removexattr: (t, path, name) => changing(t, placeOf(t, path), IN.ATTRIB, (inode) => removeAttribute(t, inode, name)),
  lremovexattr: (t, path, name) =>
    changing(t, placeOf(t, path, false), IN.ATTRIB, (inode) => removeAttribute(t, inode, name)),
  fremovexattr: (t, fd, name) =>
    changingOpen(t, t.files.get(fd), IN.ATTRIB, (inode) => removeAttribute(t, inode, name)),
};
