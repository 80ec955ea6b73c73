/**
 * Where file operations say what they did (include/linux/fsnotify.h). As long as nobody watches any file that costs one test; who watches is `inotify.ts`. An event of a
 * file goes to the watches of the directory it was found in, with its name, and to its own.
 */
import { IN } from "../../syscalls/abi/inotify.ts";
import type { Location } from "../fs_context.ts";
import { type Inode, S_IFDIR } from "./inode.ts";
import type { OpenFile } from "./open_file.ts";

/** The watches of one inode. */
export interface FileWatches {
  /** Something happened to it, or with `name` to what it holds under that name. `unlinked`: which has no name any more. */
  tell(mask: number, name: string, cookie: number, unlinked: boolean): void;
  /** The inode has no name left; it ends with the last description. */
  doomed: boolean;
  /** It is gone: IN_DELETE_SELF, IN_IGNORED. */
  end(): void;
}

/** How many inodes are watched in this process: 0 almost always. */
export const watched = { inodes: 0 };

const kind = ({ type }: Inode): number => type === S_IFDIR ? IN.ISDIR : 0;
const DELETED = " (deleted)";

/** Something happened to the file at a place. */
export const told = (at: Location, mask: number): void => {
  if (watched.inodes === 0) return;
  const bits = mask | kind(at.inode), above = at.parent?.inode.watches;
  if (above !== undefined) {
    const unlinked = at.path.endsWith(DELETED);
    const path = unlinked ? at.path.slice(0, -DELETED.length) : at.path;
    above.tell(bits, path.slice(path.lastIndexOf("/") + 1), 0, unlinked);
  }
  at.inode.watches?.tell(bits, "", 0, false);
};

/** Something was done through a description. */
export const fileTold = (file: OpenFile, mask: number): void => {
  if (watched.inodes === 0) return;
  if (file.location !== undefined) told(file.location, mask);
  else file.inode.watches?.tell(mask | kind(file.inode), "", 0, false);
};

/** A description is gone, `inode.descriptions` counted down already. */
export const fileClosed = (file: OpenFile): void => {
  if (file.readable || file.writable) fileTold(file, file.writable ? IN.CLOSE_WRITE : IN.CLOSE_NOWRITE);
  const { watches, descriptions } = file.inode;
  if (watches?.doomed && descriptions === 0) watches.end();
};

/** A name was made. */
export const nameMade = (dir: Inode, name: string, inode: Inode): void => {
  if (watched.inodes !== 0) dir.watches?.tell(IN.CREATE | kind(inode), name, 0, false);
};

/** Another name was made for a file. */
export const nameAdded = (dir: Inode, name: string, inode: Inode): void => {
  if (watched.inodes === 0) return;
  inode.watches?.tell(IN.ATTRIB, "", 0, false);
  nameMade(dir, name, inode);
};

/** The inode lost a name, `last` its last. */
const lost = (inode: Inode, last: boolean): void => {
  const { watches } = inode;
  if (watches === undefined) return;
  if (inode.type !== S_IFDIR) watches.tell(IN.ATTRIB, "", 0, false);
  if (last) loseLast(inode);
};
const loseLast = ({ watches, descriptions }: Inode): void => {
  if (watches === undefined) return;
  watches.doomed = true;
  if (descriptions === 0) watches.end();
};

/** Whether removing a name of it ends it; to be asked before. Only asked when somebody watches. */
export const hasOneName = (inode: Inode): boolean =>
  watched.inodes !== 0 && (inode.type === S_IFDIR || inode.stat().nlink <= 1);

/** A name was removed. */
export const nameRemoved = (dir: Inode, name: string, inode: Inode, last: boolean): void => {
  if (watched.inodes === 0) return;
  lost(inode, last);
  dir.watches?.tell(IN.DELETE | kind(inode), name, 0, false);
};

let lastCookie = 0;

/** A name was moved; `replaced` had the new one before, `last`: and no other. */
export const nameMoved = (
  [fromDir, fromName]: readonly [Inode, string],
  [toDir, toName]: readonly [Inode, string],
  inode: Inode,
  replaced: Inode | undefined,
  last: boolean,
): void => {
  if (watched.inodes === 0) return;
  const cookie = lastCookie = (lastCookie + 1) >>> 0;
  fromDir.watches?.tell(IN.MOVED_FROM | kind(inode), fromName, cookie, false);
  toDir.watches?.tell(IN.MOVED_TO | kind(inode), toName, cookie, false);
  replaced?.watches?.tell(IN.ATTRIB | kind(replaced), "", 0, false);
  inode.watches?.tell(IN.MOVE_SELF, "", 0, false);
  if (replaced !== undefined && last) loseLast(replaced);
};
