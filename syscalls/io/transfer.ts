/** Moving bytes between guest memory and open files: blocking, partial counts, SIGPIPE, file size limits. */
import { O_APPEND, type OpenFile, RLIMIT, type Task } from "../../actors/mod.ts";
import { fromTask } from "../../actors/mod.ts";
import { E, fail } from "../abi/errno.ts";
import { SIG } from "../abi/signals.ts";

/** Largest transfer of one call (MAX_RW_COUNT). */
const MAX_TRANSFER = 0x7ffff000;

/** A piece of guest memory. */
export interface Piece {
  readonly base: number;
  readonly length: number;
}

/** The vector of readv and friends; EINVAL for a bad count or length, EFAULT. */
export const readVector = (t: Task, at: number, count: number): Piece[] => {
  if (count < 0 || count > 1024) return fail(E.INVAL);
  const out: Piece[] = [];
  let total = 0;
  for (let i = 0; i < count; i++) {
    const base = t.mem.u64(at + 16 * i), length = t.mem.i64(at + 16 * i + 8);
    if (length < 0) return fail(E.INVAL);
    const taken = Math.min(length, MAX_TRANSFER - total);
    total += taken;
    if (taken > 0) out.push({ base, length: taken });
  }
  return out;
};

/** Looks again while the file would wait. `attempt` gives bytes or a negative errno. */
const waiting = (t: Task, file: OpenFile, what: string, attempt: () => number): number => {
  const first = attempt();
  if (first !== -E.AGAIN || file.nonblocking) return first;
  file.retain();
  const wait = {
    what: `${what} of ${file.path}`,
    queues: [file.queue],
    poll(): number {
      const n = attempt();
      return n === -E.AGAIN ? t.block(wait) : n;
    },
    finish: () => file.release(),
  };
  return t.block(wait);
};

const usable = (t: Task, piece: Piece, write: boolean): number => {
  const length = Math.min(piece.length, MAX_TRANSFER);
  const n = t.mem.accessible(piece.base, length, write);
  return n === 0 && length > 0 ? fail(E.FAULT) : n;
};

/** read(2) and relatives into one or several pieces. */
export const readInto = (t: Task, file: OpenFile, pieces: readonly Piece[], at?: number): number => {
  const attempt = (): number => {
    let done = 0;
    for (const piece of pieces) {
      const length = usable(t, piece, true);
      const n = t.mem.withBuffer(
        piece.base,
        length,
        true,
        (view) => file.read(t, view, at === undefined ? undefined : at + done),
      );
      if (n < 0) return done > 0 ? done : n;
      done += n;
      if (n < length || length < piece.length) break;
    }
    return done;
  };
  if (pieces.length === 0) return 0;
  return waiting(t, file, "read", attempt);
};

/** write(2) and relatives. A blocking write goes on until everything is written or a signal comes. */
export const writeFrom = (t: Task, file: OpenFile, pieces: readonly Piece[], at?: number): number => {
  let written = 0, index = 0, inPiece = 0;
  const attempt = (): number => {
    while (index < pieces.length) {
      const piece = pieces[index];
      const rest = { base: piece.base + inPiece, length: piece.length - inPiece };
      const length = limited(
        t,
        file,
        written > 0 ? Math.max(0, t.mem.accessible(rest.base, rest.length, false)) : usable(t, rest, false),
        at,
        written,
      );
      if (length <= 0 && rest.length > 0) return written > 0 ? written : length;
      const n = t.mem.withBuffer(
        rest.base,
        length,
        false,
        (view) => file.write(t, view, at === undefined ? undefined : at + written),
      );
      if (n < 0) {
        if (n === -E.AGAIN && written > 0 && file.nonblocking) return written;
        if (n === -E.PIPE) return brokenPipe(t, written);
        return n === -E.AGAIN || written === 0 ? n : written;
      }
      written += n;
      inPiece += n;
      if (inPiece >= piece.length) {
        index++;
        inPiece = 0;
      } else if (n < length) return file.nonblocking ? written : -E.AGAIN;
    }
    return written;
  };
  if (pieces.length === 0) return 0;
  const first = attempt();
  if (first !== -E.AGAIN || file.nonblocking) return first;
  file.retain();
  const wait = {
    what: `write of ${file.path}`,
    queues: [file.queue],
    poll(): number {
      const n = attempt();
      return n === -E.AGAIN ? t.block(wait) : n;
    },
    partial: () => written > 0 ? written : undefined,
    finish: () => file.release(),
  };
  return t.block(wait);
};

const brokenPipe = (t: Task, written: number): number => {
  if (written > 0) return written;
  t.machine.signals.sendToTask(t, fromTask(t, SIG.PIPE));
  return -E.PIPE;
};

/** RLIMIT_FSIZE: bytes that may still be written; SIGXFSZ and EFBIG when none. */
const limited = (t: Task, file: OpenFile, length: number, at: number | undefined, written: number): number => {
  const limit = t.group.limits[RLIMIT.FSIZE].soft;
  if (limit === Infinity || file.backing() === undefined) return length;
  const start = (file.flags & O_APPEND) !== 0 ? file.inode.stat().size : at === undefined ? file.pos : at + written;
  if (length === 0 || start + length <= limit) return length;
  if (start < limit) return limit - start;
  t.machine.signals.sendToTask(t, fromTask(t, SIG.XFSZ));
  return -E.FBIG;
};

/** Copies up to `count` bytes from one file to another through a buffer: sendfile, splice, copy_file_range. */
export const copyBetween = (
  t: Task,
  from: OpenFile,
  to: OpenFile,
  count: number,
  fromAt?: number,
  toAt?: number,
): number => {
  const buffer = new Uint8Array(Math.min(count, 65536));
  let done = 0, held: Uint8Array | undefined;
  const attempt = (): number => {
    while (done < count || held !== undefined) {
      if (held === undefined) {
        const n = from.read(
          t,
          buffer.subarray(0, Math.min(buffer.length, count - done)),
          fromAt === undefined ? undefined : fromAt + done,
        );
        if (n < 0) return done > 0 && n === -E.AGAIN ? done : n;
        if (n === 0) return done;
        held = buffer.subarray(0, n);
      }
      const n = to.write(t, held, toAt === undefined ? undefined : toAt + done);
      if (n === -E.PIPE) return brokenPipe(t, done);
      if (n < 0) return n;
      done += n;
      held = n < held.length ? held.subarray(n) : undefined;
    }
    return done;
  };
  const first = attempt();
  if (first !== -E.AGAIN) return first;
  if (held === undefined ? from.nonblocking : to.nonblocking) return -E.AGAIN;
  from.retain();
  to.retain();
  const wait = {
    what: `copy from ${from.path} to ${to.path}`,
    queues: [from.queue, to.queue],
    poll(): number {
      const n = attempt();
      return n === -E.AGAIN ? t.block(wait) : n;
    },
    partial: () => done > 0 ? done : undefined,
    finish() {
      from.release();
      to.release();
    },
  };
  return t.block(wait);
};
