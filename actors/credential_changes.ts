/**
 * Changing a task's credentials (kernel/sys.c, security/commoncap.c): the rules of the set*id calls, what they do to the capability sets, and
 * the commit that every change goes through. Results are 0 or a negative errno.
 */
import { E } from "../syscalls/abi/errno.ts";
import { ALL_CAPS, CAP, capableHere, type Credentials, KEEP, rootUid } from "./credentials.ts";
import type { Task } from "./task/task.ts";

export const SECBIT = {
  NOROOT: 1,
  NO_SETUID_FIXUP: 4,
  KEEP_CAPS: 16,
  KEEP_CAPS_LOCKED: 32,
  NO_CAP_AMBIENT_RAISE: 64,
} as const;

const bit = (cap: number): bigint => 1n << BigInt(cap);
/** Capabilities that follow the file-system uid. */
const FS_CAPS = [
  CAP.CHOWN,
  CAP.DAC_OVERRIDE,
  CAP.DAC_READ_SEARCH,
  CAP.FOWNER,
  CAP.FSETID,
  9,
  CAP.MKNOD,
  32,
].reduce((mask, cap) => mask | bit(cap), 0n);

/** Installs new credentials: a change of identity or a gain of capabilities clears dumpable and the parent-death signal (commit_creds). */
export const commitCredentials = (t: Task, next: Credentials): void => {
  const old = t.cred;
  t.cred = next;
  const gained = (next.capPermitted & ~old.capPermitted) !== 0n;
  if (
    old.euid === next.euid && old.egid === next.egid && old.fsuid === next.fsuid && old.fsgid === next.fsgid && !gained
  ) {
    return;
  }
  t.vm.dumpable = 0;
  t.pdeathSignal = 0;
};

/** What a uid change does to the capability sets (cap_emulate_setxuid). */
const emulateRootLoss = (old: Credentials, next: Credentials): Credentials => {
  if ((old.securebits & SECBIT.NO_SETUID_FIXUP) !== 0) return next;
  let { capPermitted, capEffective, capAmbient } = next;
  const root = rootUid(old);
  const wasRoot = old.ruid === root || old.euid === root || old.suid === root;
  if (wasRoot && next.ruid !== root && next.euid !== root && next.suid !== root) {
    if ((old.securebits & SECBIT.KEEP_CAPS) === 0) capPermitted = capEffective = 0n;
    capAmbient = 0n;
  }
  if (old.euid === root && next.euid !== root) capEffective = 0n;
  if (old.euid !== root && next.euid === root) capEffective = capPermitted;
  return { ...next, capPermitted, capEffective, capAmbient };
};

/** setuid(2). */
export const setUid = (t: Task, uid: number): number => {
  if (uid === KEEP) return -E.INVAL;
  const { cred } = t;
  let next: Credentials;
  if (capableHere(cred, CAP.SETUID)) next = { ...cred, ruid: uid, euid: uid, suid: uid, fsuid: uid };
  else if (uid === cred.ruid || uid === cred.suid) next = { ...cred, euid: uid, fsuid: uid };
  else return -E.PERM;
  commitCredentials(t, emulateRootLoss(cred, next));
  return 0;
};

/** setgid(2). */
export const setGid = (t: Task, gid: number): number => {
  if (gid === KEEP) return -E.INVAL;
  const { cred } = t;
  if (capableHere(cred, CAP.SETGID)) commitCredentials(t, { ...cred, rgid: gid, egid: gid, sgid: gid, fsgid: gid });
  else if (gid === cred.rgid || gid === cred.sgid) commitCredentials(t, { ...cred, egid: gid, fsgid: gid });
  else return -E.PERM;
  return 0;
};

/** The real, effective and saved ids after setre*id: undefined when not permitted. */
const realEffective = (
  privileged: boolean,
  old: { r: number; e: number; s: number },
  r: number,
  e: number,
): { r: number; e: number; s: number } | undefined => {
  if (!privileged && r !== KEEP && r !== old.r && r !== old.e) return undefined;
  if (!privileged && e !== KEEP && e !== old.r && e !== old.e && e !== old.s) return undefined;
  const next = { r: r === KEEP ? old.r : r, e: e === KEEP ? old.e : e, s: old.s };
  if (r !== KEEP || (e !== KEEP && e !== old.r)) next.s = next.e;
  return next;
};

