/**
 * 64-bit integer operations that WebAssembly lacks or defines differently: RISC-V division, high products, byte
 * reversal. Arguments are used more than once and must be cheap to repeat (a read of a local).
 */

import { binary, choose, type I64, i64Const, select, unary } from "../wasm/expression.ts";
import type { Keeper } from "./frame.ts";

const ZERO = i64Const(0);
const ONES = i64Const(-1);

function isZero(a: I64) {
  return unary("i64.eqz", a);
}

/**
 * wasm traps on division by zero and on overflow, RISC-V defines both. Dividing by -1 is negation, overflow included.
 */
export function divide(a: I64, b: I64): I64 {
  const minusOne = binary("i64.eq", b, ONES);
  return choose(isZero(b), ONES, choose(minusOne, binary("i64.sub", ZERO, a), binary("i64.div_s", a, b)));
}

export function divideUnsigned(a: I64, b: I64): I64 {
  return choose(isZero(b), ONES, binary("i64.div_u", a, b));
}

export function remainder(a: I64, b: I64): I64 {
  const minusOne = binary("i64.eq", b, ONES);
  return choose(isZero(b), a, choose(minusOne, ZERO, binary("i64.rem_s", a, b)));
}

export function remainderUnsigned(a: I64, b: I64): I64 {
  return choose(isZero(b), a, binary("i64.rem_u", a, b));
}

/** High half of the unsigned product, from four products of 32-bit halves. */
export function mulhUnsigned(frame: Keeper, a: I64, b: I64): I64 {
  const low = (v: I64) => binary("i64.and", v, i64Const(0xffffffffn));
  const high = (v: I64) => binary("i64.shr_u", v, i64Const(32));
  const middle = frame.keep(
    binary("i64.add", binary("i64.mul", high(a), low(b)), high(binary("i64.mul", low(a), low(b)))),
  );
  const other = frame.keep(binary("i64.add", binary("i64.mul", low(a), high(b)), low(middle)));
  return binary("i64.add", binary("i64.mul", high(a), high(b)), binary("i64.add", high(middle), high(other)));
}

/** What a negative `a` takes away from an unsigned high product: `b`. */
export function signCorrection(a: I64, b: I64): I64 {
  return select(binary("i64.lt_s", a, ZERO), b, ZERO);
}

export function byteSwap(frame: Keeper, a: I64): I64 {
  const swap = (v: I64, mask: bigint, bits: number) =>
    binary(
      "i64.or",
      binary("i64.and", binary("i64.shr_u", v, i64Const(bits)), i64Const(mask)),
      binary("i64.shl", binary("i64.and", v, i64Const(mask)), i64Const(bits)),
    );
  const bytes = frame.keep(swap(a, 0x00ff00ff00ff00ffn, 8));
  const halves = frame.keep(swap(bytes, 0x0000ffff0000ffffn, 16));
  return binary("i64.rotl", halves, i64Const(32));
}

/**
 * Each byte becomes ff if any of its bits was set: the addition carries into bit 7 unless the low seven bits are
 * zero.
 */
export function orCombine(a: I64): I64 {
  const sevens = i64Const(0x7f7f7f7f7f7f7f7fn);
  const carried = binary("i64.or", binary("i64.add", binary("i64.and", a, sevens), sevens), a);
  const flags = binary("i64.and", binary("i64.shr_u", carried, i64Const(7)), i64Const(0x0101010101010101n));
  return binary("i64.mul", flags, i64Const(255));
}
