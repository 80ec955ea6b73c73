/**
 * The function a region becomes: its locals, how deep its open blocks are, and the places where it gives up before an
 * instruction (`leave`). Such a place is a number; where it is and what is dirty there is noted for the dispatcher,
 * so that the way out costs the region nothing: one exit for all of them spills every register.
 */

import { type FloatFrame, INEXACT, type Statements } from "../interp/frame.ts";
import { F, FFLAGS, HOME, JUMP_CACHE, JUMP_CACHE_ENTRIES, PERM_W, RANGE_SLOTS, X } from "../layout.ts";
import { typeByte, type ValueType } from "../wasm/encoding.ts";
import {
  binary,
  type Expr,
  get,
  type I32,
  i32Const,
  type I64,
  load,
  type Local,
  type Memory,
} from "../wasm/expression.ts";
import { memoryArgument } from "../wasm/expression.ts";
import { STORE_OPCODES, type StoreName } from "../wasm/function_builder.ts";
import { type CodeWriter, NO_VALUE, Op } from "./code_writer.ts";

/** Parameters of every region: instructions left, how many calls may nest, and the registers sp, a0 and ra. */
export const BUDGET_LEFT = 0, DEPTH = 1, STACK_POINTER = 2, ARGUMENT = 3, LINK = 4;
const PARAMETERS = 5;
/** Registers that come as parameters, and the one that goes back as a result: they are not in the CPU block then. */
export const PASSED = 1 << 1 | 1 << 2 | 1 << 10;
export const RETURNED = 1 << 10;
/** The place given up at; the target of a jump through a register. */
export const SITE = 5, TARGET = 6;

/** Where regions can give up, over the life of a machine. */
export class Sites {
  readonly pc: number[] = [];
  /** Instructions done but not counted. */
  readonly owed: number[] = [];
  /** Registers whose value is in the local. */
  readonly dirtyX: number[] = [];
  readonly dirtyF: number[] = [];
  #ranges = 0;

  /** The number of a slot for a range; when there are too many, some are used twice, which is only slower. */
  range(): number {
    return this.#ranges++ % RANGE_SLOTS;
  }

  add(pc: number, owed: number, dirtyX: number, dirtyF: number): number {
    this.owed.push(owed);
    this.dirtyX.push(dirtyX);
    this.dirtyF.push(dirtyF);
    return this.pc.push(pc) - 1;
  }
}

const TYPES = ["i32", "i64", "f32", "f64", "v128"] as const;

export class RegionFrame implements FloatFrame, Statements {
  readonly f: Statements = this;
  readonly shadow = { index: 1 } as Memory;
  /** Open blocks around the next instruction; the outermost ends where the region gives up. */
  depth = 0;
  /** The place of the current instruction. Set before it is written. */
  pc = 0;
  owed = 0;
  dirtyX = 0;
  dirtyF = 0;
  #site = -1;
  readonly #types: ValueType[] = [];
  readonly #scratch: Record<ValueType, number[]> = { i32: [], i64: [], f32: [], f64: [], v128: [] };
  readonly #used: Record<ValueType, number> = { i32: 0, i64: 0, f32: 0, f64: 0, v128: 0 };
  /** Registers that stay in the CPU block; those that are in their locals as well, up to the end of the block. */
  inBlock = 0;
  #loaded = 0;
  #blockDepth = 0;
  /** Local of each register, or 0. */
  readonly #x = new Int32Array(32);
  readonly #f = new Int32Array(32);
  /** The slots of registers that share one, plus one; for writing 32 later. */
  readonly #ranges = new Int32Array(64);

  constructor(readonly w: CodeWriter, readonly sites: Sites, readonly fuses: boolean) {}

  begin(): void {
    this.depth = 0;
    this.#types.length = 0;
    for (const type of TYPES) this.#scratch[type].length = 0;
    this.#x.fill(0);
    this.#f.fill(0);
    this.#ranges.fill(0);
    this.#x[1] = LINK;
    this.#x[2] = STACK_POINTER;
    this.#x[10] = ARGUMENT;
    this.#new("i32");
    this.#new("i64");
    this.beginInstruction();
  }

