/**
 * Pages of one address space: the flat guest memory, the shadow with its permission bytes, which pages have content of their own, and where the others come
 * from (zero, a file, the parent of a lazy fork). Invariant: a page that is not present is all zero in the flat memory.
 */
import { type CpuHost, GuestCpu } from "../cpu.ts";
import { type CodeMemory, CodePages } from "../interp/code_memory.ts";
import { createEngine, type Engine } from "../interp/engine.ts";
import {
  BLOCK_SIZE,
  BLOCKS,
  JUMP_CACHE,
  JUMP_CACHE_ENTRIES,
  PAGE,
  PAGES,
  PERM_R,
  PERM_W,
  PERM_X,
  PERMS,
} from "../layout.ts";
import { MemoryFault } from "../reference/port.ts";
import type { Width } from "../ops.ts";
import type { Cpu, Fault } from "../types.ts";
import { MemoryAccount, OutOfMemory, SPACE_PAGES } from "./account.ts";
import type { Frame } from "./frame.ts";
import { type Mapping, VmaList } from "./vma_list.ts";

/** The flat memory holds the page's content. */
export const PRESENT = 1;
/** The content is still in the fork parent's memory. */
export const LAZY = 2;
/** Children may still need the content: give it to them before changing it. */
export const LENT = 4;

const WASM_PAGE = 65536;
const NOTHING = new Uint8Array(0);
const PROT_READ = 1, PROT_WRITE = 2, PROT_EXEC = 4;
/** Pages of a file mapping filled at once. */
const FILL_AROUND = 16;
/** Linux keeps this distance between a growing stack and what lies below it. */
const STACK_GUARD = 256 * PAGE;
export const SEGV_MAPERR = 1, SEGV_ACCERR = 2, BUS_ADRERR = 2, SI_KERNEL = 0x80;

/** The last page of the 4 GiB is never mapped: nothing that begins in a mapping wraps round. */
export const SPACE_END = (PAGES - 1) * PAGE;

const segv = (code: number, addr: bigint): Fault => ({ signal: "SEGV", code, addr });

export abstract class Pages implements CpuHost {
  readonly memory: WebAssembly.Memory;
  readonly shadow: WebAssembly.Memory;
  readonly codePages: CodePages;
  readonly list = new VmaList();
  readonly state: Uint8Array;
  /** Views, renewed after growth. */
  flat: Uint8Array<ArrayBuffer>;
  view: DataView;
  perms: Uint8Array;
  residentPages = 0;
  peakResidentPages = 0;
  limits = { as: Infinity, data: Infinity, stack: Infinity };
  /** The space whose pages our LAZY ones still are, and those that have LAZY pages of ours. */
  donor: Pages | undefined;
  readonly borrowers = new Set<Pages>();
  readonly #frame: Frame;
  #freeBlocks: number[] = [];
  #nextBlock = BLOCKS;
  #liveCpus = 0;

