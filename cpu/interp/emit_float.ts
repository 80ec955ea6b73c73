/**
 * Floating point in the interpreter. Host arithmetic gives the right value when rounding to nearest; what remains is
 * the inexact flag. Once it has accrued there is nothing to compute for it, until then the error of each operation is
 * tested. NaNs, infinities, results near the ends of the exponent range and other rounding modes take a step of the
 * reference interpreter.
 *
 * Operands are raw register values, cheap to repeat; results are raw register values.
 */

import type { Format, IntType } from "../ops.ts";
import {
  binary,
  type F32,
  f32Const,
  type F64,
  f64Const,
  get,
  type I32,
  i32Const,
  type I64,
  i64Const,
  type Local,
  relaxedMadd,
  select,
  unary,
} from "../wasm/expression.ts";
import { fusedSum, productInexact, roundToOdd, sumError, sumErrorSingle } from "./emit_exactness.ts";
import type { FloatFrame } from "./frame.ts";
import { Reason } from "./reasons.ts";

type Arithmetic = "add" | "sub" | "mul" | "div";
const BOX = 0xffff_ffff_0000_0000n;
const CANONICAL_S = i32Const(0x7fc00000);
/** Results between these are far from overflow and underflow, and so are the errors and products used to judge them. */
const SMALL = f64Const(2 ** -900);
const LARGE = f64Const(2 ** 1000);
/** Factors below this can be split. */
const FACTOR = f64Const(2 ** 990);
const SMALL_S = f32Const(2 ** -100);
const LARGE_S = f32Const(2 ** 100);
const ZERO = f64Const(0);
const ZERO_S = f32Const(0);

function and(...conditions: readonly I32[]): I32 {
  return conditions.reduce((a, b) => binary("i32.and", a, b));
}
function or(a: I32, b: I32): I32 {
  return binary("i32.or", a, b);
}
function isZero(a: F64): I32 {
  return binary("f64.eq", a, ZERO);
}
/** The exponent field counts from 1023: these are 2^-900 and 2^1000. */
const SMALL_EXPONENT = 1023 - 900;
const LARGE_EXPONENT = 1023 + 1000;

/** Smaller than SMALL or not below LARGE, NaNs included. */
function isUnusual(a: F64): I32 {
  const withoutSign = binary("i64.shl", unary("i64.reinterpret_f64", a), i64Const(1));
  const exponent = binary("i64.shr_u", withoutSign, i64Const(53));
  const above = binary("i64.sub", exponent, i64Const(SMALL_EXPONENT));
  return binary("i64.ge_u", above, i64Const(LARGE_EXPONENT - SMALL_EXPONENT));
}
function below(a: F64, limit: F64): I32 {
  return binary("f64.lt", unary("f64.abs", a), limit);
}
function atLeast(a: F64, limit: F64): I32 {
  return binary("f64.ge", unary("f64.abs", a), limit);
}
function promote(a: F32): F64 {
  return unary("f64.promote_f32", a);
}

export class FloatEmitter {
  /** `rm` is the rounding mode that the handler is for: 7 for to-nearest-even, be it static or dynamic. */
  constructor(readonly frame: FloatFrame, readonly rm: number) {}

  /** Bits of the S value in a register: the canonical NaN unless the upper half is all ones. */
  unbox(raw: I64): I32 {
    return select(binary("i64.ge_u", raw, i64Const(BOX)), unary("i32.wrap_i64", raw), CANONICAL_S);
  }

  arith(op: Arithmetic, fmt: Format, a: I64, b: I64): I64 {
    this.frame.requireNearest();
    return fmt === "D" ? this.#arithDouble(op, a, b) : this.#arithSingle(op, a, b);
  }

  #arithDouble(op: Arithmetic, a: I64, b: I64): I64 {
    const { frame } = this;
    const x = this.#double(a);
    // x - y is x + (-y), which lets one error formula serve both.
    const y = op === "sub" ? frame.keep(unary("f64.neg", this.#double(b))) : this.#double(b);
    const r = frame.keep(binary(op === "sub" ? "f64.add" : `f64.${op}`, x, y));
    if (op === "add" || op === "sub") {
      this.#stepUnless(below(r, LARGE));
      this.#accrue(() => binary("f64.ne", sumError(frame, r, x, y), ZERO));
    } else {
      this.#stepUnlessOrdinary(r, op === "mul" ? or(isZero(x), isZero(y)) : isZero(x));
      if (op === "mul") this.#accrue(() => binary("i32.and", unary("i32.eqz", isZero(r)), productInexact(frame, x, y)));
      else this.#accrue(() => this.#quotientInexact(r, x, y));
    }
    return unary("i64.reinterpret_f64", r);
  }

  /** A quotient is exact when multiplying back gives the dividend, exactly. */
  #quotientInexact(r: F64, x: F64, y: F64): I32 {
    this.#stepUnless(or(isZero(x), atLeast(x, SMALL)));
    const back = binary("f64.ne", binary("f64.mul", r, y), x);
    return binary("i32.and", unary("i32.eqz", isZero(r)), or(back, productInexact(this.frame, r, y)));
  }

