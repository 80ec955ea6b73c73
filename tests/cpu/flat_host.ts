/**
 * The smallest host a CPU can run on: one flat guest memory whose permission bytes the test sets, without any mapping
 * behind them. Used by the CPU's tests; the kernel's host is the address space of
 * `cpu/memory`.
 */

import { type CpuHost, GuestCpu } from "../../cpu/cpu.ts";
import { CodeMemory, CodePages } from "../../cpu/interp/code_memory.ts";
import { createEngine, type Engine } from "../../cpu/interp/engine.ts";
import { BLOCK_SIZE, BLOCKS, PERM_R, PERM_W, PERM_X, PERMS } from "../../cpu/layout.ts";
import type { Width } from "../../cpu/ops.ts";
import { MemoryFault } from "../../cpu/reference/port.ts";
import type { Fault } from "../../cpu/types.ts";

const WASM_PAGE = 65536;

export class FlatHost implements CpuHost {
  readonly memory: WebAssembly.Memory;
  readonly shadow: WebAssembly.Memory;
  readonly engine: Engine;
  readonly codePages: CodePages;
  /** What the test allows, page by page; the permission bytes may be tighter for code pages. */
  readonly allowed = new Uint8Array(1 << 20);
  #nextBlock = BLOCKS;

  /** `bytes` of guest memory from address 0, nothing accessible yet. */
  constructor(bytes: number, readonly code: CodeMemory = new CodeMemory()) {
    this.memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / WASM_PAGE), maximum: WASM_PAGE });
    this.shadow = new WebAssembly.Memory({ initial: BLOCKS / WASM_PAGE + 4, maximum: WASM_PAGE });
    this.engine = createEngine(this.memory, this.shadow, code.memory);
    this.codePages = new CodePages(this.shadow, code);
  }

  newCpu(): GuestCpu {
    const block = this.#nextBlock;
    this.#nextBlock += BLOCK_SIZE;
    return new GuestCpu(this, block);
  }

  /** Sets what pages [first, end) allow, and drops their records. */
  allow(first: number, end: number, permissions: number): void {
    this.codePages.dropRange(first, end);
    this.codePages.hot?.narrowed(first, end);
    this.allowed.fill(permissions, first, end);
    new Uint8Array(this.shadow.buffer, PERMS, 1 << 20).fill(permissions, first, end);
  }

  /** Writes bytes whatever the permissions, as a loader does. */
  poke(addr: number, bytes: Uint8Array): void {
    this.codePages.dropRange(addr >>> 12, (addr + bytes.length + 4095) >>> 12);
    new Uint8Array(this.memory.buffer).set(bytes, addr);
  }

  resolve(addr: bigint, access: number): Fault | undefined {
    const page = Number(addr >> 12n);
    const allowed = page < 1 << 20 ? this.allowed[page] : 0;
    if ((allowed & access) === 0) return { signal: "SEGV", code: allowed === 0 ? 1 : 2, addr };
    if (access === PERM_W) {
      this.codePages.drop(page);
      new Uint8Array(this.shadow.buffer, PERMS)[page] |= PERM_W;
    }
    return undefined;
  }

  slowLoad(addr: bigint, width: Width): bigint {
    this.#require(addr, width, PERM_R);
    const view = new DataView(this.memory.buffer, Number(addr), width / 8);
    return BigInt.asUintN(width, width === 64 ? view.getBigUint64(0, true) : BigInt(this.#narrow(view, width)));
  }

  slowStore(addr: bigint, width: Width, value: bigint): void {
    this.#require(addr, width, PERM_W);
    const bytes = new Uint8Array(this.memory.buffer, Number(addr), width / 8);
    for (let i = 0; i < bytes.length; i++) bytes[i] = Number(value >> BigInt(8 * i) & 255n);
  }

  releaseBlock(): void {}

  #narrow(view: DataView, width: Width): number {
    return width === 8 ? view.getUint8(0) : width === 16 ? view.getUint16(0, true) : view.getUint32(0, true);
  }

  #require(addr: bigint, width: Width, access: number): void {
    const last = BigInt.asUintN(64, addr + BigInt(width / 8 - 1));
    const fault = this.resolve(addr, access) ??
      (last >> 12n === addr >> 12n ? undefined : this.resolve(last >> 12n << 12n, access));
    if (fault) throw new MemoryFault(fault.signal, fault.code, fault.addr, access);
  }
}

export const RWX = PERM_R | PERM_W | PERM_X;
