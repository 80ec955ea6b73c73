/** Flags and structs of the file calls (linux/fcntl.h, asm-generic/stat.h, linux/stat.h). */
import { enumeration, flagSet, prefixed } from "./flags.ts";
import { struct } from "./layout.ts";

export const OPEN_FLAGS = flagSet(
  "O",
  {
    O_CREAT: 0o100,
    O_EXCL: 0o200,
    O_NOCTTY: 0o400,
    O_TRUNC: 0o1000,
    O_APPEND: 0o2000,
    O_NONBLOCK: 0o4000,
    O_SYNC: 0o4010000,
    O_DSYNC: 0o10000,
    FASYNC: 0o20000,
    O_DIRECT: 0o40000,
    O_LARGEFILE: 0o100000,
    O_NOFOLLOW: 0o400000,
    O_CLOEXEC: 0o2000000,
    O_NOATIME: 0o1000000,
    O_PATH: 0o10000000,
    O_TMPFILE: 0o20200000,
    O_DIRECTORY: 0o200000,
  },
  3,
  { O_RDONLY: 0, O_WRONLY: 1, O_RDWR: 2 },
);
export const ACCESS_MODE = flagSet("OK", { R_OK: 4, W_OK: 2, X_OK: 1 }, 7, { F_OK: 0 });
export const WHENCE = enumeration("SEEK", { SEEK_SET: 0, SEEK_CUR: 1, SEEK_END: 2, SEEK_DATA: 3, SEEK_HOLE: 4 });

/** fcntl commands. */
export const F = {
  DUPFD: 0,
  GETFD: 1,
  SETFD: 2,
  GETFL: 3,
  SETFL: 4,
  GETLK: 5,
  SETLK: 6,
  SETLKW: 7,
  SETOWN: 8,
  GETOWN: 9,
  SETSIG: 10,
  GETSIG: 11,
  SETOWN_EX: 15,
  GETOWN_EX: 16,
  OFD_GETLK: 36,
  OFD_SETLK: 37,
  OFD_SETLKW: 38,
  SETLEASE: 1024,
  GETLEASE: 1025,
  NOTIFY: 1026,
  DUPFD_QUERY: 1027,
  DUPFD_CLOEXEC: 1030,
  SETPIPE_SZ: 1031,
  GETPIPE_SZ: 1032,
  ADD_SEALS: 1033,
  GET_SEALS: 1034,
} as const;
export const FCNTL = enumeration("F", prefixed("F_", F));

/** struct stat of asm-generic (128 bytes). */
export const STAT = struct("stat", {
  dev: "u64",
  ino: "u64",
  mode: "u32",
  nlink: "u32",
  uid: "u32",
  gid: "u32",
  rdev: "u64",
  pad1: "u64",
  size: "i64",
  blksize: "i32",
  pad2: "i32",
  blocks: "i64",
  atime: "i64",
  atime_nsec: "u64",
  mtime: "i64",
  mtime_nsec: "u64",
  ctime: "i64",
  ctime_nsec: "u64",
  unused: "u64",
});
const STATX_TIME = struct("statx_timestamp", { sec: "i64", nsec: "u32", pad: "i32" });
export const STATX = struct("statx", {
  mask: "u32",
  blksize: "u32",
  attributes: "u64",
  nlink: "u32",
  uid: "u32",
  gid: "u32",
  mode: "u16",
  pad: "u16",
  ino: "u64",
  size: "u64",
  blocks: "u64",
  attributes_mask: "u64",
  atime: STATX_TIME,
  btime: STATX_TIME,
  ctime: STATX_TIME,
  mtime: STATX_TIME,
  rdev_major: "u32",
  rdev_minor: "u32",
  dev_major: "u32",
  dev_minor: "u32",
  mnt_id: "u64",
  dio_mem_align: "u32",
  dio_offset_align: "u32",
  spare: { bytes: 96 },
});
export const STATFS = struct("statfs", {
  type: "u64",
  bsize: "u64",
  blocks: "u64",
  bfree: "u64",
  bavail: "u64",
  files: "u64",
  ffree: "u64",
  fsid: "u64",
  namelen: "u64",
  frsize: "u64",
  flags: "u64",
  spare: { bytes: 32 },
});
export const STATX_MASK = flagSet("STATX", { STATX_BASIC_STATS: 0x7ff, STATX_BTIME: 0x800, STATX_MNT_ID: 0x1000 });
export const FLOCK = struct("flock", { type: "i16", whence: "i16", start: "i64", len: "i64", pid: "i32" });
export const OPEN_HOW = struct("open_how", { flags: "u64", mode: "u64", resolve: "u64" });
/** struct open_how's resolve (openat2(2)). */
export const RESOLVE = { NO_XDEV: 1, NO_MAGICLINKS: 2, NO_SYMLINKS: 4, BENEATH: 8, IN_ROOT: 16, CACHED: 32 } as const;
export const RENAME_FLAGS = flagSet("RENAME", { RENAME_NOREPLACE: 1, RENAME_EXCHANGE: 2, RENAME_WHITEOUT: 4 });
export const LOCK_OPERATIONS = flagSet("LOCK", { LOCK_SH: 1, LOCK_EX: 2, LOCK_NB: 4, LOCK_UN: 8 });

/** Seals of F_ADD_SEALS. */
export const SEAL = { SEAL: 1, SHRINK: 2, GROW: 4, WRITE: 8, FUTURE_WRITE: 16, EXEC: 32, ALL: 63 } as const;
export const MFD = { CLOEXEC: 1, ALLOW_SEALING: 2, HUGETLB: 4, NOEXEC_SEAL: 8, EXEC: 16 } as const;
export const MFD_FLAGS = flagSet("MFD", {
  MFD_CLOEXEC: 1,
  MFD_ALLOW_SEALING: 2,
  MFD_HUGETLB: 4,
  MFD_NOEXEC_SEAL: 8,
  MFD_EXEC: 16,
});
export const SPLICE_FLAGS = flagSet("SPLICE_F", {
  SPLICE_F_MOVE: 1,
  SPLICE_F_NONBLOCK: 2,
  SPLICE_F_MORE: 4,
  SPLICE_F_GIFT: 8,
});
