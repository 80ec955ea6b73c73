/** Memory calls: checks that need the descriptor table, limits and capabilities; the address space does the rest (mm/mmap.c, mm/mprotect.c, mm/mlock.c). */
import { CAP, capable, type OpenFile, RLIMIT, type Task } from "../../actors/mod.ts";
import type { Handlers } from "../abi/call.ts";
import { E } from "../abi/errno.ts";
import {
  HWPROBE_PAIR,
  MADV,
  MAP,
  MAP_LEGACY,
  MCL,
  MEMBARRIER,
  MPOL_F,
  MPOL_MODE_FLAGS,
  MREMAP,
  MS,
  PROT,
} from "../abi/mman.ts";
import type { memory } from "./declare.ts";
import { hwprobeValue } from "./hwprobe.ts";

const PAGE = 4096;
/** Guest addresses end here: the last page of the 4 GiB is never mapped. */
const TASK_SIZE = 2 ** 32 - PAGE;
const pageUp = (n: number): number => Math.ceil(n / PAGE) * PAGE;
/** As the kernel's 64 bits have it: the last page's worth comes round to nothing. */
const pageAlign = (n: number): number => n > 2 ** 64 - PAGE ? 0 : pageUp(n);

/** Checks a file mapping against the descriptor's mode; 0 or a negative errno. */
const checkFileMapping = (file: OpenFile, type: number, prot: number, flags: number): number => {
  if (type === MAP.SHARED_VALIDATE && (flags & ~MAP_LEGACY & ~MAP.FIXED_NOREPLACE) !== 0) return -E.OPNOTSUPP;
  if (type !== MAP.PRIVATE && (prot & PROT.WRITE) !== 0 && !file.writable) return -E.ACCES;
  if (!file.readable) return -E.ACCES;
  return 0;
};

/** Whether `size` more bytes may be locked by a mapping. */
const mayLock = (t: Task, size: number, asked: boolean): number => {
  if (capable(t.cred, CAP.IPC_LOCK)) return 0;
  const limit = t.group.limits[RLIMIT.MEMLOCK].soft;
  if (asked && limit === 0) return -E.PERM;
  return lockedBytes(t) + size > limit ? -E.AGAIN : 0;
};

/** Brings pages in; what cannot be had is left out (mm_populate). */
const populate = (t: Task, at: number, size: number, prot: number): void => {
  if ((prot & 3) !== 0) {
    t.vm.space.madvise(at, size, (prot & PROT.WRITE) !== 0 ? MADV.POPULATE_WRITE : MADV.POPULATE_READ);
  }
};

/** Whether every page of the range is mapped. */
const isMapped = (t: Task, addr: number, end: number): boolean => {
  for (let at = addr; at < end;) {
    const vma = t.vm.space.vmaAt(at);
    if (vma === undefined) return false;
    at = vma.end;
  }
  return true;
};

/** Bytes that mlock and its relatives hold. */
const lockedBytes = (t: Task): number => {
  let sum = 0;
  for (const vma of t.vm.space.vmas()) if (vma.locked === true) sum += vma.end - vma.start;
  return sum;
};

const lock = (t: Task, addr: number, length: number): number => {
  const limit = t.group.limits[RLIMIT.MEMLOCK].soft;
  const free = capable(t.cred, CAP.IPC_LOCK);
  if (limit === 0 && !free) return -E.PERM;
  const start = Math.floor(addr / PAGE) * PAGE;
  const end = pageUp(addr + length);
  if (end > TASK_SIZE) return start > TASK_SIZE ? -E.NOMEM : -E.INVAL;
  if (!free) {
    let more = end - start;
    for (const vma of t.vm.space.vmas()) {
      if (vma.locked === true) more -= Math.max(0, Math.min(vma.end, end) - Math.max(vma.start, start));
    }
    if (lockedBytes(t) + more > limit) return -E.NOMEM;
  }
  if (!isMapped(t, start, end)) return -E.NOMEM;
  t.vm.space.setLocked?.(start, end, true);
  return 0;
};

const KNOWN_ADVICE = new Set<number>(Object.values(MADV));

const MEMBARRIER_REGISTRATIONS = MEMBARRIER.REGISTER_GLOBAL_EXPEDITED | MEMBARRIER.REGISTER_PRIVATE_EXPEDITED |
  MEMBARRIER.REGISTER_PRIVATE_EXPEDITED_SYNC_CORE;
