/** Inodes without a place in any tree: pipes, sockets, epoll instances, eventfds. They are reached only through descriptors. */
import { E, fail } from "../../syscalls/abi/errno.ts";
import type { Credentials } from "../credentials.ts";
import type { Machine } from "../machine.ts";
import type { Task } from "../task/task.ts";
import { Inode, type SetAttributes, type Stat } from "./inode.ts";
import type { OpenFile } from "./open_file.ts";

/** Device number of pipefs, sockfs and anon_inodefs, all one here. */
export const ANONYMOUS_DEV = 14;
const counters = new WeakMap<Machine, { next: number }>();

const nextIno = (machine: Machine): number => {
  let counter = counters.get(machine);
  if (counter === undefined) counters.set(machine, counter = { next: 10000 });
  return counter.next++;
};

export class AnonymousInode extends Inode {
  readonly dev = ANONYMOUS_DEV;
  readonly ino: number;
  #mode: number;
  #uid: number;
  #gid: number;
  readonly #born: bigint;

  /** @param type S_IF* bits, 0 for anon_inode kinds @param permissions mode bits */
  constructor(machine: Machine, readonly type: number, permissions: number, cred: Credentials) {
    super();
    this.ino = nextIno(machine);
    this.#mode = type | permissions;
    this.#uid = cred.fsuid;
    this.#gid = cred.fsgid;
    this.#born = machine.clock.realtime();
  }

  stat(): Stat {
    const t = this.#born;
    return {
      dev: this.dev,
      ino: this.ino,
      mode: this.#mode,
      nlink: 1,
      uid: this.#uid,
      gid: this.#gid,
      rdev: 0,
      size: 0,
      blksize: 4096,
      blocks: 0,
      atime: t,
      mtime: t,
      ctime: t,
    };
  }
  override setAttributes(_t: Task, set: SetAttributes): void {
    if (set.mode !== undefined) this.#mode = this.type | (set.mode & 0o7777);
    if (set.uid !== undefined) this.#uid = set.uid;
    if (set.gid !== undefined) this.#gid = set.gid;
  }
  /** Opening through /proc/self/fd gives a new description where the kind allows it; ENXIO for the others. */
  reopen?: (t: Task, flags: number, path: string) => OpenFile;
  open(t: Task, flags: number, path: string): OpenFile {
    return this.reopen === undefined ? fail(E.NXIO) : this.reopen(t, flags, path);
  }
}
