/** recvfrom, recvmsg, recvmmsg: one message or a stretch of a stream, waiting for it. */
import { Incoming, type Socket } from "../../actors/net/mod.ts";
import { type Piece, readTimespec, type Task } from "../../actors/mod.ts";
import { E, fail } from "../abi/errno.ts";
import { USER_END } from "../abi/mman.ts";
import { MSG } from "../abi/net.ts";
import { socketOf, writeAddress } from "./addresses.ts";
import { dropFiles, writeControl } from "./control.ts";
import { messageVector } from "./vector.ts";
import { waitOn } from "./waiting.ts";

/** Bytes on their way into guest memory. */
class Receiving {
  readonly m: Incoming;
  readonly #total: number;
  /** Bytes of a stream that have come so far. */
  done = 0;

  constructor(readonly t: Task, readonly s: Socket, readonly pieces: readonly Piece[], readonly flags: number) {
    this.m = new Incoming(flags);
    this.#total = pieces.reduce((sum, p) => sum + p.length, 0);
  }

  /** Bytes received, a negative errno, or -EAGAIN when it has to wait. */
  attempt(): number {
    const { s, flags } = this;
    if (s.messages || (flags & MSG.PEEK) !== 0) return this.#once();
    const whole = (flags & MSG.WAITALL) !== 0;
    const target = Math.min(whole ? this.#total : s.options.receiveLow, this.#total);
    for (;;) {
      const n = this.#once();
      if (n < 0) {
        if (n === -E.AGAIN || this.done === 0) return n;
        // The error waits for the next call.
        s.error = -n;
        return this.done;
      }
      this.done += n;
      if (n === 0 || this.done >= target || this.m.files !== undefined) return this.done;
    }
  }

  #once(): number {
    const { t, s, pieces, m } = this;
    const left = this.#total - this.done;
    // A stream keeps what it cannot bring; a message is lost.
    if (!s.messages && left > 0 && s.pendingBytes > 0 && !this.#reachable()) return -E.FAULT;
    const most = s.messages && (this.flags & MSG.TRUNC) === 0 ? left : Math.min(left, Math.max(1, s.pendingBytes));
    if (pieces.length === 1 && t.mem.accessible(pieces[0].base + this.done, most, true) === most) {
      return direct(t, s, m, pieces[0].base + this.done, most);
    }
    const scratch = new Uint8Array(Math.min(most, Math.max(1, s.pendingBytes)));
    const n = s.receive(t, scratch, m);
    if (n > 0) this.#scatter(scratch.subarray(0, Math.min(n, scratch.length)));
    return n;
  }

  /** Whether the next byte has a place. */
  #reachable(): boolean {
    let skip = this.done;
    for (const { base, length } of this.pieces) {
      if (skip < length) return this.t.mem.accessible(base + skip, 1, true) > 0;
      skip -= length;
    }
    return true;
  }

  #scatter(bytes: Uint8Array): void {
    let skip = this.done, at = 0;
    for (const { base, length } of this.pieces) {
      if (skip >= length) {
        skip -= length;
        continue;
      }
      const n = Math.min(length - skip, bytes.length - at);
      this.t.mem.write(base + skip, bytes.subarray(at, at + n));
      at += n;
      skip = 0;
      if (at >= bytes.length) return;
    }
  }

  /** Runs to the end, `done` told what came. */
  run(tell: (n: number) => number): number {
    const { t, s, flags } = this;
    const finish = (n: number): number => n < 0 ? n : tell(n);
    let first: number;
    try {
      first = this.attempt();
    } catch (error) {
      dropFiles(this.m);
      throw error;
    }
    if (first !== -E.AGAIN) return finish(first);
    if ((flags & (MSG.DONTWAIT | MSG.ERRQUEUE)) !== 0 || s.nonblocking) {
      return this.done > 0 ? finish(this.done) : first;
    }
    return waitOn(t, s, {
      what: "receive",
      timeout: s.options.receiveTimeout,
      attempt: () => finish(this.attempt()),
      partial: () => this.done > 0 ? finish(this.done) : undefined,
      finish: () => dropFiles(this.m),
    });
  }
}

