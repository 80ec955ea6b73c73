/**
 * Pipes and fifos (pipe(7)): a ring of bytes with readers and writers counted. Ends never wait; the handlers do, on the ends' queues. A write of at most
 * PIPE_BUF bytes goes in whole or not at all.
 */
import type { MemoryAccount } from "../cpu/mod.ts";
import { E, fail } from "../syscalls/abi/errno.ts";
import type { Machine } from "./machine.ts";
import type { Task } from "./task/task.ts";
import { AnonymousInode } from "./vfs/anonymous.ts";
import { type Inode, S_IFIFO } from "./vfs/inode.ts";
import {
  O_ACCMODE,
  O_NONBLOCK,
  O_RDONLY,
  O_RDWR,
  O_WRONLY,
  OpenFile,
  POLLERR,
  POLLHUP,
  POLLIN,
  POLLOUT,
  POLLRDNORM,
  POLLWRNORM,
} from "./vfs/open_file.ts";

export const PIPE_BUF = 4096;
const DEFAULT_SIZE = 65536, LARGEST = 1 << 20;
const FIONREAD = 0x541b;

/** The bytes between the ends. */
export class Pipe {
  #ring = new Uint8Array(4096);
  #start = 0;
  length = 0;
  capacity = DEFAULT_SIZE;
  readers = 0;
  writers = 0;
  /** Opens so far of each kind: a fifo's open waits for the other to come, not to stay. */
  readerOpens = 0;
  writerOpens = 0;
  readonly ends = new Set<PipeEnd>();

