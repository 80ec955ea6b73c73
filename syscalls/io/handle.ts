/** Descriptors: fetch, then let the open file do. */
import { O_APPEND, O_CLOEXEC, O_NONBLOCK, type OpenFile, RLIMIT, S_IFDIR, type Task } from "../../actors/mod.ts";
import type { Handlers } from "../abi/call.ts";
import { E, fail } from "../abi/errno.ts";
import type { io } from "./declare.ts";
import { fcntl } from "./fcntl.ts";
import { flock } from "./locks.ts";
import { copyBetween, readInto, readVector, writeFrom } from "./transfer.ts";

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
  if (at < 0) return fail(E.INVAL);
  if (file.seek(0, 1) === -E.SPIPE) return fail(E.SPIPE);
  return file;
};

const piece = (base: number, length: number) => {
  if (length > 0x7fffffffffffffff) fail(E.INVAL);
  return [{ base, length: Math.min(length, 0x7ffff000) }];
};

const FIONCLEX = 0x5450, FIOCLEX = 0x5451, FIONBIO = 0x5421;

/** An offset argument by pointer: where to read it from, and writing it back. */
const pointedOffset = (t: Task, file: OpenFile, at: number): { at: number | undefined; done(n: number): number } => {
  if (at === 0) return { at: undefined, done: (n) => n };
  const offset = t.mem.i64(at);
  seekable(file, offset);
  return {
    at: offset,
    done(n) {
      if (n > 0) t.mem.setU64(at, offset + n);
      return n;
    },
  };
};

const copy = (t: Task, inFd: number, offIn: number, outFd: number, offOut: number, count: number): number => {
  const from = forReading(t, inFd), to = forWriting(t, outFd);
  const source = pointedOffset(t, from, offIn), target = pointedOffset(t, to, offOut);
  const n = copyBetween(t, from, to, Math.min(count, 0x7ffff000), source.at, target.at);
  return n > 0 ? target.done(source.done(n)) : n;
};

export const ioHandlers: Handlers<Task, typeof io> = {
  read: (t, fd, buf, count) => {
    const file = forReading(t, fd);
    return count === 0 ? (file.inode?.type === S_IFDIR ? -E.ISDIR : 0) : readInto(t, file, piece(buf, count));
  },
  write(t, fd, buf, count) {
    const file = forWriting(t, fd);
    return count === 0 ? 0 : writeFrom(t, file, piece(buf, count));
  },
  readv: (t, fd, iov, count) => readInto(t, forReading(t, fd), readVector(t, iov, count)),
  writev: (t, fd, iov, count) => writeFrom(t, forWriting(t, fd), readVector(t, iov, count)),
  pread64: (t, fd, buf, count, at) => readInto(t, seekable(forReading(t, fd), at), piece(buf, count), at),
  pwrite64: (t, fd, buf, count, at) => writeFrom(t, seekable(forWriting(t, fd), at), piece(buf, count), at),
  preadv: (t, fd, iov, count, at) => readInto(t, seekable(forReading(t, fd), at), readVector(t, iov, count), at),
  pwritev: (t, fd, iov, count, at) => writeFrom(t, seekable(forWriting(t, fd), at), readVector(t, iov, count), at),
  preadv2(t, fd, iov, count, at, _high, flags) {
    if ((flags & ~9) !== 0) return -E.OPNOTSUPP;
    const file = forReading(t, fd);
    return at === -1
      ? readInto(t, file, readVector(t, iov, count))
      : readInto(t, seekable(file, at), readVector(t, iov, count), at);
  },
  pwritev2(t, fd, iov, count, at, _high, flags) {
    if ((flags & ~9) !== 0) return -E.OPNOTSUPP;
    const file = forWriting(t, fd);
    return at === -1
      ? writeFrom(t, file, readVector(t, iov, count))
      : writeFrom(t, seekable(file, at), readVector(t, iov, count), at);
  },
  lseek: (t, fd, offset, whence) => t.files.get(fd).seek(offset, whence),
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
      default:
        return file.ioctl(t, request % 0x100000000, arg);
    }
  },
  fsync: (t, fd) => (t.files.get(fd), 0),
  fdatasync: (t, fd) => (t.files.get(fd), 0),
  sync: () => 0,
  syncfs: (t, fd) => (t.files.get(fd), 0),
  sync_file_range: (t, fd) => (t.files.get(fd), 0),
  fadvise64: (t, fd, _offset, _length, advice) =>
    t.files.get(fd).seek(0, 1) === -E.SPIPE ? -E.SPIPE : advice < 0 || advice > 5 ? -E.INVAL : 0,
  readahead: (t, fd) => (forReading(t, fd), 0),
  sendfile: (t, out, from, offset, count) =>
    (forWriting(t, out).flags & O_APPEND) !== 0 ? -E.INVAL : copy(t, from, offset, out, 0, count),
  splice: (t, from, offIn, to, offOut, length) => copy(t, from, offIn, to, offOut, length),
  copy_file_range: (t, from, offIn, to, offOut, length, flags) =>
    flags !== 0 ? -E.INVAL : copy(t, from, offIn, to, offOut, length),
};
