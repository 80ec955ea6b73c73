/**
 * What this machine knows about host files beyond what the host's calls can hold or tell: names that stand for fifos, sockets and devices (a plain file holds the name),
 * and times finer than the milliseconds the host reports. Keyed by device and inode number; forgotten when the last name goes.
 */
import { S_IFMT, type Stat } from "./inode.ts";

interface Mark {
  /** S_IF* type and rdev of a node the host cannot make. */
  type?: number;
  rdev?: number;
  /** Exact times as set, valid while the host's agree to the ms. */
  atime?: bigint;
  mtime?: bigint;
}

const sameMs = (a: bigint, b: bigint): boolean => a / 1_000_000n === b / 1_000_000n;

export class HostMarks {
  readonly #marks = new Map<string, Mark>();

  #at(s: { dev: number; ino: number }): Mark {
    const key = `${s.dev}:${s.ino}`;
    let mark = this.#marks.get(key);
    if (mark === undefined) this.#marks.set(key, mark = {});
    return mark;
  }
  node(s: { dev: number; ino: number }, type: number, rdev: number): void {
    Object.assign(this.#at(s), { type, rdev });
  }
  times(s: { dev: number; ino: number }, atime: bigint | undefined, mtime: bigint | undefined): void {
    const mark = this.#at(s);
    if (atime !== undefined) mark.atime = atime;
    if (mtime !== undefined) mark.mtime = mtime;
  }
  forget(s: { dev: number; ino: number }): void {
    if (this.#marks.size > 0) this.#marks.delete(`${s.dev}:${s.ino}`);
  }

  /** The host's metadata as the guest shall see it. */
  dress(s: Stat): Stat {
    if (this.#marks.size === 0) return s;
    const mark = this.#marks.get(`${s.dev}:${s.ino}`);
    if (mark === undefined) return s;
    const out = { ...s };
    if (mark.type !== undefined) {
      out.mode = (s.mode & ~S_IFMT) | mark.type;
      out.rdev = mark.rdev ?? 0;
    }
    if (mark.atime !== undefined && sameMs(mark.atime, s.atime)) out.atime = mark.atime;
    if (mark.mtime !== undefined && sameMs(mark.mtime, s.mtime)) out.mtime = mark.mtime;
    return out;
  }
}
