/**
 * The instance of the operation algebra that writes translated code: registers are locals, immediates and addresses
 * are constants, values are nodes (`values.ts`). Rare operations go through the interpreter's emitters, whose result is
 * a node too.
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
import { binary, unary } from "../wasm/expression.ts";
import { AccessPlan } from "./access_plan.ts";
import { Op } from "./code_writer.ts";
import type { RegionFrame } from "./region_frame.ts";
import { Node, Values } from "./values.ts";
import { LOADS_SIGNED, LOADS_UNSIGNED, RegionMemory, STORES } from "./region_memory.ts";

export class RegionOps extends Values implements Ops<number, number> {
  d!: Decoded;
  /** What the instruction does to control: the condition of a branch, the target of a jump. */
  condition = -1;
  target = -1;
  readonly plan = new AccessPlan();
  readonly memory: RegionMemory;
  #pc = 0;
  #float: FloatEmitter;
  readonly #floats: FloatEmitter[];

  constructor(frame: RegionFrame) {
    super(frame);
    this.memory = new RegionMemory(frame, this.plan, (n) => this.write(n));
    this.#floats = Array.from({ length: 8 }, (_, rm) => new FloatEmitter(frame, rm === 0 ? 7 : rm));
    this.#float = this.#floats[7];
  }

  begin(d: Decoded, pc: number, index: number): void {
    this.d = d;
    this.memory.begin(d, index);
    this.#pc = pc;
    this.count = 0;
    this.condition = this.target = -1;
    this.#float = this.#floats[d.rm];
    this.frame.beginInstruction();
  }

  // ---- operands --------------------------------------------------------------------------------------------------
  imm(): number {
    return this.constant(this.d.imm);
  }
  pc(): number {
    return this.constant(this.#pc);
  }
  next(): number {
    return this.constant(this.#pc + this.d.length);
  }
  k(value: bigint | number): number {
    if (typeof value === "number") return this.constant(value);
    const n = this.node(Node.Big, 0, 0, 0);
    this.objects[n] = BigInt.asIntN(64, value);
    return n;
  }
  x(field: "rs1" | "rs2"): number {
    const register = this.d[field];
    if (register === 0) return this.constant(0);
    return this.known >>> register & 1 ? this.constant(this.knownValues[register]) : this.node(Node.X, register, 0, 0);
  }
  setRd(value: number): void {
    const bit = 1 << this.d.rd & ~1;
    if (bit === 0) return;
    const isWord = this.isWord(value);
    this.frame.setX(this.d.rd, () => this.write(value));
    this.known = this.isConstant(value) ? this.known | bit : this.known & ~bit;
    if (this.known & bit) this.knownValues[this.d.rd] = this.a[value];
    this.words = isWord ? this.words | bit : this.words & ~bit;
  }
  f(field: "rs1" | "rs2" | "rs3"): number {
    return this.node(Node.F, this.d[field], 0, 0);
  }
  setF(value: number): void {
    this.writeFloat(value);
    this.frame.w.set(this.frame.fp(this.d.rd));
  }

  // ---- integers --------------------------------------------------------------------------------------------------
  add(a: number, b: number): number {
    if (this.isConstant(b)) {
      if (this.a[b] === 0) return a;
      const sum = this.isConstant(a) ? this.a[a] + this.a[b] : Infinity;
      // Far from where doubles and 64 bits end.
      if (Math.abs(sum) < 2 ** 48) return this.constant(sum);
    } else if (this.isConstant(a) && this.a[a] === 0) return b;
    return this.binaryNode(Op.I64Add, a, b);
  }
  sub(a: number, b: number): number {
    return this.binaryNode(Op.I64Sub, a, b);
  }
  mul(a: number, b: number): number {
    return this.binaryNode(Op.I64Mul, a, b);
  }
  mulh(a: number, b: number): number {
    const [x, y] = [this.asExpr(a), this.asExpr(b)];
    const high = binary("i64.sub", mulhUnsigned(this.frame, x, y), signCorrection(x, y));
    return this.exprNode(binary("i64.sub", high, signCorrection(y, x)));
  }
  mulhu(a: number, b: number): number {
    return this.exprNode(mulhUnsigned(this.frame, this.asExpr(a), this.asExpr(b)));
  }
  mulhsu(a: number, b: number): number {
    const [x, y] = [this.asExpr(a), this.asExpr(b)];
    return this.exprNode(binary("i64.sub", mulhUnsigned(this.frame, x, y), signCorrection(x, y)));
  }
  div(a: number, b: number): number {
    return this.exprNode(divide(this.asExpr(a), this.asExpr(b)));
  }
  divu(a: number, b: number): number {
    return this.exprNode(divideUnsigned(this.asExpr(a), this.asExpr(b)));
  }
  rem(a: number, b: number): number {
    return this.exprNode(remainder(this.asExpr(a), this.asExpr(b)));
  }
  remu(a: number, b: number): number {
    return this.exprNode(remainderUnsigned(this.asExpr(a), this.asExpr(b)));
  }
  and(a: number, b: number): number {
    const small = this.isConstant(a) && this.isConstant(b) && this.a[a] === (this.a[a] | 0);
    if (small && this.a[b] === (this.a[b] | 0)) return this.constant(this.a[a] & this.a[b]);
    return this.binaryNode(Op.I64And, a, b);
  }
  or(a: number, b: number): number {
    return this.binaryNode(Op.I64Or, a, b);
  }
  xor(a: number, b: number): number {
    return this.binaryNode(Op.I64Xor, a, b);
  }
  not(a: number): number {
    return this.binaryNode(Op.I64Xor, a, this.constant(-1));
  }
  shl(a: number, b: number): number {
    return this.binaryNode(Op.I64Shl, a, b);
  }
  shr(a: number, b: number): number {
    return this.binaryNode(Op.I64ShrU, a, b);
  }
  sar(a: number, b: number): number {
    const n = this.binaryNode(Op.I64ShrS, a, b);
    return this.narrowShift(n) === undefined ? n : this.node(Node.SignedWord, 0, n, 0);
  }
  rotl(a: number, b: number): number {
    return this.binaryNode(Op.I64Rotl, a, b);
  }
  rotr(a: number, b: number): number {
    return this.binaryNode(Op.I64Rotr, a, b);
  }
  clz(a: number): number {
    return this.unaryNode(Op.I64Clz, a);
  }
  ctz(a: number): number {
    return this.unaryNode(Op.I64Ctz, a);
  }
  popcnt(a: number): number {
    return this.unaryNode(Op.I64Popcnt, a);
  }
  sext(a: number, width: 8 | 16 | 32): number {
    if (width === 32) return this.isWord(a) ? a : this.node(Node.SignedWord, 0, a, 0);
    return this.unaryNode(width === 8 ? Op.I64Extend8S : Op.I64Extend16S, a);
  }
  zext(a: number, width: 8 | 16 | 32): number {
    if (width === 32) return this.node(Node.UnsignedWord, 0, a, 0);
    return this.binaryNode(Op.I64And, a, this.constant(2 ** width - 1));
  }
  bswap(a: number): number {
    return this.exprNode(byteSwap(this.frame, this.asExpr(a)));
  }
  orcb(a: number): number {
    return this.exprNode(orCombine(this.asExpr(a)));
  }

  eq(a: number, b: number): number {
    return this.#isZero(b) ? this.unaryNode(Op.I64Eqz, a) : this.binaryNode(Op.I64Eq, a, b);
  }
  ne(a: number, b: number): number {
    return this.#isZero(b) ? this.unaryNode(Op.I32Eqz, this.unaryNode(Op.I64Eqz, a)) : this.binaryNode(Op.I64Ne, a, b);
  }
  lt(a: number, b: number): number {
    return this.binaryNode(Op.I64LtS, a, b);
  }
  ltu(a: number, b: number): number {
    return this.binaryNode(Op.I64LtU, a, b);
  }
  ge(a: number, b: number): number {
    return this.binaryNode(Op.I64GeS, a, b);
  }
  geu(a: number, b: number): number {
    return this.binaryNode(Op.I64GeU, a, b);
  }
  select(c: number, whenTrue: number, whenFalse: number): number {
    return this.node(Node.Select, c, whenTrue, whenFalse);
  }
  bit(c: number): number {
    return this.node(Node.Bit, 0, c, 0);
  }
  #isZero(n: number): boolean {
    return this.isConstant(n) && this.a[n] === 0;
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
    return this.node(Node.Load, (signed ? LOADS_SIGNED : LOADS_UNSIGNED)[width], 0, address);
  }

  store(width: Width, addr: number, value: number): void {
    const { w } = this.frame;
    w.get(this.memory.checked(addr, width, PERM_W));
    w.byte(Op.I32Wrap);
    if (width === 64 && this.kind[value] === Node.F) {
      this.writeFloat(value);
      return w.guest(Op.F64Store);
    }
    this.write(value);
    w.guest(STORES[width]);
  }

  amo(op: AmoOp, width: 32 | 64, addr: number, value: number): number {
    const operand = this.asExpr(this.let(width === 32 ? this.sext(value, 32) : value));
    return this.localNode(this.memory.amo(op, width, addr, operand));
  }
  lr(width: 32 | 64, addr: number): number {
    return this.localNode(this.memory.lr(width, addr));
  }
  sc(width: 32 | 64, addr: number, value: number): number {
    return this.localNode(this.memory.sc(width, addr, value));
  }

  // ---- floating point --------------------------------------------------------------------------------------------
  unbox(raw: number): number {
    return this.exprNode(unary("i64.extend_i32_u", this.#float.unbox(this.asExpr(raw))));
  }
  box(bits: number): number {
    return this.binaryNode(Op.I64Or, bits, this.constant(-0x1_0000_0000));
  }
  farith(op: "add" | "sub" | "mul" | "div", fmt: Format, a: number, b: number): number {
    return this.exprNode(this.#float.arith(op, fmt, this.asExpr(a), this.asExpr(b)));
  }
  fsqrt(fmt: Format, a: number): number {
    return this.exprNode(this.#float.sqrt(fmt, this.asExpr(a)));
  }
  fma(fmt: Format, a: number, b: number, c: number, negateProduct: boolean, negateAddend: boolean): number {
    const operands = [this.asExpr(a), this.asExpr(b), this.asExpr(c)] as const;
    return this.exprNode(this.#float.fma(fmt, ...operands, negateProduct, negateAddend));
  }
  fminmax(op: "min" | "max", fmt: Format, a: number, b: number): number {
    return this.exprNode(this.#float.minmax(op, fmt, this.asExpr(a), this.asExpr(b)));
  }
  fcmp(op: "eq" | "lt" | "le", fmt: Format, a: number, b: number): number {
    return this.exprNode(this.#float.compare(op, fmt, this.asExpr(a), this.asExpr(b)));
  }
  fclass(fmt: Format, a: number): number {
    return this.exprNode(this.#float.classify(fmt, this.asExpr(a)));
  }
  fToInt(fmt: Format, to: IntType, a: number): number {
    return this.exprNode(this.#float.toInt(fmt, to, this.asExpr(a)));
  }
  intToF(fmt: Format, from: IntType, a: number): number {
    return this.exprNode(this.#float.fromInt(fmt, from, this.asExpr(a)));
  }
  fToF(to: Format, from: Format, a: number): number {
    return this.exprNode(this.#float.convert(to, from, this.asExpr(a)));
  }
}
