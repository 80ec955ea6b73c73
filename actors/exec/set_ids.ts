/** Credentials after execve: set-user-ID and set-group-ID programs, what becomes of capabilities, and whether the program must not trust its environment (bprm_fill_uid, cap_bprm_creds_from_file). */
import { MOUNT } from "../../syscalls/abi/mount.ts";
import { SECBIT } from "../credential_changes.ts";
import { CAP, capableHere, type Credentials, nsCapable, rootUid } from "../credentials.ts";
import { toInside } from "../namespaces/user.ts";
import type { Task } from "../task/task.ts";
import type { OpenFile } from "../vfs/open_file.ts";

export interface ExecCredentials {
  readonly cred: Credentials;
  /** AT_SECURE. */
  readonly secure: boolean;
}

/** The ids that the file gives. */
const idsOf = (t: Task, { inode, location }: OpenFile): { readonly euid: number; readonly egid: number } => {
  const { cred } = t, { euid, egid } = cred;
  const { mode, uid, gid } = inode.stat();
  if ((mode & 0o6000) === 0 || t.noNewPrivs) return { euid, egid };
  if (location !== undefined && (t.vfs.mounts.of(location.path).flags & MOUNT.NOSUID) !== 0) return { euid, egid };
  const { uids, gids } = cred.userNamespace;
  if (toInside(uids, uid) < 0 || toInside(gids, gid) < 0) return { euid, egid };
  return { euid: (mode & 0o4000) !== 0 ? uid : euid, egid: (mode & 0o2010) === 0o2010 ? gid : egid };
};

/** Somebody else could lead the program astray: a tracer, or a process that shares root and working directory. */
const watched = (t: Task): boolean =>
  t.trace !== undefined && !nsCapable(t.trace.tracer.cred, t.cred.userNamespace, CAP.SYS_PTRACE);
const sharesPlace = (t: Task): boolean =>
  t.fs.users > t.group.tasks.filter((other) => other.holdings.fs && other.fs === t.fs).length;

export const execCredentials = (t: Task, file: OpenFile): ExecCredentials => {
  const { cred: old } = t, rootId = rootUid(old);
  let { euid, egid } = idsOf(t, file);
  const root = (old.ruid === rootId || euid === rootId) && (old.securebits & SECBIT.NOROOT) === 0;
  let capPermitted = root ? old.capInheritable | old.capBounding : 0n;
  const effective = root && euid === rootId;
  const setId = euid !== old.ruid || egid !== old.rgid;
  const gained = (capPermitted & ~old.capPermitted) !== 0n;
  if ((setId || gained) && (watched(t) || t.noNewPrivs || sharesPlace(t))) {
    if (t.noNewPrivs || !capableHere(old, CAP.SETUID)) [euid, egid] = [old.ruid, old.rgid];
    capPermitted &= old.capPermitted;
  }
  const capAmbient = setId ? 0n : old.capAmbient;
  capPermitted |= capAmbient;
  const grew = (capPermitted & ~capAmbient) !== 0n;
  return {
    cred: {
      ...old,
      euid,
      suid: euid,
      fsuid: euid,
      egid,
      sgid: egid,
      fsgid: egid,
      capPermitted,
      capEffective: effective ? capPermitted : capAmbient,
      capAmbient,
      securebits: old.securebits & ~SECBIT.KEEP_CAPS,
    },
    secure: setId || (old.ruid !== rootId && (effective || grew)),
  };
};

/** Takes them on, the new memory in place: who gained something cannot be looked into by others of its user. */
export const adopt = (t: Task, { cred, secure }: ExecCredentials): void => {
  const { cred: old } = t;
  const changed = old.euid !== cred.euid || old.egid !== cred.egid || old.fsuid !== cred.fsuid ||
    old.fsgid !== cred.fsgid || (cred.capPermitted & ~old.capPermitted) !== 0n;
  t.cred = cred;
  if (changed || secure) t.pdeathSignal = 0;
  if (changed || old.euid !== old.ruid || old.egid !== old.rgid) t.vm.dumpable = 0;
};
