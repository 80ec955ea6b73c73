/** An open description of a terminal: job control before each operation, the terminal itself behind it. */
import { E } from "../../syscalls/abi/errno.ts";
import { SIG } from "../../syscalls/abi/signals.ts";
import type { Inode } from "../vfs/inode.ts";
import { OpenFile, POLLERR, POLLHUP, POLLIN, POLLOUT, POLLRDNORM, POLLWRNORM } from "../vfs/open_file.ts";
import type { Task } from "../task/task.ts";
import { ttyIoctl } from "./ioctl.ts";
import { foregroundCheck } from "./job_control.ts";
import type { Tty } from "./tty.ts";

export class TtyFile extends OpenFile {
  constructor(inode: Inode, path: string, flags: number, readonly tty: Tty, readonly onClosed?: () => void) {
    super(inode, path, flags);
    tty.queues.add(this.queue);
  }

  override read(t: Task, into: Uint8Array): number {
    const { tty } = this;
    if (tty.hungUp) return 0;
    const verdict = foregroundCheck(t, tty, SIG.TTIN);
    if (verdict !== "go") return verdict === "refused" ? -E.IO : -E.AGAIN;
    tty.driver.inputWanted();
    return tty.read(t, into, this.nonblocking);
  }

  override write(t: Task, from: Uint8Array): number {
    const { tty } = this;
    if (tty.hungUp) return -E.IO;
    if (tty.stopsWriters) {
      const verdict = foregroundCheck(t, tty, SIG.TTOU);
      if (verdict !== "go") return verdict === "refused" ? -E.IO : -E.AGAIN;
    }
    return tty.write(from);
  }

  override poll(): number {
    const { tty } = this;
    if (tty.hungUp) return POLLIN | POLLRDNORM | POLLOUT | POLLWRNORM | POLLERR | POLLHUP;
    if (this.readable) tty.driver.inputWanted();
    return (tty.inputReady ? POLLIN | POLLRDNORM : 0) | (tty.outputReady ? POLLOUT | POLLWRNORM : 0);
  }

  override ioctl(t: Task, request: number, arg: number): number {
    if (this.tty.hungUp) return -E.IO;
    return ttyIoctl(t, this, this.tty, request >>> 0, arg);
  }

  protected override closed(): void {
    this.tty.queues.delete(this.queue);
    this.onClosed?.();
  }
}
