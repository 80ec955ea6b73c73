/** Who may do what with a file: mode bits against fsuid, fsgid, groups and capabilities (path_resolution(7), fs/namei.c generic_permission). */
import { CAP, capableOver, type Credentials } from "../credentials.ts";
import { S_IFDIR, S_IFMT } from "./inode.ts";

export const MAY_EXEC = 1, MAY_WRITE = 2, MAY_READ = 4;

/** Whether a task with these credentials may; `stat` needs mode, uid, gid. */
export const mayAccess = (
  cred: Credentials,
  stat: { mode: number; uid: number; gid: number },
  mask: number,
): boolean => {
  const { mode, uid, gid } = stat;
  const bits = cred.fsuid === uid ? mode >> 6 : cred.fsgid === gid || cred.groups.includes(gid) ? mode >> 3 : mode;
  if ((bits & mask) === mask) return true;
  const directory = (mode & S_IFMT) === S_IFDIR;
  if (capableOver(cred, stat, CAP.DAC_OVERRIDE)) return directory || (mask & MAY_EXEC) === 0 || (mode & 0o111) !== 0;
  return capableOver(cred, stat, CAP.DAC_READ_SEARCH) && (mask === MAY_READ || (directory && (mask & MAY_WRITE) === 0));
};

/** Sticky directories: only the owner of the file or directory, or CAP_FOWNER, removes. */
export const mayRemove = (
  cred: Credentials,
  dir: { mode: number; uid: number },
  file: { uid: number; gid: number },
): boolean =>
  (dir.mode & 0o1000) === 0 || cred.fsuid === file.uid || cred.fsuid === dir.uid || capableOver(cred, file, CAP.FOWNER);
