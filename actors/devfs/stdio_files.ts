/**
 * The guest's descriptors 0, 1 and 2: open descriptions over the host's standard streams. Terminals go through the line discipline (`tty/`); pipes, sockets and
 * devices are read with one request at a time, only when the guest wants bytes; regular files are read and written where the guest's offset is.
 */
import { E } from "../../syscalls/abi/errno.ts";
import type { Machine } from "../machine.ts";
import type { Task } from "../task/task.ts";
import { forwardHostSignals, giveTerminal, hostTty } from "../tty/host_tty.ts";
import { TtyFile } from "../tty/tty_file.ts";
import { ptsDirectory } from "../tty/tty_nodes.ts";
import { Inode, S_IFCHR, S_IFIFO, S_IFREG, S_IFSOCK, type SetAttributes, type Stat } from "../vfs/inode.ts";
import {
  O_ACCMODE,
  O_APPEND,
  O_CREAT,
  O_EXCL,
  O_NOCTTY,
  O_RDONLY,
  O_RDWR,
  O_TRUNC,
  O_WRONLY,
  OpenFile,
  POLLIN,
  POLLOUT,
  POLLRDNORM,
  POLLWRNORM,
} from "../vfs/open_file.ts";
import type { StdioDoor, StreamFacts, StreamNumber } from "../world/stdio.ts";

/** Most bytes asked of the host at once, and how many poll asks for when nobody has said how many it wants. */
const MOST = 65536, AHEAD = 4096;
const FIONREAD = 0x541b;
const TYPES = { terminal: S_IFCHR, file: S_IFREG, pipe: S_IFIFO, socket: S_IFSOCK, character: S_IFCHR } as const;

/** One of the host's streams as a file. Opening it again (/dev/stdout) gives another description of the same stream. */
class StreamInode extends Inode {
  readonly dev: number;
  readonly ino: number;
  readonly type: number;
  /** Input that has come and was not read, the request under way, and whether the end was seen. */
  readonly readers = new Set<StreamFile>();
  #input: Uint8Array = new Uint8Array(0);
  #asking = false;
  #ended = false;
  #failed = 0;

  constructor(
    readonly machine: Machine,
    readonly door: StdioDoor,
    readonly stream: StreamNumber,
    readonly facts: StreamFacts,
  ) {
    super();
    this.dev = facts.dev;
    this.ino = facts.ino;
    this.type = TYPES[facts.kind];
  }

  override stat(): Stat {
    const { dev, ino, facts: { mode, uid, gid, rdev } } = this;
    return { dev, ino, mode, uid, gid, rdev, blksize: 4096, ...this.door.status(this.stream) };
  }
  override setAttributes(_t: Task, set: SetAttributes): void {
    if (set.size !== undefined && this.facts.kind === "file") this.door.truncate(this.stream, set.size);
  }
  override open(_t: Task, flags: number, path: string): OpenFile {
    if (this.facts.kind === "file" && (flags & O_TRUNC) !== 0) this.door.truncate(this.stream, 0);
    return new StreamFile(this, path, flags & ~(O_CREAT | O_EXCL | O_TRUNC | O_NOCTTY));
  }

  get regular(): boolean {
    return this.facts.kind === "file";
  }
  get buffered(): number {
    return this.#input.length;
  }
  /** Bytes, the end, or a failure can be had without waiting. */
  get inputReady(): boolean {
    return this.#input.length > 0 || this.#ended || this.#failed !== 0;
  }

