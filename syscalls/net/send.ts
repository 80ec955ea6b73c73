/** sendto, sendmsg, sendmmsg: one message or a stretch of a stream, waiting for room. */
import type { Outgoing, Socket } from "../../actors/net/mod.ts";
import { fromTask, type Piece, type Task } from "../../actors/mod.ts";
import { E, fail } from "../abi/errno.ts";
import { AF, MSG } from "../abi/net.ts";
import { SIG } from "../abi/signals.ts";
import { readAddress, socketOf } from "./addresses.ts";
import { readControl } from "./control.ts";
import { messageVector } from "./vector.ts";
import { waitOn } from "./waiting.ts";

/** Most bytes gathered from guest memory at once. */
const PART = 1 << 20;
/** Most bytes of one call. */
const MOST = 0x7ffff000;

/** Up to `most` bytes of the pieces from offset `from` on; EFAULT when the first cannot be read, or, of a message, any. */
const gather = (t: Task, pieces: readonly Piece[], from: number, most: number, whole: boolean): Uint8Array => {
  const total = pieces.reduce((sum, p) => sum + p.length, 0);
  const bytes = new Uint8Array(Math.min(total - from, most));
  let done = 0;
  for (const { base, length } of pieces) {
    if (from >= length) {
      from -= length;
      continue;
    }
    const n = Math.min(length - from, bytes.length - done);
    if (n === 0) break;
    const readable = t.mem.accessible(base + from, n, false);
    if (readable < n && (whole || done + readable === 0)) fail(E.FAULT);
    t.mem.readInto(base + from, bytes.subarray(done, done + readable));
    done += readable;
    if (readable < n) return bytes.subarray(0, done);
    from = 0;
  }
  return bytes;
};

/** A message on its way, or a stretch of a stream, which is gathered part by part. */
class Sending {
  done = 0;
  readonly #total: number;
  #part: Uint8Array;
  /** Where the part begins. */
  #at = 0;
  constructor(readonly t: Task, readonly s: Socket, readonly pieces: readonly Piece[], readonly m: Outgoing) {
    this.#total = pieces.reduce((sum, p) => sum + p.length, 0);
    if (s.messages && this.#total > PART) fail(E.MSGSIZE);
    this.#part = gather(t, pieces, 0, PART, s.messages || s.domain === AF.UNIX);
  }

  /** Bytes sent, a negative errno, or -EAGAIN when it has to wait. */
  attempt(): number {
    const { s, t, m } = this;
    for (;;) {
      const skip = this.done - this.#at;
      const n = s.send(t, skip === 0 ? this.#part : this.#part.subarray(skip), m);
      if (n < 0) return this.#failed(n);
      m.files = undefined;
      this.done += n;
      if (s.messages || this.done >= this.#total || n === 0) return this.done;
      if (this.done === this.#at + this.#part.length && !this.#next()) return this.done;
    }
  }
  /** Gathers the next part; false when its memory is not there. */
  #next(): boolean {
    this.#at = this.done;
    if (this.t.mem.accessible(this.#address(), 1, false) === 0) return false;
    this.#part = gather(this.t, this.pieces, this.done, PART, false);
    return this.#part.length > 0;
  }
  #address(): number {
    let skip = this.done;
    for (const { base, length } of this.pieces) {
      if (skip < length) return base + skip;
      skip -= length;
    }
    return 0;
  }
  #failed(n: number): number {
    if (n === -E.AGAIN) return n;
    if (this.done > 0) return this.done;
    if (n === -E.PIPE && this.s.signalsBroken && (this.m.flags & MSG.NOSIGNAL) === 0) {
      this.t.machine.signals.sendToTask(this.t, fromTask(this.t, SIG.PIPE));
    }
    return n;
  }
  /** What was not handed over is closed. */
  finish(): void {
    this.m.files?.forEach((file) => file.release());
    this.m.files = undefined;
  }

  run(): number {
    let n: number;
    try {
      n = this.attempt();
    } catch (error) {
      this.finish();
      throw error;
    }
    const { t, s, m } = this;
    if (n !== -E.AGAIN) {
      this.finish();
      return n;
    }
    if ((m.flags & MSG.DONTWAIT) !== 0 || s.nonblocking) {
      this.finish();
      return this.done > 0 ? this.done : n;
    }
    return waitOn(t, s, {
      what: "send",
      timeout: s.options.sendTimeout,
      queues: s.sendQueues(m),
      attempt: () => this.attempt(),
      partial: () => this.done > 0 ? this.done : undefined,
      finish: () => this.finish(),
    });
  }
}

/** sendto(2). */
export const sendto = (t: Task, fd: number, buf: number, len: number, flags: number, at: number, atLength: number) => {
  const s = socketOf(t, fd);
  const to = at === 0 ? undefined : readAddress(t, at, atLength);
  const pieces = len === 0 ? [] : [{ base: buf, length: Math.min(len, MOST) }];
  return new Sending(t, s, pieces, { flags, to: to?.length === 0 ? undefined : to }).run();
};

/** A msghdr read from guest memory, ready to be sent. */
const prepare = (t: Task, s: Socket, at: number, flags: number): Sending => {
  const { mem } = t;
  if ((flags & MSG.CMSG_COMPAT) !== 0) return fail(E.INVAL);
  const name = mem.u64(at), nameLength = mem.i32(at + 8);
  if (nameLength < 0) return fail(E.INVAL);
  const to = name === 0 || nameLength === 0 ? undefined : readAddress(t, name, Math.min(nameLength, 128));
  const pieces = messageVector(t, mem.u64(at + 16), mem.u64(at + 24));
  const { files, sender, control } = readControl(t, s, mem.u64(at + 32), mem.u64(at + 40));
  try {
    return new Sending(t, s, pieces, { flags, to, files, sender, control });
  } catch (error) {
    files?.forEach((file) => file.release());
    throw error;
  }
};

/** sendmsg(2). */
export const sendmsg = (t: Task, fd: number, at: number, flags: number): number =>
  prepare(t, socketOf(t, fd), at, flags).run();

const MMSGHDR = 64;

/** sendmmsg(2): messages sent. */
export const sendmmsg = (t: Task, fd: number, at: number, count: number, flags: number): number => {
  const s = socketOf(t, fd);
  const most = Math.min(count, 1024);
  let sent = 0, now: Sending | undefined;
  const attempt = (): number => {
    while (sent < most) {
      let n: number;
      try {
        now ??= prepare(t, s, at + MMSGHDR * sent, flags);
        n = now.attempt();
        if (n === -E.AGAIN) return n;
        now.finish();
        if (n >= 0) t.mem.setU32(at + MMSGHDR * sent + 56, n);
      } catch (error) {
        now?.finish();
        if (sent > 0) return sent;
        throw error;
      }
      now = undefined;
      if (n < 0) return sent > 0 ? sent : n;
      sent++;
    }
    return sent;
  };
  const first = attempt();
  if (first !== -E.AGAIN) return first;
  if ((flags & MSG.DONTWAIT) !== 0 || s.nonblocking) {
    now?.finish();
    return sent > 0 ? sent : first;
  }
  return waitOn(t, s, {
    what: "send",
    timeout: s.options.sendTimeout,
    queues: s.sendQueues({ flags }),
    attempt,
    partial: () => sent > 0 ? sent : undefined,
    finish: () => now?.finish(),
  });
};
