/** inotify(7): a queue of events behind a descriptor, and the watches that feed it (fs/notify/inotify). */
import { E } from "../../syscalls/abi/errno.ts";
import { IN, IN_ALL_EVENTS } from "../../syscalls/abi/inotify.ts";
import { bytesOf } from "../../syscalls/abi/text.ts";
import type { Machine } from "../machine.ts";
import type { Task } from "../task/task.ts";
import { AnonymousInode } from "./anonymous.ts";
import type { Inode } from "./inode.ts";
import { type FileWatches, watched } from "./notify.ts";
import { O_RDONLY, OpenFile, POLLIN, POLLRDNORM } from "./open_file.ts";

/** As /proc/sys/fs/inotify says. */
const MOST_EVENTS = 16384, MOST_WATCHES = 65536, MOST_INSTANCES = 128;
const FIONREAD = 0x541b, HEADER = 16;

interface Event {
  readonly wd: number;
  readonly mask: number;
  readonly cookie: number;
  readonly name: string;
  /** With its NUL, rounded up as the kernel does; empty without a name. */
  readonly nameBytes: Uint8Array;
}

const EMPTY = new Uint8Array(0);
const padded = (name: string): Uint8Array => {
  if (name === "") return EMPTY;
  const bytes = bytesOf(name), out = new Uint8Array(Math.ceil((bytes.length + 1) / HEADER) * HEADER);
  out.set(bytes);
  return out;
};

class Watch {
  constructor(readonly owner: Inotify, readonly wd: number, readonly inode: Inode, public mask: number) {}
}

