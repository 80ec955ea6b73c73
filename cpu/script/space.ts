/**
 * The address space of script CPUs: pages in plain arrays, made when first used, copied at fork. Everything the kernel asks of guest memory is there; what only
 * guest code needs (decoded code, permission bytes, wasm memories) is not, which makes a space cost microseconds.
 */
import { AnonymousShared, FileShared, type SharedObject } from "../memory/shared.ts";
import { part, VmaList } from "../memory/vma_list.ts";
import { type AddressSpace, BadAddress, type Fault, type FutexKey, type MapRequest, type Vma } from "../types.ts";
import { ScriptCpu } from "./cpu.ts";
import type { Script } from "./ops.ts";

const PAGE = 4096, END = 0x100000000, LOWEST = 0x10000;
const EPERM = 1, ENOMEM = 12, EEXIST = 17, EINVAL = 22;
const up = (n: number): number => Math.ceil(n / PAGE) * PAGE;

export class ScriptSpace implements AddressSpace {
  mmapBase = 0x02000000;
  limits = { as: Infinity, data: Infinity, stack: Infinity };
  liveCpus = 0;
  released = false;
  readonly #list = new VmaList();
  #pages = new Map<number, { readonly bytes: Uint8Array<ArrayBuffer>; readonly view: DataView }>();
  /** The page used last: nearly always the one wanted next. */
  #lastIndex = -1;
  #last: { readonly bytes: Uint8Array<ArrayBuffer>; readonly view: DataView } | undefined;
  #owners = new Set<{ retain(): void; release(): void }>();
  #brkStart = 0;
  #brk = 0;
  peakResidentPages = 0;

  constructor(readonly script: Script) {}

  get memory(): WebAssembly.Memory {
    throw new Error("a script has no wasm memory");
  }
  get shadow(): WebAssembly.Memory {
    throw new Error("a script has no wasm memory");
  }
  get residentPages(): number {
    return this.#pages.size;
  }
  get mappedBytes(): number {
    return this.#list.bytes();
  }
  vmas(): readonly Vma[] {
    return this.#list.all;
  }
  vmaAt(addr: number): Vma | undefined {
    return this.#list.find(addr);
  }

