/** Namespaces as files (nsfs, ioctl_ns(2)): what the links under /proc/PID/ns lead to, and what setns takes. */
import { E } from "../../syscalls/abi/errno.ts";
import { RLIMIT } from "../limits.ts";
import { bootTime } from "../procfs/tree.ts";
import type { Machine } from "../machine.ts";
import type { Task } from "../task/task.ts";
import { Inode, S_IFREG, type Stat } from "../vfs/inode.ts";
import { O_RDONLY, OpenFile } from "../vfs/open_file.ts";
import { FLAG_OF, type Namespace } from "./namespace.ts";
import { PidNamespace } from "./pid.ts";
import { FIRST_USER_NAMESPACE, shownId, UserNamespace } from "./user.ts";

const NSFS = 4;
const NS_GET_USERNS = 0xb701, NS_GET_PARENT = 0xb702, NS_GET_NSTYPE = 0xb703, NS_GET_OWNER_UID = 0xb704;

/** "uts:[4026531838]" */
export const nameOf = (ns: Namespace): string => `${ns.kind}:[${ns.ino}]`;

export class NamespaceNode extends Inode {
  readonly dev = NSFS;
  readonly type = S_IFREG;
  readonly ino: number;
  constructor(readonly machine: Machine, readonly namespace: Namespace) {
    super();
    this.ino = namespace.ino;
  }
  override stat(): Stat {
    const at = bootTime(this.machine);
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

export class NamespaceFile extends OpenFile {
  constructor(override readonly inode: NamespaceNode, path: string, flags: number) {
    super(inode, path, flags);
  }
  override ioctl(t: Task, request: number, arg: number): number {
    const { namespace } = this.inode;
    switch (request) {
      case NS_GET_NSTYPE:
        return FLAG_OF[namespace.kind];
      case NS_GET_USERNS: {
        const owner = namespace instanceof UserNamespace ? namespace.owner : namespace.owner ?? FIRST_USER_NAMESPACE;
        return openIfWithin(t, owner);
      }
      case NS_GET_PARENT:
        if (!(namespace instanceof UserNamespace || namespace instanceof PidNamespace)) return -E.INVAL;
        return openIfWithin(t, namespace instanceof PidNamespace ? namespace.outer : namespace.owner);
      case NS_GET_OWNER_UID:
        if (!(namespace instanceof UserNamespace)) return -E.INVAL;
        t.mem.setU32(arg, shownId(t.cred.userNamespace.uids, namespace.uid));
        return 0;
      default:
        return -E.NOTTY;
    }
  }
  protected override closed(): void {}
}

/** A descriptor of a namespace that the task's own contains; EPERM for others. */
const openIfWithin = (t: Task, ns: UserNamespace | PidNamespace | undefined): number => {
  const visible = ns instanceof UserNamespace
    ? ns.within(t.cred.userNamespace)
    : ns !== undefined && ns.within(t.group.pidNamespace);
  if (!visible) return -E.PERM;
  const file = new NamespaceFile(new NamespaceNode(t.machine, ns!), nameOf(ns!), O_RDONLY);
  const fd = t.files.add(file, true, t.group.limits[RLIMIT.NOFILE].soft);
  if (fd < 0) file.release();
  return fd;
};