/** All watches of an inode, of any instance. */
class Watches implements FileWatches {
  readonly #list: Watch[] = [];
  doomed = false;
  constructor(readonly inode: Inode) {
    inode.watches = this;
    watched.inodes++;
  }
  of(owner: Inotify): Watch | undefined {
    return this.#list.find((w) => w.owner === owner);
  }
  add(watch: Watch): void {
    this.#list.push(watch);
  }
  remove(watch: Watch): void {
    this.#list.splice(this.#list.indexOf(watch), 1);
    if (this.#list.length > 0) return;
    this.inode.watches = undefined;
    watched.inodes--;
  }
  tell(mask: number, name: string, cookie: number, unlinked: boolean): void {
    for (const watch of [...this.#list]) {
      if ((mask & watch.mask & IN_ALL_EVENTS) === 0) continue;
      if (unlinked && (watch.mask & IN.EXCL_UNLINK) !== 0) continue;
      watch.owner.push(watch.wd, mask, cookie, name);
      if ((watch.mask & IN.ONESHOT) !== 0) watch.owner.drop(watch);
    }
  }
  end(): void {
    this.tell(IN.DELETE_SELF, "", 0, false);
    for (const watch of [...this.#list]) watch.owner.drop(watch);
  }
}

/** Instances by user, for the limit. */
const instances = new WeakMap<Machine, Map<number, number>>();

export class Inotify extends OpenFile {
  readonly #watches = new Map<number, Watch>();
  #events: Event[] = [];
  #overflowed = false;
  #lastWd = 0;
  readonly #user: number;
  readonly #counts: Map<number, number>;

  private constructor(machine: Machine, t: Task, counts: Map<number, number>, flags: number) {
    super(new AnonymousInode(machine, 0, 0o600, t.cred), "anon_inode:inotify", O_RDONLY | flags);
    this.#counts = counts;
    this.#user = t.cred.ruid;
    counts.set(this.#user, (counts.get(this.#user) ?? 0) + 1);
  }
  /** A new instance, or -EMFILE when the user has too many. */
  static make(t: Task, flags: number): Inotify | number {
    let counts = instances.get(t.machine);
    if (counts === undefined) instances.set(t.machine, counts = new Map());
    if ((counts.get(t.cred.ruid) ?? 0) >= MOST_INSTANCES) return -E.MFILE;
    return new Inotify(t.machine, t, counts, flags);
  }

  /** inotify_add_watch(2): the watch descriptor. */
  watch(inode: Inode, mask: number): number {
    const watches = (inode.watches as Watches | undefined) ?? new Watches(inode), known = watches.of(this);
    const kept = (mask & ~(IN.MASK_ADD | IN.MASK_CREATE | IN.ONLYDIR | IN.DONT_FOLLOW)) >>> 0;
    if (known !== undefined) {
      if ((mask & IN.MASK_CREATE) !== 0) return -E.EXIST;
      known.mask = (mask & IN.MASK_ADD) !== 0 ? (known.mask | kept) >>> 0 : kept;
      return known.wd;
    }
    if (this.#watches.size >= MOST_WATCHES) return -E.NOSPC;
    const made = new Watch(this, ++this.#lastWd, inode, kept);
    watches.add(made);
    this.#watches.set(made.wd, made);
    return made.wd;
  }
  /** inotify_rm_watch(2). */
  unwatch(wd: number): number {
    const watch = this.#watches.get(wd);
    if (watch === undefined) return -E.INVAL;
    this.drop(watch);
    return 0;
  }
  drop(watch: Watch): void {
    if (!this.#watches.delete(watch.wd)) return;
    (watch.inode.watches as Watches).remove(watch);
    this.push(watch.wd, IN.IGNORED, 0, "");
  }

  /** An event; one that equals the last in the queue is the same. */
  push(wd: number, mask: number, cookie: number, name: string): void {
    const last = this.#events.at(-1);
    if (
      last !== undefined && last.wd === wd && last.mask === mask && last.cookie === cookie && last.name === name
    ) return;
    if (this.#events.length >= MOST_EVENTS) {
      if (this.#overflowed) return;
      this.#overflowed = true;
      this.#events.push({ wd: -1, mask: IN.Q_OVERFLOW, cookie: 0, name: "", nameBytes: EMPTY });
    } else this.#events.push({ wd, mask, cookie, name, nameBytes: padded(name) });
    this.queue.wake();
  }

  override read(_t: Task, into: Uint8Array): number {
    if (this.#events.length === 0) return -E.AGAIN;
    const view = new DataView(into.buffer, into.byteOffset, into.byteLength);
    let done = 0, taken = 0;
    for (const { wd, mask, cookie, nameBytes } of this.#events) {
      if (done + HEADER + nameBytes.length > into.length) break;
      view.setInt32(done, wd, true);
      view.setUint32(done + 4, mask, true);
      view.setUint32(done + 8, cookie, true);
      view.setUint32(done + 12, nameBytes.length, true);
      into.set(nameBytes, done + HEADER);
      done += HEADER + nameBytes.length;
      taken++;
    }
    if (taken === 0) return -E.INVAL;
    this.#events = this.#events.slice(taken);
    if (this.#events.length < MOST_EVENTS) this.#overflowed = false;
    return done;
  }
  /** noop_llseek */
  override seek(): number {
    return 0;
  }
  override poll(): number {
    return this.#events.length > 0 ? POLLIN | POLLRDNORM : 0;
  }
  override ioctl(t: Task, request: number, arg: number): number {
    if (request !== FIONREAD) return -E.NOTTY;
    t.mem.setU32(arg, this.#events.reduce((n, e) => n + HEADER + e.nameBytes.length, 0));
    return 0;
  }
  /** Lines of /proc/PID/fdinfo. */
  fdinfo(): string {
    return [...this.#watches.values()].map(({ wd, inode, mask }) => {
      const hex = (n: number): string => n.toString(16);
      return `inotify wd:${wd} ino:${hex(inode.ino)} sdev:${hex(inode.dev)} mask:${hex(mask)} ignored_mask:0 \n`;
    }).join("");
  }
  protected closed(): void {
    for (const watch of this.#watches.values()) (watch.inode.watches as Watches).remove(watch);
    this.#watches.clear();
    this.#counts.set(this.#user, this.#counts.get(this.#user)! - 1);
  }
}
