/** Pseudoterminals (pty(7)): a terminal whose wire is held by a program, through the master that opening /dev/ptmx makes. */
import { E } from "../../syscalls/abi/errno.ts";
import { TTY_IOCTL as T } from "../../syscalls/abi/termios.ts";
import type { Machine } from "../machine.ts";
import type { Task } from "../task/task.ts";
import type { Inode } from "../vfs/inode.ts";
import { O_CLOEXEC, OpenFile, POLLHUP, POLLIN, POLLOUT, POLLRDNORM, POLLWRNORM } from "../vfs/open_file.ts";
import { RLIMIT } from "../limits.ts";
import { ttyIoctl } from "./ioctl.ts";
import { hangUpSession } from "./job_control.ts";
import type { LineDiscipline } from "./line_discipline.ts";
import { makedev, PTS_MAJOR, terminalsOf } from "./terminals.ts";
import { Tty, type TtyDriver } from "./tty.ts";
import { isControl } from "./termios.ts";
import { CC, IFLAG } from "../../syscalls/abi/termios.ts";

/** Wire bytes a master may leave unread before writers on the slave wait. */
const WIRE_LIMIT = 16384;
/** Packet mode's status bits (TIOCPKT). */
const PKT_FLUSHWRITE = 2, PKT_STOP = 4, PKT_START = 8, PKT_NOSTOP = 16, PKT_DOSTOP = 32;

export class Pty implements TtyDriver {
  readonly tty: Tty;
  locked = true;
  master: PtyMaster | undefined;
  packetMode = false;
  /** Status bits the master has not read yet, in packet mode. */
  packetStatus = 0;
  /** Descriptions open on the slave, and whether there ever was one. */
  slaves = 0;
  everOpened = false;
  #wire: Uint8Array[] = [];
  #queued = 0;
  #flowKeys = true;

  constructor(readonly machine: Machine, readonly index: number) {
    this.tty = new Tty(machine, this, makedev(PTS_MAJOR, index), `/dev/pts/${index}`, false);
  }

  slaveOpened(): void {
    this.slaves++;
    this.everOpened = true;
  }
  slaveClosed(): void {
    this.slaves--;
    if (this.slaves === 0) this.master?.queue.wake();
  }
  masterClosed(): void {
    this.master = undefined;
    terminalsOf(this.machine).ptys.delete(this.index);
    this.tty.hangUp();
    hangUpSession(this.machine, this.tty);
  }

  // ---- what the slave does ---------------------------------------------------------------------------------------
  transmit(bytes: Uint8Array, discipline: LineDiscipline): void {
    const wire = discipline.output.process(bytes, discipline.termios);
    if (wire.length === 0) return;
    this.#wire.push(wire === bytes ? wire.slice() : wire);
    this.#queued += wire.length;
    this.master?.queue.wake();
  }
  room(): number {
    const free = WIRE_LIMIT - this.#queued;
    // Processing may double what is written; overshooting by that much does no harm.
    return free <= 0 ? 0 : free;
  }
  queued(): number {
    return this.#queued;
  }
  discardOutput(): void {
    this.#wire = [];
    this.#queued = 0;
    this.#status(PKT_FLUSHWRITE);
    this.tty.wake();
  }
  inputWanted(): void {}
  inputTaken(): void {
    this.master?.queue.wake();
  }
  flowChanged(stopped: boolean): void {
    this.#status(stopped ? PKT_STOP : PKT_START);
  }
  settingsChanged(): void {
    const s = this.tty.discipline.termios;
    const keys = (s.iflag & IFLAG.IXON) !== 0 && isControl(s, CC.START, 17) && isControl(s, CC.STOP, 19);
    if (keys !== this.#flowKeys) this.#status(keys ? PKT_DOSTOP : PKT_NOSTOP);
    this.#flowKeys = keys;
    this.master?.queue.wake();
  }
  #status(bit: number): void {
    if (!this.packetMode) return;
    this.packetStatus |= bit;
    this.master?.queue.wake();
  }

