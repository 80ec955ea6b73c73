/** Shared memory segments (ipc/shm.c). A segment is a file-like backing whose pages all attached address spaces share; attachments are its mappings. */
import { KeptPages, type MemoryAccount } from "../../cpu/mod.ts";
import type { Backing } from "../../cpu/types.ts";
import { E, fail } from "../../syscalls/abi/errno.ts";
import { SHM, SHM_LIMITS } from "../../syscalls/abi/ipc.ts";
import type { Task } from "../task/task.ts";
import {
  checkAccess,
  checkOwner,
  type IpcObject,
  type NewObject,
  perNamespace,
  type Registry,
  seconds,
} from "./registry.ts";

const PAGE = 4096;
const pageUp = (n: number): number => Math.ceil(n / PAGE) * PAGE;

export class Segment implements IpcObject, Backing {
  readonly key: number;
  readonly id: number;
  uid: number;
  gid: number;
  readonly cuid: number;
  readonly cgid: number;
  mode: number;
  removed = false;
  /** Mappings that refer to it. */
  attached = 0;
  attachedAt = 0;
  detachedAt = 0;
  lastPid = 0;
  readonly path: string;
  readonly inode: { readonly dev: number; readonly ino: number };
  readonly #pages = new KeptPages();

  constructor(
    base: NewObject,
    readonly bytes: number,
    readonly creatorPid: number,
    public changedAt: number,
    readonly registry: Registry<Segment>,
  ) {
    ({ key: this.key, id: this.id, uid: this.uid, gid: this.gid, cuid: this.cuid, cgid: this.cgid, mode: this.mode } =
      base);
    this.path = `/SYSV${(base.key >>> 0).toString(16).padStart(8, "0")} (deleted)`;
    this.inode = { dev: 1, ino: base.id };
  }
  size(): number {
    return pageUp(this.bytes);
  }
  hasSharedPage(index: number): boolean {
    return this.#pages.has(index);
  }
  sharedPage(index: number, account: MemoryAccount): Uint8Array | undefined {
    return this.#pages.make(index, account);
  }
  fill(at: number, into: Uint8Array): void {
    this.#pages.copyOut(at, into);
  }
  get residentPages(): number {
    return this.#pages.size;
  }
  retain(): void {
    this.attached++;
  }
  release(): void {
    if (--this.attached === 0 && (this.mode & SHM.DEST) !== 0) this.remove();
  }
  remove(): void {
    this.registry.remove(this);
    this.#pages.clear();
  }
}

export const segments = perNamespace<Segment>(SHM_LIMITS.mni);

/** shmget(2). */
export const getSegment = (t: Task, key: number, size: number, flags: number): number => {
  const registry = segments(t);
  return registry.get(
    t,
    key,
    flags,
    (base) => {
      if (size < SHM_LIMITS.min || size > SHM_LIMITS.max) fail(E.INVAL);
      if ((flags & SHM.HUGETLB) !== 0) fail(E.NOMEM);
      return new Segment(base, size, t.pid, seconds(t.machine), registry);
    },
    (found) => {
      if (size > found.bytes) fail(E.INVAL);
    },
  );
};

/** shmat(2): the address. */
export const attachSegment = (t: Task, id: number, addr: number, flags: number): number => {
  if (id < 0) return -E.INVAL;
  let at = addr;
  if (at !== 0 && at % PAGE !== 0) {
    if ((flags & SHM.RND) === 0) return -E.INVAL;
    at -= at % PAGE;
  }
  if (at === 0 && (flags & SHM.REMAP) !== 0) return -E.INVAL;
  const segment = segments(t).find(id);
  const readOnly = (flags & SHM.RDONLY) !== 0;
  checkAccess(t, segment, 0o444 | (readOnly ? 0 : 0o222) | ((flags & SHM.EXEC) !== 0 ? 0o111 : 0));
  const { space } = t.vm;
  const length = segment.size();
  const fixed = at !== 0;
  if (fixed && (flags & SHM.REMAP) === 0 && space.vmas().some((v) => v.start < at + length && at < v.end)) {
    return -E.INVAL;
  }
  const prot = 1 | (readOnly ? 0 : 2) | ((flags & SHM.EXEC) !== 0 ? 4 : 0);
  const result = space.mmap({
    addr: at,
    length,
    prot,
    shared: true,
    fixed,
    noReplace: false,
    backing: segment,
    offset: 0,
  });
  if (result < 0) return result;
  segment.attachedAt = seconds(t.machine);
  segment.lastPid = t.pid;
  return result;
};

/** shmdt(2): unmaps the pieces of the attachment that begins at `addr`. */
export const detachSegment = (t: Task, addr: number): number => {
  const { space } = t.vm;
  if (addr % PAGE !== 0) return -E.INVAL;
  const first = space.vmaAt(addr);
  if (!(first?.backing instanceof Segment) || first.start - first.offset !== addr) return -E.INVAL;
  const segment = first.backing;
  segment.detachedAt = seconds(t.machine);
  segment.lastPid = t.pid;
  const pieces = space.vmas().filter((v) => v.backing === segment && v.start - v.offset === addr);
  for (const { start, end } of pieces) space.munmap(start, end - start);
  return 0;
};

/** IPC_RMID: gone at once, or with its last attachment. */
export const removeSegment = (t: Task, segment: Segment): void => {
  checkOwner(t, segment);
  const registry = segments(t);
  if (segment.attached === 0) segment.remove();
  else {
    segment.mode |= SHM.DEST;
    registry.forgetKey(segment);
  }
};
