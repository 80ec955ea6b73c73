/** Copies between two descriptors: sendfile, splice, tee, copy_file_range. Bytes leave the source only when the target has taken them. */
import {
  fileTold,
  MAX_TRANSFER,
  O_APPEND,
  O_NONBLOCK,
  type OpenFile,
  PipeEnd,
  POLLOUT,
  S_IFDIR,
  S_IFREG,
  type Task,
} from "../../actors/mod.ts";
import { E, fail } from "../abi/errno.ts";
import { IN } from "../abi/inotify.ts";
import { brokenPipe } from "./transfer.ts";

const SPLICE_F_NONBLOCK = 2;
const CHUNK = 65536;

const forReading = (t: Task, fd: number): OpenFile => {
  const file = t.files.get(fd);
  return file.readable ? file : fail(E.BADF);
};
const forWriting = (t: Task, fd: number): OpenFile => {
  const file = t.files.get(fd);
  return file.writable ? file : fail(E.BADF);
};
const hasOffset = (file: OpenFile): boolean => file.seek(0, 1) !== -E.SPIPE;

/** One side of a copy: the file, where in it (undefined: at its own offset), and the guest's word the new offset goes back to. */
interface Side {
  readonly file: OpenFile;
  at: number | undefined;
  readonly cell: number;
}

const side = (t: Task, file: OpenFile, cell: number): Side => {
  if (cell === 0) return { file, at: undefined, cell };
  if (!hasOffset(file)) return fail(E.SPIPE);
  const at = t.mem.i64(cell);
  return at < 0 ? fail(E.INVAL) : { file, at, cell };
};

/** Fetches without consuming where that is possible; `take` then consumes. */
const fetch = (t: Task, from: Side, into: Uint8Array): number => {
  const { file } = from;
  if (file instanceof PipeEnd) return file.peek(into);
  return hasOffset(file) ? file.read(t, into, from.at ?? file.pos) : file.read(t, into);
};
const take = (from: Side, n: number): void => {
  const { file } = from;
  if (file instanceof PipeEnd) file.skip(n);
  else if (from.at !== undefined) from.at += n;
  else if (hasOffset(file)) file.pos += n;
};

/**
 * Copies up to `count` bytes. `once`: returns as soon as something was moved (splice), instead of going on to the end (sendfile).
 * @param waits whether the call may wait
 */
const copy = (t: Task, from: Side, to: Side, count: number, once: boolean, waits: boolean): number => {
  const buffer = new Uint8Array(Math.min(count, CHUNK));
  let done = 0;
  // A target that is full is waited for, until all is sent, unless a part will do.
  const full = (): number => done > 0 && (once || !waits) ? done : -E.AGAIN;
  const attempt = (): number => {
    while (done < count) {
      // A source that cannot be asked twice is asked only when the target has room.
      if ((to.file.poll() & POLLOUT) === 0 && !hasOffset(to.file) && !broken(to.file)) return full();
      const got = fetch(t, from, buffer.subarray(0, Math.min(buffer.length, count - done, roomIn(to.file))));
      if (got <= 0) return done > 0 ? done : got;
      const n = to.file.write(t, buffer.subarray(0, got), to.at);
      if (n === -E.PIPE) return brokenPipe(t, done);
      if (n === -E.AGAIN) return full();
      if (n < 0) return done > 0 ? done : n;
      fileTold(from.file, IN.ACCESS);
      fileTold(to.file, IN.MODIFY);
      take(from, n);
      if (to.at !== undefined) to.at += n;
      done += n;
      if (once) break;
    }
    return done;
  };
  const settle = (n: number): number => {
    for (const { at, cell } of [from, to]) if (n >= 0 && at !== undefined) t.mem.setU64(cell, at);
    return n;
  };
  const first = attempt();
  if (first !== -E.AGAIN || !waits) return settle(first);
  from.file.retain();
  to.file.retain();
  const wait = {
    what: `copy from ${from.file.path} to ${to.file.path}`,
    queues: [from.file.queue, to.file.queue],
    poll(): number {
      const n = attempt();
      return n === -E.AGAIN ? t.block(wait) : settle(n);
    },
    partial: () => done > 0 ? settle(done) : undefined,
    finish() {
      from.file.release();
      to.file.release();
    },
  };
  return t.block(wait);
};
/** What a pipe surely takes: bytes fetched from a source that cannot be asked twice must all go in. */
const roomIn = (file: OpenFile): number => file instanceof PipeEnd ? Math.max(1, file.pipe.free) : Infinity;
const broken = (file: OpenFile): boolean => file instanceof PipeEnd && file.pipe.readers === 0;

