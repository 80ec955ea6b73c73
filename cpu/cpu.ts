/**
 * The CPU a task owns: registers in its block of the shadow memory, run by the wasm interpreter. What the interpreter
 * cannot do by itself comes back here as a reason: decode a page, ask the address space about an access, take one
 * step of the reference interpreter. Only what the kernel must see leaves `run`.
 */

import type { HotCode } from "./hot_code.ts";
import type { CodePages } from "./interp/code_memory.ts";
import { decodeFrom, decodeStraddling } from "./interp/decode_page.ts";
import type { Engine } from "./interp/engine.ts";
import { MISS_BYTES, Reason } from "./interp/reasons.ts";
import { Stepper } from "./interp/step.ts";
import {
  BUDGET,
  CODE_MAP,
  F,
  FFLAGS,
  FRM,
  INSTRET,
  INTERRUPT,
  NO_REGIONS,
  PAGE_BITS,
  PC,
  PERM_X,
  PERMS,
  RES_ADDR,
  TRAP_ACCESS,
  TRAP_ADDR,
  X,
  X_SINK,
} from "./layout.ts";
import type { Width } from "./ops.ts";
import { Step } from "./reference/reference.ts";
import { type Cpu, type Fault, Trap } from "./types.ts";

/** What a CPU needs of its address space. */
export interface CpuHost {
  readonly memory: WebAssembly.Memory;
  readonly shadow: WebAssembly.Memory;
  readonly engine: Engine;
  readonly codePages: CodePages;
  /** See `AddressSpace.resolve`. */
  resolve(addr: bigint, access: number): Fault | undefined;
  /** One access with whatever it takes, for pages that never get a permission bit; throws a `MemoryFault`. */
  slowLoad(addr: bigint, width: Width): bigint;
  slowStore(addr: bigint, width: Width, value: bigint): void;
  /** Takes a block back. */
  releaseBlock(block: number): void;
}

/**
 * Instructions per call of the interpreter. V8 puts better code in place only when a function is entered anew, so a
 * long slice is cut; one entry costs about 0.1 µs.
 */
const CHUNK = 1 << 17;
const NO_FAULT: Fault = { signal: "SEGV", code: 0, addr: 0n };
/** Go on running: not a trap. */
const CONTINUE = -1;

export class GuestCpu implements Cpu {
  fault: Fault = NO_FAULT;
  spent = 0;
  #retired = 0;
  /** pc of the last miss that was resolved, and how many instructions had retired: the same again means no progress. */
  #missPc = -1;
  #missRetired = -1;
  /** The shadow memory as words; detached (length 0) after the memory has grown. */
  #view: Int32Array;
  readonly #base: number;
  readonly #stepper: Stepper;
  #released = false;

  /** `block` is a zeroed CPU block in the host's shadow memory. */
  constructor(readonly host: CpuHost, readonly block: number) {
    this.#base = block >> 2;
    this.#view = new Int32Array(host.shadow.buffer);
    this.#stepper = new Stepper(host, block);
    this.clearReservation();
  }

  run(budget: number): Trap {
    if (this.#released) throw new Error("a released CPU was run");
    const { codePages } = this.host;
    const hot = codePages.hot ?? this.#hotCode();
    if (hot !== undefined) return this.#runHot(budget, hot);
    // Records inherited by fork may be marked for translated code that is not here.
    this.#words()[this.#base + (NO_REGIONS >> 2)] = 1;
    const trap = this.#runCold(budget);
    codePages.interpreted += this.spent;
    return trap;
  }

  /** The translated code of the address space, made when the space has run long enough. */
  #hotCode(): HotCode | undefined {
    const { codePages } = this.host;
    const { translate, coldInstructions } = codePages.code;
    if (translate === undefined || codePages.interpreted < coldInstructions) return undefined;
    return codePages.hot = translate(this.host);
  }

