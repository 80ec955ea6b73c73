/** Going into namespaces: new ones (unshare, clone), those of a descriptor or of another task (setns(2)); the rules of who may (SEMANTICS 1.20–1.33). */
import { CLONE } from "../../syscalls/abi/clone.ts";
import { E, errno } from "../../syscalls/abi/errno.ts";
import { ALL_CAPS, CAP, capableHere, type Credentials, nsCapable } from "../credentials.ts";
import { mayTrace } from "../cross_memory.ts";
import { leaveUndoList } from "../sysv/undo_list.ts";
import type { Task } from "../task/task.ts";
import type { Namespace } from "./namespace.ts";
import { NetNamespace } from "./net.ts";
import { PidNamespace } from "./pid.ts";
import { type Members, SET_FLAGS } from "./set.ts";
import { CgroupNamespace, IpcNamespace, MountNamespace, TimeNamespace, UtsNamespace } from "./small.ts";
import { toInside, UserNamespace } from "./user.ts";

/** Deepest a user namespace may have one made in it. */
const DEEPEST_PARENT = 32;

const CAP_SETFCAP = 31;

/** Every capability in a user namespace, and nothing kept of former sets (set_cred_user_ns). */
const inside = (cred: Credentials, userNamespace: UserNamespace): Credentials => ({
  ...cred,
  userNamespace,
  securebits: 0,
  capInheritable: 0n,
  capPermitted: ALL_CAPS,
  capEffective: ALL_CAPS,
  capAmbient: 0n,
  capBounding: ALL_CAPS,
});

/** The credentials of who makes a user namespace and goes into it (create_user_ns). Throws EPERM, ENOSPC. */
export const inNewUserNamespace = (t: Task): Credentials => {
  const { cred } = t, parent = cred.userNamespace;
  if (parent.level > DEEPEST_PARENT) throw errno(E.NOSPC);
  if (t.fs.root.path !== "/") throw errno(E.PERM);
  if (toInside(parent.uids, cred.euid) < 0 || toInside(parent.gids, cred.egid) < 0) throw errno(E.PERM);
  const made = new UserNamespace(t.machine, parent, cred.euid, cred.egid);
  made.setgroups = parent.setgroups;
  made.outerSetfcap = nsCapable(cred, parent, CAP_SETFCAP);
  return inside(cred, made);
};

/** The task goes to other namespaces. */
export const moveTo = (t: Task, changes: Partial<Members>): void => {
  const own = t.namespaces.with(changes);
  t.namespaces.release();
  t.namespaces = own;
};

/** What a task lives in and its children will. */
export const namespaceOf = (t: Task, flag: number): Namespace => {
  const { of } = t.namespaces;
  switch (flag) {
    case CLONE.NEWUSER:
      return t.cred.userNamespace;
    case CLONE.NEWNS:
      return of.mnt;
    case CLONE.NEWUTS:
      return of.uts;
    case CLONE.NEWIPC:
      return of.ipc;
    case CLONE.NEWPID:
      return t.group.pidNamespace;
    case CLONE.NEWCGROUP:
      return of.cgroup;
    case CLONE.NEWNET:
      return of.net;
    default:
      return of.time;
  }
};

/** A change that setns makes up: all of it, or nothing. */
interface Change {
  cred: Credentials;
  readonly members: { -readonly [K in keyof Members]?: Members[K] };
}

/** Adds one namespace to a change, or throws what forbids it (the install operations). */
const install = (t: Task, ns: Namespace, change: Change): void => {
  const single = t.group.live === 1 && t.handlers.users === 1 && t.vm.users === 1;
  if (ns instanceof UserNamespace) {
    if (ns === t.cred.userNamespace || t.group.live > 1 || t.fs.users > 1) throw errno(E.INVAL);
    if (!nsCapable(t.cred, ns, CAP.SYS_ADMIN)) throw errno(E.PERM);
    change.cred = inside(t.cred, ns);
    return;
  }
  if (ns instanceof TimeNamespace && !single) throw errno(E.USERS);
  if (ns instanceof CgroupNamespace && ns === t.namespaces.of.cgroup) return;
  const may = nsCapable(t.cred, ns.owner, CAP.SYS_ADMIN) &&
    nsCapable(t.cred, change.cred.userNamespace, CAP.SYS_ADMIN);
  if (!may) throw errno(E.PERM);
  const { members } = change;
  if (ns instanceof MountNamespace) {
    if (!capableHere(t.cred, CAP.SYS_CHROOT)) throw errno(E.PERM);
    if (t.fs.users > 1) throw errno(E.INVAL);
    members.mnt = ns;
    return;
  }
  if (ns instanceof UtsNamespace) members.uts = ns;
  else if (ns instanceof IpcNamespace) members.ipc = ns;
  else if (ns instanceof CgroupNamespace) members.cgroup = ns;
  else if (ns instanceof NetNamespace) members.net = ns;
  else if (ns instanceof TimeNamespace) members.time = members.timeForChildren = ns.settle();
  else if (ns instanceof PidNamespace) {
    if (!ns.within(t.group.pidNamespace)) throw errno(E.INVAL);
    members.pidForChildren = ns;
  }
};

const commit = (t: Task, { cred, members }: Change): void => {
  if (members.ipc !== undefined) leaveUndoList(t);
  moveTo(t, members);
  // One comes to stand at the root of another tree.
  if (members.mnt !== undefined) t.fs.root = t.fs.cwd = t.vfs.root;
  t.cred = cred;
};

/** setns(2) with a descriptor of a namespace. */
export const enterNamespace = (t: Task, ns: Namespace): void => {
  const change: Change = { cred: t.cred, members: {} };
  install(t, ns, change);
  commit(t, change);
};

/** setns(2) with a pidfd: the namespaces of `flags` that another task lives in. */
export const enterThoseOf = (t: Task, other: Task, flags: number): void => {
  if (!other.holdings.namespaces) throw errno(E.SRCH);
  if (!mayTrace(t, other)) throw errno(E.PERM);
  const change: Change = { cred: t.cred, members: {} };
  const order = [
    CLONE.NEWUSER,
    CLONE.NEWNS,
    CLONE.NEWUTS,
    CLONE.NEWIPC,
    CLONE.NEWPID,
    CLONE.NEWCGROUP,
    CLONE.NEWNET,
    CLONE.NEWTIME,
  ];
  for (const flag of order) if ((flags & flag) !== 0) install(t, namespaceOf(other, flag), change);
  commit(t, change);
};

/** Flags that setns takes with a pidfd. */
export const ENTERABLE = SET_FLAGS | CLONE.NEWUSER;
