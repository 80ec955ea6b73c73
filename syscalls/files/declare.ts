/** Paths: opening, metadata, directories, links. */
import {
  absent,
  call,
  dirfd,
  type Family,
  fd,
  flags,
  inBytes,
  inStruct,
  int,
  mode,
  offset,
  outBytes,
  outStruct,
  path,
  size,
  string,
  uid,
  uint,
} from "../abi/call.ts";
import { AT_FLAGS } from "../abi/at.ts";
import {
  ACCESS_MODE,
  MFD_FLAGS,
  OPEN_FLAGS,
  OPEN_HOW,
  RENAME_FLAGS,
  STAT,
  STATFS,
  STATX,
  STATX_MASK,
} from "../abi/files.ts";
import { INOTIFY_FLAGS, INOTIFY_MASK } from "../abi/inotify.ts";
import { MOUNT_FLAGS, UMOUNT_FLAGS } from "../abi/mount.ts";
import { flagSet } from "../abi/flags.ts";
import { TIMESPEC } from "../abi/timespec.ts";

const UNLINK_FLAGS = flagSet("AT", { AT_REMOVEDIR: 0x200 });
export const files = {
  openat: call(56, [dirfd(), path(), flags("flags", OPEN_FLAGS, "i32"), mode()], "open a file", { result: "fd" }),
  openat2: call(437, [dirfd(), path(), inStruct("how", OPEN_HOW), size("size")], "open a file under rules", {
    result: "fd",
    support: "partial",
    note: "RESOLVE_CACHED always answers EAGAIN",
  }),
  fstat: call(80, [fd(), outStruct("statbuf", STAT)], "metadata of an open file"),
  newfstatat: call(
    79,
    [dirfd(), path(), outStruct("statbuf", STAT), flags("flags", AT_FLAGS, "i32")],
    "metadata of a file",
  ),
  statx: call(291, [
    dirfd(),
    path(),
    flags("flags", AT_FLAGS, "i32"),
    flags("mask", STATX_MASK),
    outStruct("statxbuf", STATX),
  ], "extended metadata of a file"),
  statfs: call(43, [path(), outStruct("buf", STATFS)], "facts about a file system"),
  fstatfs: call(44, [fd(), outStruct("buf", STATFS)], "facts about an open file's file system"),
  getdents64: call(61, [fd(), outBytes("dirp", "count"), uint("count")], "directory entries", { result: "size" }),
  getcwd: call(17, [outBytes("buf", "size"), size("size")], "path of the working directory", { result: "size" }),
  chdir: call(49, [path()], "change the working directory"),
  fchdir: call(50, [fd()], "change the working directory to an open one"),
  chroot: call(51, [path()], "change the root directory"),
  umask: call(166, [mode("mask")], "set the file mode mask"),
  mkdirat: call(34, [dirfd(), path(), mode()], "make a directory"),
  mknodat: call(33, [dirfd(), path(), mode(), uint("dev")], "make a fifo, socket or device node", {
    support: "partial",
    note: "device nodes are refused; fifos and sockets on host directories are names of this run only",
  }),
  unlinkat: call(35, [dirfd(), path(), flags("flags", UNLINK_FLAGS, "i32")], "remove a name"),
  symlinkat: call(36, [string("target"), dirfd("newdirfd"), path("linkpath")], "make a symbolic link"),
  linkat: call(37, [
    dirfd("olddirfd"),
    path("oldpath"),
    dirfd("newdirfd"),
    path("newpath"),
    flags("flags", AT_FLAGS, "i32"),
  ], "make a hard link"),
  renameat2: call(276, [
    dirfd("olddirfd"),
    path("oldpath"),
    dirfd("newdirfd"),
    path("newpath"),
    flags("flags", RENAME_FLAGS),
  ], "rename a file"),
  readlinkat: call(78, [dirfd(), path(), outBytes("buf", "bufsiz"), int("bufsiz")], "target of a symbolic link", {
    result: "size",
  }),
  faccessat: call(48, [dirfd(), path(), flags("mode", ACCESS_MODE, "i32")], "whether a file may be used"),
  faccessat2: call(
    439,
    [dirfd(), path(), flags("mode", ACCESS_MODE, "i32"), flags("flags", AT_FLAGS, "i32")],
    "whether a file may be used",
  ),
  fchmod: call(52, [fd(), mode()], "change an open file's mode"),
  fchmodat: call(53, [dirfd(), path(), mode()], "change a file's mode"),
  fchmodat2: call(452, [dirfd(), path(), mode(), flags("flags", AT_FLAGS, "i32")], "change a file's mode"),
  fchown: call(55, [fd(), uid("owner"), uid("group")], "change an open file's owner"),
  fchownat: call(
    54,
    [dirfd(), path(), uid("owner"), uid("group"), flags("flags", AT_FLAGS, "i32")],
    "change a file's owner",
  ),
  utimensat: call(
    88,
    [dirfd(), path(), inStruct("times", TIMESPEC, "two"), flags("flags", AT_FLAGS, "i32")],
    "change a file's times",
  ),
  truncate: call(45, [path(), offset("length")], "cut a file"),
  ftruncate: call(46, [fd(), offset("length")], "cut an open file"),
  fallocate: call(47, [fd(), int("mode"), offset(), offset("len")], "reserve or release file space", {
    support: "partial",
    note: "mode 0 and FALLOC_FL_KEEP_SIZE on host files; more on files that keep their pages in memory",
  }),
  memfd_create: call(279, [string("name"), flags("flags", MFD_FLAGS)], "make a file in memory", {
    result: "fd",
    support: "partial",
    note: "huge pages are refused",
  }),
  mount: call(
    40,
    [
      string("source"),
      path("target"),
      string("filesystemtype"),
      flags("mountflags", MOUNT_FLAGS, "u64"),
      string("data"),
    ],
    "attach a file system",
    {
      support: "partial",
      note: "tmpfs, ramfs, overlay, proc, sysfs, devtmpfs, devpts; mounts stay private; nodev has no effect",
    },
  ),
  umount2: call(39, [path("target"), flags("flags", UMOUNT_FLAGS, "i32")], "detach a file system"),
  pivot_root: call(41, [path("new_root"), path("put_old")], "change the root file system"),
  setxattr: call(
    5,
    [path(), string("name"), inBytes("value", "size"), size("size"), int("flags")],
    "set an extended attribute",
    { support: "partial", note: "files in memory have attributes; on host files EOPNOTSUPP" },
  ),
  lsetxattr: call(
    6,
    [path(), string("name"), inBytes("value", "size"), size("size"), int("flags")],
    "set an extended attribute of a link",
    { support: "partial", note: "as setxattr" },
  ),
  fsetxattr: call(
    7,
    [fd(), string("name"), inBytes("value", "size"), size("size"), int("flags")],
    "set an extended attribute of an open file",
    { support: "partial", note: "as setxattr" },
  ),
  getxattr: call(8, [path(), string("name"), outBytes("value", "size"), size("size")], "read an extended attribute", {
    result: "size",
    support: "partial",
    note: "as setxattr",
  }),
  lgetxattr: call(
    9,
    [path(), string("name"), outBytes("value", "size"), size("size")],
    "read an extended attribute of a link",
    { result: "size", support: "partial", note: "as setxattr" },
  ),
  fgetxattr: call(
    10,
    [fd(), string("name"), outBytes("value", "size"), size("size")],
    "read an extended attribute of an open file",
    { result: "size", support: "partial", note: "as setxattr" },
  ),
  listxattr: call(11, [path(), outBytes("list", "size"), size("size")], "names of extended attributes", {
    result: "size",
    support: "partial",
    note: "as setxattr",
  }),
  llistxattr: call(12, [path(), outBytes("list", "size"), size("size")], "names of extended attributes of a link", {
    result: "size",
    support: "partial",
    note: "as setxattr",
  }),
  flistxattr: call(13, [fd(), outBytes("list", "size"), size("size")], "names of extended attributes of an open file", {
    result: "size",
    support: "partial",
    note: "as setxattr",
  }),
  removexattr: call(14, [path(), string("name")], "remove an extended attribute", {
    support: "partial",
    note: "as setxattr",
  }),
  lremovexattr: call(15, [path(), string("name")], "remove an extended attribute of a link", {
    support: "partial",
    note: "as setxattr",
  }),
  fremovexattr: call(16, [fd(), string("name")], "remove an extended attribute of an open file", {
    support: "partial",
    note: "as setxattr",
  }),
  inotify_init1: call(26, [flags("flags", INOTIFY_FLAGS, "i32")], "watch files", { result: "fd" }),
  inotify_add_watch: call(27, [fd(), path("pathname"), flags("mask", INOTIFY_MASK)], "watch a file", {
    support: "partial",
    note: "what programs of this machine do is seen, changes by the host and by unmounting are not",
  }),
  inotify_rm_watch: call(28, [fd(), int("wd")], "stop watching a file"),
  fanotify_init: absent(262, "watch file systems", "not built yet"),
  name_to_handle_at: absent(264, "handle of a file", "not built yet"),
  open_by_handle_at: absent(265, "open a file by handle", "not built yet"),
} satisfies Family;
