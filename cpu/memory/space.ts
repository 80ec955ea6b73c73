/**
 * The address space of a VM group: mmap and its relatives over the VMA list, fork, futex keys. Errors are negative errno numbers. The mechanics of pages are
 * in `pages.ts`, kernel access to guest bytes in `user_memory.ts`.
 */
import type { CodeMemory } from "../interp/code_memory.ts";
import { PAGE } from "../layout.ts";
import type { AddressSpace, FutexKey, MapRequest, Vma } from "../types.ts";
import { type MemoryAccount, OutOfMemory, SPACE_PAGES } from "./account.ts";
import { AdvisedMemory } from "./advice.ts";
import { LAZY, LENT, type Pages, PRESENT, SPACE_END } from "./pages.ts";
import { AnonymousShared, FileShared, type SharedObject } from "./shared.ts";
import { type Mapping, part } from "./vma_list.ts";

const EPERM = 1, ENOMEM = 12, EACCES = 13, EEXIST = 17, EINVAL = 22;
/** Lowest address that can be mapped (vm.mmap_min_addr). */
const LOWEST = 0x10000;
const MREMAP_MAYMOVE = 1, MREMAP_FIXED = 2, MREMAP_DONTUNMAP = 4;
const up = (n: number): number => Math.ceil(n / PAGE) * PAGE;
const aligned = (n: number): boolean => n % PAGE === 0;

/** Makes an empty address space whose decoded code lives in `code` and whose pages count in `account`. Throws OutOfMemory. */
export const createAddressSpace = (code: CodeMemory, account?: MemoryAccount): Space => new Space(code, account);

export class Space extends AdvisedMemory implements AddressSpace {
  /** Where addresses are chosen from, upward; the loader places it above the stack. */
  mmapBase = 0x02000000;
  #brkStart = 0;
  #brk = 0;

  vmas(): readonly Vma[] {
    return this.list.all;
  }
  vmaAt(addr: number): Vma | undefined {
    return this.list.find(addr);
  }
  get mappedBytes(): number {
    return this.list.bytes();
  }

  // ---- mmap, munmap ------------------------------------------------------------------------------------------------
  mmap(request: MapRequest): number {
    if (!(request.length > 0) || !aligned(request.offset)) return -EINVAL;
    const length = up(request.length);
    if (length > SPACE_END) return -ENOMEM;
    const start = this.#place(request, length);
    if (start < 0) return start;
    const end = start + length;
    if (this.mappedBytes - this.#overlap(start, end) + length > this.limits.as) return -ENOMEM;
    if (this.#beyondData(start, end, request)) return -ENOMEM;
    if (request.noReserve !== true && isOwn(request) && !this.account.grants(length / PAGE)) return -ENOMEM;
    if (!this.reach(end)) return -ENOMEM;
    const object = this.#objectOf(request, length);
    const owner = object ?? request.backing;
    owner?.retain();
    this.#drop(start, end);
    // One reference per space and owner: this one is extra when another part of the same mapping is still there.
    if (owner !== undefined && this.list.all.some((m) => ownerOf(m) === owner)) owner.release();
    const m: Mapping = {
      start,
      end,
      prot: request.prot & 7,
      shared: request.shared,
      backing: request.backing,
      offset: object !== undefined && request.backing === undefined ? 0 : request.offset,
      name: request.name,
      growsDown: request.growsDown ?? false,
      readOnly: request.readOnly,
      locked: request.locked || undefined,
      object,
    };
    this.list.replace(start, end, [m]);
    this.grantFresh(m);
    return start;
  }

  /** Private writable memory other than stacks counts against RLIMIT_DATA (mm/mmap.c may_expand_vm). */
  #beyondData(start: number, end: number, m: { prot: number; shared: boolean; growsDown?: boolean }): boolean {
    if (this.limits.data === Infinity || !isData(m)) return false;
    let sum = end - start;
    for (const old of this.list.all) {
      if (isData(old)) sum += old.end - old.start - Math.max(0, Math.min(old.end, end) - Math.max(old.start, start));
    }
    return sum > this.limits.data;
  }

  #objectOf(request: MapRequest, length: number): SharedObject | undefined {
    if (!request.shared) return undefined;
    if (request.backing === undefined) return new AnonymousShared(length, this.account);
    if (request.backing.sharedPage === undefined) return undefined;
    return new FileShared(request.backing, this.account);
  }

