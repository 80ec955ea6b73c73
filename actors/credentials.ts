import { E, fail } from "../syscalls/abi/errno.ts";
import {
  type Extent,
  FIRST_USER_NAMESPACE,
  shownId,
  toInside,
  toKernel,
  type UserNamespace,
} from "./namespaces/user.ts";

/** Credentials of a task (credentials(7)). A value: replaced, never changed in place, so that sharing after clone is by reference. */
export interface Credentials {
  readonly ruid: number;
  readonly euid: number;
  readonly suid: number;
  readonly fsuid: number;
  readonly rgid: number;
  readonly egid: number;
  readonly sgid: number;
  readonly fsgid: number;
  readonly groups: readonly number[];
  /** Capability sets as bit masks (capabilities(7)). */
  readonly capEffective: bigint;
  readonly capPermitted: bigint;
  readonly capInheritable: bigint;
  readonly capBounding: bigint;
  readonly capAmbient: bigint;
  readonly securebits: number;
  readonly userNamespace: UserNamespace;
}

export const ALL_CAPS = (1n << 41n) - 1n;

/** Root with every capability, or a plain user with none. */
export const credentialsOf = (uid: number, gid: number, groups: readonly number[] = [gid]): Credentials => ({
  ruid: uid,
  euid: uid,
  suid: uid,
  fsuid: uid,
  rgid: gid,
  egid: gid,
  sgid: gid,
  fsgid: gid,
  groups,
  capEffective: uid === 0 ? ALL_CAPS : 0n,
  capPermitted: uid === 0 ? ALL_CAPS : 0n,
  capInheritable: 0n,
  capBounding: ALL_CAPS,
  capAmbient: 0n,
  securebits: 0,
  userNamespace: FIRST_USER_NAMESPACE,
});

export const CAP = {
  CHOWN: 0,
  DAC_OVERRIDE: 1,
  DAC_READ_SEARCH: 2,
  FOWNER: 3,
  FSETID: 4,
  KILL: 5,
  SETGID: 6,
  SETUID: 7,
  SETPCAP: 8,
  NET_BIND_SERVICE: 10,
  NET_ADMIN: 12,
  NET_RAW: 13,
  IPC_LOCK: 14,
  SYS_CHROOT: 18,
  SYS_PTRACE: 19,
  SYS_ADMIN: 21,
  SYS_NICE: 23,
  SYS_RESOURCE: 24,
  SYS_TIME: 25,
  MKNOD: 27,
  CHECKPOINT_RESTORE: 40,
} as const;

const has = (cred: Credentials, cap: number): boolean => ((cred.capEffective >> BigInt(cap)) & 1n) === 1n;

/** Whether the task has the capability for the machine as a whole: in the first user namespace. */
export const capable = (cred: Credentials, cap: number): boolean =>
  cred.userNamespace === FIRST_USER_NAMESPACE && has(cred, cap);

/** Whether it has the capability in its own user namespace. */
export const capableHere = has;

/** Whether it has the capability for a file of these owners: both have a number in its user namespace (capable_wrt_inode_uidgid). */
export const capableOver = (cred: Credentials, file: { readonly uid: number; readonly gid: number }, cap: number) =>
  has(cred, cap) && toInside(cred.userNamespace.uids, file.uid) >= 0 &&
  toInside(cred.userNamespace.gids, file.gid) >= 0;

/** The kernel's number for a user or group id that the task says; EINVAL where its user namespace maps none. KEEP (-1) stays. */
export const saidUid = ({ userNamespace }: Credentials, id: number): number => said(userNamespace.uids, id);
export const saidGid = ({ userNamespace }: Credentials, id: number): number => said(userNamespace.gids, id);
/** "Leave as it is". */
export const KEEP = 0xffffffff;
const said = (map: readonly Extent[] | undefined, id: number): number => {
  if (id === KEEP) return KEEP;
  const kernel = toKernel(map, id);
  return kernel < 0 ? fail(E.INVAL) : kernel;
};
/** What the task sees of the kernel's number: the overflow id where its user namespace maps none. */
export const seenUid = ({ userNamespace }: Credentials, id: number): number => shownId(userNamespace.uids, id);
export const seenGid = ({ userNamespace }: Credentials, id: number): number => shownId(userNamespace.gids, id);
/** The kernel's number of the task's root; -1: its user namespace has none. */
export const rootUid = ({ userNamespace }: Credentials): number => toKernel(userNamespace.uids, 0);

/**
 * Whether it has the capability in a user namespace and so for what that owns (cap_capable): by its effective set in its own and in those further in; in one that its
 * effective user made, always. An owner left out is the first namespace.
 */
export const nsCapable = (cred: Credentials, ns: UserNamespace = FIRST_USER_NAMESPACE, cap: number): boolean => {
  for (let at = ns;; at = at.owner!) {
    if (at === cred.userNamespace) return has(cred, cap);
    if (at.level <= cred.userNamespace.level) return false;
    if (at.owner === cred.userNamespace && at.uid === cred.euid) return true;
  }
};