const MEMBARRIER_ALL = MEMBARRIER.GLOBAL | MEMBARRIER.GLOBAL_EXPEDITED | MEMBARRIER.PRIVATE_EXPEDITED |
  MEMBARRIER.PRIVATE_EXPEDITED_SYNC_CORE | MEMBARRIER_REGISTRATIONS | MEMBARRIER.GET_REGISTRATIONS;

/** A NUMA mask of a machine with one node: EINVAL when it names another, EFAULT by the read. `required`: it must name a node. */
const checkNodes = (t: Task, mode: number, mask: number, maxnode: number): number => {
  const policy = mode & ~MPOL_MODE_FLAGS;
  if (policy < 0 || policy > 6) return -E.INVAL;
  const bits = maxnode === 0 ? 0 : maxnode - 1;
  if (bits > 8 * PAGE) return -E.INVAL;
  let low = 0n;
  if (mask !== 0) {
    for (let word = 0; word < Math.ceil(bits / 64); word++) {
      let value = t.mem.big(mask + word * 8);
      const valid = bits - word * 64;
      if (valid < 64) value &= (1n << BigInt(valid)) - 1n;
      if (word === 0) low = value;
      if (value >> (word === 0 ? 1n : 0n) !== 0n) return -E.INVAL;
    }
  }
  const empty = (low & 1n) === 0n;
  if (policy === 0) return empty ? 0 : -E.INVAL;
  return empty && (policy === 2 || policy === 3) ? -E.INVAL : 0;
};