/** sendfile(2). */
export const sendfile = (t: Task, outFd: number, inFd: number, cell: number, count: number): number => {
  if (count >= 2 ** 63) return -E.INVAL;
  const from = side(t, forReading(t, inFd), cell), to: Side = { file: forWriting(t, outFd), at: undefined, cell: 0 };
  if (from.file.inode.type === S_IFDIR || (!hasOffset(from.file) && !(from.file instanceof PipeEnd))) return -E.INVAL;
  if ((to.file.flags & O_APPEND) !== 0) return -E.INVAL;
  return copy(t, from, to, Math.min(count, MAX_TRANSFER), false, !to.file.nonblocking);
};

/** splice(2): one of the two is a pipe. */
export const splice = (
  t: Task,
  inFd: number,
  offIn: number,
  outFd: number,
  offOut: number,
  count: number,
  flags: number,
): number => {
  if (count === 0) return 0;
  if ((flags & ~15) !== 0) return -E.INVAL;
  const source = forReading(t, inFd), target = forWriting(t, outFd);
  const fromPipe = source instanceof PipeEnd, toPipe = target instanceof PipeEnd;
  if ((fromPipe && offIn !== 0) || (toPipe && offOut !== 0)) return -E.SPIPE;
  if (!fromPipe && !toPipe) return -E.INVAL;
  if (fromPipe && toPipe && source.pipe === target.pipe) return -E.INVAL;
  if (!toPipe && (target.flags & O_APPEND) !== 0) return -E.INVAL;
  const waits = (flags & SPLICE_F_NONBLOCK) === 0 && ((source.flags | target.flags) & O_NONBLOCK) === 0;
  return copy(t, side(t, source, offIn), side(t, target, offOut), Math.min(count, MAX_TRANSFER), true, waits);
};

/** tee(2): copies what is in a pipe to another, consuming nothing. */
export const tee = (t: Task, inFd: number, outFd: number, count: number, flags: number): number => {
  if ((flags & ~15) !== 0) return -E.INVAL;
  if (count === 0) return 0;
  const from = forReading(t, inFd), to = forWriting(t, outFd);
  if (!(from instanceof PipeEnd) || !(to instanceof PipeEnd) || from.pipe === to.pipe) return -E.INVAL;
  const attempt = (): number => {
    if (to.pipe.readers === 0) return brokenPipe(t, 0);
    const buffer = new Uint8Array(Math.min(count, to.pipe.free));
    if (buffer.length === 0) return -E.AGAIN;
    const n = from.peek(buffer);
    return n <= 0 ? n : to.write(t, buffer.subarray(0, n));
  };
  const first = attempt();
  if (first !== -E.AGAIN || (flags & SPLICE_F_NONBLOCK) !== 0 || from.nonblocking || to.nonblocking) return first;
  from.retain();
  to.retain();
  const wait = {
    what: `tee from ${from.path} to ${to.path}`,
    queues: [from.queue, to.queue],
    poll(): number {
      const n = attempt();
      return n === -E.AGAIN ? t.block(wait) : n;
    },
    finish() {
      from.release();
      to.release();
    },
  };
  return t.block(wait);
};

/** copy_file_range(2): regular files only. */
export const copyFileRange = (
  t: Task,
  inFd: number,
  offIn: number,
  outFd: number,
  offOut: number,
  count: number,
  flags: number,
): number => {
  if (flags !== 0) return -E.INVAL;
  const source = forReading(t, inFd), target = forWriting(t, outFd);
  if (source.inode.type === S_IFDIR || target.inode.type === S_IFDIR) return -E.ISDIR;
  if (source.inode.type !== S_IFREG || target.inode.type !== S_IFREG) return -E.INVAL;
  if ((target.flags & O_APPEND) !== 0) return -E.BADF;
  const from = side(t, source, offIn), to = side(t, target, offOut);
  const fromAt = from.at ?? source.pos, toAt = to.at ?? target.pos;
  const size = Math.max(0, Math.min(count, MAX_TRANSFER, source.inode.stat().size - fromAt));
  if (source.inode === target.inode && fromAt < toAt + size && toAt < fromAt + size) return -E.INVAL;
  return size === 0 ? 0 : copy(t, from, to, size, false, true);
};
