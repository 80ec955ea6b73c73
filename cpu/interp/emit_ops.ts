/**
 * The instance of the operation algebra that writes the interpreter: each meaning, called once per handler, emits the
 * WebAssembly that does it to the record at `rec`. A value is an expression not yet placed; it may read registers, so
 * it must be used before the next register is written, which `use` checks (rd may be rs1).
 */

import { FFLAGS, FRM, R_IMM, R_RD, R_RS1, R_RS2, R_RS3 } from "../layout.ts";
import type { AmoOp, Format, IntType, MeaningTrap, Ops, Width } from "../ops.ts";
import {
  binary,
  type BinaryName,
  get,
  type I32,
  i32Const,
  type I64,
  i64Const,
  load,
  select,
  unary,
} from "../wasm/expression.ts";
import {
  byteSwap,
  divide,
  divideUnsigned,
  mulhUnsigned,
  orCombine,
  remainder,
  remainderUnsigned,
  signCorrection,
} from "./emit_arithmetic.ts";
import { FloatEmitter } from "./emit_float.ts";
import { MemoryEmitter } from "./emit_memory.ts";
import type { Frame } from "./frame.ts";
import type { Handler } from "./handlers.ts";
import { Reason } from "./reasons.ts";

/** A 64-bit value not yet computed. */
export interface Value {
  readonly expr: I64;
  /** Number of register writes before the oldest register read in it; Infinity when it reads none. */
  readonly readAt: number;
  readonly kind?: "pc" | "imm" | "pc+imm";
}
export interface Truth {
  readonly expr: I32;
  readonly readAt: number;
}

const FIELDS = { rs1: R_RS1, rs2: R_RS2, rs3: R_RS3 } as const;

function pure(expr: I64, kind?: Value["kind"]): Value {
  return { expr, readAt: Infinity, kind };
}

export class EmitOps implements Ops<Value, Truth> {
  /** Register writes so far. */
  #writes = 0;
  /** Set when the handler has left: nothing may follow. */
  ended = false;
  readonly #memory: MemoryEmitter;
  readonly #float: FloatEmitter;

  constructor(readonly frame: Frame, readonly handler: Handler) {
    this.#memory = new MemoryEmitter(frame);
    this.#float = new FloatEmitter(frame, handler.rm);
  }