  /** Throws OutOfMemory. */
  constructor(readonly code: CodeMemory, readonly account: MemoryAccount = new MemoryAccount()) {
    if (!account.grants(SPACE_PAGES)) throw new OutOfMemory();
    this.#frame = code.frames.take();
    ({ memory: this.memory, shadow: this.shadow, state: this.state } = this.#frame);
    account.used += SPACE_PAGES;
    this.codePages = new CodePages(this.shadow, code);
    this.flat = new Uint8Array(this.memory.buffer as ArrayBuffer);
    this.view = new DataView(this.memory.buffer);
    this.perms = new Uint8Array(this.shadow.buffer, PERMS, PAGES);
  }

  get engine(): Engine {
    return this.#frame.engine ??= createEngine(this.memory, this.shadow, this.code.memory);
  }

  // ---- CPU blocks ------------------------------------------------------------------------------------------------
  newCpu(): Cpu {
    this.#liveCpus++;
    let block = this.#freeBlocks.pop();
    if (block === undefined) {
      block = this.#nextBlock;
      this.#nextBlock += BLOCK_SIZE;
      if (this.#nextBlock > this.shadow.buffer.byteLength) {
        this.shadow.grow(1);
        this.perms = new Uint8Array(this.shadow.buffer, PERMS, PAGES);
      }
    }
    new Uint8Array(this.shadow.buffer, block, BLOCK_SIZE).fill(0);
    return new GuestCpu(this, block);
  }
  /** The end of the address space: leaves its frame to the next one if that is cheap. Nothing may be mapped twice or borrowed. */
  protected leaveFrame(): void {
    const { frames } = this.code;
    const { hot } = this.codePages;
    hot?.release();
    if (this.borrowers.size > 0 || !frames.wants(this.flat.length, this.residentPages)) return;
    if (hot !== undefined) new Uint8Array(this.shadow.buffer, JUMP_CACHE, 8 * JUMP_CACHE_ENTRIES).fill(0);
    for (const m of this.list.all) this.discard(m.start / PAGE, m.end / PAGE);
    this.flat = NOTHING;
    this.perms = NOTHING;
    frames.give(this.#frame);
  }
  releaseBlock(block: number): void {
    this.#liveCpus--;
    this.#freeBlocks.push(block);
  }
  get liveCpus(): number {
    return this.#liveCpus;
  }

  // ---- flat memory -------------------------------------------------------------------------------------------------
  /** Makes the flat memory reach `end`; false when the host refuses. */
  reach(end: number): boolean {
    const have = this.flat.length;
    if (end <= have) return true;
    const step = Math.min(Math.max(end - have, 4 << 20, have >> 2), PAGES * PAGE - have);
    try {
      this.memory.grow(Math.ceil(step / WASM_PAGE));
    } catch {
      return false;
    }
    this.flat = new Uint8Array(this.memory.buffer as ArrayBuffer);
    this.view = new DataView(this.memory.buffer);
    return true;
  }

  // ---- permissions -------------------------------------------------------------------------------------------------
  /** What the permission byte of a page may be now. */
  #allowed(page: number, m: Mapping): number {
    if (m.object !== undefined) return 0;
    const state = this.state[page];
    const readable = (m.prot & (PROT_READ | PROT_WRITE)) !== 0 ? PERM_R : 0;
    const executable = (m.prot & PROT_EXEC) !== 0 ? PERM_X : 0;
    if ((state & PRESENT) === 0) return m.backing === undefined && (state & LAZY) === 0 ? readable | executable : 0;
    const writable = (m.prot & PROT_WRITE) !== 0 && (state & LENT) === 0 && !this.codePages.has(page) ? PERM_W : 0;
    return readable | executable | writable;
  }

  /** Recomputes the permission bytes of a mapping's pages in [start, end). */
  refresh(m: Mapping): void {
    const first = m.start / PAGE, end = m.end / PAGE;
    this.codePages.hot?.narrowed(first, end);
    if (m.object !== undefined || m.prot === 0) {
      this.perms.fill(0, first, end);
      return;
    }
    for (let page = first; page < end; page++) this.perms[page] = this.#allowed(page, m);
  }

  /** A fresh mapping: no page has content. */
  grantFresh(m: Mapping): void {
    const anonymous = m.object === undefined && m.backing === undefined;
    this.codePages.hot?.narrowed(m.start / PAGE, m.end / PAGE);
    const bits = anonymous ? ((m.prot & 3) !== 0 ? PERM_R : 0) | ((m.prot & PROT_EXEC) !== 0 ? PERM_X : 0) : 0;
    this.perms.fill(bits, m.start / PAGE, m.end / PAGE);
  }

  /** Takes away content and permissions of pages [first, end): their flat bytes are zero afterwards. */
  discard(first: number, end: number): void {
    this.codePages.dropRange(first, end);
    this.codePages.hot?.narrowed(first, end);
    for (let page = first; page < end; page++) {
      const state = this.state[page];
      if (state === 0) continue;
      if ((state & LENT) !== 0) this.giveBack(page);
      if ((state & PRESENT) !== 0) {
        this.flat.fill(0, page * PAGE, page * PAGE + PAGE);
        this.residentPages--;
        this.account.used--;
      }
      this.state[page] = 0;
    }
    this.perms.fill(0, first, end);
  }

  setPresent(page: number): void {
    this.state[page] |= PRESENT;
    this.account.used++;
    if (++this.residentPages > this.peakResidentPages) this.peakResidentPages = this.residentPages;
  }

  /** Children that still lack the page get its content. */
  giveBack(page: number): void {
    for (const child of this.borrowers) if ((child.state[page] & LAZY) !== 0) child.fetch(page);
    this.state[page] &= ~LENT;
  }

  /** Copies a LAZY page from the donor. */
  fetch(page: number): void {
    const at = page * PAGE;
    this.flat.set(this.donor!.flat.subarray(at, at + PAGE), at);
    this.state[page] &= ~LAZY;
    this.setPresent(page);
  }

  // ---- misses ------------------------------------------------------------------------------------------------------
  resolve(addr: bigint, access: number, forced = false): Fault | undefined {
    if (addr >= 0x100000000n) return segv(SEGV_MAPERR, addr);
    const at = Number(addr);
    const m = this.list.find(at) ?? this.#growStack(at);
    if (m === undefined) return segv(SEGV_MAPERR, addr);
    const need = access === PERM_R ? PROT_READ | PROT_WRITE : access === PERM_W ? PROT_WRITE : PROT_EXEC;
    if ((m.prot & need) === 0 && !(forced && !(m.shared && access === PERM_W))) return segv(SEGV_ACCERR, addr);
    const page = Math.floor(at / PAGE);
    if (m.object !== undefined) {
      const index = (m.offset + (page * PAGE - m.start)) / PAGE;
      if (!m.object.reaches(index)) return { signal: "BUS", code: BUS_ADRERR, addr };
      return !m.object.has(index) && this.account.full ? { signal: "KILL", code: SI_KERNEL, addr } : undefined;
    }
    if ((this.state[page] & PRESENT) === 0) {
      const uses = access === PERM_W || m.backing !== undefined || (this.state[page] & LAZY) !== 0;
      if (uses && this.account.full) return { signal: "KILL", code: SI_KERNEL, addr };
      if ((this.state[page] & LAZY) !== 0) this.fetch(page);
      else if (m.backing !== undefined) {
        if (!this.#fill(m, page)) return { signal: "BUS", code: BUS_ADRERR, addr };
      } else if (access === PERM_W) this.setPresent(page);
    }
    if (access === PERM_W) {
      if ((this.state[page] & LENT) !== 0) this.giveBack(page);
      this.codePages.drop(page);
    }
    this.perms[page] = this.#allowed(page, m);
    return undefined;
  }

  /** Fills a file page and some of its neighbours that have no content yet. False when the page lies beyond the file. */
  #fill(m: Mapping, page: number): boolean {
    const backing = m.backing!;
    const size = backing.size();
    const offsetOf = (p: number) => m.offset + (p * PAGE - m.start);
    if (offsetOf(page) >= size) return false;
    let end = page + 1;
    const limit = Math.min(page + FILL_AROUND, m.end / PAGE);
    while (end < limit && this.state[end] === 0 && offsetOf(end) < size) end++;
    backing.fill(offsetOf(page), this.flat.subarray(page * PAGE, end * PAGE));
    for (let p = page; p < end; p++) {
      this.setPresent(p);
      this.perms[p] = this.#allowed(p, m);
    }
    return true;
  }

  /** An access below a growing stack extends it, within RLIMIT_STACK and away from the mapping below. */
  #growStack(at: number): Mapping | undefined {
    const m = this.list.findFrom(at);
    if (m === undefined || !m.growsDown || at < 0x10000) return undefined;
    const start = Math.floor(at / PAGE) * PAGE;
    if (m.end - start > this.limits.stack) return undefined;
    if (this.list.bytes() + (m.start - start) > this.limits.as) return undefined;
    const below = this.list.before(m.start);
    if (below !== undefined && below.prot !== 0 && start - below.end < STACK_GUARD) return undefined;
    if (below !== undefined && start < below.end) return undefined;
    const grown: Mapping = { ...m, start };
    this.list.replace(start, m.start, [{ ...m, start, end: m.start }]);
    this.grantFresh({ ...m, start, end: m.start });
    return this.list.find(at) ?? grown;
  }