  beginInstruction(): void {
    this.#site = -1;
    this.#used.i32 =
      this.#used.i64 =
      this.#used.f32 =
      this.#used.f64 =
      this.#used.v128 =
        0;
  }

  #new(type: ValueType): number {
    return PARAMETERS + this.#types.push(type) - 1;
  }

  /** The local of a register: those in the CPU block have one for the block being written. */
  x(register: number): number {
    return this.#x[register] ||= this.#new("i64");
  }
  /** A basic block begins: no register of the CPU block is in its local. */
  beginBlock(): void {
    this.#loaded = 0;
    this.#blockDepth = this.depth;
  }
  #isInBlock(register: number): boolean {
    return (this.inBlock >>> register & 1) === 1;
  }
  #isInLocal(register: number): boolean {
    return ((~this.inBlock | this.#loaded) >>> register & 1) === 1;
  }
  /** Writes code that reads an integer register. */
  getX(register: number): void {
    const { w } = this;
    if (this.#isInLocal(register)) return w.get(this.x(register));
    w.i32(0);
    w.shadow(Op.I64Load, HOME + X + 8 * register);
    // Under a condition it is not there for what comes after.
    if (this.depth !== this.#blockDepth) return;
    w.tee(this.x(register));
    this.#loaded |= 1 << register;
  }
  /** The same as an expression. */
  readX(register: number): I64 {
    if (!this.#isInLocal(register)) return load("i64.load", this.shadow, i32Const(0), HOME + X + 8 * register);
    return get({ type: "i64", index: this.x(register) } as Local<"i64">);
  }
  /** Writes code that assigns to it what `value` writes code for. */
  setX(register: number, value: () => void): void {
    const { w } = this;
    if (!this.#isInBlock(register)) {
      value();
      return w.set(this.x(register));
    }
    w.i32(0);
    value();
    w.tee(this.x(register));
    w.shadow(Op.I64Store, HOME + X + 8 * register);
    this.#loaded |= 1 << register;
  }
  fp(register: number): number {
    return this.#f[register] ||= this.#new("f64");
  }
  /** The slot of the range for a check of an access through a base register that shares one, or not. */
  range(register: number, need: number, shares: boolean): number {
    if (!shares) return this.sites.range();
    return (this.#ranges[need === PERM_W ? register + 32 : register] ||= this.sites.range() + 1) - 1;
  }
  /** A local of the type that is free until the next instruction. */
  temporary(type: ValueType): number {
    const pool = this.#scratch[type];
    const n = this.#used[type]++;
    if (n === pool.length) pool.push(this.#new(type));
    return pool[n];
  }

  /** From the CPU block. */
  loadRegisters(maskX: number, maskF: number): void {
    const { w } = this;
    for (let mask = maskX & ~1; mask !== 0; mask &= mask - 1) {
      const r = 31 - Math.clz32(mask & -mask);
      w.i32(0);
      w.shadow(Op.I64Load, HOME + X + 8 * r);
      w.set(this.x(r));
    }
    for (let mask = maskF; mask !== 0; mask &= mask - 1) {
      const r = 31 - Math.clz32(mask & -mask);
      w.i32(0);
      w.shadow(Op.F64Load, HOME + F + 8 * r);
      w.set(this.fp(r));
    }
  }

  /** To the CPU block, integer registers from offset `x` of it, the others from `f`. */
  storeRegisters(maskX: number, maskF: number, x: number, f: number): void {
    const { w } = this;
    for (let mask = maskX & ~1; mask !== 0; mask &= mask - 1) {
      const r = 31 - Math.clz32(mask & -mask);
      w.i32(0);
      w.get(this.x(r));
      w.shadow(Op.I64Store, HOME + x + 8 * r);
    }
    for (let mask = maskF; mask !== 0; mask &= mask - 1) {
      const r = 31 - Math.clz32(mask & -mask);
      w.i32(0);
      w.get(this.fp(r));
      w.shadow(Op.F64Store, HOME + f + 8 * r);
    }
  }

  /** Table index of the code at TARGET by the jump cache; 0, where there is code that comes straight back. */
  lookUpTarget(): void {
    const { w } = this;
    const entry = this.temporary("i32");
    w.get(TARGET);
    w.byte(Op.I32Wrap);
    w.i32(1);
    w.byte(Op.I32ShrU);
    w.i32(JUMP_CACHE_ENTRIES - 1);
    w.byte(Op.I32And);
    w.i32(3);
    w.byte(Op.I32Shl);
    w.tee(entry);
    w.shadow(Op.I32Load, JUMP_CACHE + 4);
    w.i32(0);
    w.get(entry);
    w.shadow(0x35, JUMP_CACHE); // i64.load32_u
    w.get(TARGET);
    w.byte(Op.I64Eq);
    w.byte(Op.Select);
  }

  /** The declarations of the locals, as a function body begins. */
  writeLocals(w: CodeWriter): void {
    let runs = 0;
    const types = this.#types;
    for (let i = 0; i < types.length; i++) if (i === 0 || types[i] !== types[i - 1]) runs++;
    w.unsigned(runs);
    for (let i = 0; i < types.length;) {
      let end = i + 1;
      while (end < types.length && types[end] === types[i]) end++;
      w.unsigned(end - i);
      w.byte(typeByte(types[i]));
      i = end;
    }
  }

  /** Says which place it is, in case the instruction gives up. Once per instruction is enough. */
  markSite(): void {
    if (this.#site < 0) this.#site = this.sites.add(this.pc, this.owed, this.dirtyX, this.dirtyF);
    this.w.i32(this.#site);
    this.w.set(SITE);
  }

  /** Depth of the place where the region gives up. */
  get exit(): number {
    return this.depth - 1;
  }

  // ---- what the floating-point emitter asks for -----------------------------------------------------------------
  scratch<T extends ValueType>(type: T): Local<T> {
    return { type, index: this.temporary(type) } as Local<T>;
  }
  keep<T extends ValueType>(value: Expr<T>): Expr<T> {
    const local = this.scratch(value.type);
    this.set(local, value);
    return get(local);
  }
  leave(): void {
    this.markSite();
    this.w.br(this.exit);
  }
  /** Translated code runs only while frm says to-nearest, and other static modes stay outside. */
  requireNearest(): void {}
  inexact(): I32 {
    return binary("i32.and", load("i32.load", this.shadow, i32Const(0), HOME + FFLAGS), i32Const(INEXACT));
  }
  accrueInexact(): void {
    const flags = load("i32.load", this.shadow, i32Const(0), HOME + FFLAGS);
    this.store("i32.store", this.shadow, i32Const(0), binary("i32.or", flags, i32Const(INEXACT)), HOME + FFLAGS);
  }
  mayFuse(): I32 {
    return this.fuses ? this.inexact() : i32Const(0);
  }
  usually(condition: I32, then: () => void): void {
    this.w.code(condition.code);
    this.open();
    then();
    this.close();
  }

  set<T extends ValueType>(local: Local<T>, value: Expr<T>): void {
    this.w.code(value.code);
    this.w.set(local.index);
  }
  /** Opens an `if` block. */
  open(): void {
    this.w.byte(Op.If);
    this.w.byte(NO_VALUE);
    this.depth++;
  }
  /** The same for a condition that hardly ever holds. */
  openRarely(): void {
    this.w.unlikely.push(this.w.at);
    this.open();
  }
  close(): void {
    this.depth--;
    this.w.byte(Op.End);
  }
  if(condition: I32, then: () => void, otherwise?: () => void): void {
    const { w } = this;
    w.code(condition.code);
    // All that the floating-point emitter does under a condition is rare, once inexact has accrued.
    this.openRarely();
    then();
    if (otherwise !== undefined) {
      w.byte(Op.Else);
      otherwise();
    }
    this.close();
  }
  store(name: StoreName, memory: Memory, address: I32, value: Expr, offset = 0): void {
    const { w } = this;
    w.code(address.code);
    w.code(value.code);
    w.byte(STORE_OPCODES[name][1]);
    w.code(memoryArgument(memory, offset));
  }
}
