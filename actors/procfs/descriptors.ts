/** /proc/pid/fd and fdinfo: a task's descriptors as links to what they are open on, and ns, the links that name its namespaces. */
import { E, fail } from "../../syscalls/abi/errno.ts";
import { mayTrace } from "../cross_memory.ts";
import type { Task } from "../task/task.ts";
import type { Namespace } from "../namespaces/namespace.ts";
import type { PidNamespace } from "../namespaces/pid.ts";
import { nameOf, NamespaceNode } from "../namespaces/nsfs.ts";
import { S_IFLNK, S_IFREG } from "../vfs/inode.ts";
import { O_CLOEXEC, O_PATH, OpenFile } from "../vfs/open_file.ts";
import { onlyTracers, ProcTask } from "./subject.ts";
import { type DynamicEntry, type LinkEntry, type Standing, type Subject, type TextEntry } from "./tree.ts";

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
    const more = (file as { fdinfo?: (pids: PidNamespace) => string }).fdinfo?.(s.of.pids) ?? "";
    const mount = s.of.task.vfs.mountOf(file.location)?.id ?? 1;
    return `pos:\t${file.pos}\nflags:\t0${flags.toString(8)}\nmnt_id:\t${mount}\nino:\t${file.inode.ino}\n${more}`;
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
/** The names under ns and what each stands for; undefined: nothing yet (no child has lived there). */
const NAMESPACES: Readonly<Record<string, (task: Task) => Namespace | undefined>> = {
  cgroup: (task) => task.namespaces.of.cgroup,
  ipc: (task) => task.namespaces.of.ipc,
  mnt: (task) => task.namespaces.of.mnt,
  net: (task) => task.namespaces.of.net,
  pid: (task) => task.group.pidNamespace,
  pid_for_children: ({ namespaces: { of: { pidForChildren } } }) =>
    pidForChildren.level === 0 || pidForChildren.init !== undefined ? pidForChildren : undefined,
  time: (task) => task.namespaces.of.time,
  time_for_children: (task) => task.namespaces.of.timeForChildren,
  user: (task) => task.cred.userNamespace,
  uts: (task) => task.namespaces.of.uts,
};

const namespaceLink = (name: string): LinkEntry<ProcTask> => {
  const find = (s: ProcTask, t: Task): Namespace => {
    onlyTracers(s, t);
    const { task } = s;
    return (task.holdings.namespaces ? NAMESPACES[name](task) : undefined) ?? fail(E.NOENT);
  };
  return {
    is: "link",
    target: (s, t) => nameOf(find(s, t)),
    jump(s, t) {
      const namespace = find(s, t);
      return { inode: new NamespaceNode(t.machine, namespace), path: nameOf(namespace) };
    },
  };
};
export const namespaceLinks: Readonly<Record<string, LinkEntry<ProcTask>>> = Object.fromEntries(
  Object.keys(NAMESPACES).map((name) => [name, namespaceLink(name)]),
);