// The view function works on these, set just before `withBuffer`, so that no closure is made per call.
let task: Task, from: Socket, incoming: Incoming;
const fill = (view: Uint8Array): number => from.receive(task, view, incoming);
const nothing = new Uint8Array(0);
const direct = (t: Task, s: Socket, m: Incoming, base: number, length: number): number => {
  if (length === 0) return s.receive(t, nothing, m);
  task = t;
  from = s;
  incoming = m;
  return t.mem.withBuffer(base, length, true, fill);
};

/** recvfrom(2). */
export const recvfrom = (
  t: Task,
  fd: number,
  buf: number,
  len: number,
  flags: number,
  addr: number,
  addrLength: number,
): number => {
  const s = socketOf(t, fd);
  const length = Math.min(len, 0x7ffff000);
  if (length > 0 && buf + length > USER_END) return -E.FAULT;
  const r = new Receiving(t, s, length === 0 ? [] : [{ base: buf, length }], flags);
  return r.run((n) => {
    dropFiles(r.m);
    if (addr !== 0) writeAddress(t, addr, addrLength, r.m.from ?? nothing);
    return n;
  });
};

/** A msghdr to be filled; `tell` writes back what came with the bytes. */
const prepare = (t: Task, s: Socket, at: number, flags: number) => {
  const { mem } = t;
  if ((flags & MSG.CMSG_COMPAT) !== 0) fail(E.INVAL);
  if (mem.i32(at + 8) < 0 && mem.u64(at) !== 0) fail(E.INVAL);
  const r = new Receiving(t, s, messageVector(t, mem.u64(at + 16), mem.u64(at + 24)), flags);
  const tell = (n: number): number => {
    const name = mem.u64(at);
    const used = writeControl(t, r.m, mem.u64(at + 32), mem.u64(at + 40));
    if (name !== 0) writeAddress(t, name, at + 8, r.m.from ?? nothing);
    mem.setU32(at + 48, r.m.flags | (flags & MSG.CMSG_CLOEXEC));
    mem.setU64(at + 40, used);
    return n;
  };
  return { r, tell };
};

/** recvmsg(2). */
export const recvmsg = (t: Task, fd: number, at: number, flags: number): number => {
  const { r, tell } = prepare(t, socketOf(t, fd), at, flags);
  return r.run(tell);
};

const MMSGHDR = 64;

/** recvmmsg(2): messages received. */
export const recvmmsg = (t: Task, fd: number, at: number, count: number, flags: number, timeoutAt: number): number => {
  const s = socketOf(t, fd);
  const { clock } = t.machine;
  const end = timeoutAt === 0 ? Infinity : clock.monotonic() + readTimespec(t.mem, timeoutAt);
  const most = Math.min(count, 1024);
  let received = 0, now: ReturnType<typeof prepare> | undefined;
  let each = flags & ~MSG.WAITFORONE;
  const attempt = (): number => {
    while (received < most) {
      const here = at + MMSGHDR * received;
      let n: number;
      try {
        now ??= prepare(t, s, here, each);
        n = now.r.attempt();
        if (n === -E.AGAIN && received > 0 && ((each & MSG.DONTWAIT) !== 0 || s.nonblocking)) return received;
        if (n === -E.AGAIN) return n;
        if (n >= 0) t.mem.setU32(here + 56, now.tell(n));
      } catch (error) {
        if (received > 0) return received;
        throw error;
      }
      now = undefined;
      if (n < 0) return received > 0 ? received : n;
      received++;
      if ((flags & MSG.WAITFORONE) !== 0) each |= MSG.DONTWAIT;
      if (clock.monotonic() >= end) break;
    }
    return received;
  };
  const first = attempt();
  if (first !== -E.AGAIN) return first;
  if ((each & MSG.DONTWAIT) !== 0 || s.nonblocking) return received > 0 ? received : first;
  return waitOn(t, s, {
    what: "receive",
    timeout: s.options.receiveTimeout,
    attempt,
    partial: () => received > 0 ? received : undefined,
    finish: () => now === undefined ? undefined : dropFiles(now.r.m),
  });
};
