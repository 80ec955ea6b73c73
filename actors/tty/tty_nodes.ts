/** The terminals' nodes: /dev/pts and what is in it, /dev/ptmx, /dev/tty, /dev/console. */
import { E, fail } from "../../syscalls/abi/errno.ts";
import { CAP, capable } from "../credentials.ts";
import type { Machine } from "../machine.ts";
import type { Task } from "../task/task.ts";
import { DirectoryFile } from "../vfs/directory_file.ts";
import { type DirEntry, Inode, S_IFCHR, S_IFDIR, type SetAttributes, type Stat } from "../vfs/inode.ts";
import { O_NOCTTY, type OpenFile } from "../vfs/open_file.ts";
import { takeOnOpen } from "./job_control.ts";
import { Pty, PtyMaster } from "./pty.ts";
import { makedev, terminalsOf } from "./terminals.ts";
import { Tty } from "./tty.ts";
import { TtyFile } from "./tty_file.ts";

/** st_dev of devpts. */
export const DEVPTS = 24;
const GROUP_TTY = 5;

/** A node's attributes, changeable like a file's. */
abstract class Node extends Inode {
  mode = 0o600;
  uid = 0;
  gid = 0;
  nlink = 1;
  readonly rdev: number = 0;
  #changed: bigint;
  constructor(readonly machine: Machine) {
    super();
    this.#changed = machine.clock.realtime();
  }
  override stat(): Stat {
    const at = this.#changed;
    return {
      dev: this.dev,
      ino: this.ino,
      mode: this.type | this.mode,
      nlink: this.nlink,
      uid: this.uid,
      gid: this.gid,
      rdev: this.rdev,
      size: 0,
      blksize: 1024,
      blocks: 0,
      atime: at,
      mtime: at,
      ctime: at,
    };
  }
  override setAttributes(_t: Task, set: SetAttributes): void {
    if (set.mode !== undefined) this.mode = set.mode & 0o7777;
    if (set.uid !== undefined) this.uid = set.uid;
    if (set.gid !== undefined) this.gid = set.gid;
    this.#changed = set.mtime ?? this.machine.clock.realtime();
  }
}

/** Opens a terminal, with what that does to the opener's session. */
const openTty = (t: Task, tty: Tty, inode: Inode, flags: number, path: string, pty: Pty | undefined): TtyFile => {
  if (tty.hungUp) fail(E.IO);
  if (tty.exclusive && !capable(t.cred, CAP.SYS_ADMIN)) fail(E.BUSY);
  pty?.slaveOpened();
  const file = new TtyFile(inode, path, flags, tty, () => pty?.slaveClosed());
  if ((flags & O_NOCTTY) === 0 && file.readable) takeOnOpen(t, tty);
  return file;
};

/** /dev/pts/N. */
export class TerminalNode extends Node {
  readonly dev = DEVPTS;
  readonly ino: number;
  readonly type = S_IFCHR;
  override mode = 0o620;
  override gid = GROUP_TTY;
  override readonly rdev: number;
  constructor(machine: Machine, readonly tty: Tty, readonly pty: Pty | undefined, index: number) {
    super(machine);
    this.ino = index + 3;
    this.rdev = tty.rdev;
  }
  override open(t: Task, flags: number, path: string): OpenFile {
    if (this.pty?.locked) fail(E.IO);
    return openTty(t, this.tty, this, flags, path, this.pty);
  }
}

/** /dev/ptmx and /dev/pts/ptmx: each open makes a pty. */
export class PtmxNode extends Node {
  readonly type = S_IFCHR;
  override mode = 0o666;
  override gid = GROUP_TTY;
  override readonly rdev = makedev(5, 2);
  constructor(machine: Machine, readonly dev: number, readonly ino: number, readonly directory: PtsDirectory) {
    super(machine);
  }
  override open(t: Task, flags: number, _path: string): OpenFile {
    const terminals = terminalsOf(this.machine);
    const index = terminals.freeIndex();
    if (index < 0) fail(E.NOSPC);
    const pty = new Pty(this.machine, index);
    terminals.ptys.set(index, pty);
    const slave = this.directory.node(index)!;
    slave.uid = t.cred.fsuid;
    return new PtyMaster(
      this,
      flags,
      pty,
      (opener, peerFlags) => openTty(opener, pty.tty, slave, peerFlags, pty.tty.path, pty),
    );
  }
}

/** /dev/pts. */
export class PtsDirectory extends Node {
  readonly dev = DEVPTS;
  readonly ino = 1;
  readonly type = S_IFDIR;
  override mode = 0o755;
  override nlink = 2;
  readonly ptmx: PtmxNode;
  #nodes = new Map<number, TerminalNode>();
  constructor(machine: Machine) {
    super(machine);
    this.ptmx = new PtmxNode(machine, DEVPTS, 2, this);
  }

  /** Node of a terminal that exists now. */
  node(index: number): TerminalNode | undefined {
    const terminals = terminalsOf(this.machine);
    const tty = terminals.at(index);
    if (tty === undefined) return undefined;
    const known = this.#nodes.get(index);
    if (known?.tty === tty) return known;
    const node = new TerminalNode(this.machine, tty, terminals.ptys.get(index), index);
    this.#nodes.set(index, node);
    return node;
  }
  override lookup(_t: Task, name: string): Inode {
    if (name === "ptmx") return this.ptmx;
    const node = /^(0|[1-9][0-9]{0,4})$/.test(name) ? this.node(Number(name)) : undefined;
    return node ?? fail(E.NOENT);
  }
  override entries(_t: Task): DirEntry[] {
    const terminals = terminalsOf(this.machine).indices.map((i) => ({ name: String(i), ino: i + 3, type: S_IFCHR }));
    return [...terminals, { name: "ptmx", ino: 2, type: S_IFCHR }];
  }
  override open(_t: Task, flags: number, path: string): OpenFile {
    return new DirectoryFile(this, path, flags);
  }
}

/** The terminals directory of a machine: the host's terminal and every pty have their nodes in it. */
const directories = new WeakMap<Machine, PtsDirectory>();
export const ptsDirectory = (machine: Machine): PtsDirectory => {
  let directory = directories.get(machine);
  if (directory === undefined) directories.set(machine, directory = new PtsDirectory(machine));
  return directory;
};

/** /dev/tty: the opener's controlling terminal. */
export class CurrentTerminalNode extends Node {
  readonly type = S_IFCHR;
  override mode = 0o666;
  override gid = GROUP_TTY;
  override readonly rdev = makedev(5, 0);
  constructor(machine: Machine, readonly dev: number, readonly ino: number) {
    super(machine);
  }
  override open(t: Task, flags: number, path: string): OpenFile {
    const { tty } = t.group;
    if (!(tty instanceof Tty)) return fail(E.NXIO);
    const pty = tty.driver instanceof Pty ? tty.driver : undefined;
    return openTty(t, tty, this, flags | O_NOCTTY, path, pty);
  }
}

/** /dev/console: the host's terminal. */
export class ConsoleNode extends Node {
  readonly type = S_IFCHR;
  override readonly rdev = makedev(5, 1);
  constructor(machine: Machine, readonly dev: number, readonly ino: number) {
    super(machine);
  }
  override open(t: Task, flags: number, path: string): OpenFile {
    const { host } = terminalsOf(this.machine);
    return host === undefined ? fail(E.NXIO) : openTty(t, host, this, flags, path, undefined);
  }
}