  imm(): Value {
    return pure(this.frame.field("i64.load32_s", R_IMM), "imm");
  }
  pc(): Value {
    return pure(unary("i64.extend_i32_u", this.frame.pc()), "pc");
  }
  /** The instruction after the last of the address space is at 2^32, hence the addition in 64 bits. */
  next(): Value {
    return pure(binary("i64.add", this.pc().expr, i64Const(this.handler.length)));
  }
  k(value: bigint | number): Value {
    return pure(i64Const(value));
  }
  x(field: "rs1" | "rs2"): Value {
    return this.#register(FIELDS[field]);
  }
  f(field: "rs1" | "rs2" | "rs3"): Value {
    return this.#register(FIELDS[field]);
  }
  setRd(value: Value): void {
    const { f, shadow } = this.frame;
    f.store("i64.store", shadow, this.frame.register(R_RD), this.#use(value));
    this.#writes++;
  }
  setF(value: Value): void {
    this.setRd(value);
  }
  let(value: Value): Value {
    return pure(this.frame.keep(this.#use(value)));
  }

  add(a: Value, b: Value): Value {
    const kind = a.kind === "pc" && b.kind === "imm" ? "pc+imm" : undefined;
    return { ...this.#binary("i64.add", a, b), kind };
  }
  sub(a: Value, b: Value): Value {
    return this.#binary("i64.sub", a, b);
  }
  mul(a: Value, b: Value): Value {
    return this.#binary("i64.mul", a, b);
  }
  mulh(a: Value, b: Value): Value {
    const [x, y] = [this.#keep(a), this.#keep(b)];
    const high = binary("i64.sub", mulhUnsigned(this.frame, x, y), signCorrection(x, y));
    return pure(binary("i64.sub", high, signCorrection(y, x)));
  }
  mulhu(a: Value, b: Value): Value {
    return pure(mulhUnsigned(this.frame, this.#keep(a), this.#keep(b)));
  }
  mulhsu(a: Value, b: Value): Value {
    const [x, y] = [this.#keep(a), this.#keep(b)];
    return pure(binary("i64.sub", mulhUnsigned(this.frame, x, y), signCorrection(x, y)));
  }
  div(a: Value, b: Value): Value {
    return pure(divide(this.#keep(a), this.#keep(b)));
  }
  divu(a: Value, b: Value): Value {
    return pure(divideUnsigned(this.#keep(a), this.#keep(b)));
  }
  rem(a: Value, b: Value): Value {
    return pure(remainder(this.#keep(a), this.#keep(b)));
  }
  remu(a: Value, b: Value): Value {
    return pure(remainderUnsigned(this.#keep(a), this.#keep(b)));
  }
  and(a: Value, b: Value): Value {
    return this.#binary("i64.and", a, b);
  }
  or(a: Value, b: Value): Value {
    return this.#binary("i64.or", a, b);
  }
  xor(a: Value, b: Value): Value {
    return this.#binary("i64.xor", a, b);
  }
  not(a: Value): Value {
    return this.#map(a, (e) => binary("i64.xor", e, i64Const(-1)));
  }
  shl(a: Value, b: Value): Value {
    return this.#binary("i64.shl", a, b);
  }
  shr(a: Value, b: Value): Value {
    return this.#binary("i64.shr_u", a, b);
  }
  sar(a: Value, b: Value): Value {
    return this.#binary("i64.shr_s", a, b);
  }
  rotl(a: Value, b: Value): Value {
    return this.#binary("i64.rotl", a, b);
  }
  rotr(a: Value, b: Value): Value {
    return this.#binary("i64.rotr", a, b);
  }
  clz(a: Value): Value {
    return this.#map(a, (e) => unary("i64.clz", e));
  }
  ctz(a: Value): Value {
    return this.#map(a, (e) => unary("i64.ctz", e));
  }
  popcnt(a: Value): Value {
    return this.#map(a, (e) => unary("i64.popcnt", e));
  }
  sext(a: Value, width: 8 | 16 | 32): Value {
    return this.#map(a, (e) => unary(`i64.extend${width}_s`, e));
  }
  zext(a: Value, width: 8 | 16 | 32): Value {
    if (width === 32) return this.#map(a, (e) => unary("i64.extend_i32_u", unary("i32.wrap_i64", e)));
    return this.#map(a, (e) => binary("i64.and", e, i64Const(2 ** width - 1)));
  }
  bswap(a: Value): Value {
    return pure(byteSwap(this.frame, this.#keep(a)));
  }
  orcb(a: Value): Value {
    return pure(orCombine(this.#keep(a)));
  }

  eq(a: Value, b: Value): Truth {
    return this.#compare("i64.eq", a, b);
  }
  ne(a: Value, b: Value): Truth {
    return this.#compare("i64.ne", a, b);
  }
  lt(a: Value, b: Value): Truth {
    return this.#compare("i64.lt_s", a, b);
  }
  ltu(a: Value, b: Value): Truth {
    return this.#compare("i64.lt_u", a, b);
  }
  ge(a: Value, b: Value): Truth {
    return this.#compare("i64.ge_s", a, b);
  }
  geu(a: Value, b: Value): Truth {
    return this.#compare("i64.ge_u", a, b);
  }
  select(c: Truth, whenTrue: Value, whenFalse: Value): Value {
    return {
      expr: select(this.#use(c), this.#use(whenTrue), this.#use(whenFalse)),
      readAt: Math.min(c.readAt, whenTrue.readAt, whenFalse.readAt),
    };
  }
  bit(c: Truth): Value {
    return { expr: unary("i64.extend_i32_u", this.#use(c)), readAt: c.readAt };
  }

  jump(target: Value): void {
    this.#goTo(target);
    this.ended = true;
  }
  branch(c: Truth, target: Value): void {
    this.frame.f.if(this.#use(c), () => this.#goTo(target));
  }

  load(width: Width, signed: boolean, addr: Value): Value {
    return pure(this.#memory.load(width, signed, this.#use(addr)));
  }
  store(width: Width, addr: Value, value: Value): void {
    this.#memory.store(width, this.#use(addr), this.#use(value));
  }
  amo(op: AmoOp, width: 32 | 64, addr: Value, value: Value): Value {
    return pure(this.#memory.amo(op, width, this.#use(addr), this.#use(value)));
  }
  lr(width: 32 | 64, addr: Value): Value {
    return pure(this.#memory.lr(width, this.#use(addr)));
  }
  sc(width: 32 | 64, addr: Value, value: Value): Value {
    return pure(this.#memory.sc(width, this.#use(addr), this.#use(value)));
  }

  unbox(raw: Value): Value {
    return pure(unary("i64.extend_i32_u", this.#float.unbox(this.#keep(raw))));
  }
  box(bits: Value): Value {
    return this.#map(bits, (e) => binary("i64.or", e, i64Const(0xffff_ffff_0000_0000n)));
  }
  farith(op: "add" | "sub" | "mul" | "div", fmt: Format, a: Value, b: Value): Value {
    return pure(this.#float.arith(op, fmt, this.#keep(a), this.#keep(b)));
  }
  fsqrt(fmt: Format, a: Value): Value {
    return pure(this.#float.sqrt(fmt, this.#keep(a)));
  }
  fma(fmt: Format, a: Value, b: Value, c: Value, negateProduct: boolean, negateAddend: boolean): Value {
    const operands = [this.#keep(a), this.#keep(b), this.#keep(c)] as const;
    return pure(this.#float.fma(fmt, ...operands, negateProduct, negateAddend));
  }
  fminmax(op: "min" | "max", fmt: Format, a: Value, b: Value): Value {
    return pure(this.#float.minmax(op, fmt, this.#keep(a), this.#keep(b)));
  }
  fcmp(op: "eq" | "lt" | "le", fmt: Format, a: Value, b: Value): Value {
    return pure(this.#float.compare(op, fmt, this.#keep(a), this.#keep(b)));
  }
  fclass(fmt: Format, a: Value): Value {
    return pure(this.#float.classify(fmt, this.#keep(a)));
  }
  fToInt(fmt: Format, to: IntType, a: Value): Value {
    return pure(this.#float.toInt(fmt, to, this.#keep(a)));
  }
  intToF(fmt: Format, from: IntType, a: Value): Value {
    return pure(this.#float.fromInt(fmt, from, this.#keep(a)));
  }
  fToF(to: Format, from: Format, a: Value): Value {
    return pure(this.#float.convert(to, from, this.#keep(a)));
  }

  /**
   * The floating-point registers fflags, frm and fcsr; others take a reference step. Writing zero bits back is no
   * write.
   */
  csr(op: "write" | "set" | "clear", value: Value): Value {
    const { frame } = this;
    const { f, shadow, block } = frame;
    const operand = this.#keep(value);
    const number = frame.keep(frame.field("i32.load", R_IMM));
    f.if(binary("i32.gt_u", binary("i32.sub", number, i32Const(1)), i32Const(2)), () => frame.leave(Reason.Step));
    const field = (offset: number) => load("i64.load32_u", shadow, get(block), offset);
    const all = frame.keep(binary("i64.or", binary("i64.shl", field(FRM), i64Const(5)), field(FFLAGS)));
    const isFrm = binary("i32.eq", number, i32Const(2));
    const shift = frame.keep(select(isFrm, i64Const(5), i64Const(0)));
    const low = select(isFrm, i64Const(7), i64Const(31));
    const mask = frame.keep(select(binary("i32.eq", number, i32Const(3)), i64Const(255), low));
    const old = frame.keep(binary("i64.and", binary("i64.shr_u", all, shift), mask));
    const changed = binary("i64.and", op === "write" ? operand : csrBits(op, old, operand), mask);
    const kept = binary("i64.and", all, binary("i64.xor", binary("i64.shl", mask, shift), i64Const(-1)));
    const next = frame.keep(binary("i64.or", kept, binary("i64.shl", changed, shift)));
    f.store("i64.store32", shadow, get(block), binary("i64.shr_u", next, i64Const(5)), FRM);
    f.store("i64.store32", shadow, get(block), binary("i64.and", next, i64Const(31)), FFLAGS);
    return pure(old);
  }
  zimm(): Value {
    return pure(this.frame.field("i64.load16_u", R_RS3));
  }
  trap(kind: MeaningTrap): void {
    if (kind === "syscall") this.#leave(Reason.Syscall);
    else if (kind === "breakpoint") this.#leave(Reason.Breakpoint);
    else if (kind === "illegal") this.#leave(Reason.Illegal);
    // fence.i: stale records do not exist, since a write to a decoded page drops them. wait: as if woken at once.
  }

  #leave(reason: number): void {
    this.frame.leave(reason);
    this.ended = true;
  }

  #register(field: number): Value {
    return { expr: load("i64.load", this.frame.shadow, this.frame.register(field)), readAt: this.#writes };
  }

  #goTo(target: Value): void {
    const { f, rec, exits } = this.frame;
    if (target.kind === "pc+imm" && this.handler.near) {
      const distance = binary("i32.shl", this.frame.field("i32.load", R_IMM), i32Const(3));
      f.set(rec, binary("i32.add", get(rec), distance));
      f.br(exits.next);
    } else {
      f.set(this.frame.target, this.#use(target));
      f.br(exits.jump);
    }
  }

  /** The expression, which must not have been overtaken by a register write. */
  #use<T extends Value | Truth>(value: T): T["expr"] {
    if (value.readAt < this.#writes) {
      throw new Error(`${this.handler.row.name}: a register is read after one was written; use let`);
    }
    return value.expr;
  }

  #keep(value: Value): I64 {
    return this.frame.keep(this.#use(value));
  }

  #map(a: Value, f: (e: I64) => I64): Value {
    return { expr: f(this.#use(a)), readAt: a.readAt };
  }

  #binary(
    name: BinaryName & `i64.${"add" | "sub" | "mul" | "and" | "or" | "xor" | "sh" | "rot"}${string}`,
    a: Value,
    b: Value,
  ): Value {
    return { expr: binary(name, this.#use(a), this.#use(b)) as I64, readAt: Math.min(a.readAt, b.readAt) };
  }

  #compare(name: `i64.${"eq" | "ne" | "lt_s" | "lt_u" | "ge_s" | "ge_u"}`, a: Value, b: Value): Truth {
    return { expr: binary(name, this.#use(a), this.#use(b)), readAt: Math.min(a.readAt, b.readAt) };
  }
}

/** What set and clear make of a control register. */
function csrBits(op: "set" | "clear", old: I64, bits: I64): I64 {
  return op === "set" ? binary("i64.or", old, bits) : binary("i64.and", old, binary("i64.xor", bits, i64Const(-1)));
}
