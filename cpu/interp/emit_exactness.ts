/**
 * Exactness of host arithmetic: the rounding error of a sum, whether a product is exact, a fused multiply-add made of
 * plain operations. All of it holds only within the exponent ranges that `emit_float.ts` checks before use.
 *
 * Sources: the error-free transformations of Knuth (sum) and Dekker (product); fused multiply-add by rounding the
 * small part to odd after Boldo and Melquiond, "Emulation of a FMA and correctly rounded sums" (2008).
 */

import {
  binary,
  type F32,
  type F64,
  f64Const,
  type I32,
  type I64,
  i64Const,
  relaxedMadd,
  select,
  unary,
} from "../wasm/expression.ts";
import type { Keeper } from "./frame.ts";

const FRACTION = i64Const((1n << 52n) - 1n);
const HIDDEN = i64Const(1n << 52n);
/** 2^27 + 1: multiplying by it splits 53 bits into halves. */
const SPLITTER = f64Const(134217729);

/** The error of `sum` = a + b, exact. Arguments are cheap to repeat. */
export function sumError(frame: Keeper, sum: F64, a: F64, b: F64): F64 {
  const part = frame.keep(binary("f64.sub", sum, a));
  return binary("f64.add", binary("f64.sub", a, binary("f64.sub", sum, part)), binary("f64.sub", b, part));
}

/** The same in binary32. */
export function sumErrorSingle(frame: Keeper, sum: F32, a: F32, b: F32): F32 {
  const part = frame.keep(binary("f32.sub", sum, a));
  return binary("f32.add", binary("f32.sub", a, binary("f32.sub", sum, part)), binary("f32.sub", b, part));
}

/** The significand of a finite number other than zero without its trailing zeros. */
function oddSignificand(frame: Keeper, value: F64): I64 {
  const bits = frame.keep(unary("i64.reinterpret_f64", value));
  const subnormal = unary("i64.eqz", binary("i64.and", bits, i64Const(0x7ffn << 52n)));
  const fraction = binary("i64.and", bits, FRACTION);
  const significand = frame.keep(select(subnormal, fraction, binary("i64.or", fraction, HIDDEN)));
  return frame.keep(binary("i64.shr_u", significand, unary("i64.ctz", significand)));
}

/** Whether a × b, a normal number or zero, is rounded: the product of the odd significands has more than 53 bits. */
export function productInexact(frame: Keeper, a: F64, b: F64): I32 {
  const x = oddSignificand(frame, a);
  const y = oddSignificand(frame, b);
  const leading = binary("i64.add", unary("i64.clz", x), unary("i64.clz", y));
  // 54 bits or fewer between them: the product fits 64 bits and can be looked at.
  const long = binary("i64.lt_u", leading, i64Const(128 - 54));
  const wide = binary("i64.ge_u", binary("i64.mul", x, y), i64Const(1n << 53n));
  return binary("i32.or", long, wide);
}

/**
 * `sum` + `error` rounded to odd: if inexact, the neighbour of `sum` whose last bit is 1 stands for what lies
 * between.
 */
export function roundToOdd(frame: Keeper, sum: F64, error: F64): F64 {
  const bits = frame.keep(unary("i64.reinterpret_f64", sum));
  const errorBits = unary("i64.reinterpret_f64", error);
  const even = unary("i64.eqz", binary("i64.and", bits, i64Const(1)));
  const adjust = binary("i32.and", binary("f64.ne", error, f64Const(0)), even);
  // Away from zero when the error has the sign of the sum: +1, else -1 (the sign bits differ).
  const step = binary("i64.or", binary("i64.shr_s", binary("i64.xor", bits, errorBits), i64Const(63)), i64Const(1));
  return unary("f64.reinterpret_i64", select(adjust, binary("i64.add", bits, step), bits));
}

/**
 * Whether relaxed multiply-add rounds once on this host: (1 + 2^-30)² - (1 + 2^-29) is 2^-60, or 0 when the product
 * is rounded first.
 */
export function multiplyAddFuses(): I32 {
  const factor = unary("f64x2.splat", f64Const(1 + 2 ** -30));
  const sum = relaxedMadd(factor, factor, unary("f64x2.splat", f64Const(-1 - 2 ** -29)));
  return binary("f64.ne", unary("f64x2.extract_lane_0", sum), f64Const(0));
}

function split(frame: Keeper, value: F64): { high: F64; low: F64 } {
  const scaled = frame.keep(binary("f64.mul", value, SPLITTER));
  const high = frame.keep(binary("f64.sub", scaled, binary("f64.sub", scaled, value)));
  return { high, low: frame.keep(binary("f64.sub", value, high)) };
}

/** The error of `product` = a × b, exact. */
function productError(frame: Keeper, product: F64, a: F64, b: F64): F64 {
  const x = split(frame, a);
  const y = split(frame, b);
  const high = binary("f64.sub", product, binary("f64.mul", x.high, y.high));
  const middle = binary(
    "f64.sub",
    binary("f64.sub", high, binary("f64.mul", x.low, y.high)),
    binary("f64.mul", x.high, y.low),
  );
  return binary("f64.sub", binary("f64.mul", x.low, y.low), middle);
}

/** a × b + c with one rounding, and whether it was inexact. `product` is a × b rounded. */
export function fusedSum(frame: Keeper, product: F64, a: F64, b: F64, c: F64): { value: F64; inexact: I32 } {
  const low = frame.keep(productError(frame, product, a, b));
  const t = frame.keep(binary("f64.add", c, low));
  const tError = frame.keep(sumError(frame, t, c, low));
  const v = frame.keep(binary("f64.add", product, t));
  const vError = frame.keep(sumError(frame, v, product, t));
  const rest = frame.keep(binary("f64.add", tError, vError));
  const restError = frame.keep(sumError(frame, rest, tError, vError));
  const odd = frame.keep(roundToOdd(frame, rest, restError));
  const value = frame.keep(binary("f64.add", v, odd));
  const error = sumError(frame, value, v, odd);
  const zero = f64Const(0);
  return { value, inexact: binary("i32.or", binary("f64.ne", restError, zero), binary("f64.ne", error, zero)) };
}
