/**
 * Values of the instruction being translated: nodes in typed arrays, numbered, forgotten when the next one begins. A
 * value is written out where it is used, as 64 bits, as its low 32 bits or as a double; what the basic block shows of
 * registers (constants, 32-bit numbers) makes the code shorter.
 */

import { type Expr, get, type I64, i64Const, type Local, unary } from "../wasm/expression.ts";
import { Op } from "./code_writer.ts";
import type { RegionFrame } from "./region_frame.ts";

/** Kinds of nodes. */
export const Node = {
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

export class Values {
  /** Registers that hold the sign extension of 32 bits, as far as the block shows. */
  words = 0;
  /** Registers whose value the block shows, and the values. */
  known = 0;
  protected readonly knownValues = new Float64Array(32);
  protected count = 0;
  protected readonly kind = new Uint8Array(MAX_NODES);
  /** Opcode, register, local. */
  protected readonly op = new Int32Array(MAX_NODES);
  protected readonly a = new Float64Array(MAX_NODES);
  protected readonly b = new Int32Array(MAX_NODES);
  protected readonly objects: (bigint | Expr | undefined)[] = [];

  constructor(readonly frame: RegionFrame) {}

  node(kind: number, op: number, a: number, b: number): number {
    const n = this.count++;
    if (n === MAX_NODES) throw new Error("too many operations");
    this.kind[n] = kind;
    this.op[n] = op;
    this.a[n] = a;
    this.b[n] = b;
    return n;
  }
  constant(value: number): number {
    return this.node(Node.Const, 0, value, 0);
  }
  isConstant(n: number): boolean {
    return this.kind[n] === Node.Const;
  }
  unaryNode(op: number, a: number): number {
    return this.node(Node.Unary, op, a, 0);
  }
  binaryNode(op: number, a: number, b: number): number {
    return this.node(Node.Binary, op, a, b);
  }
  localNode(index: number): number {
    return this.node(Node.Local, index, 0, 0);
  }
  exprNode(value: Expr): number {
    const n = this.node(Node.Expr, 0, 0, 0);
    this.objects[n] = value;
    return n;
  }

  /** Writes the code that leaves the value on the stack: i64, or i32 for a truth value. */
  write(n: number): void {
    const { w } = this.frame;
    switch (this.kind[n]) {
      case Node.Const:
        return w.i64(this.a[n]);
      case Node.Big:
        w.byte(Op.I64Const);
        return w.signedBig(this.objects[n] as bigint);
      case Node.X:
        return this.frame.getX(this.op[n]);
      case Node.F:
        w.get(this.frame.fp(this.op[n]));
        return w.byte(Op.I64OfF64);
      case Node.Local:
        return w.get(this.op[n]);
      case Node.Unary:
        this.write(this.a[n]);
        return w.byte(this.op[n]);
      case Node.Binary:
        this.write(this.a[n]);
        this.write(this.b[n]);
        return w.byte(this.op[n]);
      case Node.Select:
        this.write(this.a[n]);
        this.write(this.b[n]);
        this.write(this.op[n]);
        return w.byte(Op.Select);
      case Node.Bit:
        this.write(this.a[n]);
        return w.byte(Op.I64ExtendU);
      case Node.Load:
        w.get(this.b[n]);
        w.byte(Op.I32Wrap);
        return w.guest(this.op[n]);
      case Node.SignedWord:
        this.writeNarrow(this.a[n]);
        // What a logical shift has moved to the right is not negative, and zeros come for free.
        return w.byte(
          this.narrowShift(this.a[n]) === Op.I32ShrU && this.#shiftOf(this.a[n]) > 0 ? Op.I64ExtendU : Op.I64ExtendS,
        );
      case Node.UnsignedWord:
        this.writeNarrow(this.a[n]);
        return w.byte(Op.I64ExtendU);
      default:
        w.code((this.objects[n] as Expr).code);
    }
  }

  /** The low 32 bits, as i32. */
  writeNarrow(n: number): void {
    const { w } = this.frame;
    const kind = this.kind[n];
    if (kind === Node.Const) return w.i32(this.a[n]);
    if (kind === Node.Bit || kind === Node.SignedWord || kind === Node.UnsignedWord) {
      return kind === Node.Bit ? this.write(this.a[n]) : this.writeNarrow(this.a[n]);
    }
    if (kind === Node.Load) {
      w.get(this.b[n]);
      w.byte(Op.I32Wrap);
      return w.guest(NARROW_LOADS.get(this.op[n])!);
    }
    if (kind === Node.Unary && (this.op[n] === Op.I64Extend8S || this.op[n] === Op.I64Extend16S)) {
      this.writeNarrow(this.a[n]);
      return w.byte(this.op[n] === Op.I64Extend8S ? Op.I32Extend8S : Op.I32Extend16S);
    }
    const op = kind === Node.Binary ? NARROW.get(this.op[n]) ?? this.narrowShift(n) : undefined;
    if (op === undefined) {
      this.write(n);
      return w.byte(Op.I32Wrap);
    }
    this.writeNarrow(this.a[n]);
    this.writeNarrow(this.b[n]);
    w.byte(op);
  }

  /** The 32-bit shift that does what this shift of a word by less than 32 does, if it is one. */
  narrowShift(n: number): number | undefined {
    if (this.kind[n] !== Node.Binary || !this.#isLessThan32(this.b[n])) return undefined;
    const of = this.kind[this.a[n]];
    switch (this.op[n]) {
      case Op.I64Shl:
        return Op.I32Shl;
      case Op.I64ShrU:
        return of === Node.UnsignedWord ? Op.I32ShrU : undefined;
      case Op.I64ShrS:
        return of === Node.SignedWord ? Op.I32ShrS : undefined;
    }
  }
  #isLessThan32(n: number): boolean {
    if (this.isConstant(n)) return this.a[n] >= 0 && this.a[n] < 32;
    return this.kind[n] === Node.Binary && this.op[n] === Op.I64And && this.isConstant(this.b[n]) &&
      this.a[this.b[n]] === 31;
  }
  /** A constant number of places, else 0. */
  #shiftOf(n: number): number {
    return this.isConstant(this.b[n]) ? this.a[this.b[n]] : 0;
  }

  /** The value is the sign extension of its low 32 bits. */
  isWord(n: number): boolean {
    const a = this.a[n], b = this.b[n], op = this.op[n];
    switch (this.kind[n]) {
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
        if (op === Op.I64And && this.isConstant(b) && this.a[b] >= 0 && this.a[b] <= 0x7fffffff) return true;
        if (op === Op.I64And || op === Op.I64Or || op === Op.I64Xor) return this.isWord(a) && this.isWord(b);
        if (op === Op.I64ShrS) return this.isWord(a);
        return op === Op.I64ShrU && this.isConstant(b) && this.a[b] > 32;
      default:
        return false;
    }
  }

  /** The same, as the f64 with these bits. */
  writeFloat(n: number): void {
    const { w } = this.frame;
    const kind = this.kind[n];
    if (kind === Node.F) return w.get(this.frame.fp(this.op[n]));
    if (kind === Node.Load && this.op[n] === Op.I64Load) {
      w.get(this.b[n]);
      w.byte(Op.I32Wrap);
      return w.guest(Op.F64Load);
    }
    const bits = kind === Node.Expr ? (this.objects[n] as Expr).bitsOf : undefined;
    if (bits !== undefined) return w.code(bits.code);
    this.write(n);
    w.byte(Op.F64OfI64);
  }

  constantOf(n: number): number | undefined {
    return this.isConstant(n) ? this.a[n] : undefined;
  }

  /** The value as an expression that is cheap to repeat. */
  asExpr(n: number): I64 {
    const kind = this.kind[n];
    if (kind === Node.Const) return i64Const(this.a[n]);
    if (kind === Node.X) return this.frame.readX(this.op[n]);
    if (kind === Node.F) return unary("i64.reinterpret_f64", get(localOf("f64", this.frame.fp(this.op[n]))));
    return get(localOf("i64", this.op[this.let(n)]));
  }

  /** The value in a local, where it may be read more than once. */
  let(value: number): number {
    if (this.isConstant(value)) return value;
    const local = this.frame.temporary("i64");
    this.write(value);
    this.frame.w.set(local);
    return this.localNode(local);
  }
}

function localOf<T extends "i64" | "f64">(type: T, index: number): Local<T> {
  return { type, index } as Local<T>;
}
