/**
 * Open file descriptions: what descriptors of any number of file tables point at. Operations never wait: where Linux would sleep they return
 * -EAGAIN and the handler blocks on `queue` (unless O_NONBLOCK). Subclasses are one per kind: regular, directory, pipe end, socket, epoll, eventfd, tty…
 */
import type { Backing } from "../../cpu/types.ts";
import { E } from "../../syscalls/abi/errno.ts";
import type { Credentials } from "../credentials.ts";
import type { Location } from "../fs_context.ts";
import { WaitQueue } from "../wait_queue.ts";
import type { Inode } from "./inode.ts";
import { fileClosed, watched } from "./notify.ts";
import type { Task } from "../task/task.ts";

/** poll(2) event bits. */
export const POLLIN = 0x1, POLLPRI = 0x2, POLLOUT = 0x4, POLLERR = 0x8, POLLHUP = 0x10, POLLNVAL = 0x20;
export const POLLRDNORM = 0x40, POLLRDBAND = 0x80, POLLWRNORM = 0x100, POLLWRBAND = 0x200, POLLRDHUP = 0x2000;

/** Access modes and status flags (asm-generic/fcntl.h, octal there). */
export const O_RDONLY = 0, O_WRONLY = 1, O_RDWR = 2, O_ACCMODE = 3;
export const O_CREAT = 0o100,
  O_EXCL = 0o200,
  O_NOCTTY = 0o400,
  O_TRUNC = 0o1000,
  O_APPEND = 0o2000,
  O_NONBLOCK = 0o4000;
export const O_DSYNC = 0o10000,
  O_ASYNC = 0o20000,
  O_DIRECT = 0o40000,
  O_LARGEFILE = 0o100000,
  O_DIRECTORY = 0o200000,
  O_NOFOLLOW = 0o400000;
export const O_NOATIME = 0o1000000,
  O_CLOEXEC = 0o2000000,
  O_SYNC = 0o4010000,
  O_PATH = 0o10000000,
  O_TMPFILE = 0o20200000;

/** How many descriptions are open on a machine, and how many may be (--max-files, fs.file-max). Root's are bounded too: the limit protects the host. */
export class FileAccount {
  open = 0;
  limit = Infinity;
}

export abstract class OpenFile {
  /** Where it counts, from its first descriptor on. */
  account: FileAccount | undefined;
  static #serials = 0;
  /** Called before a description closes for good; epoll forgets it then. */
  static onLastRelease: ((file: OpenFile) => void) | undefined;
  /** Never the same for two descriptions. */
  readonly serial = OpenFile.#serials++;
  #refs = 1;
  /** File offset in bytes, for kinds that have one. */
  pos = 0;
  /** Where it was opened, for calls relative to it; undefined for what has no place in the tree. */
  location: Location | undefined;
  /** F_SETOWN and F_SETSIG (`async_signals.ts`): an id, what it is of, who said so, and the signal instead of SIGIO. */
  owner = 0;
  ownerType = 1;
  ownerCredentials: Credentials | undefined;
  ownerSignal = 0;
  /** Readiness may have changed. */
  readonly queue = new WaitQueue();

  /**
   * @param inode the file behind it
   * @param path as /proc/self/fd shows it: an absolute guest path, or "pipe:[7]", "socket:[9]", "anon_inode:[eventpoll]"
   * @param flags access mode and status flags; fcntl(F_SETFL) changes the latter
   */
  constructor(readonly inode: Inode, public path: string, public flags: number) {
    inode.descriptions++;
  }

  get readable(): boolean {
    return (this.flags & O_ACCMODE) !== O_WRONLY && (this.flags & O_PATH) === 0;
  }
  get writable(): boolean {
    return (this.flags & O_ACCMODE) !== O_RDONLY && (this.flags & O_PATH) === 0;
  }
  get nonblocking(): boolean {
    return (this.flags & O_NONBLOCK) !== 0;
  }

  /**
   * Reads into `into`; `at` given: pread there, pos untouched. Bytes read, 0 at end of file, -EAGAIN when it would wait, other negative errno.
   * The caller has checked the access mode.
   */
  read(_t: Task, _into: Uint8Array, _at?: number): number {
    return -E.INVAL;
  }
  /** Writes `from`; bytes written, -EAGAIN when nothing could be written now. EPIPE: the handler raises SIGPIPE. */
  write(_t: Task, _from: Uint8Array, _at?: number): number {
    return -E.INVAL;
  }
  /** Longest wait of a read and of a write in ns, 0 for no limit (SO_RCVTIMEO, SO_SNDTIMEO); then the call gives EAGAIN. */
  get readTimeout(): number {
    return 0;
  }
  get writeTimeout(): number {
    return 0;
  }
  /** EPIPE comes with SIGPIPE. */
  get signalsBroken(): boolean {
    return true;
  }
  /** Current readiness: POLL* bits (POLLERR, POLLHUP included when they hold). */
  poll(): number {
    return POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM;
  }
  /** New offset, or negative errno. whence: SET 0, CUR 1, END 2, DATA 3, HOLE 4. */
  seek(_offset: number, _whence: number): number {
    return -E.SPIPE;
  }
  ioctl(_t: Task, _request: number, _arg: number): number {
    return -E.NOTTY;
  }
  /** Fills `into` with linux_dirent64 records; bytes, 0 at the end. */
  getdents(_t: Task, _into: Uint8Array): number {
    return -E.NOTDIR;
  }
  /**
   * For files whose open(2) may have to wait (fifos): checks at once (may throw, e.g. ENXIO) and gives undefined when the open is complete, else a function that,
   * given the new descriptor, makes the call wait.
   */
  opening?(_t: Task): ((fd: number) => number) | undefined;
  /** For mmap; undefined: ENODEV. */
  backing(): Backing | undefined {
    return undefined;
  }
  /** Called when the status flags were changed by fcntl. */
  flagsChanged(): void {}
  /** Called once, when the last reference is gone. */
  protected abstract closed(): void;

  get refs(): number {
    return this.#refs;
  }
  retain(): this {
    if (this.#refs <= 0) throw new Error(`retain of closed description ${this.path}`);
    this.#refs++;
    return this;
  }
  release(): void {
    if (this.#refs <= 0) throw new Error(`release of closed description ${this.path}`);
    if (--this.#refs > 0) return;
    OpenFile.onLastRelease?.(this);
    this.inode.descriptions--;
    if (this.account !== undefined) this.account.open--;
    if (watched.inodes !== 0) fileClosed(this);
    this.closed();
  }
}
