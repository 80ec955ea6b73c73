/**
 * The instance of the operation algebra that writes translated code: registers are locals, immediates and addresses
 * are constants. A value is the number of a node, written out when it is used; nodes live in typed arrays until the
 * next instruction. Rare operations go through the interpreter's emitters, whose result is a node too.
 */

import {
  byteSwap,
  divide,
  divideUnsigned,
  mulhUnsigned,
  orCombine,
  remainder,
  remainderUnsigned,
  signCorrection,
} from "../interp/emit_arithmetic.ts";
import { FloatEmitter } from "../interp/emit_float.ts";
import { PERM_R, PERM_W } from "../layout.ts";
import type { AmoOp, Format, IntType, Ops, Width } from "../ops.ts";
import type { Decoded } from "../rv64/decode.ts";
import { binary, type Expr, get, type I64, i64Const, type Local, unary } from "../wasm/expression.ts";
import { AccessPlan } from "./access_plan.ts";
import { Op } from "./code_writer.ts";
import type { RegionFrame } from "./region_frame.ts";
import { LOADS_SIGNED, LOADS_UNSIGNED, RegionMemory, STORES } from "./region_memory.ts";

/** Kinds of nodes. */
const Node = {
  Const: 0,
  Big: 1,
  X: 2,
  F: 3,
  Local: 4,
  Unary: 5,
  Binary: 6,
  Select: 7,
  Bit: 8,
  Load: 9,
  Expr: 10,
  /** The low 32 bits of `a`, extended with their sign or with zeros. */
  SignedWord: 11,
  UnsignedWord: 12,
} as const;

/** Operations whose low 32 bits follow from those of their operands. */
const NARROW = new Map<number, number>([
  [Op.I64Add, Op.I32Add],
  [Op.I64Sub, Op.I32Sub],
  [Op.I64Mul, Op.I32Mul],
  [Op.I64And, Op.I32And],
  [Op.I64Or, Op.I32Or],
  [Op.I64Xor, Op.I32Xor],
]);
/** Loads of i32 by loads of i64. */
const NARROW_LOADS = new Map<number, number>([
  [0x29, 0x28],
  [0x30, 0x2c],
  [0x31, 0x2d],
  [0x32, 0x2e],
  [0x33, 0x2f],
  [0x34, 0x28],
  [0x35, 0x28],
]);

const MAX_NODES = 256;

export class RegionOps implements Ops<number, number> {
  d!: Decoded;
  /** What the instruction does to control: the condition of a branch, the target of a jump. */
  condition = -1;
  target = -1;
  /** Registers that hold the sign extension of 32 bits, as far as the block shows. */
  words = 0;
  /** Registers whose value the block shows, and the values. */
  known = 0;
  readonly #values = new Float64Array(32);
  readonly plan = new AccessPlan();
  readonly memory: RegionMemory;
  #pc = 0;
  #nodes = 0;
  readonly #kind = new Uint8Array(MAX_NODES);
  /** Opcode, register, local. */
  readonly #op = new Int32Array(MAX_NODES);
  readonly #a = new Float64Array(MAX_NODES);
  readonly #b = new Int32Array(MAX_NODES);
  readonly #objects: (bigint | Expr | undefined)[] = [];
  #float: FloatEmitter;
  readonly #floats: FloatEmitter[];

  constructor(readonly frame: RegionFrame) {
    this.memory = new RegionMemory(frame, this.plan, (n) => this.write(n));
    this.#floats = Array.from({ length: 8 }, (_, rm) => new FloatEmitter(frame, rm === 0 ? 7 : rm));
    this.#float = this.#floats[7];
  }

  begin(d: Decoded, pc: number, index: number): void {
    this.d = d;
    this.memory.begin(d, index);
    this.#pc = pc;
    this.#nodes = 0;
    this.condition = this.target = -1;
    this.#float = this.#floats[d.rm];
    this.frame.beginInstruction();
  }