  /** Whether a mapped page is in memory; what a file backs is, in its cache. */
  isResident(addr: number): boolean {
    const m = this.list.find(addr);
    if (m === undefined) return false;
    const page = Math.floor(addr / PAGE);
    if (m.object !== undefined) return m.object.has((m.offset + page * PAGE - m.start) / PAGE);
    return m.backing !== undefined || this.state[page] !== 0;
  }

  // ---- slow accesses: pages that never get permission bits, page crossings ------------------------------------------
  /** Bytes of a shared page and the position of `at` in it, after checking the access. */
  sharedBytes(m: Mapping, at: number): { bytes: Uint8Array; offset: number; index: number } {
    const inObject = m.offset + (at - m.start);
    const index = Math.floor(inObject / PAGE);
    return { bytes: m.object!.page(index), offset: inObject - index * PAGE, index };
  }

  slowLoad(addr: bigint, width: Width): bigint {
    let value = 0n;
    const at = Number(addr);
    if (width === 64 && at % PAGE <= PAGE - 8 && addr < 0x100000000n) {
      const m = this.#require(addr, PERM_R);
      const { bytes, offset } = m.object === undefined ? { bytes: this.flat, offset: at } : this.sharedBytes(m, at);
      return new DataView(bytes.buffer, bytes.byteOffset + offset, 8).getBigUint64(0, true);
    }
    for (let i = 0; i < width / 8; i++) value |= BigInt(this.#slowByte(addr + BigInt(i))) << BigInt(8 * i);
    return value;
  }
  slowStore(addr: bigint, width: Width, value: bigint): void {
    const last = addr + BigInt(width / 8 - 1);
    if (last >> 12n !== addr >> 12n) this.#require(last, PERM_W);
    for (let i = 0; i < width / 8; i++) this.#slowSet(addr + BigInt(i), Number((value >> BigInt(8 * i)) & 255n));
  }
  #require(addr: bigint, access: number): Mapping {
    const fault = this.resolve(addr, access);
    if (fault !== undefined) throw new MemoryFault(fault.signal, fault.code, fault.addr, access);
    return this.list.find(Number(addr))!;
  }
  #slowByte(addr: bigint): number {
    const m = this.#require(addr, PERM_R), at = Number(addr);
    if (m.object === undefined) return this.flat[at];
    const { bytes, offset } = this.sharedBytes(m, at);
    return bytes[offset];
  }
  #slowSet(addr: bigint, byte: number): void {
    const m = this.#require(addr, PERM_W), at = Number(addr);
    if (m.object === undefined) {
      this.flat[at] = byte;
      return;
    }
    const { bytes, offset, index } = this.sharedBytes(m, at);
    bytes[offset] = byte;
    m.object.dirtied(index);
  }
}
