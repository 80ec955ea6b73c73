/** flock(2) and the record locks of fcntl(2). */
import {
  conflicting,
  dropRecords,
  type Lock,
  locksOf,
  type OpenFile,
  placeFlock,
  placeRecord,
  type Task,
} from "../../actors/mod.ts";
import { E, fail } from "../abi/errno.ts";
import { FLOCK } from "../abi/files.ts";
import { decodeStruct, encodeStruct } from "../abi/layout.ts";

const LOCK_SH = 1, LOCK_EX = 2, LOCK_NB = 4, LOCK_UN = 8;
const F_RDLCK = 0, F_WRLCK = 1, F_UNLCK = 2;

export const flock = (t: Task, fd: number, operation: number): number => {
  const file = t.files.get(fd);
  const kind = operation & ~LOCK_NB;
  if (kind === LOCK_UN) {
    placeFlock(file.inode, file, undefined);
    return 0;
  }
  if (kind !== LOCK_SH && kind !== LOCK_EX) return -E.INVAL;
  const lock: Lock = { owner: file, start: 0, end: Infinity, exclusive: kind === LOCK_EX, pid: t.pid };
  const locks = locksOf(file.inode);
  const attempt = (): boolean => {
    if (conflicting(locks.flocks, lock) !== undefined) return false;
    placeFlock(file.inode, file, lock);
    return true;
  };
  if (attempt()) return 0;
  if ((operation & LOCK_NB) !== 0) return -E.AGAIN;
  const wait = { what: `flock of ${file.path}`, queues: [locks.released], poll: () => attempt() ? 0 : t.block(wait) };
  return t.block(wait);
};

/** struct flock as a byte interval. */
const readLock = (t: Task, file: OpenFile, at: number, ofd: boolean): { lock: Lock; type: number } => {
  const l = decodeStruct(FLOCK, t.mem.read(at, FLOCK.size));
  if (ofd && l.pid !== 0) return fail(E.INVAL);
  const base = l.whence === 0 ? 0 : l.whence === 1 ? file.pos : l.whence === 2 ? file.inode.stat().size : fail(E.INVAL);
  let start = base + l.start, end = l.len === 0 ? Infinity : start + l.len;
  if (l.len < 0) [start, end] = [start + l.len, start];
  if (start < 0) return fail(E.INVAL);
  return {
    type: l.type,
    lock: { owner: ofd ? file : t.files, start, end, exclusive: l.type === F_WRLCK, pid: ofd ? -1 : t.pid },
  };
};

export const getLock = (t: Task, file: OpenFile, at: number, ofd: boolean): number => {
  const { lock, type } = readLock(t, file, at, ofd);
  if (type !== F_RDLCK && type !== F_WRLCK) return -E.INVAL;
  const other = conflicting(locksOf(file.inode).records, lock);
  if (other === undefined) t.mem.setU16(at, F_UNLCK);
  else {
    const len = other.end === Infinity ? 0 : other.end - other.start;
    t.mem.write(
      at,
      encodeStruct(FLOCK, {
        type: other.exclusive ? F_WRLCK : F_RDLCK,
        whence: 0,
        start: other.start,
        len,
        pid: other.pid < 0 ? other.pid : t.sees(other.pid),
      }),
    );
  }
  return 0;
};

/** Owners that wait, and for whom: a cycle is EDEADLK. */
const waitsFor = new Map<object, object>();
const deadlocks = (owner: object, other: object): boolean => {
  for (let o: object | undefined = other, steps = 0; o !== undefined && steps < 1000; o = waitsFor.get(o), steps++) {
    if (o === owner) return true;
  }
  return false;
};

export const setLock = (t: Task, file: OpenFile, at: number, ofd: boolean, wait: boolean): number => {
  const { lock, type } = readLock(t, file, at, ofd);
  if (type === F_UNLCK) {
    dropRecords(file.inode, lock.owner, lock.start, lock.end);
    return 0;
  }
  if (type !== F_RDLCK && type !== F_WRLCK) return -E.INVAL;
  if (type === F_RDLCK ? !file.readable : !file.writable) return -E.BADF;
  const locks = locksOf(file.inode);
  const attempt = (): number => {
    const other = conflicting(locks.records, lock);
    if (other === undefined) {
      placeRecord(file.inode, lock);
      return 0;
    }
    if (!wait) return -E.AGAIN;
    if (!ofd && deadlocks(lock.owner, other.owner)) return -E.DEADLK;
    waitsFor.set(lock.owner, other.owner);
    return t.block(waiting);
  };
  const waiting = {
    what: `lock of ${file.path}`,
    queues: [locks.released],
    poll: attempt,
    finish: () => void waitsFor.delete(lock.owner),
  };
  return attempt();
};
