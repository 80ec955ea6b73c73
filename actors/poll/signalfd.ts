/** signalfd(2): the reader's own pending signals as records. */
import { E } from "../../syscalls/abi/errno.ts";
import { UNBLOCKABLE } from "../../syscalls/abi/signals.ts";
import type { Machine } from "../machine.ts";
import { dequeue } from "../signals/deliver.ts";
import { recalculate } from "../signals/generate.ts";
import type { SigInfo } from "../signals/pending.ts";
import type { Task } from "../task/task.ts";
import { AnonymousInode } from "../vfs/anonymous.ts";
import { O_RDONLY, OpenFile, POLLIN, POLLRDNORM } from "../vfs/open_file.ts";

/** sizeof(struct signalfd_siginfo). */
const RECORD = 128;

export class SignalFd extends OpenFile {
  #mask = 0n;
  readonly #hear = { notify: () => this.queue.wake() };

  constructor(readonly machine: Machine, t: Task, mask: bigint, flags: number) {
    super(new AnonymousInode(machine, 0, 0o600, t.cred), "anon_inode:[signalfd]", O_RDONLY | flags);
    this.setMask(mask);
    machine.signalArrived.add(this.#hear);
  }
  setMask(mask: bigint): void {
    this.#mask = mask & ~UNBLOCKABLE;
    this.queue.wake();
  }

  override read(t: Task, into: Uint8Array): number {
    if (into.length < RECORD) return -E.INVAL;
    let done = 0;
    while (done + RECORD <= into.length) {
      const info = dequeue(t, this.#mask);
      if (info === undefined) break;
      into.set(record(info), done);
      done += RECORD;
    }
    if (done > 0) recalculate(t);
    return done === 0 ? -E.AGAIN : done;
  }

  /** Of the task whose turn it is: poll has no other caller. */
  override poll(): number {
    const t = this.machine.current;
    return t !== undefined && ((t.pending.mask | t.group.pending.mask) & this.#mask) !== 0n ? POLLIN | POLLRDNORM : 0;
  }
  protected closed(): void {
    this.machine.signalArrived.remove(this.#hear);
  }
}

/** struct signalfd_siginfo. */
const record = (info: SigInfo): Uint8Array => {
  const bytes = new Uint8Array(RECORD), v = new DataView(bytes.buffer);
  v.setUint32(0, info.signo, true);
  v.setInt32(4, info.errno ?? 0, true);
  v.setInt32(8, info.code, true);
  v.setUint32(12, info.pid ?? 0, true);
  v.setUint32(16, info.uid ?? 0, true);
  v.setInt32(20, info.fd ?? 0, true);
  v.setUint32(24, info.timerId ?? 0, true);
  v.setUint32(28, info.band ?? 0, true);
  v.setUint32(32, info.overrun ?? 0, true);
  v.setInt32(40, info.status ?? 0, true);
  v.setInt32(44, Number(BigInt.asIntN(32, info.value ?? 0n)), true);
  v.setBigUint64(48, BigInt.asUintN(64, info.value ?? 0n), true);
  v.setBigUint64(56, BigInt(info.utime ?? 0), true);
  v.setBigUint64(64, BigInt(info.stime ?? 0), true);
  v.setBigUint64(72, info.addr ?? 0n, true);
  return bytes;
};