  /** Products and quotients of S values are judged in D, where products of two of them are exact. */
  #arithSingle(op: Arithmetic, a: I64, b: I64): I64 {
    const { frame } = this;
    const x = this.#single(a);
    const y = op === "sub" ? frame.keep(unary("f32.neg", this.#single(b))) : this.#single(b);
    const r = frame.keep(binary(op === "sub" ? "f32.add" : `f32.${op}`, x, y));
    if (op === "add" || op === "sub") {
      this.#stepUnless(binary("f32.lt", unary("f32.abs", r), LARGE_S));
      this.#accrue(() => binary("f32.ne", sumErrorSingle(frame, r, x, y), ZERO_S));
    } else {
      const zeroX = binary("f32.eq", x, ZERO_S);
      this.#stepUnlessOrdinarySingle(r, op === "mul" ? or(zeroX, binary("f32.eq", y, ZERO_S)) : zeroX);
      const [factors, product] = op === "mul" ? [[x, y], r] as const : [[r, y], x] as const;
      // A zero that got here is exact, and 0 / infinity multiplied back would be NaN.
      const differs = binary("f64.ne", binary("f64.mul", promote(factors[0]), promote(factors[1])), promote(product));
      this.#accrue(() => binary("i32.and", binary("f32.ne", r, ZERO_S), differs));
    }
    return this.#boxed(r);
  }

  sqrt(fmt: Format, a: I64): I64 {
    const { frame } = this;
    this.frame.requireNearest();
    if (fmt === "D") {
      const x = this.#double(a);
      const r = frame.keep(unary("f64.sqrt", x));
      this.#stepUnless(or(isZero(x), and(binary("f64.ge", x, SMALL), binary("f64.lt", x, LARGE))));
      this.#accrue(() => {
        const square = binary("f64.ne", binary("f64.mul", r, r), x);
        return binary("i32.and", unary("i32.eqz", isZero(r)), or(square, productInexact(frame, r, r)));
      });
      return unary("i64.reinterpret_f64", r);
    }
    const x = this.#single(a);
    const r = frame.keep(unary("f32.sqrt", x));
    const usual = and(binary("f32.ge", x, SMALL_S), binary("f32.lt", x, LARGE_S));
    this.#stepUnless(or(binary("f32.eq", x, ZERO_S), usual));
    this.#accrue(() => binary("f64.ne", binary("f64.mul", promote(r), promote(r)), promote(x)));
    return this.#boxed(r);
  }

  fma(fmt: Format, a: I64, b: I64, c: I64, negateProduct: boolean, negateAddend: boolean): I64 {
    this.frame.requireNearest();
    return fmt === "D"
      ? this.#fmaDouble(this.#signed(a, negateProduct), this.#double(b), this.#signed(c, negateAddend))
      : this.#fmaSingle(a, b, c, negateProduct, negateAddend);
  }

  #signed(raw: I64, negate: boolean): F64 {
    return negate ? this.frame.keep(unary("f64.neg", this.#double(raw))) : this.#double(raw);
  }

  /**
   * The host's own fused operation once inexact has accrued, if it has one and the result is of ordinary size; else
   * the sum of error-free parts.
   */
  #fmaDouble(x: F64, y: F64, z: F64): I64 {
    const { frame } = this;
    const { f } = frame;
    const result = frame.scratch("f64");
    f.set(result, ZERO);
    frame.usually(frame.mayFuse(), () => {
      const lanes = [x, y, z].map((v) => unary("f64x2.splat", v));
      f.set(result, unary("f64x2.extract_lane_0", relaxedMadd(lanes[0], lanes[1], lanes[2])));
    });
    f.if(isUnusual(get(result)), () => this.#fmaDoubleByParts(result, x, y, z));
    return unary("i64.reinterpret_f64", get(result));
  }

  #fmaDoubleByParts(result: Local<"f64">, x: F64, y: F64, z: F64): void {
    const { frame } = this;
    const { f } = frame;
    const inexact = frame.scratch("i32");
    const zeroProduct = frame.keep(or(isZero(x), isZero(y)));
    f.set(inexact, i32Const(0));
    const product = frame.keep(binary("f64.mul", x, y));
    f.if(zeroProduct, () => f.set(result, binary("f64.add", product, z)), () => {
      const ordinary = and(atLeast(product, SMALL), below(product, FACTOR), below(x, FACTOR), below(y, FACTOR));
      this.#stepUnless(ordinary);
      const sum = fusedSum(frame, product, x, y, z);
      f.set(result, sum.value);
      f.set(inexact, sum.inexact);
    });
    this.#stepUnlessOrdinary(get(result), and(zeroProduct, isZero(z)));
    f.if(get(inexact), () => this.frame.accrueInexact());
  }

  /** The product is exact in D; the sum rounded to odd there rounds rightly to S. */
  #fmaSingle(a: I64, b: I64, c: I64, negateProduct: boolean, negateAddend: boolean): I64 {
    const { frame } = this;
    const wide = (raw: I64, negate: boolean) =>
      frame.keep(negate ? unary("f64.neg", promote(this.#single(raw))) : promote(this.#single(raw)));
    const product = frame.keep(binary("f64.mul", wide(a, negateProduct), wide(b, false)));
    const addend = wide(c, negateAddend);
    const sum = frame.keep(binary("f64.add", product, addend));
    const error = frame.keep(sumError(frame, sum, product, addend));
    const r = frame.keep(unary("f32.demote_f64", roundToOdd(frame, sum, error)));
    this.#stepUnlessOrdinarySingle(r, isZero(sum));
    this.#accrue(() => or(binary("f64.ne", error, ZERO), binary("f64.ne", promote(r), sum)));
    return this.#boxed(r);
  }

  minmax(op: "min" | "max", fmt: Format, a: I64, b: I64): I64 {
    if (fmt === "D") {
      const [x, y] = [this.#double(a), this.#double(b)];
      this.#stepOnNaN(x, y);
      return unary("i64.reinterpret_f64", binary(`f64.${op}`, x, y));
    }
    const [x, y] = [this.#single(a), this.#single(b)];
    this.#stepOnNaN(promote(x), promote(y));
    return this.#boxed(binary(`f32.${op}`, x, y));
  }

  compare(op: "eq" | "lt" | "le", fmt: Format, a: I64, b: I64): I64 {
    const ordered = fmt === "D" ? this.#compareDouble(op, a, b) : this.#compareSingle(op, a, b);
    return unary("i64.extend_i32_u", ordered);
  }
  #compareDouble(op: "eq" | "lt" | "le", a: I64, b: I64): I32 {
    const [x, y] = [this.#double(a), this.#double(b)];
    this.#stepOnNaN(x, y);
    return binary(`f64.${op}`, x, y);
  }
  #compareSingle(op: "eq" | "lt" | "le", a: I64, b: I64): I32 {
    const [x, y] = [this.#single(a), this.#single(b)];
    this.#stepOnNaN(promote(x), promote(y));
    return binary(`f32.${op}`, x, y);
  }

  /** Classes from -infinity (0) to +infinity (7) in order of value, then the NaNs. */
  classify(fmt: Format, a: I64): I64 {
    const { frame } = this;
    const [bits, sign, fraction] = fmt === "D" ? [a, 63n, 52n] : [unary("i64.extend_i32_u", this.unbox(a)), 31n, 23n];
    const infinity = (1n << sign) - (1n << fraction);
    const magnitude = frame.keep(binary("i64.and", bits, i64Const((1n << sign) - 1n)));
    const reaches = (limit: bigint) => unary("i64.extend_i32_u", binary("i64.ge_u", magnitude, i64Const(limit)));
    const steps = [1n, 1n << fraction, infinity].map(reaches).reduce((s, r) => binary("i64.add", s, r), i64Const(4));
    const positive = frame.keep(steps);
    const negative = unary("i32.wrap_i64", binary("i64.shr_u", bits, i64Const(sign)));
    const number = select(negative, binary("i64.sub", i64Const(7), positive), positive);
    const quiet = binary("i64.and", binary("i64.shr_u", magnitude, i64Const(fraction - 1n)), i64Const(1));
    const isNaN = binary("i64.gt_u", magnitude, i64Const(infinity));
    return binary("i64.shl", i64Const(1), select(isNaN, binary("i64.add", quiet, i64Const(8)), number));
  }

  toInt(fmt: Format, to: IntType, a: I64): I64 {
    const { frame } = this;
    if (this.rm === 7) this.frame.requireNearest();
    const x = fmt === "D" ? this.#double(a) : frame.keep(promote(this.#single(a)));
    const rounding = ["f64.nearest", "f64.trunc", "f64.floor", "f64.ceil"] as const;
    const r = frame.keep(unary(rounding[this.rm % 7], x));
    const [low, end] = {
      w: [-(2 ** 31), 2 ** 31],
      wu: [0, 2 ** 32],
      l: [-(2 ** 63), 2 ** 63],
      lu: [0, 2 ** 64],
    }[to];
    this.#stepUnless(and(binary("f64.ge", r, f64Const(low)), binary("f64.lt", r, f64Const(end))));
    frame.f.if(binary("f64.ne", r, x), () => this.frame.accrueInexact());
    if (to === "lu") return unary("i64.trunc_sat_f64_u", r);
    const integer = unary("i64.trunc_sat_f64_s", r);
    return to === "wu" ? unary("i64.extend32_s", integer) : integer;
  }

  fromInt(fmt: Format, from: IntType, a: I64): I64 {
    const { frame } = this;
    this.frame.requireNearest();
    const value = frame.keep(
      from === "w"
        ? unary("i64.extend32_s", a)
        : from === "wu"
        ? unary("i64.extend_i32_u", unary("i32.wrap_i64", a))
        : a,
    );
    const unsigned = from === "lu";
    if (fmt === "S" || from === "l" || from === "lu") {
      this.#accrue(() => {
        const sign = frame.keep(unsigned ? i64Const(0) : binary("i64.shr_s", value, i64Const(63)));
        const magnitude = frame.keep(binary("i64.sub", binary("i64.xor", value, sign), sign));
        const odd = binary("i64.shr_u", magnitude, unary("i64.ctz", magnitude));
        return binary("i64.ge_u", odd, i64Const(fmt === "D" ? 1n << 53n : 1n << 24n));
      });
    }
    if (fmt === "S") return this.#boxed(unary(unsigned ? "f32.convert_i64_u" : "f32.convert_i64_s", value));
    return unary("i64.reinterpret_f64", unary(unsigned ? "f64.convert_i64_u" : "f64.convert_i64_s", value));
  }

  convert(to: Format, from: Format, a: I64): I64 {
    const { frame } = this;
    this.frame.requireNearest();
    if (to === from) throw new Error("a conversion to the same format");
    if (to === "D") {
      const x = this.#single(a);
      this.#stepUnless(binary("f32.eq", x, x));
      return unary("i64.reinterpret_f64", promote(x));
    }
    const x = this.#double(a);
    const r = frame.keep(unary("f32.demote_f64", x));
    this.#stepUnlessOrdinarySingle(r, isZero(x));
    this.#accrue(() => binary("f64.ne", promote(r), x));
    return this.#boxed(r);
  }

  #double(raw: I64): F64 {
    return unary("f64.reinterpret_i64", raw);
  }
  #single(raw: I64): F32 {
    return this.frame.keep(unary("f32.reinterpret_i32", this.unbox(raw)));
  }
  #boxed(value: F32): I64 {
    return binary("i64.or", unary("i64.extend_i32_u", unary("i32.reinterpret_f32", value)), i64Const(BOX));
  }

  /** Infinities of opposite sign step too, which spares a comparison. */
  #stepOnNaN(x: F64, y: F64): void {
    const sum = this.frame.keep(binary("f64.add", x, y));
    this.#stepUnless(binary("f64.eq", sum, sum));
  }
  #stepUnless(condition: I32): void {
    this.frame.f.if(unary("i32.eqz", condition), () => this.frame.leave(Reason.Step));
  }

  /** The result is of ordinary size, or a zero that is exact because `exactZero` holds. */
  #stepUnlessOrdinary(r: F64, exactZero: I32): void {
    this.frame.f.if(isUnusual(r), () => this.#stepUnless(and(isZero(r), exactZero)));
  }
  #stepUnlessOrdinarySingle(r: F32, exactZero: I32): void {
    const size = unary("f32.abs", r);
    const ordinary = and(binary("f32.ge", size, SMALL_S), binary("f32.lt", size, LARGE_S));
    this.frame.f.if(unary("i32.eqz", ordinary), () => this.#stepUnless(and(binary("f32.eq", r, ZERO_S), exactZero)));
  }

  /** Accrues inexact; whether it arises is computed only if it has not accrued yet. */
  #accrue(arises: () => I32): void {
    this.frame.f.if(unary("i32.eqz", this.frame.inexact()), () => {
      this.frame.f.if(arises(), () => this.frame.accrueInexact());
    });
  }
}
