/** timerfd(2): expirations of a timer as a readable counter. */
import { E } from "../../syscalls/abi/errno.ts";
import type { Machine } from "../machine.ts";
import type { Task } from "../task/task.ts";
import type { Timer } from "../timers.ts";
import { AnonymousInode } from "../vfs/anonymous.ts";
import { O_RDONLY, OpenFile, POLLIN, POLLRDNORM } from "../vfs/open_file.ts";

export class TimerFd extends OpenFile {
  #timer: Timer | undefined;
  #interval = 0;
  #expired = 0;

  /** @param clock CLOCK_* number the times are of */
  constructor(readonly machine: Machine, t: Task, readonly clock: number, flags: number) {
    super(new AnonymousInode(machine, 0, 0o600, t.cred), "anon_inode:[timerfd]", O_RDONLY | flags);
  }

  /** Arms at a monotonic deadline (Infinity: never), then every `interval` ns; 0 for once. `disarm` when deadline is undefined. */
  set(deadline: number | undefined, interval: number): void {
    if (this.#timer !== undefined) this.machine.timers.cancel(this.#timer);
    this.#timer = undefined;
    this.#expired = 0;
    this.#interval = interval;
    if (deadline !== undefined) this.#timer = this.machine.timers.at(deadline, () => this.#fire());
  }

  #fire(): void {
    const due = this.#timer!.deadline, now = this.machine.clock.monotonic();
    this.#timer = undefined;
    if (this.#interval > 0) {
      const passed = 1 + Math.max(0, Math.floor((now - due) / this.#interval));
      this.#expired += passed;
      this.#timer = this.machine.timers.at(due + passed * this.#interval, () => this.#fire());
    } else this.#expired++;
    this.queue.wake();
  }

  /** ns until the next expiration (0 when disarmed), and the interval. */
  get(): { left: number; interval: number } {
    const left = this.#timer === undefined ? 0 : Math.max(1, this.#timer.deadline - this.machine.clock.monotonic());
    return { left, interval: this.#interval };
  }

  override read(_t: Task, into: Uint8Array): number {
    if (into.length < 8) return -E.INVAL;
    if (this.#expired === 0) return -E.AGAIN;
    new DataView(into.buffer, into.byteOffset).setBigUint64(0, BigInt(this.#expired), true);
    this.#expired = 0;
    return 8;
  }
  override poll(): number {
    return this.#expired > 0 ? POLLIN | POLLRDNORM : 0;
  }
  protected closed(): void {
    this.set(undefined, 0);
  }
}