  /** Asks the host for input unless there is some, or it was asked already. */
  ask(max: number): void {
    if (this.inputReady || this.#asking || this.stream !== 0) return;
    this.#asking = true;
    this.machine.hostPending++;
    this.door.requestInput(Math.min(Math.max(max, 1), MOST), (got) => this.machine.fromHost(() => this.#deliver(got)));
  }
  #deliver(got: Uint8Array | number): void {
    this.#asking = false;
    this.machine.hostPending--;
    if (typeof got === "number") this.#failed = got;
    else if (got.length === 0) this.#ended = true;
    else this.#input = got;
    for (const reader of this.readers) reader.queue.wake();
  }

  take(into: Uint8Array): number {
    this.ask(into.length);
    if (this.#input.length > 0) {
      const part = this.#input.subarray(0, into.length);
      into.set(part);
      this.#input = this.#input.subarray(part.length);
      return part.length;
    }
    if (this.#failed !== 0) {
      const no = this.#failed;
      this.#failed = 0;
      return no;
    }
    return this.#ended ? 0 : -E.AGAIN;
  }
}

class StreamFile extends OpenFile {
  constructor(readonly node: StreamInode, path: string, flags: number) {
    super(node, path, flags);
    node.readers.add(this);
  }

  override read(_t: Task, into: Uint8Array, at?: number): number {
    const { node } = this;
    if (into.length === 0) return 0;
    if (node.regular) {
      const n = node.door.readAt(node.stream, into, at ?? this.pos);
      if (n > 0 && at === undefined) this.pos += n;
      return n;
    }
    if (at !== undefined) return -E.SPIPE;
    return node.stream === 0 ? node.take(into) : -E.IO;
  }

  override write(_t: Task, from: Uint8Array, at?: number): number {
    const { node } = this;
    if (!node.regular) return at === undefined ? node.door.write(node.stream, from) : -E.SPIPE;
    const append = (this.flags & O_APPEND) !== 0;
    const n = node.door.write(node.stream, from, append ? node.door.size(node.stream) : at ?? this.pos);
    if (n > 0 && at === undefined) this.pos = append ? node.door.size(node.stream) : this.pos + n;
    return n;
  }

  override poll(): number {
    const { node } = this;
    const writable = this.writable ? POLLOUT | POLLWRNORM : 0;
    if (!this.readable) return writable;
    if (node.regular) return POLLIN | POLLRDNORM | POLLOUT | POLLWRNORM;
    node.ask(AHEAD);
    return node.inputReady ? writable | POLLIN | POLLRDNORM : writable;
  }

  override seek(offset: number, whence: number): number {
    const { node } = this;
    if (!node.regular) return -E.SPIPE;
    const size = node.door.size(node.stream);
    let to: number;
    if (whence === 3 || whence === 4) {
      if (offset < 0 || offset >= size) return -E.NXIO;
      to = whence === 3 ? offset : size;
    } else if (whence > 2) return -E.INVAL;
    else to = offset + (whence === 0 ? 0 : whence === 1 ? this.pos : size);
    return to < 0 ? -E.INVAL : this.pos = to;
  }

  override ioctl(t: Task, request: number, arg: number): number {
    const { node } = this;
    if (request !== FIONREAD || !this.readable) return -E.NOTTY;
    t.mem.setU32(arg, node.regular ? Math.max(0, node.door.size(node.stream) - this.pos) : node.buffered);
    return 0;
  }

  protected override closed(): void {
    this.node.readers.delete(this);
  }
}

/**
 * Descriptors 0, 1 and 2 of the first process. Streams that are the host's terminal share one description, as under a login shell, and the terminal controls the
 * first process's session. Host signals are passed on until the door is closed.
 */
export const openStdio = (machine: Machine, door: StdioDoor): [OpenFile, OpenFile, OpenFile] => {
  let terminal: OpenFile | undefined;
  const nodes: StreamInode[] = [];
  const files: OpenFile[] = [];
  for (const stream of [0, 1, 2] as const) {
    const facts = door.facts(stream);
    if (facts.kind === "terminal" && door.terminal !== undefined) {
      terminal = terminal === undefined ? openTerminal(machine, door) : terminal.retain();
      files.push(terminal);
      continue;
    }
    // 1 and 2 on the same file of the host share its offset: `> file 2>&1`.
    const twin = stream === 2 && files[1] instanceof StreamFile && facts.kind === "file" &&
      nodes[1].dev === facts.dev && nodes[1].ino === facts.ino;
    if (twin) {
      files.push(files[1].retain());
      continue;
    }
    const node = nodes[stream] = new StreamInode(machine, door, stream, facts);
    const access = stream === 0
      ? (facts.kind === "character" || facts.kind === "socket" ? O_RDWR : O_RDONLY)
      : O_WRONLY;
    const file = new StreamFile(node, facts.path, (access & O_ACCMODE) | (facts.append ? O_APPEND : 0));
    file.pos = facts.position;
    files.push(file);
  }
  if (terminal !== undefined && machine.init !== undefined) giveTerminal(machine, machine.init);
  forwardHostSignals(machine, door);
  const outputs = nodes.filter(({ stream, facts }) => stream !== 0 && facts.kind !== "character");
  machine.outputHeld = () => outputs.some((node) => node.readers.size > 0);
  return files as [OpenFile, OpenFile, OpenFile];
};

const openTerminal = (machine: Machine, door: StdioDoor): OpenFile => {
  const tty = hostTty(machine, door.terminal!);
  const node = ptsDirectory(machine).node(0)!;
  // As login does: the terminal belongs to who uses it.
  node.uid = machine.init?.cred.ruid ?? 0;
  return new TtyFile(node, tty.path, O_RDWR, tty);
};
