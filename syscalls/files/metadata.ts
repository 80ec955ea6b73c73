/** Metadata as the structs of stat, statx and statfs; and changing it: mode, owner, times, size. */
import {
  CAP,
  capableOver,
  fromTask,
  type HostFsFacts,
  type Inode,
  KEEP,
  MAY_WRITE,
  type Mount,
  type OpenFile,
  RLIMIT,
  S_IFDIR,
  S_IFMT,
  S_IFREG,
  saidGid,
  saidUid,
  seenGid,
  seenUid,
  type Stat,
  type Task,
} from "../../actors/mod.ts";
import { E, fail } from "../abi/errno.ts";
import { STAT, STATFS, STATX } from "../abi/files.ts";
import { encodeStruct } from "../abi/layout.ts";
import { MOUNT } from "../abi/mount.ts";
import { SIG } from "../abi/signals.ts";

const BILLION = 1_000_000_000n;
const sec = (t: bigint): bigint => t / BILLION;
const nsec = (t: bigint): bigint => t % BILLION;
const major = (dev: number): number => (dev >>> 8) & 0xfff;
const minor = (dev: number): number => (dev & 0xff) | ((dev >>> 12) & 0xfff00);

export const statBytes = ({ cred }: Task, s: Stat): Uint8Array =>
  encodeStruct(STAT, {
    dev: s.dev,
    ino: s.ino,
    mode: s.mode,
    nlink: s.nlink,
    uid: seenUid(cred, s.uid),
    gid: seenGid(cred, s.gid),
    rdev: s.rdev,
    size: s.size,
    blksize: s.blksize,
    blocks: s.blocks,
    atime: sec(s.atime),
    atime_nsec: nsec(s.atime),
    mtime: sec(s.mtime),
    mtime_nsec: nsec(s.mtime),
    ctime: sec(s.ctime),
    ctime_nsec: nsec(s.ctime),
  });

const stamp = (t: bigint) => ({ sec: sec(t), nsec: nsec(t) });

/** STATX_ATTR_MOUNT_ROOT */
const MOUNT_ROOT = 0x2000;

/** @param mount what it lies on; undefined for files without a place */
export const statxBytes = ({ cred }: Task, s: Stat, inode: Inode, mount: Mount | undefined): Uint8Array =>
  encodeStruct(STATX, {
    mask: (s.btime === undefined ? 0x7ff : 0xfff) | (mount === undefined ? 0 : 0x1000),
    mnt_id: mount?.id ?? 0,
    attributes: mount?.root === inode ? MOUNT_ROOT : 0,
    attributes_mask: MOUNT_ROOT,
    blksize: s.blksize,
    nlink: s.nlink,
    uid: seenUid(cred, s.uid),
    gid: seenGid(cred, s.gid),
    mode: s.mode,
    ino: s.ino,
    size: s.size,
    blocks: s.blocks,
    atime: stamp(s.atime),
    btime: stamp(s.btime ?? 0n),
    ctime: stamp(s.ctime),
    mtime: stamp(s.mtime),
    rdev_major: major(s.rdev),
    rdev_minor: minor(s.rdev),
    dev_major: major(s.dev),
    dev_minor: minor(s.dev),
  });

/** What a file system that says nothing is taken for: a generated one such as /proc. */
const NO_FACTS: HostFsFacts = { type: 0x9fa0, bsize: 4096, blocks: 0, bfree: 0, bavail: 0, files: 0, ffree: 0 };
const ST_VALID = 0x20;
/** What statfs says of a mount's flags (ST_*); ST_NOSYMFOLLOW and ST_RELATIME have other values than mount(2)'s. */
const FLAGS: readonly (readonly [mount: number, shown: number])[] = [
  [MOUNT.RDONLY, 1],
  [MOUNT.NOSUID, 2],
  [MOUNT.NODEV, 4],
  [MOUNT.NOEXEC, 8],
  [MOUNT.NOATIME, 1024],
  [MOUNT.NODIRATIME, 2048],
  [MOUNT.RELATIME, 4096],
  [MOUNT.NOSYMFOLLOW, 8192],
];

export const statfsBytes = (inode: Inode, mount: Mount | undefined): Uint8Array => {
  const { type, bsize, blocks, bfree, bavail, files, ffree } =
    (inode as Inode & { statfs?(): HostFsFacts | undefined }).statfs?.() ?? NO_FACTS;
  const numbers = { type, bsize, blocks, bfree, bavail, files, ffree };
  return encodeStruct(STATFS, {
    ...numbers,
    namelen: 255,
    frsize: bsize,
    flags: FLAGS.reduce((all, [flag, shown]) => all | ((mount?.flags ?? 0) & flag ? shown : 0), ST_VALID),
    fsid: inode.dev,
  });
};

/** Owner of the file, or CAP_FOWNER. */
const owns = (t: Task, s: Stat): boolean => t.cred.fsuid === s.uid || capableOver(t.cred, s, CAP.FOWNER);