  #runCold(budget: number): Trap {
    let left = budget;
    this.spent = 0;
    for (;;) {
      const chunk = left < CHUNK ? left : CHUNK;
      this.#words()[this.#base + (BUDGET >> 2)] = chunk;
      const reason = this.host.engine.run(this.block);
      const retired = chunk - this.#words()[this.#base + (BUDGET >> 2)];
      left -= retired;
      this.#account(retired);
      if (reason === Reason.Syscall) return Trap.Syscall;
      if (reason === Reason.Interrupted) {
        this.#words()[this.#base + (INTERRUPT >> 2)] = 0;
        return Trap.Interrupted;
      }
      if (left === 0) return Trap.BudgetSpent;
      const before = this.spent;
      const trap = this.#serve(reason);
      left -= this.spent - before;
      if (trap !== CONTINUE) return trap as Trap;
    }
  }

  /** The same with translated code: it is entered where the interpreter finds the start of some. */
  #runHot(budget: number, hot: HotCode): Trap {
    let left = budget;
    this.spent = 0;
    hot.cold = 0;
    const at = this.#base;
    for (;;) {
      const words = this.#words();
      const interval = hot.cold > 0 ? hot.cold : hot.untilSample;
      const chunk = left < interval ? left : interval;
      words[at + (BUDGET >> 2)] = chunk;
      words[at + (NO_REGIONS >> 2)] = hot.cold;
      const reason = this.host.engine.run(this.block);
      const retired = chunk - words[at + (BUDGET >> 2)];
      const before = this.spent;
      this.#account(retired);
      if (hot.cold === 0) hot.untilSample -= retired;
      if (reason === Reason.Syscall) return Trap.Syscall;
      if (reason === Reason.Interrupted) {
        words[at + (INTERRUPT >> 2)] = 0;
        return Trap.Interrupted;
      }
      if (reason === Reason.Region && retired < left) this.#enterHot(hot, words, left - retired);
      else if (reason === Reason.BudgetSpent && retired < left && hot.untilSample === 0) {
        this.#sample(hot, left - retired);
      } else if (retired < left) {
        const trap = this.#serve(reason);
        if (trap !== CONTINUE) return trap as Trap;
      }
      left -= this.spent - before;
      if (hot.cold > 0 && reason !== Reason.Region) hot.cold = Math.max(0, hot.cold - (this.spent - before));
      if (left === 0) return Trap.BudgetSpent;
    }
  }

  /** Runs translated code from here; it rounds to nearest. */
  #enterHot(hot: HotCode, words: Int32Array, left: number): void {
    if (words[this.#base + (FRM >> 2)] !== 0) hot.cold = left;
    else if (hot.enter(this.pc)) this.#account(hot.run(this.block, words, left));
  }

  /** Instructions one by one, when the profile asks for it. */
  #sample(hot: HotCode, left: number): void {
    const words = this.#words();
    const at = this.#base;
    let steps = Math.min(hot.sample(this.pc), left);
    if (steps === 0) return;
    words[at + (NO_REGIONS >> 2)] = 1;
    let retired = 0;
    for (; steps > 0; steps--) {
      const from = this.pc;
      words[at + (BUDGET >> 2)] = 1;
      const reason = this.host.engine.run(this.block);
      // A jump into a page without records retires and leaves for another reason.
      retired += 1 - words[at + (BUDGET >> 2)];
      if (reason !== Reason.BudgetSpent) break;
      hot.traced(from, this.pc);
    }
    this.#account(retired);
    hot.endTrace();
  }

  #account(retired: number): void {
    this.spent += retired;
    this.#retired += retired;
    this.#setNumberAt(INSTRET, this.#retired);
  }

  /** Does what the interpreter asked for; a trap or CONTINUE. */
  #serve(reason: number): Trap | typeof CONTINUE {
    switch (reason) {
      case Reason.BudgetSpent:
        return CONTINUE;
      case Reason.NeedCode:
        return this.#needCode();
      case Reason.NeedDecode:
        // A forked child has its parent's records before it has the page itself.
        if (!this.#allows(this.pc >>> PAGE_BITS, PERM_X)) {
          const fault = this.host.resolve(BigInt(this.pc), PERM_X);
          if (fault !== undefined) return this.#raise(fault);
        }
        this.#decode(this.pc);
        return CONTINUE;
      case Reason.Step:
        return this.#step();
      case Reason.Straddle:
        return this.#straddle();
      case Reason.Miss:
        return this.#miss();
      case Reason.Breakpoint:
        return Trap.Breakpoint;
      case Reason.Illegal:
        return Trap.Illegal;
      default:
        throw new Error(`the interpreter left with unknown reason ${reason}`);
    }
  }

  #needCode(): Trap | typeof CONTINUE {
    const pc = this.pc;
    const page = Math.floor(pc / 4096);
    if (!this.#allows(page, PERM_X)) {
      const fault = this.host.resolve(this.#bigAt(PC), PERM_X);
      if (fault !== undefined) return this.#raise(fault);
      if (!this.#allows(page, PERM_X)) return this.#step();
    }
    if (!this.host.codePages.has(page)) this.host.codePages.create(page);
    this.#decode(pc);
    return CONTINUE;
  }

  #decode(pc: number): void {
    const page = pc >>> PAGE_BITS;
    const guest = new DataView(this.host.memory.buffer, page << PAGE_BITS >>> 0, 1 << PAGE_BITS);
    const records = this.#words()[(CODE_MAP >> 2) + page];
    decodeFrom(guest, pc & 0xfff, this.host.codePages.code, records >>> 0);
  }

  /** An instruction across two pages: its record is made if the next page can be read, else it takes a step, which says what is wrong. */
  #straddle(): Trap | typeof CONTINUE {
    const at = this.pc, page = at >>> PAGE_BITS;
    // A forked child may lack both pages still.
    const readable = this.#readable(at) && this.#readable(at + 2);
    if (!readable || !this.host.codePages.has(page)) return this.#step();
    const guest = new DataView(this.host.memory.buffer, at, 4);
    const records = this.#words()[(CODE_MAP >> 2) + page] >>> 0;
    decodeStraddling(guest.getUint16(0, true), guest.getUint16(2, true), this.host.codePages.code, records);
    return CONTINUE;
  }

  /** Whether code can be read there, made so if need be. */
  #readable(at: number): boolean {
    if (!this.#allows(at >>> PAGE_BITS, PERM_X)) this.host.resolve(BigInt(at), PERM_X);
    return this.#allows(at >>> PAGE_BITS, PERM_X);
  }

  /**
   * A load or store found a permission bit clear: resolve it for every page it touches, then let the interpreter
   * retry.
   */
  #miss(): Trap | typeof CONTINUE {
    const addr = this.#bigAt(TRAP_ADDR);
    const access = this.#words()[this.#base + (TRAP_ACCESS >> 2)];
    const bytes = this.#words()[this.#base + (MISS_BYTES >> 2)];
    const last = BigInt.asUintN(64, addr + BigInt(bytes - 1));
    const fault = this.host.resolve(addr, access) ??
      (last >> 12n === addr >> 12n ? undefined : this.host.resolve(last >> 12n << 12n, access));
    if (fault !== undefined) return this.#raise(fault);
    const pc = this.pc;
    const again = pc === this.#missPc && this.#retired === this.#missRetired;
    const ready = this.#allows(Number(addr >> 12n), access) && this.#allows(Number(last >> 12n), access);
    // Pages shared with another VM group never get the bit; a store into the page it runs from loses it again at once.
    if (again || !ready) return this.#step();
    this.#missPc = pc;
    this.#missRetired = this.#retired;
    return CONTINUE;
  }

  #step(): Trap | typeof CONTINUE {
    const step = this.#stepper.step();
    if (step === Step.Ok || step === Step.FenceI || step === Step.Wait) {
      this.#account(1);
      return CONTINUE;
    }
    if (step === Step.Fault) return this.#raise(this.#stepper.fault);
    if (step === Step.Illegal) return Trap.Illegal;
    return step === Step.Syscall ? Trap.Syscall : Trap.Breakpoint;
  }

  #raise(fault: Fault): Trap {
    this.fault = fault;
    return Trap.Fault;
  }

  #allows(page: number, access: number): boolean {
    return page < 1 << 20 && (this.#words()[(PERMS + page) >> 2] >>> 8 * (page & 3) & access) === access;
  }

  get pc(): number {
    return this.#numberAt(PC);
  }
  set pc(value: number) {
    this.#setNumberAt(PC, value);
  }
  x(i: number): bigint {
    return this.#bigAt(X + 8 * i);
  }
  setX(i: number, value: bigint): void {
    this.#setBigAt(i === 0 ? X_SINK : X + 8 * i, value);
  }
  lo(i: number): number {
    return this.#words()[this.#base + (X >> 2) + 2 * i] >>> 0;
  }
  hi(i: number): number {
    return this.#words()[this.#base + (X >> 2) + 2 * i + 1];
  }
  setNumber(i: number, value: number): void {
    this.#setNumberAt(i === 0 ? X_SINK : X + 8 * i, value);
  }
  f(i: number): bigint {
    return this.#bigAt(F + 8 * i);
  }
  setF(i: number, value: bigint): void {
    this.#setBigAt(F + 8 * i, value);
  }
  get fcsr(): number {
    const words = this.#words();
    return words[this.#base + (FRM >> 2)] << 5 | words[this.#base + (FFLAGS >> 2)];
  }
  set fcsr(value: number) {
    const words = this.#words();
    words[this.#base + (FRM >> 2)] = value >>> 5 & 7;
    words[this.#base + (FFLAGS >> 2)] = value & 31;
  }
  get retired(): number {
    return this.#retired;
  }

  /**
   * Integer and floating-point registers, pc and fcsr; not the reservation. `other` may be in another address space.
   */
  copyRegistersFrom(other: Cpu): void {
    if (!(other instanceof GuestCpu)) throw new Error("registers of a foreign kind of CPU");
    const from = other.#words().subarray(other.#base, other.#base + (RES_ADDR >> 2));
    this.#words().set(from, this.#base);
  }

  saveRegisters(to: Int32Array, integers: number, floats: number): void {
    const words = this.#words();
    const x = this.#base + (X >> 2) + 2, f = this.#base + (F >> 2);
    for (let i = 0; i < 62; i++) to[integers + i] = words[x + i];
    for (let i = 0; i < 64; i++) to[floats + i] = words[f + i];
  }
  loadRegisters(from: Int32Array, integers: number, floats: number): void {
    const words = this.#words();
    const x = this.#base + (X >> 2) + 2, f = this.#base + (F >> 2);
    for (let i = 0; i < 62; i++) words[x + i] = from[integers + i];
    for (let i = 0; i < 64; i++) words[f + i] = from[floats + i];
  }

  clearReservation(): void {
    const at = this.#base + (RES_ADDR >> 2);
    const words = this.#words();
    words[at] = -1;
    words[at + 1] = -1;
  }
  get hasReservation(): boolean {
    const at = this.#base + (RES_ADDR >> 2);
    const words = this.#words();
    return words[at] !== -1 || words[at + 1] !== -1;
  }

  interrupt(): void {
    this.#words()[this.#base + (INTERRUPT >> 2)] = 1;
  }

  release(): void {
    if (this.#released) throw new Error("a CPU was released twice");
    this.#released = true;
    this.host.releaseBlock(this.block);
  }

  #words(): Int32Array {
    if (this.#view.length === 0) this.#view = new Int32Array(this.host.shadow.buffer);
    return this.#view;
  }

  /** Unsigned 64-bit field as a number, exact below 2^53. */
  #numberAt(offset: number): number {
    const words = this.#words();
    const at = this.#base + (offset >> 2);
    return (words[at + 1] >>> 0) * 4294967296 + (words[at] >>> 0);
  }

  /** Stores a safe integer, sign-extended. */
  #setNumberAt(offset: number, value: number): void {
    const words = this.#words();
    const at = this.#base + (offset >> 2);
    words[at] = value;
    words[at + 1] = Math.floor(value / 4294967296);
  }

  #bigAt(offset: number): bigint {
    const words = this.#words();
    const at = this.#base + (offset >> 2);
    return BigInt(words[at + 1] >>> 0) << 32n | BigInt(words[at] >>> 0);
  }

  #setBigAt(offset: number, value: bigint): void {
    const words = this.#words();
    const at = this.#base + (offset >> 2);
    words[at] = Number(BigInt.asIntN(32, value));
    words[at + 1] = Number(BigInt.asIntN(32, value >> 32n));
  }
}