  // ---- mappings ----------------------------------------------------------------------------------------------------
  mmap(request: MapRequest): number {
    const length = up(request.length);
    if (!(request.length > 0) || request.offset % PAGE !== 0) return -EINVAL;
    let start = request.addr;
    if (request.fixed || request.noReplace) {
      if (start % PAGE !== 0) return -EINVAL;
      if (start < LOWEST) return -EPERM;
      if (request.noReplace && this.#list.within(start, start + length).length > 0) return -EEXIST;
    } else start = this.#list.gap(length, this.mmapBase, END - PAGE);
    if (start < 0 || start + length > END) return -ENOMEM;
    const object = request.shared ? this.#shared(request, length) : undefined;
    this.#hold(object ?? request.backing);
    this.#drop(start, start + length);
    const { prot, shared, backing, offset, name, growsDown = false } = request;
    this.#list.replace(start, start + length, [
      { start, end: start + length, prot: prot & 7, shared, backing, offset, name, growsDown, object },
    ]);
    return start;
  }
  #shared(request: MapRequest, length: number): SharedObject | undefined {
    if (request.backing === undefined) return new AnonymousShared(length);
    return request.backing.sharedPage === undefined ? undefined : new FileShared(request.backing);
  }
  /** Maps memory that other spaces have too. */
  share(addr: number, length: number, object: SharedObject): void {
    this.#hold(object);
    this.#list.replace(addr, addr + length, [
      { start: addr, end: addr + length, prot: 3, shared: true, offset: 0, growsDown: false, object },
    ]);
  }
  #hold(owner: { retain(): void; release(): void } | undefined): void {
    if (owner === undefined || this.#owners.has(owner)) return;
    owner.retain();
    this.#owners.add(owner);
  }
  #drop(start: number, end: number): void {
    this.#last = undefined;
    this.#lastIndex = -1;
    for (const index of [...this.#pages.keys()]) {
      if (index * PAGE >= start && index * PAGE < end) this.#pages.delete(index);
    }
    this.#list.replace(start, end, []);
  }
  munmap(addr: number, length: number): number {
    if (addr % PAGE !== 0 || !(length > 0)) return -EINVAL;
    this.#drop(addr, addr + up(length));
    return 0;
  }
  mprotect(addr: number, length: number, prot: number): number {
    for (const m of this.#list.within(addr, addr + up(length))) {
      this.#list.replace(m.start, m.end, [{ ...part(m, m.start, m.end), prot: prot & 7 }]);
    }
    return 0;
  }
  mremap(): number {
    return -ENOMEM;
  }
  madvise(): number {
    return 0;
  }
  msync(): number {
    return 0;
  }
  setBrkStart(addr: number): void {
    this.#brkStart = this.#brk = up(addr);
  }
  brk(_addr: number): number {
    return this.#brk;
  }
  resolve(addr: bigint): Fault | undefined {
    return this.#list.find(Number(addr)) === undefined ? { signal: "SEGV", code: 1, addr } : undefined;
  }
  futexKey(addr: number, _shared: boolean): FutexKey | undefined {
    const m = this.#list.find(addr);
    if (m === undefined) return undefined;
    return m.object === undefined
      ? { object: this, offset: addr }
      : { object: m.object.key, offset: m.offset + (addr - m.start) };
  }

  fork(): ScriptSpace {
    const child = new ScriptSpace(this.script);
    child.mmapBase = this.mmapBase;
    child.#brkStart = this.#brkStart;
    child.#brk = this.#brk;
    child.limits = { ...this.limits };
    for (const m of this.#list.all) child.#list.replace(m.start, m.end, [m]);
    for (const owner of this.#owners) child.#hold(owner);
    for (const [index, page] of this.#pages) child.#pages.set(index, paged(page.bytes.slice()));
    return child;
  }
  newCpu(): ScriptCpu {
    this.liveCpus++;
    return new ScriptCpu(this);
  }
  /** @internal A CPU is gone. */
  cpuReleased(): void {
    this.liveCpus--;
  }
  release(): void {
    if (this.released) throw new Error("an address space was released twice");
    if (this.liveCpus > 0) throw new Error(`address space released with ${this.liveCpus} live CPUs`);
    this.released = true;
    for (const owner of this.#owners) owner.release();
    this.#owners.clear();
    this.#pages.clear();
    this.#list.replace(0, END, []);
  }

  // ---- bytes -------------------------------------------------------------------------------------------------------
  #page(addr: number, write: boolean): { readonly bytes: Uint8Array<ArrayBuffer>; readonly view: DataView } {
    const index = Math.floor(addr / PAGE);
    if (index === this.#lastIndex) return this.#last!;
    if (this.released) throw new Error("released memory was used");
    const m = this.#list.find(addr);
    if (m === undefined || (m.prot & (write ? 2 : 7)) === 0) throw new BadAddress(addr);
    if (m.object !== undefined) {
      const bytes = m.object.page((m.offset + index * PAGE - m.start) / PAGE) as Uint8Array<ArrayBuffer>;
      return paged(bytes);
    }
    let page = this.#pages.get(index);
    if (page === undefined) {
      page = paged(new Uint8Array(PAGE));
      m.backing?.fill(m.offset + index * PAGE - m.start, page.bytes);
      this.#pages.set(index, page);
      this.peakResidentPages = Math.max(this.peakResidentPages, this.#pages.size);
    }
    if ((m.prot & 2) !== 0) {
      this.#lastIndex = index;
      this.#last = page;
    }
    return page;
  }
  readInto(addr: number, into: Uint8Array): void {
    for (let done = 0; done < into.length;) {
      const at = (addr + done) % PAGE, n = Math.min(PAGE - at, into.length - done);
      into.set(this.#page(addr + done, false).bytes.subarray(at, at + n), done);
      done += n;
    }
  }
  read(addr: number, length: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(length);
    this.readInto(addr, bytes);
    return bytes;
  }
  write(addr: number, bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length;) {
      const at = (addr + done) % PAGE, n = Math.min(PAGE - at, bytes.length - done);
      this.#page(addr + done, true).bytes.set(bytes.subarray(done, done + n), at);
      done += n;
    }
  }
  readForced(addr: number, length: number): Uint8Array<ArrayBuffer> {
    return this.read(addr, length);
  }
  writeForced(addr: number, bytes: Uint8Array): void {
    this.write(addr, bytes);
  }
  accessible(addr: number, length: number, write: boolean): number {
    let at = addr;
    while (at < addr + length) {
      const m = this.#list.find(at);
      if (m === undefined || (m.prot & (write ? 2 : 7)) === 0) break;
      at = m.end;
    }
    return Math.min(length, at - addr);
  }
  withBuffer(addr: number, length: number, write: boolean, use: (view: Uint8Array) => number): number {
    const bytes = this.read(addr, length);
    if (write && this.accessible(addr, length, true) < length) throw new BadAddress(addr);
    const n = use(bytes);
    if (write && n > 0) this.write(addr, bytes.subarray(0, n));
    return n;
  }
  u8(addr: number): number {
    return this.#page(addr, false).bytes[addr % PAGE];
  }
  u16(addr: number): number {
    return this.u8(addr) | (this.u8(addr + 1) << 8);
  }
  u32(addr: number): number {
    if (addr % PAGE <= PAGE - 4) return this.#page(addr, false).view.getUint32(addr % PAGE, true);
    return new DataView(this.read(addr, 4).buffer).getUint32(0, true);
  }
  i32(addr: number): number {
    return this.u32(addr) | 0;
  }
  u64(addr: number): number {
    return this.u32(addr + 4) * 0x100000000 + this.u32(addr);
  }
  i64(addr: number): number {
    return this.i32(addr + 4) * 0x100000000 + this.u32(addr);
  }
  big(addr: number): bigint {
    return (BigInt(this.u32(addr + 4)) << 32n) | BigInt(this.u32(addr));
  }
  setU8(addr: number, value: number): void {
    this.#page(addr, true).bytes[addr % PAGE] = value;
  }
  setU16(addr: number, value: number): void {
    this.setU8(addr, value);
    this.setU8(addr + 1, value >> 8);
  }
  setU32(addr: number, value: number): void {
    if (addr % PAGE <= PAGE - 4) this.#page(addr, true).view.setUint32(addr % PAGE, value, true);
    else this.write(addr, new Uint8Array(Uint32Array.of(value).buffer));
  }
  setU64(addr: number, value: number): void {
    this.setU32(addr, value % 0x100000000);
    this.setU32(addr + 4, Math.floor(value / 0x100000000));
  }
  setBig(addr: number, value: bigint): void {
    this.setU32(addr, Number(value & 0xffffffffn));
    this.setU32(addr + 4, Number((value >> 32n) & 0xffffffffn));
  }
  cstring(addr: number, max: number): Uint8Array | undefined {
    for (let n = 0; n < max; n++) if (this.u8(addr + n) === 0) return this.read(addr, n);
    return undefined;
  }
}

const paged = (bytes: Uint8Array<ArrayBuffer>) => ({ bytes, view: new DataView(bytes.buffer, bytes.byteOffset) });
