/** /dev: a fixed tree of device nodes, links into /proc/self/fd, the terminals' directory and a place for shared memory (devtmpfs). */
import { E, fail } from "../../syscalls/abi/errno.ts";
import type { Machine } from "../machine.ts";
import type { Task } from "../task/task.ts";
import { makedev } from "../tty/terminals.ts";
import { ConsoleNode, CurrentTerminalNode, PtmxNode, ptsDirectory } from "../tty/tty_nodes.ts";
import { DirectoryFile } from "../vfs/directory_file.ts";
import {
  type DirEntry,
  Inode,
  S_IFCHR,
  S_IFDIR,
  S_IFLNK,
  S_IFMT,
  type SetAttributes,
  type Stat,
} from "../vfs/inode.ts";
import type { OpenFile } from "../vfs/open_file.ts";
import { FullFile, LogFile, NullFile, RandomFile, ZeroFile } from "./memory_devices.ts";

/** st_dev of devtmpfs. */
export const DEVTMPFS = 6;

interface Device {
  readonly major: number;
  readonly minor: number;
  readonly mode: number;
  readonly open: new (inode: Inode, path: string, flags: number) => OpenFile;
}

/** Devices without hardware, by name. */
const DEVICES: Readonly<Record<string, Device>> = {
  null: { major: 1, minor: 3, mode: 0o666, open: NullFile },
  zero: { major: 1, minor: 5, mode: 0o666, open: ZeroFile },
  full: { major: 1, minor: 7, mode: 0o666, open: FullFile },
  random: { major: 1, minor: 8, mode: 0o666, open: RandomFile },
  urandom: { major: 1, minor: 9, mode: 0o666, open: RandomFile },
  kmsg: { major: 1, minor: 11, mode: 0o644, open: LogFile },
};

const LINKS: Readonly<Record<string, string>> = {
  fd: "/proc/self/fd",
  stdin: "/proc/self/fd/0",
  stdout: "/proc/self/fd/1",
  stderr: "/proc/self/fd/2",
};