export const changeMode = (t: Task, inode: Inode, mode: number): number => {
  const s = inode.stat();
  if (!owns(t, s)) return -E.PERM;
  let bits = mode & 0o7777;
  const inGroup = t.cred.fsgid === s.gid || t.cred.groups.includes(s.gid);
  if (!inGroup && !capableOver(t.cred, s, CAP.FSETID)) bits &= ~0o2000;
  inode.setAttributes(t, { mode: bits });
  return 0;
};

export const changeOwner = (t: Task, inode: Inode, wantedUid: number, wantedGid: number): number => {
  const uid = saidUid(t.cred, wantedUid), gid = saidGid(t.cred, wantedGid);
  const s = inode.stat();
  const toUid = uid === KEEP ? s.uid : uid, toGid = gid === KEEP ? s.gid : gid;
  if (!capableOver(t.cred, s, CAP.CHOWN)) {
    const mine = t.cred.fsuid === s.uid;
    const groupOk = toGid === s.gid || t.cred.fsgid === toGid || t.cred.groups.includes(toGid);
    if (!mine || toUid !== s.uid || !groupOk) return -E.PERM;
  }
  inode.setAttributes(t, { uid: toUid, gid: toGid });
  // A changed owner takes the set-id bits away from executables.
  if ((s.mode & S_IFMT) === S_IFREG && (s.mode & 0o6000) !== 0 && (uid !== KEEP || gid !== KEEP)) {
    const clear = 0o4000 | ((s.mode & 0o10) !== 0 ? 0o2000 : 0);
    inode.setAttributes(t, { mode: s.mode & 0o7777 & ~clear });
  }
  return 0;
};

const UTIME_NOW = 0x3fffffff, UTIME_OMIT = 0x3ffffffe;

/** Times of utimensat: undefined to leave alone. `at` 0 means now, both. */
export const changeTimes = (t: Task, inode: Inode, at: number): number => {
  const now = t.machine.clock.realtime();
  const given = at === 0
    ? [{ s: 0, n: UTIME_NOW }, { s: 0, n: UTIME_NOW }]
    : [0, 16].map((o) => ({ s: t.mem.i64(at + o), n: t.mem.i64(at + o + 8) }));
  for (const { n } of given) if (n !== UTIME_NOW && n !== UTIME_OMIT && (n < 0 || n >= 1e9)) return -E.INVAL;
  if (given.every(({ n }) => n === UTIME_OMIT)) return 0;
  const s = inode.stat();
  if (!owns(t, s)) {
    if (!given.every(({ n }) => n === UTIME_NOW)) return -E.PERM;
    t.vfs.require(t, inode, MAY_WRITE);
  }
  const [atime, mtime] = given.map(({ s, n }) =>
    n === UTIME_NOW ? now : n === UTIME_OMIT ? undefined : BigInt(s) * BILLION + BigInt(n)
  );
  inode.setAttributes(t, { ...(atime === undefined ? {} : { atime }), ...(mtime === undefined ? {} : { mtime }) });
  return 0;
};

/** RLIMIT_FSIZE: growing beyond it raises SIGXFSZ (inode_newsize_ok). */
const beyondLimit = (t: Task, inode: Inode, size: number): boolean => {
  const limit = t.group.limits[RLIMIT.FSIZE].soft;
  if (limit === Infinity || size <= limit || size <= inode.stat().size) return false;
  t.machine.signals.sendToTask(t, fromTask(t, SIG.XFSZ));
  return true;
};

/** Cuts or extends; for truncate(2) and ftruncate(2). */
export const changeSize = (t: Task, inode: Inode, size: number, file?: OpenFile): number => {
  if (size < 0) return -E.INVAL;
  if (inode.type === S_IFDIR) return file === undefined ? -E.ISDIR : -E.INVAL;
  if (inode.type !== S_IFREG) return -E.INVAL;
  if (size > Number.MAX_SAFE_INTEGER || beyondLimit(t, inode, size)) return -E.FBIG;
  const own = (file as OpenFile & { truncate?(size: number): number | void } | undefined)?.truncate;
  if (own !== undefined) return own.call(file, size) ?? 0;
  inode.setAttributes(t, { size });
  return 0;
};

/** A regular file's node, or EINVAL/EISDIR as fallocate wants. */
export const allocate = (t: Task, file: OpenFile, mode: number, offset: number, length: number): number => {
  if (offset < 0 || length <= 0) return -E.INVAL;
  if (!file.writable) return -E.BADF;
  const { inode } = file;
  if (inode.type !== S_IFREG) return inode.type === S_IFDIR ? -E.ISDIR : -E.NODEV;
  if (offset + length > Number.MAX_SAFE_INTEGER) return -E.FBIG;
  if ((mode & 1) === 0 && beyondLimit(t, inode, offset + length)) return -E.FBIG;
  const own = (file as OpenFile & { fallocate?(mode: number, offset: number, length: number): number }).fallocate;
  if (own !== undefined) return own.call(file, mode, offset, length);
  if ((mode & ~1) !== 0) return fail(E.OPNOTSUPP);
  if ((mode & 1) === 0 && inode.stat().size < offset + length) return changeSize(t, inode, offset + length, file);
  return 0;
};