  // ---- nodes -----------------------------------------------------------------------------------------------------
  #node(kind: number, op: number, a: number, b: number): number {
    const n = this.#nodes++;
    if (n === MAX_NODES) throw new Error(`${this.d.row.name}: too many operations`);
    this.#kind[n] = kind;
    this.#op[n] = op;
    this.#a[n] = a;
    this.#b[n] = b;
    return n;
  }
  #constant(value: number): number {
    return this.#node(Node.Const, 0, value, 0);
  }
  #isConstant(n: number): boolean {
    return this.#kind[n] === Node.Const;
  }
  #unary(op: number, a: number): number {
    return this.#node(Node.Unary, op, a, 0);
  }
  #binary(op: number, a: number, b: number): number {
    return this.#node(Node.Binary, op, a, b);
  }
  #local(index: number): number {
    return this.#node(Node.Local, index, 0, 0);
  }
  #expr(value: Expr): number {
    const n = this.#node(Node.Expr, 0, 0, 0);
    this.#objects[n] = value;
    return n;
  }

  /** Writes the code that leaves the value on the stack: i64, or i32 for a truth value. */
  write(n: number): void {
    const { w } = this.frame;
    switch (this.#kind[n]) {
      case Node.Const:
        return w.i64(this.#a[n]);
      case Node.Big:
        w.byte(Op.I64Const);
        return w.signedBig(this.#objects[n] as bigint);
      case Node.X:
        return this.frame.getX(this.#op[n]);
      case Node.F:
        w.get(this.frame.fp(this.#op[n]));
        return w.byte(Op.I64OfF64);
      case Node.Local:
        return w.get(this.#op[n]);
      case Node.Unary:
        this.write(this.#a[n]);
        return w.byte(this.#op[n]);
      case Node.Binary:
        this.write(this.#a[n]);
        this.write(this.#b[n]);
        return w.byte(this.#op[n]);
      case Node.Select:
        this.write(this.#a[n]);
        this.write(this.#b[n]);
        this.write(this.#op[n]);
        return w.byte(Op.Select);
      case Node.Bit:
        this.write(this.#a[n]);
        return w.byte(Op.I64ExtendU);
      case Node.Load:
        w.get(this.#b[n]);
        w.byte(Op.I32Wrap);
        return w.guest(this.#op[n]);
      case Node.SignedWord:
        this.#writeNarrow(this.#a[n]);
        // What a logical shift has moved to the right is not negative, and zeros come for free.
        return w.byte(
          this.#narrowShift(this.#a[n]) === Op.I32ShrU && this.#shiftOf(this.#a[n]) > 0 ? Op.I64ExtendU : Op.I64ExtendS,
        );
      case Node.UnsignedWord:
        this.#writeNarrow(this.#a[n]);
        return w.byte(Op.I64ExtendU);
      default:
        w.code((this.#objects[n] as Expr).code);
    }
  }

  /** The low 32 bits, as i32. */
  #writeNarrow(n: number): void {
    const { w } = this.frame;
    const kind = this.#kind[n];
    if (kind === Node.Const) return w.i32(this.#a[n]);
    if (kind === Node.Bit || kind === Node.SignedWord || kind === Node.UnsignedWord) {
      return kind === Node.Bit ? this.write(this.#a[n]) : this.#writeNarrow(this.#a[n]);
    }
    if (kind === Node.Load) {
      w.get(this.#b[n]);
      w.byte(Op.I32Wrap);
      return w.guest(NARROW_LOADS.get(this.#op[n])!);
    }
    if (kind === Node.Unary && (this.#op[n] === Op.I64Extend8S || this.#op[n] === Op.I64Extend16S)) {
      this.#writeNarrow(this.#a[n]);
      return w.byte(this.#op[n] === Op.I64Extend8S ? Op.I32Extend8S : Op.I32Extend16S);
    }
    const op = kind === Node.Binary ? NARROW.get(this.#op[n]) ?? this.#narrowShift(n) : undefined;
    if (op === undefined) {
      this.write(n);
      return w.byte(Op.I32Wrap);
    }
    this.#writeNarrow(this.#a[n]);
    this.#writeNarrow(this.#b[n]);
    w.byte(op);
  }

  /** The 32-bit shift that does what this shift of a word by less than 32 does, if it is one. */
  #narrowShift(n: number): number | undefined {
    if (this.#kind[n] !== Node.Binary || !this.#isLessThan32(this.#b[n])) return undefined;
    const of = this.#kind[this.#a[n]];
    switch (this.#op[n]) {
      case Op.I64Shl:
        return Op.I32Shl;
      case Op.I64ShrU:
        return of === Node.UnsignedWord ? Op.I32ShrU : undefined;
      case Op.I64ShrS:
        return of === Node.SignedWord ? Op.I32ShrS : undefined;
    }
  }
  #isLessThan32(n: number): boolean {
    if (this.#isConstant(n)) return this.#a[n] >= 0 && this.#a[n] < 32;
    return this.#kind[n] === Node.Binary && this.#op[n] === Op.I64And && this.#isConstant(this.#b[n]) &&
      this.#a[this.#b[n]] === 31;
  }
  /** A constant number of places, else 0. */
  #shiftOf(n: number): number {
    return this.#isConstant(this.#b[n]) ? this.#a[this.#b[n]] : 0;
  }

  /** The value is the sign extension of its low 32 bits. */
  #isWord(n: number): boolean {
    const a = this.#a[n], b = this.#b[n], op = this.#op[n];
    switch (this.#kind[n]) {
      case Node.Const:
        return a === (a | 0);
      case Node.X:
        return (this.words >>> op & 1) === 1;
      case Node.Bit:
      case Node.SignedWord:
        return true;
      case Node.Load:
        return op !== 0x29 && op !== 0x35;
      case Node.Unary:
        return op === Op.I64Extend8S || op === Op.I64Extend16S;
      case Node.Binary:
        if (op === Op.I64And && this.#isConstant(b) && this.#a[b] >= 0 && this.#a[b] <= 0x7fffffff) return true;
        if (op === Op.I64And || op === Op.I64Or || op === Op.I64Xor) return this.#isWord(a) && this.#isWord(b);
        if (op === Op.I64ShrS) return this.#isWord(a);
        return op === Op.I64ShrU && this.#isConstant(b) && this.#a[b] > 32;
      default:
        return false;
    }
  }

  /** The same, as the f64 with these bits. */
  #writeFloat(n: number): void {
    const { w } = this.frame;
    const kind = this.#kind[n];
    if (kind === Node.F) return w.get(this.frame.fp(this.#op[n]));
    if (kind === Node.Load && this.#op[n] === Op.I64Load) {
      w.get(this.#b[n]);
      w.byte(Op.I32Wrap);
      return w.guest(Op.F64Load);
    }
    const bits = kind === Node.Expr ? (this.#objects[n] as Expr).bitsOf : undefined;
    if (bits !== undefined) return w.code(bits.code);
    this.write(n);
    w.byte(Op.F64OfI64);
  }

  constantOf(n: number): number | undefined {
    return this.#isConstant(n) ? this.#a[n] : undefined;
  }

  /** The value as an expression that is cheap to repeat. */
  #asExpr(n: number): I64 {
    const kind = this.#kind[n];
    if (kind === Node.Const) return i64Const(this.#a[n]);
    if (kind === Node.X) return this.frame.readX(this.#op[n]);
    if (kind === Node.F) return unary("i64.reinterpret_f64", get(localOf("f64", this.frame.fp(this.#op[n]))));
    return get(localOf("i64", this.#op[this.let(n)]));
  }

  // ---- operands --------------------------------------------------------------------------------------------------
  imm(): number {
    return this.#constant(this.d.imm);
  }
  pc(): number {
    return this.#constant(this.#pc);
  }
  next(): number {
    return this.#constant(this.#pc + this.d.length);
  }
  k(value: bigint | number): number {
    if (typeof value === "number") return this.#constant(value);
    const n = this.#node(Node.Big, 0, 0, 0);
    this.#objects[n] = BigInt.asIntN(64, value);
    return n;
  }
  x(field: "rs1" | "rs2"): number {
    const register = this.d[field];
    if (register === 0) return this.#constant(0);
    return this.known >>> register & 1 ? this.#constant(this.#values[register]) : this.#node(Node.X, register, 0, 0);
  }
  setRd(value: number): void {
    const bit = 1 << this.d.rd & ~1;
    if (bit === 0) return;
    const isWord = this.#isWord(value);
    this.frame.setX(this.d.rd, () => this.write(value));
    this.known = this.#isConstant(value) ? this.known | bit : this.known & ~bit;
    if (this.known & bit) this.#values[this.d.rd] = this.#a[value];
    this.words = isWord ? this.words | bit : this.words & ~bit;
  }
  f(field: "rs1" | "rs2" | "rs3"): number {
    return this.#node(Node.F, this.d[field], 0, 0);
  }
  setF(value: number): void {
    this.#writeFloat(value);
    this.frame.w.set(this.frame.fp(this.d.rd));
  }
  let(value: number): number {
    if (this.#isConstant(value)) return value;
    const local = this.frame.temporary("i64");
    this.write(value);
    this.frame.w.set(local);
    return this.#local(local);
  }

  // ---- integers --------------------------------------------------------------------------------------------------
  add(a: number, b: number): number {
    if (this.#isConstant(b)) {
      if (this.#a[b] === 0) return a;
      const sum = this.#isConstant(a) ? this.#a[a] + this.#a[b] : Infinity;
      // Far from where doubles and 64 bits end.
      if (Math.abs(sum) < 2 ** 48) return this.#constant(sum);
    } else if (this.#isConstant(a) && this.#a[a] === 0) return b;
    return this.#binary(Op.I64Add, a, b);
  }
  sub(a: number, b: number): number {
    return this.#binary(Op.I64Sub, a, b);
  }
  mul(a: number, b: number): number {
    return this.#binary(Op.I64Mul, a, b);
  }
  mulh(a: number, b: number): number {
    const [x, y] = [this.#asExpr(a), this.#asExpr(b)];
    const high = binary("i64.sub", mulhUnsigned(this.frame, x, y), signCorrection(x, y));
    return this.#expr(binary("i64.sub", high, signCorrection(y, x)));
  }
  mulhu(a: number, b: number): number {
    return this.#expr(mulhUnsigned(this.frame, this.#asExpr(a), this.#asExpr(b)));
  }
  mulhsu(a: number, b: number): number {
    const [x, y] = [this.#asExpr(a), this.#asExpr(b)];
    return this.#expr(binary("i64.sub", mulhUnsigned(this.frame, x, y), signCorrection(x, y)));
  }
  div(a: number, b: number): number {
    return this.#expr(divide(this.#asExpr(a), this.#asExpr(b)));
  }
  divu(a: number, b: number): number {
    return this.#expr(divideUnsigned(this.#asExpr(a), this.#asExpr(b)));
  }
  rem(a: number, b: number): number {
    return this.#expr(remainder(this.#asExpr(a), this.#asExpr(b)));
  }
  remu(a: number, b: number): number {
    return this.#expr(remainderUnsigned(this.#asExpr(a), this.#asExpr(b)));
  }
  and(a: number, b: number): number {
    const small = this.#isConstant(a) && this.#isConstant(b) && this.#a[a] === (this.#a[a] | 0);
    if (small && this.#a[b] === (this.#a[b] | 0)) return this.#constant(this.#a[a] & this.#a[b]);
    return this.#binary(Op.I64And, a, b);
  }
  or(a: number, b: number): number {
    return this.#binary(Op.I64Or, a, b);
  }
  xor(a: number, b: number): number {
    return this.#binary(Op.I64Xor, a, b);
  }
  not(a: number): number {
    return this.#binary(Op.I64Xor, a, this.#constant(-1));
  }
  shl(a: number, b: number): number {
    return this.#binary(Op.I64Shl, a, b);
  }
  shr(a: number, b: number): number {
    return this.#binary(Op.I64ShrU, a, b);
  }
  sar(a: number, b: number): number {
    const n = this.#binary(Op.I64ShrS, a, b);
    return this.#narrowShift(n) === undefined ? n : this.#node(Node.SignedWord, 0, n, 0);
  }
  rotl(a: number, b: number): number {
    return this.#binary(Op.I64Rotl, a, b);
  }
  rotr(a: number, b: number): number {
    return this.#binary(Op.I64Rotr, a, b);
  }
  clz(a: number): number {
    return this.#unary(Op.I64Clz, a);
  }
  ctz(a: number): number {
    return this.#unary(Op.I64Ctz, a);
  }
  popcnt(a: number): number {
    return this.#unary(Op.I64Popcnt, a);
  }
  sext(a: number, width: 8 | 16 | 32): number {
    if (width === 32) return this.#isWord(a) ? a : this.#node(Node.SignedWord, 0, a, 0);
    return this.#unary(width === 8 ? Op.I64Extend8S : Op.I64Extend16S, a);
  }
  zext(a: number, width: 8 | 16 | 32): number {
    if (width === 32) return this.#node(Node.UnsignedWord, 0, a, 0);
    return this.#binary(Op.I64And, a, this.#constant(2 ** width - 1));
  }
  bswap(a: number): number {
    return this.#expr(byteSwap(this.frame, this.#asExpr(a)));
  }
  orcb(a: number): number {
    return this.#expr(orCombine(this.#asExpr(a)));
  }

  eq(a: number, b: number): number {
    return this.#isZero(b) ? this.#unary(Op.I64Eqz, a) : this.#binary(Op.I64Eq, a, b);
  }
  ne(a: number, b: number): number {
    return this.#isZero(b) ? this.#unary(Op.I32Eqz, this.#unary(Op.I64Eqz, a)) : this.#binary(Op.I64Ne, a, b);
  }
  lt(a: number, b: number): number {
    return this.#binary(Op.I64LtS, a, b);
  }
  ltu(a: number, b: number): number {
    return this.#binary(Op.I64LtU, a, b);
  }
  ge(a: number, b: number): number {
    return this.#binary(Op.I64GeS, a, b);
  }
  geu(a: number, b: number): number {
    return this.#binary(Op.I64GeU, a, b);
  }
  select(c: number, whenTrue: number, whenFalse: number): number {
    return this.#node(Node.Select, c, whenTrue, whenFalse);
  }
  bit(c: number): number {
    return this.#node(Node.Bit, 0, c, 0);
  }
  #isZero(n: number): boolean {
    return this.#isConstant(n) && this.#a[n] === 0;
  }

  // ---- control: the region writer does it -------------------------------------------------------------------------
  jump(target: number): void {
    this.target = target;
  }
  branch(c: number): void {
    this.condition = c;
  }
  trap(): void {
    throw new Error(`${this.d.row.name} is the interpreter's`);
  }
  csr(): number {
    throw new Error(`${this.d.row.name} is the interpreter's`);
  }
  zimm(): number {
    throw new Error(`${this.d.row.name} is the interpreter's`);
  }

  // ---- memory ----------------------------------------------------------------------------------------------------
  load(width: Width, signed: boolean, addr: number): number {
    const address = this.memory.checked(addr, width, PERM_R);
    return this.#node(Node.Load, (signed ? LOADS_SIGNED : LOADS_UNSIGNED)[width], 0, address);
  }

  store(width: Width, addr: number, value: number): void {
    const { w } = this.frame;
    w.get(this.memory.checked(addr, width, PERM_W));
    w.byte(Op.I32Wrap);
    if (width === 64 && this.#kind[value] === Node.F) {
      this.#writeFloat(value);
      return w.guest(Op.F64Store);
    }
    this.write(value);
    w.guest(STORES[width]);
  }

  amo(op: AmoOp, width: 32 | 64, addr: number, value: number): number {
    const operand = this.#asExpr(this.let(width === 32 ? this.sext(value, 32) : value));
    return this.#local(this.memory.amo(op, width, addr, operand));
  }
  lr(width: 32 | 64, addr: number): number {
    return this.#local(this.memory.lr(width, addr));
  }
  sc(width: 32 | 64, addr: number, value: number): number {
    return this.#local(this.memory.sc(width, addr, value));
  }

  // ---- floating point --------------------------------------------------------------------------------------------
  unbox(raw: number): number {
    return this.#expr(unary("i64.extend_i32_u", this.#float.unbox(this.#asExpr(raw))));
  }
  box(bits: number): number {
    return this.#binary(Op.I64Or, bits, this.#constant(-0x1_0000_0000));
  }
  farith(op: "add" | "sub" | "mul" | "div", fmt: Format, a: number, b: number): number {
    return this.#expr(this.#float.arith(op, fmt, this.#asExpr(a), this.#asExpr(b)));
  }
  fsqrt(fmt: Format, a: number): number {
    return this.#expr(this.#float.sqrt(fmt, this.#asExpr(a)));
  }
  fma(fmt: Format, a: number, b: number, c: number, negateProduct: boolean, negateAddend: boolean): number {
    const operands = [this.#asExpr(a), this.#asExpr(b), this.#asExpr(c)] as const;
    return this.#expr(this.#float.fma(fmt, ...operands, negateProduct, negateAddend));
  }
  fminmax(op: "min" | "max", fmt: Format, a: number, b: number): number {
    return this.#expr(this.#float.minmax(op, fmt, this.#asExpr(a), this.#asExpr(b)));
  }
  fcmp(op: "eq" | "lt" | "le", fmt: Format, a: number, b: number): number {
    return this.#expr(this.#float.compare(op, fmt, this.#asExpr(a), this.#asExpr(b)));
  }
  fclass(fmt: Format, a: number): number {
    return this.#expr(this.#float.classify(fmt, this.#asExpr(a)));
  }
  fToInt(fmt: Format, to: IntType, a: number): number {
    return this.#expr(this.#float.toInt(fmt, to, this.#asExpr(a)));
  }
  intToF(fmt: Format, from: IntType, a: number): number {
    return this.#expr(this.#float.fromInt(fmt, from, this.#asExpr(a)));
  }
  fToF(to: Format, from: Format, a: number): number {
    return this.#expr(this.#float.convert(to, from, this.#asExpr(a)));
  }
}

function localOf<T extends "i64" | "f64">(type: T, index: number): Local<T> {
  return { type, index } as Local<T>;
}
