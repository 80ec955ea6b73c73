/**
 * File locks: POSIX record locks (owned by a file table), OFD locks and flock (owned by an open description). One registry by inode; ranges are half-open byte
 * intervals, Infinity for "to the end" (fs/locks.c).
 */
import { FileTable } from "./file_table.ts";
import type { Inode } from "./vfs/inode.ts";
import type { OpenFile } from "./vfs/open_file.ts";
import { WaitQueue } from "./wait_queue.ts";

export interface Lock {
  readonly owner: object;
  readonly start: number;
  readonly end: number;
  readonly exclusive: boolean;
  /** Shown by F_GETLK; -1 for OFD locks. */
  readonly pid: number;
}

class InodeLocks {
  records: Lock[] = [];
  flocks: Lock[] = [];
  readonly released = new WaitQueue();
}

const byInode = new WeakMap<Inode, InodeLocks>();

export const locksOf = (inode: Inode): InodeLocks => {
  let locks = byInode.get(inode);
  if (locks === undefined) byInode.set(inode, locks = new InodeLocks());
  return locks;
};

const overlaps = (a: { start: number; end: number }, b: { start: number; end: number }): boolean =>
  a.start < b.end && b.start < a.end;

/** The first lock of another owner that stands in the way. */
export const conflicting = (held: readonly Lock[], wanted: Lock): Lock | undefined =>
  held.find((l) => l.owner !== wanted.owner && overlaps(l, wanted) && (l.exclusive || wanted.exclusive));

/** What is left of the owner's locks outside [start, end). */
const cut = (held: readonly Lock[], owner: object, start: number, end: number): Lock[] =>
  held.flatMap((l) => {
    if (l.owner !== owner || !overlaps(l, { start, end })) return [l];
    const left = l.start < start ? [{ ...l, end: start }] : [];
    const right = l.end > end ? [{ ...l, start: end }] : [];
    return [...left, ...right];
  });

/** Puts the lock in place of what its owner holds there. */
export const placeRecord = (inode: Inode, lock: Lock): void => {
  const locks = locksOf(inode);
  locks.records = [...cut(locks.records, lock.owner, lock.start, lock.end), lock];
  locks.released.wake();
};

export const dropRecords = (inode: Inode, owner: object, start: number, end: number): void => {
  const locks = byInode.get(inode);
  if (locks === undefined) return;
  locks.records = cut(locks.records, owner, start, end);
  locks.released.wake();
};

/** flock(2): replaces or drops the description's lock. */
export const placeFlock = (inode: Inode, owner: object, lock: Lock | undefined): void => {
  const locks = locksOf(inode);
  locks.flocks = locks.flocks.filter((l) => l.owner !== owner);
  if (lock !== undefined) locks.flocks.push(lock);
  locks.released.wake();
};

/** Closing any descriptor of a file drops all POSIX locks the table holds on it; the last close of a description drops its flock and OFD locks. */
FileTable.onClose = (table: FileTable, file: OpenFile): void => {
  const locks = byInode.get(file.inode);
  if (locks === undefined) return;
  dropRecords(file.inode, table, 0, Infinity);
  if (file.refs === 1) {
    placeFlock(file.inode, file, undefined);
    dropRecords(file.inode, file, 0, Infinity);
  }
};
