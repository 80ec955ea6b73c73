/**
 * One step of the reference interpreter on a CPU block, for what the wasm interpreter leaves out: control registers,
 * instructions across two pages, unusual floating point, and accesses to pages that may not be touched directly.
 */

import { PERM_X, PERMS } from "../layout.ts";
import type { Width } from "../ops.ts";
import { CpuBlock, MemoryFault, type MemoryPort } from "../reference/port.ts";
import { Step, stepFault, stepReference } from "../reference/reference.ts";
import type { Fault } from "../types.ts";
import type { CodePages } from "./code_memory.ts";

/** The part of a CPU's host that a step uses; see `CpuHost`. */
export interface StepHost {
  readonly memory: WebAssembly.Memory;
  readonly shadow: WebAssembly.Memory;
  readonly codePages: CodePages;
  resolve(addr: bigint, access: number): Fault | undefined;
  slowLoad(addr: bigint, width: Width): bigint;
  slowStore(addr: bigint, width: Width, value: bigint): void;
}

export class Stepper implements MemoryPort {
  readonly #block: CpuBlock;

  constructor(readonly host: StepHost, block: number) {
    this.#block = new CpuBlock(host.shadow.buffer, block);
  }

  /** Executes the instruction at the block's PC. */
  step(): Step {
    if (this.#block.words.length === 0) this.#block.attach(this.host.shadow.buffer);
    return stepReference(this.#block, this);
  }

  /** The fault of a step that ended in one. */
  get fault(): Fault {
    return stepFault();
  }

  fetch(addr: bigint): number {
    const fault = this.#executable(addr) ? undefined : this.host.resolve(addr, PERM_X);
    if (fault !== undefined) throw new MemoryFault(fault.signal, fault.code, fault.addr, PERM_X);
    if (!this.#executable(addr)) return Number(this.host.slowLoad(addr, 16));
    return new DataView(this.host.memory.buffer).getUint16(Number(addr), true);
  }

  load(addr: bigint, width: Width): bigint {
    return this.host.slowLoad(addr, width);
  }

  store(addr: bigint, width: Width, value: bigint): void {
    this.host.slowStore(addr, width, value);
  }

  time(): number {
    return this.host.codePages.code.clock();
  }

  #executable(addr: bigint): boolean {
    const page = addr >> 12n;
    if (page >= 1n << 20n) return false;
    return (new Uint8Array(this.host.shadow.buffer, PERMS + Number(page), 1)[0] & PERM_X) !== 0;
  }
}
