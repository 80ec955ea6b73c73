/** What the reference interpreter needs from the world around it: guest memory that may fault, and a CPU block to work on. */
import type { Width } from "../ops.ts";
import type { Fault } from "../types.ts";
import { F, PC, X } from "../layout.ts";

/** A fault that an access raises, thrown by a `MemoryPort`. A value, not an Error: no stack is captured. */
export class MemoryFault implements Fault {
  constructor(
    readonly signal: Fault["signal"],
    readonly code: number,
    readonly addr: bigint,
    /** The PERM_* bit that was missing. */
    readonly access: number,
  ) {}
}

export const BUS_ADRALN = 1;

/** Guest memory. Addresses are unsigned 64-bit; values are unsigned, of the access's width. Misaligned is allowed. Faults are thrown. */
export interface MemoryPort {
  /** Halfword of code at an even address, as a number. */
  fetch(addr: bigint): number;
  load(addr: bigint, width: Width): bigint;
  /** Bits of `value` above the width are ignored. All or nothing: a store that faults changes no byte. */
  store(addr: bigint, width: Width, value: bigint): void;
  /** What rdtime reads, ns; 0 when absent. */
  time?(): number;
}

/** The registers of one CPU: its block in the shadow memory. The views must be replaced when that memory grows. */
export class CpuBlock {
  words!: BigUint64Array;
  halves!: Uint32Array;

  /** `address` is the block's byte address in the shadow memory, a multiple of 8. */
  constructor(shadow: ArrayBufferLike, readonly address: number) {
    this.attach(shadow);
  }

  attach(shadow: ArrayBufferLike): void {
    this.words = new BigUint64Array(shadow);
    this.halves = new Uint32Array(shadow);
  }

  /** The u64 or u32 at a byte offset of `cpu/layout.ts`. */
  get64(offset: number): bigint {
    return this.words[this.address + offset >>> 3];
  }

  set64(offset: number, value: bigint): void {
    this.words[this.address + offset >>> 3] = value;
  }

  get32(offset: number): number {
    return this.halves[this.address + offset >>> 2];
  }

  set32(offset: number, value: number): void {
    this.halves[this.address + offset >>> 2] = value;
  }

  x(index: number): bigint {
    return this.get64(X + 8 * index);
  }

  setX(index: number, value: bigint): void {
    if (index !== 0) this.set64(X + 8 * index, value);
  }

  f(index: number): bigint {
    return this.get64(F + 8 * index);
  }

  setF(index: number, value: bigint): void {
    this.set64(F + 8 * index, value);
  }

  get pc(): bigint {
    return this.get64(PC);
  }

  set pc(value: bigint) {
    this.set64(PC, value);
  }
}
