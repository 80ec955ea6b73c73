/** Descriptors: fetch, then let the open file do. */
import {
  asyncChanged,
  O_ASYNC,
  O_CLOEXEC,
  O_NONBLOCK,
  type OpenFile,
  PipeEnd,
  RLIMIT,
  S_IFDIR,
  S_IFREG,
  type Task,
} from "../../actors/mod.ts";
import type { Handlers } from "../abi/call.ts";
import { E, fail } from "../abi/errno.ts";
import { USER_END } from "../abi/mman.ts";
import type { io } from "./declare.ts";
import { fcntl } from "./fcntl.ts";
import { flock } from "./locks.ts";
import { copyFileRange, sendfile, splice, tee } from "./copy.ts";
import { countedVector, readInto, readOne, writeFrom, writeOne } from "./transfer.ts";

const forReading = (t: Task, fd: number): OpenFile => {
  const file = t.files.get(fd);
  return file.readable ? file : fail(E.BADF);
};
const forWriting = (t: Task, fd: number): OpenFile => {
  const file = t.files.get(fd);
  return file.writable ? file : fail(E.BADF);
};

/** A file that has offsets; ESPIPE for pipes, sockets and the like. */
const seekable = (file: OpenFile, at: number): OpenFile => {
  // What is read or written there would end beyond the last offset.
  if (at < 0 || at >= 2 ** 63) return fail(E.INVAL);
  if (file.seek(0, 1) === -E.SPIPE) return fail(E.SPIPE);
  return file;
};

const FIONCLEX = 0x5450, FIOCLEX = 0x5451, FIONBIO = 0x5421, FIOASYNC = 0x5452, FIONREAD = 0x541b;

/** RWF_* of preadv2 and pwritev2. */
const RWF = { HIPRI: 1, DSYNC: 2, SYNC: 4, NOWAIT: 8, APPEND: 16 } as const;

/** The count of a buffer that ends where user memory may (access_ok); EFAULT. */
const counted = (buf: number, count: number): number => buf + count > USER_END ? fail(E.FAULT) : count;

/** fsync(2) and fdatasync(2): what can hold data. */
const sync = (t: Task, fd: number, dataOnly: boolean): number => {
  const file = t.files.get(fd) as OpenFile & { sync?(dataOnly: boolean): void };
  if (file.sync !== undefined) file.sync(dataOnly);
  else if (file.inode.type !== S_IFREG && file.inode.type !== S_IFDIR) return -E.INVAL;
  return 0;
};

