/** /proc/pid/fd and fdinfo: a task's descriptors as links to what they are open on, and ns, the links that name its namespaces. */
import { E, fail } from "../../syscalls/abi/errno.ts";
import { mayTrace } from "../cross_memory.ts";
import type { Task } from "../task/task.ts";
import { Inode, S_IFLNK, S_IFREG, type Stat } from "../vfs/inode.ts";
import { O_CLOEXEC, O_PATH, OpenFile } from "../vfs/open_file.ts";
import { onlyTracers, ProcTask } from "./subject.ts";
import { bootTime, type DynamicEntry, type LinkEntry, type Standing, type Subject, type TextEntry } from "./tree.ts";

/** One descriptor of a task. */
class Descriptor implements Subject {
  constructor(readonly of: ProcTask, readonly fd: number) {}
  check(error: number): void {
    this.of.check(error);
    if (this.file === undefined) fail(E.NOENT);
  }
  standing(mode: number, type: number): Standing {
    return this.of.standing(mode, type);
  }
  get file(): OpenFile | undefined {
    return this.of.task.holdings.files ? this.of.task.files.peek(this.fd) : undefined;
  }
}

const numbers = (s: ProcTask, type: number) =>
  (s.task.holdings.files ? s.task.files.descriptors() : []).map((fd) => ({ name: String(fd), type }));

const find = (s: ProcTask, name: string): Descriptor | undefined => {
  if (!/^(0|[1-9][0-9]{0,9})$/.test(name)) return undefined;
  const subject = new Descriptor(s, Number(name));
  return subject.file === undefined ? undefined : subject;
};

const fdLink: LinkEntry<Descriptor> = {
  is: "link",
  mode: ({ file }) =>
    file === undefined || (file.flags & O_PATH) !== 0
      ? 0o000
      : 0o100 | (file.readable ? 0o400 : 0) | (file.writable ? 0o200 : 0),
  target(s, t) {
    if (!mayTrace(t, s.of.task)) fail(E.ACCES);
    return s.file?.path ?? fail(E.NOENT);
  },
  jump(s, t) {
    if (!mayTrace(t, s.of.task)) fail(E.ACCES);
    const { file } = s;
    return file && { inode: file.inode, path: file.path, location: file.location };
  },
};

const fdInfo: TextEntry<Descriptor> = {
  is: "text",
  mode: 0o400,
  mayOpen: (s, t) => onlyTracers(s.of, t),
  text(s) {
    const file = s.file ?? fail(E.NOENT);
    const flags = file.flags | (s.of.task.files.cloexec(s.fd) ? O_CLOEXEC : 0);
    const more = (file as { fdinfo?: () => string }).fdinfo?.() ?? "";
    return `pos:\t${file.pos}\nflags:\t0${flags.toString(8)}\nmnt_id:\t1\nino:\t${file.inode.ino}\n${more}`;
  },
};

/** EACCES for the directory itself; the links check again. */
export const fdDirectory: DynamicEntry<ProcTask> = {
  is: "dynamic",
  mode: 0o500,
  mayOpen: onlyTracers,
  names: (s) => numbers(s, S_IFLNK),
  find(s, _t, name) {
    const subject = find(s, name);
    return subject && { entry: fdLink, subject };
  },
};
export const fdInfoDirectory: DynamicEntry<ProcTask> = {
  is: "dynamic",
  mode: 0o555,
  mayOpen: onlyTracers,
  names: (s) => numbers(s, S_IFREG),
  find(s, _t, name) {
    const subject = find(s, name);
    return subject && { entry: fdInfo, subject };
  },
};

// ---- namespaces ------------------------------------------------------------------------------------------------------
/** The initial namespaces' inode numbers (linux/proc_ns.h); every task is in these. */
const NAMESPACES: Readonly<Record<string, readonly [shown: string, ino: number]>> = {
  cgroup: ["cgroup", 0xeffffffb],
  ipc: ["ipc", 0xefffffff],
  mnt: ["mnt", 0xeffffff8],
  net: ["net", 0xeffffff9],
  pid: ["pid", 0xeffffffc],
  pid_for_children: ["pid", 0xeffffffc],
  time: ["time", 0xeffffffa],
  time_for_children: ["time", 0xeffffffa],
  user: ["user", 0xeffffffd],
  uts: ["uts", 0xeffffffe],
};

/** A namespace as a file (nsfs). */
class NamespaceNode extends Inode {
  readonly dev = 4;
  readonly type = S_IFREG;
  constructor(readonly task: Task, readonly ino: number) {
    super();
  }
  override stat(): Stat {
    const at = bootTime(this.task.machine);
    return {
      dev: this.dev,
      ino: this.ino,
      mode: S_IFREG | 0o444,
      nlink: 1,
      uid: 0,
      gid: 0,
      rdev: 0,
      size: 0,
      blksize: 4096,
      blocks: 0,
      atime: at,
      mtime: at,
      ctime: at,
    };
  }
  override open(_t: Task, flags: number, path: string): OpenFile {
    return new NamespaceFile(this, path, flags);
  }
}
class NamespaceFile extends OpenFile {
  protected override closed(): void {}
}

const namespaceLink = (name: string): LinkEntry<ProcTask> => {
  const [shown, ino] = NAMESPACES[name];
  return {
    is: "link",
    target(s, t) {
      onlyTracers(s, t);
      return `${shown}:[${ino}]`;
    },
    jump(s, t) {
      onlyTracers(s, t);
      return { inode: new NamespaceNode(s.task, ino), path: `${shown}:[${ino}]` };
    },
  };
};
export const namespaceLinks: Readonly<Record<string, LinkEntry<ProcTask>>> = Object.fromEntries(
  Object.keys(NAMESPACES).map((name) => [name, namespaceLink(name)]),
);
