/** eventfd(2): a 64-bit counter behind a descriptor. */
import { E } from "../../syscalls/abi/errno.ts";
import type { Machine } from "../machine.ts";
import type { Task } from "../task/task.ts";
import { AnonymousInode } from "../vfs/anonymous.ts";
import { O_RDWR, OpenFile, POLLERR, POLLIN, POLLOUT, POLLRDNORM, POLLWRNORM } from "../vfs/open_file.ts";

/** Largest value the counter can hold. */
const MOST = 0xfffffffffffffffen;

export class EventFd extends OpenFile {
  /** @param semaphore EFD_SEMAPHORE: a read takes one */
  constructor(machine: Machine, t: Task, public count: bigint, readonly semaphore: boolean, flags: number) {
    super(new AnonymousInode(machine, 0, 0o600, t.cred), "anon_inode:[eventfd]", O_RDWR | flags);
  }

  override read(_t: Task, into: Uint8Array): number {
    if (into.length < 8) return -E.INVAL;
    if (this.count === 0n) return -E.AGAIN;
    const value = this.semaphore ? 1n : this.count;
    this.count -= value;
    new DataView(into.buffer, into.byteOffset).setBigUint64(0, value, true);
    this.queue.wake();
    return 8;
  }

  override write(_t: Task, from: Uint8Array): number {
    if (from.length < 8) return -E.INVAL;
    const value = new DataView(from.buffer, from.byteOffset).getBigUint64(0, true);
    if (value > MOST) return -E.INVAL;
    if (this.count + value > MOST) return -E.AGAIN;
    this.count += value;
    this.queue.wake();
    return 8;
  }

  override poll(): number {
    return (this.count > 0n ? POLLIN | POLLRDNORM : 0) | (this.count < MOST ? POLLOUT | POLLWRNORM : 0) |
      (this.count > MOST ? POLLERR : 0);
  }
  protected closed(): void {}
}