  #overlap(start: number, end: number): number {
    return this.list.within(start, end).reduce((sum, m) => sum + m.end - m.start, 0);
  }

  /** The address, or a negative errno. */
  #place(request: MapRequest, length: number): number {
    const { addr } = request;
    if (request.fixed || request.noReplace) {
      if (!aligned(addr)) return -EINVAL;
      if (addr < LOWEST) return -EPERM;
      if (addr + length > SPACE_END) return -ENOMEM;
      if (request.noReplace && this.#overlap(addr, addr + length) > 0) return -EEXIST;
      return addr;
    }
    const hint = up(addr);
    if (addr > 0 && hint >= LOWEST && hint + length <= SPACE_END && this.#overlap(hint, hint + length) === 0) {
      return hint;
    }
    const gap = this.list.gap(length, this.mmapBase, SPACE_END);
    if (gap >= 0) return gap;
    const low = this.list.gap(length, LOWEST, this.mmapBase);
    return low >= 0 ? low : -ENOMEM;
  }

  munmap(addr: number, length: number): number {
    if (!aligned(addr) || !(length > 0) || addr + length > SPACE_END) return -EINVAL;
    this.#drop(addr, addr + up(length));
    return 0;
  }

  /** Removes whatever [start, end) holds. */
  #drop(start: number, end: number): void {
    const gone = this.list.within(start, end);
    if (gone.length === 0) return;
    const owners = new Set(gone.map(ownerOf));
    for (const m of gone) this.discard(m.start / PAGE, m.end / PAGE);
    this.list.replace(start, end, []);
    for (const owner of owners) {
      if (owner !== undefined && !this.list.all.some((m) => ownerOf(m) === owner)) owner.release();
    }
  }

  mprotect(addr: number, length: number, prot: number): number {
    if (!aligned(addr) || (prot & ~0x01000007) !== 0) return -EINVAL;
    if (length === 0) return 0;
    const end = addr + up(length);
    if (!(end <= SPACE_END)) return -ENOMEM;
    const bits = prot & 7;
    let at = addr;
    for (const m of this.list.within(addr, end)) {
      if (m.start > at) return -ENOMEM;
      if (m.readOnly === true && (bits & 2) !== 0) return -EACCES;
      if ((m.prot & 2) === 0 && this.#beyondData(m.start, m.end, { ...m, prot: bits })) return -ENOMEM;
      if ((bits & 4) === 0) this.codePages.dropRange(m.start / PAGE, m.end / PAGE);
      const changed = { ...m, prot: bits };
      this.list.replace(m.start, m.end, [changed]);
      this.refresh(changed);
      at = m.end;
    }
    return at < end ? -ENOMEM : 0;
  }

  // ---- mremap --------------------------------------------------------------------------------------------------------
  mremap(addr: number, oldLength: number, newLength: number, flags: number, newAddr: number): number {
    if (!aligned(addr) || (flags & ~7) !== 0 || !(newLength > 0)) return -EINVAL;
    if ((flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)) !== 0 && (flags & MREMAP_MAYMOVE) === 0) return -EINVAL;
    const from = up(oldLength), to = up(newLength);
    if (to > SPACE_END) return -ENOMEM;
    const m = this.list.find(addr);
    if (m === undefined) return -14;
    if (from === 0 && !m.shared) return -EINVAL;
    if (addr + from > m.end) return -14;
    if ((flags & MREMAP_DONTUNMAP) !== 0 && from !== to) return -EINVAL;
    if ((flags & MREMAP_FIXED) !== 0) {
      if (
        !aligned(newAddr) || newAddr < LOWEST || newAddr + to > SPACE_END ||
        (newAddr < addr + from && addr < newAddr + to)
      ) return -EINVAL;
      return this.#move(part(m, addr, addr + from), to, newAddr, flags);
    }
    if ((flags & MREMAP_DONTUNMAP) === 0) {
      if (to <= from) {
        if (to < from) this.#drop(addr + to, addr + from);
        return addr;
      }
      if (addr + from === m.end && this.#extend(m, addr + to)) return addr;
    }
    if ((flags & MREMAP_MAYMOVE) === 0) return -ENOMEM;
    const target = this.list.gap(to, this.mmapBase, SPACE_END);
    return target < 0 ? -ENOMEM : this.#move(part(m, addr, addr + from), to, target, flags);
  }

  #extend(m: Mapping, end: number): boolean {
    if (end > SPACE_END || this.#overlap(m.end, end) > 0) return false;
    if (this.mappedBytes + (end - m.end) > this.limits.as || this.#beyondData(m.end, end, m)) return false;
    if (isOwn(m) && !this.account.grants((end - m.end) / PAGE)) return false;
    if (!this.reach(end)) return false;
    const added = { ...m, start: m.end, end, offset: m.offset + (m.end - m.start) };
    this.list.replace(m.end, end, [added]);
    this.grantFresh(added);
    return true;
  }

  /** Moves the pages of `m` to `target`, with a new length. */
  #move(m: Mapping, length: number, target: number, flags: number): number {
    const stays = (flags & MREMAP_DONTUNMAP) !== 0;
    if (this.mappedBytes + length - (stays ? 0 : m.end - m.start) > this.limits.as) return -ENOMEM;
    if (!this.reach(target + length)) return -ENOMEM;
    this.#drop(target, target + length);
    const moved: Mapping = { ...m, start: target, end: target + length };
    this.list.replace(target, moved.end, [moved]);
    this.grantFresh(moved);
    const kept = Math.min(m.end - m.start, length);
    for (let at = 0; at < kept; at += PAGE) this.#movePage((m.start + at) / PAGE, (target + at) / PAGE);
    this.refresh(moved);
    if (!stays) this.#drop(m.start, m.end);
    else {
      this.discard(m.start / PAGE, m.end / PAGE);
      this.grantFresh(m);
    }
    return target;
  }

  #movePage(from: number, to: number): void {
    if ((this.state[from] & LAZY) !== 0) this.fetch(from);
    if ((this.state[from] & PRESENT) === 0) return;
    this.flat.copyWithin(to * PAGE, from * PAGE, from * PAGE + PAGE);
    this.setPresent(to);
  }

  // ---- msync, brk ----------------------------------------------------------------------------------------------------
  msync(addr: number, length: number): number {
    if (!aligned(addr)) return -EINVAL;
    return this.list.covers(addr, addr + up(length)) ? 0 : -ENOMEM;
  }

  setBrkStart(addr: number): void {
    this.#brkStart = this.#brk = up(addr);
  }

  brk(addr: number): number {
    if (addr < this.#brkStart || addr >= SPACE_END) return this.#brk;
    const from = up(this.#brk), to = up(addr);
    if (to > from) {
      if (addr - this.#brkStart > this.limits.data || this.#overlap(from, to + PAGE) > 0) return this.#brk;
      const got = this.mmap({
        addr: from,
        length: to - from,
        prot: 3,
        shared: false,
        fixed: true,
        noReplace: false,
        offset: 0,
        name: "[heap]",
      });
      if (got < 0) return this.#brk;
    } else if (to < from) this.#drop(to, from);
    return this.#brk = addr;
  }

  // ---- sharing --------------------------------------------------------------------------------------------------------
  futexKey(addr: number, _shared: boolean): FutexKey | undefined {
    const m = this.list.find(addr);
    if (m === undefined) return undefined;
    if (m.object !== undefined) return { object: m.object.key, offset: m.offset + (addr - m.start) };
    return { object: this, offset: addr };
  }

  fork(): Space {
    // The child may come to need a copy of everything.
    if (!this.account.grants(SPACE_PAGES + this.residentPages)) throw new OutOfMemory();
    this.#ownAll();
    const child = new Space(this.code, this.account);
    child.mmapBase = this.mmapBase;
    child.#brkStart = this.#brkStart;
    child.#brk = this.#brk;
    child.limits = { ...this.limits };
    // As far as mappings go today: what the parent once had and gave back is not the child's to hold.
    const { all } = this.list;
    if (!child.reach(all.length === 0 ? 0 : all[all.length - 1].end)) {
      child.release();
      throw new OutOfMemory();
    }
    child.donor = this;
    const owners = new Set<ReturnType<typeof ownerOf>>();
    for (const m of this.list.all) {
      if (m.dontFork) continue;
      owners.add(ownerOf(m));
      // Locks are not inherited (fork(2)).
      child.list.replace(m.start, m.end, [m.locked === true ? { ...m, locked: undefined } : m]);
      if (!m.wipeOnFork && m.object === undefined) this.#lend(child, m);
      child.refresh(m);
    }
    for (const owner of owners) owner?.retain();
    this.borrowers.add(child);
    child.codePages.inherit(this.codePages);
    for (const m of this.list.all) {
      if (m.dontFork === true || m.wipeOnFork === true) child.codePages.dropRange(m.start / PAGE, m.end / PAGE);
    }
    return child;
  }

  /** Present pages become LENT here and LAZY there; neither may be written without asking. */
  #lend(child: Pages, m: Mapping): void {
    const { state, perms } = this;
    this.codePages.hot?.narrowed(m.start / PAGE, m.end / PAGE);
    for (let page = m.start / PAGE, end = m.end / PAGE; page < end; page++) {
      if ((state[page] & PRESENT) === 0) continue;
      state[page] |= LENT;
      perms[page] &= ~2;
      child.state[page] = LAZY;
    }
  }

  /** Fetches every page that is still the donor's: chains of donors never form. */
  #ownAll(): void {
    if (this.donor === undefined) return;
    for (const m of this.list.all) {
      for (let page = m.start / PAGE, end = m.end / PAGE; page < end; page++) {
        if ((this.state[page] & LAZY) !== 0) this.fetch(page);
      }
    }
    this.donor.borrowers.delete(this);
    this.donor = undefined;
  }

  release(): void {
    if (this.liveCpus > 0) throw new Error(`address space released with ${this.liveCpus} live CPUs`);
    this.codePages.dropAll();
    this.donor?.borrowers.delete(this);
    this.donor = undefined;
    for (const owner of new Set(this.list.all.map(ownerOf))) owner?.release();
    this.leaveFrame();
    this.list.replace(0, SPACE_END, []);
    this.account.used -= this.residentPages + SPACE_PAGES;
  }
}

const isData = (m: { prot: number; shared: boolean; growsDown?: boolean }): boolean =>
  !m.shared && (m.prot & 2) !== 0 && m.growsDown !== true;
/** Whether a mapping will need pages that no file has. */
const isOwn = (m: { prot: number; shared: boolean; backing?: unknown }): boolean =>
  (m.prot & 2) !== 0 && (!m.shared || m.backing === undefined);

/** What counts references of a mapping. One reference is held per address space and owner. */
const ownerOf = (m: Mapping): { retain(): void; release(): void } | undefined => m.object ?? m.backing;
