/**
 * The namespaces of a task (struct nsproxy): a set that clone shares and that clone, unshare, setns and execve replace as a whole. The user namespace is no part of it: it
 * stands in the credentials.
 */
import { CLONE } from "../../syscalls/abi/clone.ts";
import { E, errno } from "../../syscalls/abi/errno.ts";
import type { Machine } from "../machine.ts";
import { Namespace } from "./namespace.ts";
import { PidNamespace } from "./pid.ts";
import { NetNamespace } from "./net.ts";
import { CgroupNamespace, IpcNamespace, MountNamespace, TimeNamespace, UtsNamespace } from "./small.ts";
import type { UserNamespace } from "./user.ts";

export interface Members {
  readonly uts: UtsNamespace;
  readonly ipc: IpcNamespace;
  readonly mnt: MountNamespace;
  readonly net: NetNamespace;
  readonly cgroup: CgroupNamespace;
  readonly time: TimeNamespace;
  /** Where children will live; of the task itself its thread group knows. */
  readonly timeForChildren: TimeNamespace;
  readonly pidForChildren: PidNamespace;
}

/** Flags whose namespaces stand in the set. */
export const SET_FLAGS = CLONE.NEWNS | CLONE.NEWUTS | CLONE.NEWIPC | CLONE.NEWNET | CLONE.NEWCGROUP | CLONE.NEWTIME |
  CLONE.NEWPID;

export class NamespaceSet {
  #users = 1;
  /** Sets that exist in this process, for the tests that nothing is left. */
  static live = 0;

  constructor(readonly of: Members) {
    NamespaceSet.live++;
    for (const ns of Object.values<Namespace>(of as unknown as Record<string, Namespace>)) ns.users++;
  }
  get users(): number {
    return this.#users;
  }
  share(): NamespaceSet {
    this.#users++;
    return this;
  }
  release(): void {
    if (this.#users <= 0) throw new Error("release of a dead set of namespaces");
    if (--this.#users > 0) return;
    NamespaceSet.live--;
    for (const ns of Object.values<Namespace>(this.of as unknown as Record<string, Namespace>)) {
      if (--ns.users === 0) ns.ended();
    }
  }
  /** The same with some members replaced. */
  with(changes: Partial<Members>): NamespaceSet {
    return new NamespaceSet({ ...this.of, ...changes });
  }
}

/** What a machine begins with. */
export const firstNamespaces = (machine: Machine): NamespaceSet => {
  const time = new TimeNamespace();
  return new NamespaceSet({
    uts: new UtsNamespace(),
    ipc: new IpcNamespace(),
    mnt: new MountNamespace(),
    net: new NetNamespace(machine),
    cgroup: new CgroupNamespace(),
    time,
    timeForChildren: time,
    pidForChildren: new PidNamespace(machine),
  });
};

/** The new members that flags ask for, made for `owner` (create_new_namespaces). `active`: the pid namespace of who asks. */
export const newMembers = (
  machine: Machine,
  { of }: NamespaceSet,
  flags: number,
  owner: UserNamespace,
  active: PidNamespace,
): Partial<Members> => {
  const made: { -readonly [K in keyof Members]?: Members[K] } = {};
  if ((flags & CLONE.NEWNS) !== 0) made.mnt = new MountNamespace(machine, owner, of.mnt);
  if ((flags & CLONE.NEWUTS) !== 0) made.uts = new UtsNamespace(machine, owner, of.uts);
  if ((flags & CLONE.NEWIPC) !== 0) made.ipc = new IpcNamespace(machine, owner);
  if ((flags & CLONE.NEWPID) !== 0) {
    // Not before somebody has lived in the last one made.
    if (of.pidForChildren !== active) throw errno(E.INVAL);
    made.pidForChildren = new PidNamespace(machine, owner, active);
  }
  if ((flags & CLONE.NEWCGROUP) !== 0) made.cgroup = new CgroupNamespace(machine, owner);
  if ((flags & CLONE.NEWNET) !== 0) made.net = new NetNamespace(machine, owner);
  if ((flags & CLONE.NEWTIME) !== 0) made.timeForChildren = new TimeNamespace(machine, owner, of.timeForChildren);
  return made;
};
