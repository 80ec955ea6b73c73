/** access(2): with the real ids unless AT_EACCESS. */
import { ALL_CAPS, mayAccess, rootUid, S_IFDIR, S_IFREG, type Task } from "../../actors/mod.ts";
import { AT } from "../abi/at.ts";
import { E } from "../abi/errno.ts";

export const access = (t: Task, dirfd: number, path: string, mode: number, flags: number): number => {
  if ((mode & ~7) !== 0 || (flags & ~(AT.EACCESS | AT.SYMLINK_NOFOLLOW | AT.EMPTY_PATH)) !== 0) return -E.INVAL;
  const at = t.vfs.findAt(t, dirfd, path, flags), { inode } = at;
  if (mode === 0) return 0;
  if ((mode & 2) !== 0 && (inode.type === S_IFREG || inode.type === S_IFDIR)) t.vfs.requireWritable(at);
  const { cred } = t;
  const real = (flags & AT.EACCESS) !== 0 ? cred : {
    ...cred,
    fsuid: cred.ruid,
    fsgid: cred.rgid,
    capEffective: cred.ruid === rootUid(cred)
      ? cred.capPermitted & ALL_CAPS
      : cred.euid === rootUid(cred)
      ? 0n
      : cred.capEffective,
  };
  return mayAccess(real, inode.stat(), mode) ? 0 : -E.ACCES;
};