  constructor(readonly account: MemoryAccount) {
    account.hold(this.#ring.length);
  }

  get free(): number {
    return this.capacity - this.length;
  }

  wake(): void {
    for (const end of this.ends) end.queue.wake();
  }

  /** Moves up to `into.length` bytes out. */
  take(into: Uint8Array): number {
    const n = this.peek(into);
    this.skip(n);
    return n;
  }

  /** Copies up to `into.length` bytes out, leaving them there. */
  peek(into: Uint8Array): number {
    const n = Math.min(into.length, this.length);
    const first = Math.min(n, this.#ring.length - this.#start);
    into.set(this.#ring.subarray(this.#start, this.#start + first));
    if (n > first) into.set(this.#ring.subarray(0, n - first), first);
    return n;
  }
  /** Drops the first `n` bytes. */
  skip(n: number): void {
    this.length -= n;
    this.#start = this.length === 0 ? 0 : (this.#start + n) % this.#ring.length;
  }

  /** Moves bytes in; there must be room. False: the machine has no memory for them. */
  put(from: Uint8Array): boolean {
    if (this.length + from.length > this.#ring.length && !this.#grow(this.length + from.length)) return false;
    const end = (this.#start + this.length) % this.#ring.length;
    const first = Math.min(from.length, this.#ring.length - end);
    this.#ring.set(from.subarray(0, first), end);
    if (from.length > first) this.#ring.set(from.subarray(first), 0);
    this.length += from.length;
    return true;
  }

  #grow(needed: number): boolean {
    let size = this.#ring.length;
    while (size < needed) size *= 2;
    if (!this.account.take(size - this.#ring.length)) return false;
    const ring = new Uint8Array(size), length = this.length;
    this.take(ring.subarray(0, length));
    this.#ring = ring;
    this.#start = 0;
    this.length = length;
    return true;
  }

  /** Nobody has an end. */
  freed(): void {
    this.account.give(this.#ring.length);
  }

  /** F_SETPIPE_SZ: the new size, rounded up to pages and a power of two. */
  resize(wanted: number): number {
    let size = PIPE_BUF;
    while (size < wanted) size *= 2;
    if (size < this.length) return -E.BUSY;
    return this.capacity = size;
  }
}

export class PipeEnd extends OpenFile {
  constructor(inode: Inode, path: string, flags: number, readonly pipe: Pipe) {
    super(inode, path, flags);
    pipe.ends.add(this);
    if (this.readable) {
      pipe.readers++;
      pipe.readerOpens++;
    }
    if (this.writable) {
      pipe.writers++;
      pipe.writerOpens++;
    }
    pipe.wake();
  }

  override read(_t: Task, into: Uint8Array): number {
    const { pipe } = this;
    if (into.length === 0) return 0;
    if (pipe.length === 0) return pipe.writers === 0 ? 0 : -E.AGAIN;
    const n = pipe.take(into);
    pipe.wake();
    return n;
  }

  /** As read, but the bytes stay in the pipe until `skip`. */
  peek(into: Uint8Array): number {
    const { pipe } = this;
    if (pipe.length === 0) return pipe.writers === 0 ? 0 : -E.AGAIN;
    return pipe.peek(into);
  }
  skip(n: number): void {
    this.pipe.skip(n);
    this.pipe.wake();
  }

  override write(_t: Task, from: Uint8Array): number {
    const { pipe } = this;
    if (pipe.readers === 0) return -E.PIPE;
    const room = pipe.free;
    if (room === 0 || (from.length <= PIPE_BUF && room < from.length)) return -E.AGAIN;
    const n = Math.min(room, from.length);
    if (!pipe.put(from.subarray(0, n))) return -E.NOMEM;
    pipe.wake();
    return n;
  }

  override poll(): number {
    const { pipe } = this;
    let events = 0;
    if (this.readable) {
      if (pipe.length > 0) events |= POLLIN | POLLRDNORM;
      if (pipe.writers === 0 && pipe.writerOpens > 0) events |= POLLHUP;
    }
    if (this.writable) {
      if (pipe.free >= PIPE_BUF) events |= POLLOUT | POLLWRNORM;
      if (pipe.readers === 0) events |= POLLERR;
    }
    return events;
  }

  override ioctl(t: Task, request: number, arg: number): number {
    if (request !== FIONREAD) return -E.NOTTY;
    t.mem.setU32(arg, this.pipe.length);
    return 0;
  }

  pipeSize(): number {
    return this.pipe.capacity;
  }
  setPipeSize(size: number): number {
    if (size > 0x80000000) return -E.INVAL;
    if (size > LARGEST) return -E.PERM;
    return this.pipe.resize(size);
  }

  /**
   * Opening a fifo waits for the other side, or fails with ENXIO when a non-blocking writer finds no reader (fifo(7)). A pipe without a name, opened again through
   * /proc/self/fd, waits for nobody (fifo_open's is_pipe).
   */
  override opening(t: Task): ((fd: number) => number) | undefined {
    const { pipe } = this, mode = this.flags & O_ACCMODE;
    if (mode === O_RDWR || this.inode instanceof AnonymousInode) return undefined;
    const reading = mode === O_RDONLY;
    if ((reading ? pipe.writers : pipe.readers) > 0) return undefined;
    if ((this.flags & O_NONBLOCK) !== 0) {
      if (reading) return undefined;
      this.release();
      return fail(E.NXIO);
    }
    const seen = reading ? pipe.writerOpens : pipe.readerOpens;
    return (fd) => {
      let done = false;
      const wait = {
        what: `opening of fifo ${this.path}`,
        queues: [this.queue],
        poll: () => {
          done = (reading ? pipe.writerOpens : pipe.readerOpens) !== seen;
          return done ? fd : t.block(wait);
        },
        finish: () => {
          if (!done && t.files.peek(fd) === this) t.files.close(fd);
        },
      };
      return t.block(wait);
    };
  }

  protected closed(): void {
    const { pipe } = this;
    pipe.ends.delete(this);
    if (this.readable) pipe.readers--;
    if (this.writable) pipe.writers--;
    if (pipe.ends.size === 0) pipe.freed();
    pipe.wake();
  }
}

const fifos = new WeakMap<Inode, Pipe>();

/** Opens a fifo by its inode: all who open it share one pipe while anyone has it open. */
export const openFifo = (machine: Machine, inode: Inode, flags: number, path: string): PipeEnd => {
  let pipe = fifos.get(inode);
  if (pipe === undefined || pipe.ends.size === 0) fifos.set(inode, pipe = new Pipe(machine.memory));
  return new PipeEnd(inode, path, flags, pipe);
};

/** pipe2(2): the read end and the write end. `flags` may hold O_NONBLOCK and O_DIRECT. */
export const makePipe = (machine: Machine, t: Task, flags: number): [PipeEnd, PipeEnd] => {
  const inode = new AnonymousInode(machine, S_IFIFO, 0o600, t.cred);
  const pipe = new Pipe(machine.memory);
  inode.reopen = (_t, f, path) => new PipeEnd(inode, path, f, pipe);
  const path = `pipe:[${inode.ino}]`;
  return [new PipeEnd(inode, path, O_RDONLY | flags, pipe), new PipeEnd(inode, path, O_WRONLY | flags, pipe)];
};