  // ---- what the master does --------------------------------------------------------------------------------------
  /** Wire bytes for the master; 0 when there are none. */
  take(into: Uint8Array): number {
    let n = 0;
    while (n < into.length && this.#wire.length > 0) {
      const first = this.#wire[0];
      const part = first.subarray(0, into.length - n);
      into.set(part, n);
      n += part.length;
      if (part.length === first.length) this.#wire.shift();
      else this.#wire[0] = first.subarray(part.length);
    }
    const wasFull = this.room() === 0;
    this.#queued -= n;
    if (wasFull && this.room() > 0) this.tty.wake();
    return n;
  }
  get slaveGone(): boolean {
    return this.everOpened && this.slaves === 0;
  }
}

export class PtyMaster extends OpenFile {
  /** Terminal requests act on the slave and need no controlling terminal. */
  readonly isPtyMaster = true;
  constructor(inode: Inode, flags: number, readonly pty: Pty, readonly openPeer: (t: Task, flags: number) => OpenFile) {
    super(inode, "/dev/ptmx", flags);
    pty.master = this;
  }

  override read(_t: Task, into: Uint8Array): number {
    const { pty } = this;
    if (into.length === 0) return 0;
    if (pty.packetMode) return this.#readPacket(into);
    if (pty.queued() > 0) return pty.take(into);
    return pty.slaveGone ? -E.IO : -E.AGAIN;
  }
  /** In packet mode a byte of status comes first: 0 before data, or what happened. */
  #readPacket(into: Uint8Array): number {
    const { pty } = this;
    if (pty.packetStatus !== 0) {
      into[0] = pty.packetStatus;
      pty.packetStatus = 0;
      return 1;
    }
    if (pty.queued() === 0) return pty.slaveGone ? -E.IO : -E.AGAIN;
    into[0] = 0;
    return 1 + pty.take(into.subarray(1));
  }

  override write(_t: Task, from: Uint8Array): number {
    const { tty } = this.pty;
    if (from.length === 0) return 0;
    const room = tty.discipline.room;
    if (room === 0) return -E.AGAIN;
    const part = from.length > room ? from.subarray(0, room) : from;
    tty.receive(part);
    return part.length;
  }

  override poll(): number {
    const { pty } = this;
    const ready = (pty.queued() > 0 || pty.packetStatus !== 0 ? POLLIN | POLLRDNORM : 0) |
      (pty.tty.discipline.room > 0 ? POLLOUT | POLLWRNORM : 0);
    return pty.slaveGone ? ready | POLLHUP : ready;
  }

  override ioctl(t: Task, request: number, arg: number): number {
    const { pty } = this;
    switch (request >>> 0) {
      case T.TIOCGPTN:
        t.mem.setU32(arg, pty.index);
        return 0;
      case T.TIOCSPTLCK:
        pty.locked = t.mem.u32(arg) !== 0;
        return 0;
      case T.TIOCGPTLCK:
        t.mem.setU32(arg, pty.locked ? 1 : 0);
        return 0;
      case T.TIOCPKT:
        pty.packetMode = t.mem.u32(arg) !== 0;
        pty.packetStatus = 0;
        return 0;
      case T.TIOCGPKT:
        t.mem.setU32(arg, pty.packetMode ? 1 : 0);
        return 0;
      case T.TIOCSIG:
        if (arg < 1 || arg > 64) return -E.INVAL;
        pty.tty.signal(arg);
        return 0;
      case T.TIOCGPTPEER: {
        const limit = t.group.limits[RLIMIT.NOFILE].soft;
        const peer = this.openPeer(t, arg);
        const fd = t.files.add(peer, (arg & O_CLOEXEC) !== 0, limit);
        if (fd < 0) peer.release();
        return fd;
      }
      case T.TIOCINQ:
        t.mem.setU32(arg, pty.queued());
        return 0;
      case T.TIOCSCTTY:
      case T.TIOCNOTTY:
        return -E.NOTTY;
      default:
        return ttyIoctl(t, this, pty.tty, request, arg);
    }
  }

  protected override closed(): void {
    this.pty.masterClosed();
  }
}
