/**
 * A pending set: private to a task, or shared by a thread group (struct sigpending). Standard signals keep one entry each (the first), real-time
 * signals queue in order. Masks have bit n-1 for signal n.
 */
import type { PidNamespace } from "../namespaces/pid.ts";

/** siginfo as the kernel keeps it. Which fields matter depends on `code` (sigaction(2)). */
export interface SigInfo {
  readonly signo: number;
  readonly code: number;
  readonly errno?: number;
  readonly pid?: number;
  readonly uid?: number;
  /** SIGCHLD: wait status or signal; timers: overrun is in `overrun`. */
  readonly status?: number;
  readonly utime?: number;
  readonly stime?: number;
  /** sigval of sigqueue, timers, mq. */
  readonly value?: bigint;
  readonly addr?: bigint;
  readonly timerId?: number;
  readonly overrun?: number;
  /** SIGIO/SIGPOLL. */
  readonly band?: number;
  readonly fd?: number;
  /** SIGSYS: call number and architecture. */
  readonly syscall?: number;
  readonly arch?: number;
  /** Bytes 16.. of a user-made siginfo (rt_sigqueueinfo), passed on as given. */
  readonly raw?: Uint8Array;
  /** The pid is what a task of this namespace said, not a number of the kernel. */
  readonly saidIn?: PidNamespace;
}

export const sigBit = (sig: number): bigint => 1n << BigInt(sig - 1);
/** First real-time signal as the kernel counts. */
export const SIGRTMIN = 32;

export class PendingSet {
  #mask = 0n;
  #queue: SigInfo[] = [];

  /** Pending signals as a mask. */
  get mask(): bigint {
    return this.#mask;
  }
  get count(): number {
    return this.#queue.length;
  }
  has(sig: number): boolean {
    return (this.#mask & sigBit(sig)) !== 0n;
  }
  /** Adds an entry; a standard signal already pending is lost. Without info (over the queue limit) only the bit is set. */
  add(sig: number, info: SigInfo | undefined): boolean {
    if (sig < SIGRTMIN && this.has(sig)) return false;
    this.#mask |= sigBit(sig);
    if (info !== undefined) this.#queue.push(info);
    return true;
  }
  /** Takes the entry of a signal: info-less bits read as code 0, pid 0. */
  take(sig: number): SigInfo {
    const at = this.#queue.findIndex((info) => info.signo === sig);
    const info = at < 0 ? { signo: sig, code: 0, pid: 0, uid: 0 } : this.#queue.splice(at, 1)[0];
    if (!this.#queue.some((other) => other.signo === sig)) this.#mask &= ~sigBit(sig);
    return info;
  }
  /** Drops all entries of the signals in the mask. */
  flush(mask: bigint): void {
    if ((this.#mask & mask) === 0n) return;
    this.#mask &= ~mask;
    this.#queue = this.#queue.filter((info) => (this.#mask & sigBit(info.signo)) !== 0n);
  }
  /** Drops entries that satisfy the test (POSIX timer signals at exec). */
  drop(test: (info: SigInfo) => boolean): void {
    const gone = this.#queue.filter(test);
    this.#queue = this.#queue.filter((info) => !test(info));
    for (const info of gone) {
      if (!this.#queue.some((other) => other.signo === info.signo)) this.#mask &= ~sigBit(info.signo);
    }
  }
  clear(): void {
    this.#mask = 0n;
    this.#queue = [];
  }
  /** Entries, oldest first. */
  entries(): readonly SigInfo[] {
    return this.#queue;
  }
}