/** The ids after setres*id. */
const allThree = (
  privileged: boolean,
  old: { r: number; e: number; s: number },
  r: number,
  e: number,
  s: number,
): { r: number; e: number; s: number } | undefined => {
  const allowed = (id: number) => privileged || id === KEEP || id === old.r || id === old.e || id === old.s;
  if (!allowed(r) || !allowed(e) || !allowed(s)) return undefined;
  return { r: r === KEEP ? old.r : r, e: e === KEEP ? old.e : e, s: s === KEEP ? old.s : s };
};

const uids = (cred: Credentials) => ({ r: cred.ruid, e: cred.euid, s: cred.suid });
const gids = (cred: Credentials) => ({ r: cred.rgid, e: cred.egid, s: cred.sgid });
type Ids = ReturnType<typeof uids>;

const applyUids = (t: Task, ids: Ids | undefined): number => {
  if (ids === undefined) return -E.PERM;
  const next = { ...t.cred, ruid: ids.r, euid: ids.e, suid: ids.s, fsuid: ids.e };
  commitCredentials(t, emulateRootLoss(t.cred, next));
  return 0;
};
const applyGids = (t: Task, ids: Ids | undefined): number => {
  if (ids === undefined) return -E.PERM;
  commitCredentials(t, { ...t.cred, rgid: ids.r, egid: ids.e, sgid: ids.s, fsgid: ids.e });
  return 0;
};

/** setreuid(2) and setregid(2). */
export const setReUid = (t: Task, r: number, e: number): number =>
  applyUids(t, realEffective(capableHere(t.cred, CAP.SETUID), uids(t.cred), r, e));
export const setReGid = (t: Task, r: number, e: number): number =>
  applyGids(t, realEffective(capableHere(t.cred, CAP.SETGID), gids(t.cred), r, e));
/** setresuid(2) and setresgid(2). */
export const setResUid = (t: Task, r: number, e: number, s: number): number =>
  applyUids(t, allThree(capableHere(t.cred, CAP.SETUID), uids(t.cred), r, e, s));
export const setResGid = (t: Task, r: number, e: number, s: number): number =>
  applyGids(t, allThree(capableHere(t.cred, CAP.SETGID), gids(t.cred), r, e, s));

/** setfsuid(2): the previous one, changed or not. */
export const setFsUid = (t: Task, uid: number): number => {
  const { cred } = t;
  const allowed = uid === cred.ruid || uid === cred.euid || uid === cred.suid || uid === cred.fsuid ||
    capableHere(cred, CAP.SETUID);
  if (uid === KEEP || !allowed) return cred.fsuid;
  let { capEffective } = cred;
  if ((cred.securebits & SECBIT.NO_SETUID_FIXUP) === 0) {
    const root = rootUid(cred);
    if (cred.fsuid === root && uid !== root) capEffective &= ~FS_CAPS;
    if (cred.fsuid !== root && uid === root) capEffective |= FS_CAPS & cred.capPermitted;
  }
  commitCredentials(t, { ...cred, fsuid: uid, capEffective });
  return cred.fsuid;
};

/** setfsgid(2): the previous one, changed or not. */
export const setFsGid = (t: Task, gid: number): number => {
  const { cred } = t;
  const allowed = gid === cred.rgid || gid === cred.egid || gid === cred.sgid || gid === cred.fsgid ||
    capableHere(cred, CAP.SETGID);
  if (gid !== KEEP && allowed) commitCredentials(t, { ...cred, fsgid: gid });
  return cred.fsgid;
};

/** setgroups(2), for a caller who may. */
export const setGroups = (t: Task, groups: readonly number[]): number => {
  commitCredentials(t, { ...t.cred, groups: [...groups].sort((a, b) => a - b) });
  return 0;
};

/** capset(2) (cap_capset). */
export const setCapabilities = (t: Task, effective: bigint, permitted: bigint, inheritable: bigint): number => {
  const { cred } = t;
  const e = effective & ALL_CAPS, p = permitted & ALL_CAPS, i = inheritable & ALL_CAPS;
  if (!capableHere(cred, CAP.SETPCAP) && (i & ~(cred.capInheritable | cred.capPermitted)) !== 0n) return -E.PERM;
  if ((i & ~(cred.capInheritable | cred.capBounding)) !== 0n) return -E.PERM;
  if ((p & ~cred.capPermitted) !== 0n || (e & ~p) !== 0n) return -E.PERM;
  commitCredentials(t, {
    ...cred,
    capEffective: e,
    capPermitted: p,
    capInheritable: i,
    capAmbient: cred.capAmbient & p & i,
  });
  return 0;
};
