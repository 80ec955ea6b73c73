/**
 * Moving bytes between guest memory and open files: blocking, partial counts, SIGPIPE, file size limits. One piece that need not wait goes straight through without
 * allocating anything but the view.
 */
import {
  fileTold,
  fromTask,
  IOV_MAX,
  MAX_TRANSFER,
  O_APPEND,
  type OpenFile,
  type Piece,
  readVector,
  RLIMIT,
  S_IFIFO,
  S_IFREG,
  S_IFSOCK,
  type Task,
} from "../../actors/mod.ts";
import { E, fail } from "../abi/errno.ts";
import { IN } from "../abi/inotify.ts";
import { SIG } from "../abi/signals.ts";

/** Largest vector that is moved in one operation to or from what is no regular file: a message stays one message, a small pipe write stays whole. */
const ONE_GO = 1 << 20;

/** The vector of readv and friends; EINVAL for a bad count or length, EFAULT. */
export const countedVector = (t: Task, at: number, count: number): Piece[] =>
  count < 0 || count > IOV_MAX ? fail(E.INVAL) : readVector(t, at, count);

// What the view functions work on: set just before `withBuffer`, read at once by the function, so no closure is made per call.
let task: Task, target: OpenFile, offset: number | undefined;
const probe = new Uint8Array(1);
const readView = (view: Uint8Array): number => {
  const n = target.read(task, view, offset);
  if (n > 0) fileTold(target, IN.ACCESS);
  return n;
};
const writeView = (view: Uint8Array): number => {
  const n = target.write(task, view, offset);
  if (n > 0) fileTold(target, IN.MODIFY);
  return n;
};

/** One piece, as far as its memory is accessible; EFAULT when its first byte is not. */
const move = (
  t: Task,
  file: OpenFile,
  base: number,
  length: number,
  at: number | undefined,
  write: boolean,
): number => {
  // No pipe or socket gives more at once; looking at all of a huge buffer each time would cost more than the bytes.
  if (!write && length > ONE_GO && (file.inode.type === S_IFIFO || file.inode.type === S_IFSOCK)) length = ONE_GO;
  const n = t.mem.accessible(base, length, !write);
  if (n === 0 && length > 0) {
    // At its end a regular file gives 0 before it looks at the memory.
    if (!write && file.inode.type === S_IFREG && file.read(t, probe, at ?? file.pos) === 0) return 0;
    return fail(E.FAULT);
  }
  task = t;
  target = file;
  offset = at;
  return t.mem.withBuffer(base, n, !write, write ? writeView : readView);
};

/** read(2), pread64(2). */
export const readOne = (t: Task, file: OpenFile, base: number, length: number, at?: number): number => {
  const n = move(t, file, base, Math.min(length, MAX_TRANSFER), at, false);
  return n !== -E.AGAIN || file.nonblocking ? n : readInto(t, file, [{ base, length }], at);
};

/** readv(2) and relatives. */
export const readInto = (t: Task, file: OpenFile, pieces: readonly Piece[], at?: number): number => {
  if (pieces.length === 0) return 0;
  if (pieces.length > 1 && file.inode.type !== S_IFREG) return readScattered(t, file, pieces);
  const attempt = (): number => {
    let done = 0;
    for (const { base, length } of pieces) {
      if (done > 0 && t.mem.accessible(base, 1, true) === 0) break;
      const n = move(t, file, base, length, at === undefined ? undefined : at + done, false);
      if (n < 0) return done > 0 ? done : n;
      done += n;
      if (n < length) break;
    }
    return done;
  };
  return reading(t, file, attempt);
};

/** The end of a wait that is limited in time. */
const patience = (t: Task, timeout: number, done?: () => number) =>
  timeout === 0 ? undefined : {
    deadline: t.machine.clock.monotonic() + timeout,
    timedOut: () => done?.() || -E.AGAIN,
    restart: "eintr" as const,
  };

const reading = (t: Task, file: OpenFile, attempt: () => number): number => {
  const first = attempt();
  if (first !== -E.AGAIN || file.nonblocking) return first;
  file.retain();
  const wait = {
    what: `read of ${file.path}`,
    queues: [file.queue],
    ...patience(t, file.readTimeout),
    poll(): number {
      const n = attempt();
      return n === -E.AGAIN ? t.block(wait) : n;
    },
    finish: () => file.release(),
  };
  return t.block(wait);
};

const totalOf = (pieces: readonly Piece[]): number => pieces.reduce((sum, p) => sum + p.length, 0);

/** Bytes that can be written before the first that cannot, as far as one operation goes. */
const reachable = (t: Task, pieces: readonly Piece[]): number => {
  let reach = 0;
  for (const { base, length } of pieces) {
    const wanted = Math.min(length, ONE_GO - reach), n = t.mem.accessible(base, wanted, true);
    reach += n;
    if (n < length) break;
  }
  return reach;
};

const readScattered = (t: Task, file: OpenFile, pieces: readonly Piece[]): number =>
  reading(t, file, () => {
    const reach = reachable(t, pieces);
    if (reach === 0) return -E.FAULT;
    const buffer = new Uint8Array(reach);
    const n = file.read(t, buffer);
    let done = 0;
    for (const { base, length } of pieces) {
      if (done >= n) break;
      const size = Math.min(length, n - done);
      t.mem.write(base, buffer.subarray(done, done + size));
      done += size;
    }
    return n;
  });

