/** Advice about ranges (madvise(2), mm/madvise.c) and locking: what changes content, what fork and core dumps do, what counts as locked. */
import { PAGE, PERM_R, PERM_W } from "../layout.ts";
import { SPACE_END } from "./pages.ts";
import { MemoryOfUser } from "./user_memory.ts";
import type { Mapping } from "./vma_list.ts";

const ENOMEM = 12, EFAULT = 14, EINVAL = 22, EOPNOTSUPP = 95;
const DONTNEED = 4, FREE = 8, REMOVE = 9, POPULATE_READ = 22, POPULATE_WRITE = 23, DONTNEED_LOCKED = 24;
const COLD = 20, PAGEOUT = 21;
/** Advice that only sets or clears a mark of the mapping. */
const MARKS: Readonly<Record<number, Partial<Mapping>>> = {
  10: { dontFork: true },
  11: { dontFork: undefined },
  16: { dontDump: true },
  17: { dontDump: undefined },
  18: { wipeOnFork: true },
  19: { wipeOnFork: undefined },
};
/** NORMAL, RANDOM, SEQUENTIAL, WILLNEED, MERGEABLE, UNMERGEABLE, HUGEPAGE, NOHUGEPAGE, COLD, PAGEOUT, COLLAPSE: nothing to do. */
const WITHOUT_EFFECT = new Set([0, 1, 2, 3, 12, 13, 14, 15, COLD, PAGEOUT, 25]);
const KNOWN = new Set([
  ...WITHOUT_EFFECT,
  ...Object.keys(MARKS).map(Number),
  DONTNEED,
  FREE,
  REMOVE,
  POPULATE_READ,
  POPULATE_WRITE,
  DONTNEED_LOCKED,
]);

export abstract class AdvisedMemory extends MemoryOfUser {
  madvise(addr: number, length: number, advice: number): number {
    if (addr % PAGE !== 0 || !KNOWN.has(advice)) return -EINVAL;
    const end = addr + Math.ceil(length / PAGE) * PAGE;
    if (end < addr) return -EINVAL;
    if (end === addr) return 0;
    if (end > SPACE_END) return -ENOMEM;
    for (const m of this.list.within(addr, end)) {
      const failed = this.#advise(m, advice);
      if (failed < 0) return failed;
    }
    return this.list.covers(addr, end) ? 0 : -ENOMEM;
  }

  #advise(m: Mapping, advice: number): number {
    const anonymous = m.object === undefined && m.backing === undefined;
    switch (advice) {
      case FREE:
        if (!anonymous) return -EINVAL;
        return this.#dontNeed(m, false);
      case DONTNEED:
        return this.#dontNeed(m, false);
      case DONTNEED_LOCKED:
        return this.#dontNeed(m, true);
      case REMOVE:
        return this.#remove(m);
      case POPULATE_READ:
      case POPULATE_WRITE:
        return this.populate(m, advice === POPULATE_WRITE ? PERM_W : PERM_R);
      case COLD:
      case PAGEOUT:
        return m.locked === true ? -EINVAL : 0;
    }
    const marks = MARKS[advice];
    if (marks === undefined) return 0;
    if (marks.wipeOnFork === true && !anonymous) return -EINVAL;
    this.list.replace(m.start, m.end, [{ ...m, ...marks }]);
    return 0;
  }

  /** Private pages go back to what they were when mapped; shared ones stay in their object. */
  #dontNeed(m: Mapping, locked: boolean): number {
    if (m.locked === true && !locked) return -EINVAL;
    if (m.object !== undefined) return 0;
    this.discard(m.start / PAGE, m.end / PAGE);
    this.grantFresh(m);
    return 0;
  }

  /** Frees pages of a shared object, for everybody. */
  #remove(m: Mapping): number {
    if (m.locked === true || m.object === undefined) return -EINVAL;
    if ((m.prot & 2) === 0) return -13;
    if (m.object.punch === undefined) return -EOPNOTSUPP;
    for (let at = m.start; at < m.end; at += PAGE) m.object.punch((m.offset + at - m.start) / PAGE);
    return 0;
  }

  /** Makes every page present. EINVAL where the access is not allowed, EFAULT beyond a file's end. */
  populate(m: Mapping, access: number): number {
    for (let at = m.start; at < m.end; at += PAGE) {
      const fault = this.resolve(BigInt(at), access);
      if (fault !== undefined) return fault.signal === "SEGV" ? -EINVAL : fault.signal === "BUS" ? -EFAULT : -ENOMEM;
    }
    return 0;
  }

  setLocked(start: number, end: number, locked: boolean): void {
    for (const m of this.list.within(start, end)) {
      if ((m.locked === true) !== locked) this.list.replace(m.start, m.end, [{ ...m, locked: locked || undefined }]);
    }
  }
}