export const memoryHandlers: Handlers<Task, typeof memory> = {
  brk: (t, addr) => t.vm.space.brk(addr),
  munmap(t, addr, length) {
    if (addr % PAGE !== 0 || length === 0 || addr > TASK_SIZE || length > TASK_SIZE - addr) return -E.INVAL;
    return t.vm.space.munmap(addr, pageUp(length));
  },
  mremap(t, addr, oldLength, newLength, flags, newAddr) {
    if ((flags & ~7) !== 0 || addr % PAGE !== 0 || newLength === 0) return -E.INVAL;
    if ((flags & (MREMAP.FIXED | MREMAP.DONTUNMAP)) !== 0 && (flags & MREMAP.MAYMOVE) === 0) return -E.INVAL;
    const from = pageAlign(oldLength), to = pageAlign(newLength);
    if (to === 0) return -E.INVAL;
    if ((flags & MREMAP.DONTUNMAP) !== 0 && from !== to) return -E.INVAL;
    if ((flags & MREMAP.FIXED) !== 0) {
      if (newAddr % PAGE !== 0 || to > TASK_SIZE || newAddr > TASK_SIZE - to) return -E.INVAL;
      if (addr < newAddr + to && newAddr < addr + from) return -E.INVAL;
    }
    if (to > TASK_SIZE) return -E.NOMEM;
    return t.vm.space.mremap(addr, from, to, flags, newAddr);
  },
  mmap(t, addr, length, prot, flags, fd, offset) {
    if (offset % PAGE !== 0) return -E.INVAL;
    const type = flags & MAP.TYPE;
    const anonymous = (flags & MAP.ANONYMOUS) !== 0;
    const file = anonymous ? undefined : t.files.get(fd);
    if ((flags & MAP.HUGETLB) !== 0) return anonymous ? -E.NOMEM : -E.INVAL;
    if (length === 0) return -E.INVAL;
    const size = pageUp(length);
    if (size > TASK_SIZE) return -E.NOMEM;
    const noReplace = (flags & MAP.FIXED_NOREPLACE) !== 0;
    const fixed = (flags & MAP.FIXED) !== 0 || noReplace;
    if (fixed && addr > TASK_SIZE - size) return -E.NOMEM;
    if (fixed && addr % PAGE !== 0) return -E.INVAL;
    if (type !== MAP.PRIVATE && type !== MAP.SHARED && (type !== MAP.SHARED_VALIDATE || anonymous)) return -E.INVAL;
    const growsDown = (flags & MAP.GROWSDOWN) !== 0;
    let backing;
    if (file !== undefined) {
      if (offset < 0 || offset + size > 2 ** 63) return -E.OVERFLOW;
      const refused = checkFileMapping(file, type, prot, flags);
      if (refused !== 0) return refused;
      backing = file.backing();
      if (backing === undefined) return -E.NODEV;
    }
    if (growsDown && (file !== undefined || type !== MAP.PRIVATE)) return -E.INVAL;
    const locked = (flags & MAP.LOCKED) !== 0 || t.vm.lockFuture;
    if (locked) {
      const refused = mayLock(t, size, (flags & MAP.LOCKED) !== 0);
      if (refused !== 0) return refused;
    }
    const at = t.vm.space.mmap({
      addr: fixed ? addr : addr > TASK_SIZE - size ? 0 : Math.floor(addr / PAGE) * PAGE,
      length: size,
      prot: prot & 7,
      shared: type !== MAP.PRIVATE,
      fixed: fixed && !noReplace,
      noReplace,
      growsDown,
      readOnly: type !== MAP.PRIVATE && file?.writable === false,
      locked,
      noReserve: (flags & MAP.NORESERVE) !== 0,
      backing,
      offset: anonymous ? 0 : offset,
    });
    if (at >= 0 && (locked || (flags & MAP.POPULATE) !== 0)) populate(t, at, size, prot);
    return at;
  },
  mprotect(t, addr, length, prot) {
    const grows = prot & (PROT.GROWSDOWN | PROT.GROWSUP);
    if (grows === (PROT.GROWSDOWN | PROT.GROWSUP) || addr % PAGE !== 0) return -E.INVAL;
    if (length === 0) return 0;
    const size = pageUp(length);
    if (addr + size > 2 ** 64) return -E.NOMEM;
    if ((prot & ~(7 | PROT.SEM | PROT.GROWSDOWN | PROT.GROWSUP)) !== 0) return -E.INVAL;
    if (addr + size > TASK_SIZE) return -E.NOMEM;
    let start = addr;
    if (grows !== 0) {
      const vma = t.vm.space.vmaAt(addr);
      if (vma === undefined) return -E.NOMEM;
      if (grows === PROT.GROWSUP || !vma.growsDown) return -E.INVAL;
      start = vma.start;
    }
    return t.vm.space.mprotect(start, addr + size - start, prot & 7);
  },
  msync(t, addr, length, flags) {
    if ((flags & ~7) !== 0 || addr % PAGE !== 0) return -E.INVAL;
    if ((flags & MS.ASYNC) !== 0 && (flags & MS.SYNC) !== 0) return -E.INVAL;
    const size = pageAlign(length);
    if (addr + size > TASK_SIZE) return -E.NOMEM;
    return size === 0 ? 0 : t.vm.space.msync(addr, size);
  },
  mlock: lock,
  mlock2: (t, addr, length, flags) => (flags & ~1) !== 0 ? -E.INVAL : lock(t, addr, length),
  munlock(t, addr, length) {
    const start = Math.floor(addr / PAGE) * PAGE, end = pageUp(addr + length);
    if (end > TASK_SIZE) return start > TASK_SIZE ? -E.NOMEM : -E.INVAL;
    if (!isMapped(t, start, end)) return -E.NOMEM;
    t.vm.space.setLocked?.(start, end, false);
    return 0;
  },
  mlockall(t, flags) {
    if (flags === 0 || (flags & ~7) !== 0 || flags === MCL.ONFAULT) return -E.INVAL;
    const limit = t.group.limits[RLIMIT.MEMLOCK].soft;
    if (!capable(t.cred, CAP.IPC_LOCK)) {
      if (limit === 0) return -E.PERM;
      if ((flags & MCL.CURRENT) !== 0 && t.vm.space.mappedBytes > limit) return -E.NOMEM;
    }
    t.vm.lockFuture = (flags & MCL.FUTURE) !== 0;
    if ((flags & MCL.CURRENT) !== 0) t.vm.space.setLocked?.(0, TASK_SIZE, true);
    return 0;
  },
  munlockall(t) {
    t.vm.lockFuture = false;
    t.vm.space.setLocked?.(0, TASK_SIZE, false);
    return 0;
  },
  mincore(t, addr, length, vec) {
    if (addr % PAGE !== 0) return -E.INVAL;
    const pages = pageUp(length) / PAGE;
    if (addr + pages * PAGE > TASK_SIZE) return -E.NOMEM;
    if (pages > 0 && t.mem.accessible(vec, pages, true) < pages) return -E.FAULT;
    for (let i = 0; i < pages; i++) {
      if (t.vm.space.vmaAt(addr + i * PAGE) === undefined) return -E.NOMEM;
      t.mem.setU8(vec + i, t.vm.space.isResident?.(addr + i * PAGE) === false ? 0 : 1);
    }
    return 0;
  },
  madvise(t, addr, length, advice) {
    if (!KNOWN_ADVICE.has(advice) || addr % PAGE !== 0) return -E.INVAL;
    const size = pageUp(length);
    if (addr + size > 2 ** 64) return -E.INVAL;
    if (size === 0) return 0;
    if (addr + size > TASK_SIZE) return -E.NOMEM;
    return t.vm.space.madvise(addr, size, advice);
  },
  mbind(t, addr, length, mode, mask, maxnode, flags) {
    if ((flags & ~7) !== 0 || addr % PAGE !== 0) return -E.INVAL;
    const refused = checkNodes(t, mode, mask, maxnode);
    if (refused !== 0) return refused;
    return isMapped(t, addr, addr + pageUp(length)) ? 0 : -E.FAULT;
  },
  get_mempolicy(t, policy, mask, maxnode, addr, flags) {
    if ((flags & ~7) !== 0) return -E.INVAL;
    const allowed = (flags & MPOL_F.MEMS_ALLOWED) !== 0;
    if (allowed && (flags & (MPOL_F.NODE | MPOL_F.ADDR)) !== 0) return -E.INVAL;
    if (mask !== 0 && maxnode < 1) return -E.INVAL;
    if (!allowed && (flags & MPOL_F.ADDR) !== 0) {
      if (t.vm.space.vmaAt(addr) === undefined) return -E.FAULT;
    } else if (!allowed && (addr !== 0 || (flags & MPOL_F.NODE) !== 0)) return -E.INVAL;
    if (policy !== 0) t.mem.setU32(policy, 0);
    if (mask !== 0) {
      for (let word = 0; word < Math.ceil(maxnode / 64); word++) {
        t.mem.setBig(mask + word * 8, word === 0 && allowed ? 1n : 0n);
      }
    }
    return 0;
  },
  set_mempolicy: (t, mode, mask, maxnode) => checkNodes(t, mode, mask, maxnode),
  riscv_hwprobe(t, pairs, count, cpuSetSize, cpus, flags) {
    if ((flags & ~1) !== 0) return -E.INVAL;
    if (cpuSetSize === 0 ? cpus !== 0 : cpus === 0) return -E.INVAL;
    const which = (flags & 1) !== 0;
    if (which && (cpuSetSize === 0 || cpus === 0)) return -E.INVAL;
    const named = cpuSetSize === 0 || (t.mem.u8(cpus) & 1) !== 0;
    if (!which && !named) return -E.INVAL;
    let matches = true;
    for (let i = 0; i < count; i++) {
      const at = pairs + i * HWPROBE_PAIR.size;
      const value = hwprobeValue(Number(BigInt.asIntN(64, t.mem.big(at))));
      if (which) matches &&= value !== undefined && value === t.mem.big(at + 8);
      if (value === undefined) t.mem.setBig(at, 0xffffffffffffffffn);
      if (!which) t.mem.setBig(at + 8, value ?? 0n);
    }
    if (which) {
      t.mem.write(cpus, new Uint8Array(Math.min(cpuSetSize, 8)));
      if (matches) t.mem.setU8(cpus, 1);
    }
    return 0;
  },
  // Stores to decoded pages drop the decoded code themselves.
  riscv_flush_icache: (_t, _start, _end, flags) => (flags & ~1) !== 0 || flags > 1 ? -E.INVAL : 0,
  membarrier(t, command, flags) {
    if (flags !== 0) return -E.INVAL;
    switch (command) {
      case MEMBARRIER.QUERY:
        return MEMBARRIER_ALL;
      case MEMBARRIER.GLOBAL:
      case MEMBARRIER.GLOBAL_EXPEDITED:
        return 0;
      case MEMBARRIER.PRIVATE_EXPEDITED:
      case MEMBARRIER.PRIVATE_EXPEDITED_SYNC_CORE:
        return (t.vm.membarrier & (command << 1)) !== 0 ? 0 : -E.PERM;
      case MEMBARRIER.REGISTER_GLOBAL_EXPEDITED:
      case MEMBARRIER.REGISTER_PRIVATE_EXPEDITED:
      case MEMBARRIER.REGISTER_PRIVATE_EXPEDITED_SYNC_CORE:
        t.vm.membarrier |= command;
        return 0;
      case MEMBARRIER.GET_REGISTRATIONS:
        return t.vm.membarrier;
      default:
        return -E.INVAL;
    }
  },
  pkey_mprotect: (t, addr, length, prot, key) => key === -1 ? memoryHandlers.mprotect(t, addr, length, prot) : -E.INVAL,
  pkey_alloc: (_t, flags, rights) => flags !== 0 || rights > 3 ? -E.INVAL : -E.NOSPC,
  pkey_free: () => -E.INVAL,
};