abstract class DevNode extends Inode {
  readonly dev = DEVTMPFS;
  uid = 0;
  gid = 0;
  abstract mode: number;
  readonly rdev: number = 0;
  #changed: bigint;
  constructor(readonly machine: Machine, readonly ino: number) {
    super();
    this.#changed = machine.clock.realtime();
  }
  get size(): number {
    return 0;
  }
  override stat(): Stat {
    const at = this.#changed;
    const { dev, ino, uid, gid, rdev, size } = this;
    const nlink = this.type === S_IFDIR ? 2 : 1;
    return {
      dev,
      ino,
      mode: this.type | this.mode,
      nlink,
      uid,
      gid,
      rdev,
      size,
      blksize: 4096,
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

class DeviceNode extends DevNode {
  readonly type = S_IFCHR;
  mode: number;
  override readonly rdev: number;
  constructor(machine: Machine, ino: number, readonly device: Device) {
    super(machine, ino);
    this.mode = device.mode;
    this.rdev = makedev(device.major, device.minor);
  }
  override open(_t: Task, flags: number, path: string): OpenFile {
    return new this.device.open(this, path, flags);
  }
}

class LinkNode extends DevNode {
  readonly type = S_IFLNK;
  mode = 0o777;
  constructor(machine: Machine, ino: number, readonly target: string) {
    super(machine, ino);
  }
  override get size(): number {
    return this.target.length;
  }
  override readlink(): string {
    return this.target;
  }
  override open(): OpenFile {
    return fail(E.LOOP);
  }
}

/** A directory of given children; what is made in it by programs stays until the machine ends. */
class DevDirectory extends DevNode {
  readonly type = S_IFDIR;
  readonly children = new Map<string, Inode>();
  constructor(machine: Machine, ino: number, public mode: number) {
    super(machine, ino);
  }
  override lookup(_t: Task, name: string): Inode {
    return this.children.get(name) ?? fail(E.NOENT);
  }
  override entries(_t: Task): DirEntry[] {
    return [...this.children].map(([name, { ino, type }]) => ({ name, ino, type }));
  }
  override create(_t: Task, name: string, mode: number, rdev = 0): Inode {
    if (this.children.has(name)) fail(E.EXIST);
    const ino = nextIno(this.machine);
    const node = (mode & S_IFMT) === S_IFDIR
      ? new DevDirectory(this.machine, ino, mode & 0o7777)
      : (mode & S_IFMT) === S_IFCHR
      ? deviceNode(this.machine, ino, rdev)
      : undefined;
    if (node === undefined) return fail(E.PERM);
    node.mode = mode & 0o7777;
    this.children.set(name, node);
    return node;
  }
  override symlink(_t: Task, name: string, target: string): Inode {
    if (this.children.has(name)) fail(E.EXIST);
    const node = new LinkNode(this.machine, nextIno(this.machine), target);
    this.children.set(name, node);
    return node;
  }
  override unlink(_t: Task, name: string): void {
    const node = this.children.get(name) ?? fail(E.NOENT);
    if (node.type === S_IFDIR) fail(E.ISDIR);
    this.children.delete(name);
  }
  override rmdir(t: Task, name: string): void {
    const node = this.children.get(name) ?? fail(E.NOENT);
    if (node.type !== S_IFDIR) fail(E.NOTDIR);
    if (!(node instanceof DevDirectory)) fail(E.BUSY);
    if (node.entries(t).length > 0) fail(E.NOTEMPTY);
    this.children.delete(name);
  }
  override open(_t: Task, flags: number, path: string): OpenFile {
    return new DirectoryFile(this, path, flags);
  }
}

const lastIno = new WeakMap<Machine, number>();
const nextIno = (machine: Machine): number => {
  const ino = (lastIno.get(machine) ?? 1) + 1;
  lastIno.set(machine, ino);
  return ino;
};

/** Node of a character device by number; opening an unknown one is ENXIO. */
const deviceNode = (machine: Machine, ino: number, rdev: number): DevNode => {
  const known = Object.values(DEVICES).find((d) => makedev(d.major, d.minor) === rdev);
  return known === undefined ? new UnknownDevice(machine, ino, rdev) : new DeviceNode(machine, ino, known);
};

class UnknownDevice extends DevNode {
  readonly type = S_IFCHR;
  mode = 0o600;
  override readonly rdev: number;
  constructor(machine: Machine, ino: number, rdev: number) {
    super(machine, ino);
    this.rdev = rdev;
  }
  override open(): OpenFile {
    return fail(E.NXIO);
  }
}

/**
 * Opens a character device node of another file system (mknod in a tmpfs): ENXIO when no such device exists here.
 * @param inode the node that was opened
 */
export const openDevice = (t: Task, inode: Inode, rdev: number, flags: number, path: string): OpenFile => {
  for (const device of Object.values(DEVICES)) {
    if (makedev(device.major, device.minor) === rdev) return new device.open(inode, path, flags);
  }
  if (rdev === makedev(5, 0)) return new CurrentTerminalNode(t.machine, inode.dev, inode.ino).open(t, flags, path);
  if (rdev === makedev(5, 2)) {
    return new PtmxNode(t.machine, inode.dev, inode.ino, ptsDirectory(t.machine)).open(t, flags, path);
  }
  return fail(E.NXIO);
};

/** The root of /dev. `shm`: what lies at /dev/shm (a tmpfs); without it the directory is there to be mounted on. */
export const makeDevfs = (machine: Machine, shm?: Inode): Inode => {
  const ino = () => nextIno(machine);
  const root = new DevDirectory(machine, ino(), 0o755);
  const add = (name: string, node: Inode): void => void root.children.set(name, node);
  for (const [name, device] of Object.entries(DEVICES)) add(name, new DeviceNode(machine, ino(), device));
  add("tty", new CurrentTerminalNode(machine, DEVTMPFS, ino()));
  add("console", new ConsoleNode(machine, DEVTMPFS, ino()));
  add("ptmx", new PtmxNode(machine, DEVTMPFS, ino(), ptsDirectory(machine)));
  add("pts", ptsDirectory(machine));
  for (const [name, target] of Object.entries(LINKS)) add(name, new LinkNode(machine, ino(), target));
  add("shm", shm ?? new DevDirectory(machine, ino(), 0o1777));
  add("mqueue", new DevDirectory(machine, ino(), 0o1777));
  return root;
};
