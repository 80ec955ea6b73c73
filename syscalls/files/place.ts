/** What the calls on paths share: finding the place, and changing what is there so that read-only mounts refuse it and watches hear of it. */
import { type Inode, type Location, type OpenFile, readPath, type Task, told } from "../../actors/mod.ts";
import { AT, AT_FDCWD } from "../abi/at.ts";

/** Empty paths are allowed with a flag; otherwise ENOENT comes from the walk. */
export const locate = (t: Task, dirfd: number, at: number, flags: number): Location => {
  const path = (flags & AT.EMPTY_PATH) !== 0 && at === 0 ? "" : readPath(t, at);
  return t.vfs.findAt(t, dirfd, path, flags);
};
export const placeOf = (t: Task, path: number, follow = true): Location =>
  t.vfs.find(t, AT_FDCWD, readPath(t, path), follow);

const tellOf = (at: Location, mask: number, result: number): number => {
  if (result >= 0) told(at, mask);
  return result;
};
/** A change of the file at a place; EROFS. `mask`: the event when it was made. */
export const changing = (t: Task, at: Location, mask: number, change: (inode: Inode) => number): number => {
  t.vfs.requireWritable(at);
  return tellOf(at, mask, change(at.inode));
};
/** The same through a description. */
export const changingOpen = (t: Task, file: OpenFile, mask: number, change: (inode: Inode) => number): number => {
  t.vfs.requireWritable(file.location);
  return tellOf(t.vfs.locationOf(file), mask, change(file.inode));
};
