/**
 * A terminal: line discipline, window size, session and foreground process group, and the open descriptions that wait on it. What the wire is made of (the host's
 * terminal, a pty's master) is its driver's business.
 */
import { SIG } from "../../syscalls/abi/signals.ts";
import { E } from "../../syscalls/abi/errno.ts";
import { LFLAG } from "../../syscalls/abi/termios.ts";
import type { Machine } from "../machine.ts";
import { fromKernel } from "../signals/sender.ts";
import type { Task } from "../task/task.ts";
import type { Timer } from "../timers.ts";
import type { WaitQueue } from "../wait_queue.ts";
import { LineDiscipline, type Wire } from "./line_discipline.ts";
import { readLimits, type Termios } from "./termios.ts";

export interface WindowSize {
  readonly rows: number;
  readonly columns: number;
  readonly xpixel: number;
  readonly ypixel: number;
}

/** The wire side of a terminal. */
export interface TtyDriver {
  /** Sends what a program wrote, or an echo, through output processing to the wire. */
  transmit(bytes: Uint8Array, discipline: LineDiscipline): void;
  /** How many bytes may be transmitted now; echo may exceed it. */
  room(): number;
  /** Bytes transmitted and not yet taken (TIOCOUTQ). */
  queued(): number;
  discardOutput(): void;
  /** Somebody reads or polls. */
  inputWanted(): void;
  /** A reader took bytes: there may be room for more. */
  inputTaken(): void;
  settingsChanged(): void;
  /** A suspend character was typed: true when the driver has seen to it. */
  suspended?(): boolean;
  flowChanged?(stopped: boolean): void;
}

export class Tty implements Wire {
  readonly discipline: LineDiscipline;
  size: WindowSize = { rows: 0, columns: 0, xpixel: 0, ypixel: 0 };
  /** Session it controls, 0 when none. */
  session = 0;
  /** Process group that may read, 0 when none. */
  foreground = 0;
  hungUp = false;
  exclusive = false;
  /** Queues of the descriptions open on it. */
  readonly queues = new Set<WaitQueue>();
  /** When the last byte came in, monotonic ns: TIME between bytes counts from here. */
  #lastInput = 0;
  #timer: Timer | undefined;
  /** When each reader that waits with MIN 0 began. */
  readonly #readStarted = new WeakMap<Task, number>();

  /** @param rdev device number of its node; @param path its node */
  constructor(
    readonly machine: Machine,
    readonly driver: TtyDriver,
    readonly rdev: number,
    readonly path: string,
    utf8: boolean,
  ) {
    this.discipline = new LineDiscipline(this, utf8);
  }

  wake(): void {
    for (const queue of this.queues) queue.wake();
  }

  // ---- the wire's side -------------------------------------------------------------------------------------------
  /** Bytes typed. */
  receive(bytes: Uint8Array): void {
    this.#lastInput = this.machine.clock.monotonic();
    this.discipline.receive(bytes);
    this.wake();
  }
  /** The wire is gone for good: reads find the end, writes fail. */
  hangUp(): void {
    if (this.hungUp) return;
    this.hungUp = true;
    this.wake();
  }
  resize(size: WindowSize): void {
    const old = this.size;
    if (
      old.rows === size.rows && old.columns === size.columns && old.xpixel === size.xpixel && old.ypixel === size.ypixel
    ) return;
    this.size = size;
    this.signal(SIG.WINCH);
  }

  // ---- the discipline's side -------------------------------------------------------------------------------------
  echo(bytes: Uint8Array): void {
    this.driver.transmit(bytes, this.discipline);
  }
  signal(sig: number): void {
    if (sig === SIG.TSTP && this.driver.suspended?.() === true) return;
    if (this.foreground !== 0) this.machine.signals.sendToProcessGroup(this.foreground, fromKernel(sig));
  }
  flow(stopped: boolean): void {
    this.driver.flowChanged?.(stopped);
    if (!stopped) this.wake();
  }
  discardOutput(): void {
    this.driver.discardOutput();
  }

  // ---- the programs' side ----------------------------------------------------------------------------------------
  configure(termios: Termios): void {
    this.discipline.configure(termios);
    this.driver.settingsChanged();
    this.wake();
  }

  /** Whether poll reports input. */
  get inputReady(): boolean {
    const { canonical, input, termios } = this.discipline;
    if (canonical) return input.lines > 0;
    const { min, time } = readLimits(termios);
    return input.bytes >= (time === 0 && min > 0 ? min : 1);
  }

  /** Bytes for a reader, 0 at an end of file, -EAGAIN when it has to wait. */
  read(t: Task, into: Uint8Array, nonblocking: boolean): number {
    if (into.length === 0) return 0;
    const { canonical, input } = this.discipline;
    if (canonical) {
      if (input.lines === 0) return -E.AGAIN;
    } else {
      const verdict = this.#rawReady(t, into.length, nonblocking);
      if (verdict !== "ready") return verdict === "wait" ? -E.AGAIN : 0;
    }
    this.#readStarted.delete(t);
    const n = canonical ? input.readLine(into) : input.readRaw(into);
    this.driver.inputTaken();
    return n;
  }

  /** The four cases of MIN and TIME (termios(3)). */
  #rawReady(t: Task, length: number, nonblocking: boolean): "ready" | "wait" | "timed out" {
    const { input, termios } = this.discipline;
    const { min, time } = readLimits(termios);
    if (input.bytes >= Math.max(1, Math.min(min, length)) || (nonblocking && input.bytes > 0)) return "ready";
    if (min === 0 && time === 0) return "timed out";
    if (time === 0 || nonblocking) return "wait";
    if (min > 0) return input.bytes === 0 ? "wait" : this.#until(this.#lastInput + time) ? "ready" : "wait";
    // A call that looks again has its wait recorded; without one this is its first look.
    if (t.wait === undefined || !this.#readStarted.has(t)) this.#readStarted.set(t, this.machine.clock.monotonic());
    if (!this.#until(this.#readStarted.get(t)! + time)) return "wait";
    this.#readStarted.delete(t);
    return "timed out";
  }

  /** Whether the time has come; wakes the readers when it does. */
  #until(deadline: number): boolean {
    if (this.machine.clock.monotonic() >= deadline) return true;
    if (this.#timer?.armed !== true) this.#timer = this.machine.timers.at(deadline, () => this.wake());
    return false;
  }

  /** Writes what there is room for; -EAGAIN when none. */
  write(bytes: Uint8Array): number {
    if (bytes.length === 0) return 0;
    const room = this.discipline.stopped ? 0 : this.driver.room();
    if (room <= 0) return -E.AGAIN;
    const part = bytes.length > room ? bytes.subarray(0, room) : bytes;
    this.driver.transmit(part, this.discipline);
    return part.length;
  }
  get outputReady(): boolean {
    return !this.discipline.stopped && this.driver.room() > 0;
  }
  /** Background writers are stopped. */
  get stopsWriters(): boolean {
    return (this.discipline.termios.lflag & LFLAG.TOSTOP) !== 0;
  }
}
