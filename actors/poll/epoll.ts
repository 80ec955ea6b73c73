/**
 * epoll(7): an interest list whose entries listen on the queues of their files, and a ready list, so that a wait costs what is ready and not what is watched. Level
 * entries stay on the ready list while their file is ready; edge entries leave it once reported.
 */
import { E } from "../../syscalls/abi/errno.ts";
import type { Machine } from "../machine.ts";
import type { Task } from "../task/task.ts";
import { AnonymousInode } from "../vfs/anonymous.ts";
import { S_IFDIR, S_IFREG } from "../vfs/inode.ts";
import { O_RDWR, OpenFile, POLLERR, POLLHUP, POLLIN, POLLRDNORM } from "../vfs/open_file.ts";
import type { Listener } from "../wait_queue.ts";

export const EPOLLET = 0x80000000, EPOLLONESHOT = 0x40000000, EPOLLWAKEUP = 0x20000000, EPOLLEXCLUSIVE = 0x10000000;
/** What an event mask asks for besides ERR and HUP, which are always reported. */
const EVENTS = 0xffff;
const DEEPEST = 5;

/** One watched descriptor. */
class Interest implements Listener {
  /** Disarmed by EPOLLONESHOT until modified. */
  armed = true;
  ready = false;
  constructor(readonly owner: Epoll, readonly file: OpenFile, public events: number, public data: bigint) {}

  notify(): void {
    this.owner.noteReady(this);
  }
  /** What is ready now of what is asked for. */
  get now(): number {
    return this.file.poll() & ((this.events & EVENTS) | POLLERR | POLLHUP);
  }
}

/** All epoll instances that watch a description, to forget it when it is closed. */
const watchers = new WeakMap<OpenFile, Set<Epoll>>();

/** A ready event as epoll_wait reports it. */
export interface EpollEvent {
  readonly events: number;
  readonly data: bigint;
}

export class Epoll extends OpenFile {
  /** By descriptor number, then description: a number reused for another file is another entry. */
  readonly #interests = new Map<string, Interest>();
  #ready = new Set<Interest>();

  constructor(machine: Machine, t: Task) {
    super(new AnonymousInode(machine, 0, 0o600, t.cred), "anon_inode:[eventpoll]", O_RDWR);
  }

  #key(fd: number, file: OpenFile): string {
    return `${fd}:${file.serial}`;
  }

  /** EPOLL_CTL_ADD, MOD and DEL. */
  add(fd: number, file: OpenFile, events: number, data: bigint): number {
    if (file === this) return -E.INVAL;
    if (file.inode.type === S_IFREG || file.inode.type === S_IFDIR) return -E.PERM;
    if (file instanceof Epoll && (file.#depth() >= DEEPEST - 1 || file.#reaches(this))) return -E.LOOP;
    const key = this.#key(fd, file);
    if (this.#interests.has(key)) return -E.EXIST;
    const interest = new Interest(this, file, events, data);
    this.#interests.set(key, interest);
    file.queue.add(interest);
    let set = watchers.get(file);
    if (set === undefined) watchers.set(file, set = new Set());
    set.add(this);
    if (interest.now !== 0) this.noteReady(interest);
    return 0;
  }

  modify(fd: number, file: OpenFile, events: number, data: bigint): number {
    const interest = this.#interests.get(this.#key(fd, file));
    if (interest === undefined) return -E.NOENT;
    if (((interest.events | events) & EPOLLEXCLUSIVE) !== 0) return -E.INVAL;
    interest.events = events;
    interest.data = data;
    interest.armed = true;
    if (interest.now !== 0) this.noteReady(interest);
    else this.#ready.delete(interest);
    return 0;
  }

  remove(fd: number, file: OpenFile): number {
    const key = this.#key(fd, file), interest = this.#interests.get(key);
    if (interest === undefined) return -E.NOENT;
    this.#drop(key, interest);
    return 0;
  }

  #drop(key: string, interest: Interest): void {
    this.#interests.delete(key);
    this.#ready.delete(interest);
    interest.file.queue.remove(interest);
  }

  /** The description is gone for good. */
  forget(file: OpenFile): void {
    for (const [key, interest] of this.#interests) if (interest.file === file) this.#drop(key, interest);
  }

  noteReady(interest: Interest): void {
    if (!interest.armed || this.#ready.has(interest)) return;
    this.#ready.add(interest);
    this.queue.wake();
  }

  /** Most events there can be now. */
  get candidates(): number {
    return this.#ready.size;
  }
  /** Takes up to `most` ready events. Level entries go to the back of the list, so that all get their turn. */
  take(most: number): EpollEvent[] {
    const out: EpollEvent[] = [];
    for (const interest of [...this.#ready]) {
      if (out.length >= most) break;
      const events = interest.now;
      this.#ready.delete(interest);
      if (events === 0) continue;
      out.push({ events, data: interest.data });
      if ((interest.events & EPOLLONESHOT) !== 0) interest.armed = false;
      else if ((interest.events & EPOLLET) === 0) this.#ready.add(interest);
    }
    return out;
  }

  /** Readable when something watched is ready. */
  override poll(): number {
    for (const interest of this.#ready) {
      if (interest.now !== 0) return POLLIN | POLLRDNORM;
      this.#ready.delete(interest);
    }
    return 0;
  }

  #depth(): number {
    let deepest = 0;
    for (const { file } of this.#interests.values()) {
      if (file instanceof Epoll) deepest = Math.max(deepest, 1 + file.#depth());
    }
    return deepest;
  }
  #reaches(other: Epoll): boolean {
    for (const { file } of this.#interests.values()) {
      if (file === other || (file instanceof Epoll && file.#reaches(other))) return true;
    }
    return false;
  }

  protected closed(): void {
    for (const [key, interest] of [...this.#interests]) {
      this.#drop(key, interest);
      watchers.get(interest.file)?.delete(this);
    }
  }
}

OpenFile.onLastRelease = (file: OpenFile): void => {
  const set = watchers.get(file);
  if (set === undefined) return;
  watchers.delete(file);
  for (const epoll of set) epoll.forget(file);
};