export const ioHandlers: Handlers<Task, typeof io> = {
  read(t, fd, buf, count) {
    const file = forReading(t, fd);
    if (count === 0) return file.inode.type === S_IFDIR ? -E.ISDIR : 0;
    return readOne(t, file, buf, counted(buf, count));
  },
  write(t, fd, buf, count) {
    const file = forWriting(t, fd);
    return count === 0 ? 0 : writeOne(t, file, buf, counted(buf, count));
  },
  readv: (t, fd, iov, count) => readInto(t, forReading(t, fd), countedVector(t, iov, count)),
  writev: (t, fd, iov, count) => writeFrom(t, forWriting(t, fd), countedVector(t, iov, count)),
  pread64(t, fd, buf, count, at) {
    const file = seekable(forReading(t, fd), at);
    return count === 0 ? 0 : readOne(t, file, buf, counted(buf, count), at);
  },
  pwrite64(t, fd, buf, count, at) {
    const file = seekable(forWriting(t, fd), at);
    return count === 0 ? 0 : writeOne(t, file, buf, counted(buf, count), at);
  },
  preadv: (t, fd, iov, count, at) => readInto(t, seekable(forReading(t, fd), at), countedVector(t, iov, count), at),
  pwritev: (t, fd, iov, count, at) => writeFrom(t, seekable(forWriting(t, fd), at), countedVector(t, iov, count), at),
  preadv2(t, fd, iov, count, at, _high, flags) {
    if ((flags & ~(RWF.HIPRI | RWF.DSYNC | RWF.SYNC | RWF.NOWAIT)) !== 0) return -E.OPNOTSUPP;
    const file = at === -1 ? forReading(t, fd) : seekable(forReading(t, fd), at);
    return readInto(t, file, countedVector(t, iov, count), at === -1 ? undefined : at);
  },
  pwritev2(t, fd, iov, count, at, _high, flags) {
    if ((flags & ~(RWF.HIPRI | RWF.DSYNC | RWF.SYNC | RWF.NOWAIT | RWF.APPEND)) !== 0) return -E.OPNOTSUPP;
    const file = at === -1 ? forWriting(t, fd) : seekable(forWriting(t, fd), at);
    const to = (flags & RWF.APPEND) !== 0 ? file.inode.stat().size : at === -1 ? undefined : at;
    const n = writeFrom(t, file, countedVector(t, iov, count), to);
    if (n > 0 && (flags & RWF.APPEND) !== 0 && at === -1) file.pos = to! + n;
    if (n > 0 && (flags & (RWF.DSYNC | RWF.SYNC)) !== 0) sync(t, fd, (flags & RWF.SYNC) === 0);
    return n;
  },
  lseek(t, fd, offset, whence) {
    const file = t.files.get(fd);
    if (whence < 0 || whence > 4) return -E.INVAL;
    const before = file.pos, to = file.seek(offset, whence);
    if (to <= Number.MAX_SAFE_INTEGER) return to;
    // No file is that long: as on a file system whose files end before.
    file.pos = before;
    return -E.INVAL;
  },
  close: (t, fd) => t.files.close(fd),
  close_range(t, first, last, flags) {
    if (first > last || (flags & ~6) !== 0) return -E.INVAL;
    if ((flags & 2) !== 0 && t.files.users > 1) {
      const own = t.files.fork();
      t.files.release();
      t.files = own;
    }
    for (const fd of t.files.descriptors()) {
      if (fd < first || fd > last) continue;
      if ((flags & 4) !== 0) t.files.setCloexec(fd, true);
      else t.files.close(fd);
    }
    return 0;
  },
  dup(t, fd) {
    const file = t.files.get(fd, true).retain();
    const added = t.files.add(file, false, t.group.limits[RLIMIT.NOFILE].soft);
    if (added < 0) file.release();
    return added;
  },
  dup3(t, from, to, flags) {
    if (from === to || (flags & ~O_CLOEXEC) !== 0) return -E.INVAL;
    if (to < 0 || to >= t.group.limits[RLIMIT.NOFILE].soft) return -E.BADF;
    t.files.put(to, t.files.get(from, true).retain(), (flags & O_CLOEXEC) !== 0);
    return to;
  },
  fcntl,
  flock,
  ioctl(t, fd, request, arg) {
    const file = t.files.get(fd);
    switch (request) {
      case FIOCLEX:
      case FIONCLEX:
        t.files.setCloexec(fd, request === FIOCLEX);
        return 0;
      case FIONBIO:
        file.flags = t.mem.i32(arg) !== 0 ? file.flags | O_NONBLOCK : file.flags & ~O_NONBLOCK;
        file.flagsChanged();
        return 0;
      case FIOASYNC:
        if (file.inode.type === S_IFREG || file.inode.type === S_IFDIR) return -E.NOTTY;
        file.flags = t.mem.i32(arg) !== 0 ? file.flags | O_ASYNC : file.flags & ~O_ASYNC;
        asyncChanged(t.machine, file, fd);
        return 0;
      case FIONREAD:
        if (file.inode.type !== S_IFREG) return file.ioctl(t, request, arg);
        t.mem.setU32(arg, Math.max(0, file.inode.stat().size - file.pos));
        return 0;
      default:
        return file.ioctl(t, request % 0x100000000, arg);
    }
  },
  fsync: (t, fd) => sync(t, fd, false),
  fdatasync: (t, fd) => sync(t, fd, true),
  sync: () => 0,
  syncfs: (t, fd) => (t.files.get(fd), 0),
  sync_file_range: (t, fd) => (t.files.get(fd), 0),
  fadvise64: (t, fd, _offset, _length, advice) =>
    t.files.get(fd).seek(0, 1) === -E.SPIPE ? -E.SPIPE : advice < 0 || advice > 5 ? -E.INVAL : 0,
  readahead: (t, fd) => (forReading(t, fd), 0),
  sendfile,
  splice,
  tee,
  vmsplice(t, fd, iov, count, flags) {
    if ((flags & ~15) !== 0) return -E.INVAL;
    const file = t.files.get(fd), pieces = countedVector(t, iov, count);
    if (!(file instanceof PipeEnd)) return -E.BADF;
    return file.writable ? writeFrom(t, file, pieces) : readInto(t, file, pieces);
  },
  copy_file_range: copyFileRange,
};
