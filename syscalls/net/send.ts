/** sendto, sendmsg, sendmmsg: one message or a stretch of a stream, waiting for room. */
import type { Outgoing, Socket } from "../../actors/net/mod.ts";
import { fromTask, type Task } from "../../actors/mod.ts";
import { E, fail } from "../abi/errno.ts";
import { MSG } from "../abi/net.ts";
import { SIG } from "../abi/signals.ts";
import { readAddress, socketOf } from "./addresses.ts";
import { readControl } from "./control.ts";
import { readVector } from "./vector.ts";
import { waitOn } from "./waiting.ts";

/** Most bytes gathered from guest memory at once. */
const PART = 1 << 20;

/** A message on its way. */
class Sending {
  done = 0;
  constructor(
    readonly t: Task,
    readonly s: Socket,
    readonly bytes: Uint8Array,
    readonly m: Outgoing,
  ) {}

  /** Bytes sent, a negative errno, or -EAGAIN when it has to wait. */
  attempt(): number {
    const { s, bytes, t, m } = this;
    for (;;) {
      const n = s.send(t, this.done === 0 ? bytes : bytes.subarray(this.done), m);
      if (n < 0) return this.#failed(n);
      m.files = undefined;
      this.done += n;
      if (s.messages || this.done >= bytes.length || n === 0) return this.done;
    }
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
  return new Sending(t, s, bytesAt(t, s, buf, len), { flags, to: to?.length === 0 ? undefined : to }).run();
};

/** The bytes to send; a stream's only as many as one go takes. */
const bytesAt = (t: Task, s: Socket, base: number, length: number): Uint8Array => {
  if (length > 0x7fffffff) length = 0x7ffff000;
  if (s.messages && length > PART) return fail(E.MSGSIZE);
  const n = t.mem.accessible(base, Math.min(length, 4 * PART), false);
  if (n === 0 && length > 0) return fail(E.FAULT);
  if (n < length && s.messages) return fail(E.FAULT);
  return t.mem.read(base, n);
};

/** A msghdr read from guest memory, ready to be sent. */
const prepare = (t: Task, s: Socket, at: number, flags: number): Sending => {
  const { mem } = t;
  const name = mem.u64(at), nameLength = mem.i32(at + 8);
  if (nameLength < 0) return fail(E.INVAL);
  const to = name === 0 || nameLength === 0 ? undefined : readAddress(t, name, Math.min(nameLength, 128));
  const pieces = readVector(t, mem.u64(at + 16), mem.u64(at + 24));
  const total = pieces.reduce((sum, p) => sum + p.length, 0);
  if (s.messages && total > PART) return fail(E.MSGSIZE);
  const bytes = new Uint8Array(Math.min(total, 4 * PART));
  let done = 0;
  for (const { base, length } of pieces) {
    const n = Math.min(length, bytes.length - done);
    mem.readInto(base, bytes.subarray(done, done + n));
    done += n;
  }
  const { files, sender, control } = readControl(t, s, mem.u64(at + 32), mem.u64(at + 40));
  return new Sending(t, s, bytes, { flags, to, files, sender, control });
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
