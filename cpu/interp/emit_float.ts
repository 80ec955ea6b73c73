/**
 * Floating point in the interpreter. What host arithmetic does exactly is emitted inline; the rest leaves for one step of the
 * reference interpreter.
 */

import type { Format, IntType } from "../ops.ts";
import { binary, type I32, i32Const, type I64, i64Const, select, unary } from "../wasm/expression.ts";
import type { Frame } from "./frame.ts";
import { Reason } from "./reasons.ts";

const CANONICAL_S = i32Const(0x7fc00000);

export class FloatEmitter {
  constructor(readonly frame: Frame) {}

  /** Bits of the S value in a register: the canonical NaN unless the upper half is all ones. */
  unbox(raw: I64): I32 {
    const boxed = binary("i64.ge_u", raw, i64Const(0xffff_ffff_0000_0000n));
    return select(boxed, unary("i32.wrap_i64", raw), CANONICAL_S);
  }

  arith(_op: "add" | "sub" | "mul" | "div", _fmt: Format, _a: I64, _b: I64): I64 {
    return this.#step();
  }
  sqrt(_fmt: Format, _a: I64): I64 {
    return this.#step();
  }
  fma(_fmt: Format, _a: I64, _b: I64, _c: I64, _negateProduct: boolean, _negateAddend: boolean): I64 {
    return this.#step();
  }
  minmax(_op: "min" | "max", _fmt: Format, _a: I64, _b: I64): I64 {
    return this.#step();
  }
  compare(_op: "eq" | "lt" | "le", _fmt: Format, _a: I64, _b: I64): I64 {
    return this.#step();
  }
  classify(_fmt: Format, _a: I64): I64 {
    return this.#step();
  }
  toInt(_fmt: Format, _to: IntType, _a: I64): I64 {
    return this.#step();
  }
  fromInt(_fmt: Format, _from: IntType, _a: I64): I64 {
    return this.#step();
  }
  convert(_to: Format, _from: Format, _a: I64): I64 {
    return this.#step();
  }

  #step(): I64 {
    this.frame.leave(Reason.Step);
    return i64Const(0);
  }
}