/** The pieces in one buffer, as far as their memory can be read; EFAULT when the first cannot. */
const gather = (t: Task, pieces: readonly Piece[]): Uint8Array => {
  const buffer = new Uint8Array(totalOf(pieces));
  let done = 0;
  for (const { base, length } of pieces) {
    const n = t.mem.accessible(base, length, false);
    if (n === 0 && done === 0) fail(E.FAULT);
    t.mem.readInto(base, buffer.subarray(done, done + n));
    done += n;
    if (n < length) break;
  }
  return buffer.subarray(0, done);
};

/** write(2), pwrite64(2). */
export const writeOne = (t: Task, file: OpenFile, base: number, length: number, at?: number): number => {
  const whole = Math.min(length, MAX_TRANSFER);
  if (t.group.limits[RLIMIT.FSIZE].soft !== Infinity) return writeFrom(t, file, [{ base, length: whole }], at);
  const n = move(t, file, base, whole, at, true);
  if (n === whole || (n < 0 && n !== -E.AGAIN && n !== -E.PIPE)) return n;
  return writeFrom(t, file, [{ base, length: whole }], at, n);
};

/**
 * writev(2) and relatives. A blocking write goes on until everything is written or a signal comes.
 * @param begun what a first attempt at the (single) piece gave: bytes, or a negative errno
 */
export const writeFrom = (t: Task, file: OpenFile, pieces: readonly Piece[], at?: number, begun?: number): number => {
  if (pieces.length === 0) return 0;
  if (pieces.length > 1 && file.inode.type !== S_IFREG && totalOf(pieces) <= ONE_GO) {
    return writeGathered(t, file, gather(t, pieces));
  }
  let written = Math.max(0, begun ?? 0), index = 0, inPiece = written;
  const attempt = (): number => {
    while (index < pieces.length) {
      const { base, length } = pieces[index], rest = length - inPiece;
      if (written > 0 && rest > 0 && t.mem.accessible(base + inPiece, 1, false) === 0) return written;
      const allowed = limited(t, file, rest, at, written);
      if (allowed < 0) return written > 0 ? written : allowed;
      const n = move(t, file, base + inPiece, allowed, at === undefined ? undefined : at + written, true);
      if (n < 0) return failed(t, file, n, written);
      written += n;
      inPiece += n;
      if (inPiece < length) {
        if (n === allowed) continue;
        const readable = t.mem.accessible(base + inPiece, 1, false) > 0;
        return n === 0 || !readable || file.nonblocking ? written : -E.AGAIN;
      }
      index++;
      inPiece = 0;
    }
    return written;
  };
  const first = begun !== undefined && begun < 0 ? failed(t, file, begun, 0) : attempt();
  return writing(t, file, first, attempt, () => written);
};

const writeGathered = (t: Task, file: OpenFile, bytes: Uint8Array): number => {
  let written = 0;
  const attempt = (): number => {
    while (written < bytes.length) {
      const n = file.write(t, written === 0 ? bytes : bytes.subarray(written));
      if (n < 0) return failed(t, file, n, written);
      written += n;
      if (written < bytes.length) return n === 0 || file.nonblocking ? written : -E.AGAIN;
    }
    return written;
  };
  return writing(t, file, attempt(), attempt, () => written);
};

/** Goes on with a write that could not be finished at first. */
const writing = (t: Task, file: OpenFile, first: number, attempt: () => number, written: () => number): number => {
  if (first !== -E.AGAIN || file.nonblocking) return first;
  file.retain();
  const wait = {
    what: `write of ${file.path}`,
    queues: [file.queue],
    ...patience(t, file.writeTimeout, written),
    poll(): number {
      const n = attempt();
      return n === -E.AGAIN ? t.block(wait) : n;
    },
    partial: () => written() > 0 ? written() : undefined,
    finish: () => file.release(),
  };
  return t.block(wait);
};

/** A failed write's result: what was written before counts first. */
const failed = (t: Task, file: OpenFile, n: number, written: number): number => {
  if (n === -E.AGAIN) return written > 0 && file.nonblocking ? written : n;
  return n === -E.PIPE && file.signalsBroken ? brokenPipe(t, written) : written > 0 ? written : n;
};

/** Nobody reads any more: SIGPIPE, unless something was written before. */
export const brokenPipe = (t: Task, written: number): number => {
  if (written > 0) return written;
  t.machine.signals.sendToTask(t, fromTask(t, SIG.PIPE));
  return -E.PIPE;
};

/** RLIMIT_FSIZE: bytes that may still be written; SIGXFSZ and EFBIG when none. */
const limited = (t: Task, file: OpenFile, length: number, at: number | undefined, written: number): number => {
  const limit = t.group.limits[RLIMIT.FSIZE].soft;
  if (limit === Infinity || length === 0 || file.backing() === undefined) return length;
  const start = (file.flags & O_APPEND) !== 0 ? file.inode.stat().size : at === undefined ? file.pos : at + written;
  if (start + length <= limit) return length;
  if (start < limit) return limit - start;
  if (written === 0) t.machine.signals.sendToTask(t, fromTask(t, SIG.XFSZ));
  return -E.FBIG;
};
