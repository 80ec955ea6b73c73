/**
 * IEEE 754 arithmetic for binary32 and binary64 as RISC-V's F and D extensions define it, exact over BigInt: every result is computed
 * without error and rounded once. Oracle of the tests, arithmetic of the reference interpreter, and the slow path of the wasm engines
 * (rounding modes and flags that the host does not offer).
 *
 * Values are raw 64-bit register contents: S values are NaN-boxed, and an operand that is not reads as the canonical NaN. NaN results are
 * canonical. Flags accrue by OR into the sink. Conversions, comparisons and classes are in `softfloat_convert.ts`.
 */
import type { Format } from "../ops.ts";

/** Rounding modes by their RISC-V number. */
export const RNE = 0;
export const RTZ = 1;
export const RDN = 2;
export const RUP = 3;
export const RMM = 4;

/** Accrued exception flags by their bit in fflags. */
export const NX = 1;
export const UF = 2;
export const OF = 4;
export const DZ = 8;
export const NV = 16;

/** Where flags accrue. */
export interface FlagSink {
  flags: number;
}

/** Parameters of a binary format. */
export interface FormatInfo {
  /** Significand bits, hidden one included. */
  readonly precision: number;
  readonly bias: number;
  readonly signBit: bigint;
  /** Bits of positive infinity, also the mask of the exponent field. */
  readonly infinity: bigint;
  readonly nan: bigint;
  /** The bit that makes a NaN quiet. */
  readonly quietBit: bigint;
  readonly fractionMask: bigint;
}

export const BINARY32: FormatInfo = {
  precision: 24,
  bias: 127,
  signBit: 1n << 31n,
  infinity: 0xffn << 23n,
  nan: 0x7fc00000n,
  quietBit: 1n << 22n,
  fractionMask: (1n << 23n) - 1n,
};

export const BINARY64: FormatInfo = {
  precision: 53,
  bias: 1023,
  signBit: 1n << 63n,
  infinity: 0x7ffn << 52n,
  nan: 0x7ff8000000000000n,
  quietBit: 1n << 51n,
  fractionMask: (1n << 52n) - 1n,
};

export function formatInfo(fmt: Format): FormatInfo {
  return fmt === "S" ? BINARY32 : BINARY64;
}

const BOX = 0xffffffff00000000n;

/** Bits of the format inside a register. */
export function fromRegister(fmt: Format, raw: bigint): bigint {
  if (fmt === "D") return raw;
  return (raw & BOX) === BOX ? raw & 0xffffffffn : BINARY32.nan;
}

/** Register contents for bits of the format. */
export function toRegister(fmt: Format, bits: bigint): bigint {
  return fmt === "D" ? bits : bits | BOX;
}

export type Kind = "zero" | "finite" | "infinite" | "quiet" | "signaling";

/** A number taken apart: finite values are ±significand × 2^exponent. */
export interface Unpacked {
  readonly kind: Kind;
  readonly negative: boolean;
  readonly significand: bigint;
  readonly exponent: number;
}

export function unpack(info: FormatInfo, bits: bigint): Unpacked {
  const negative = (bits & info.signBit) !== 0n;
  const fraction = bits & info.fractionMask;
  const field = Number((bits & info.infinity) >> BigInt(info.precision - 1));
  if ((bits & info.infinity) === info.infinity) {
    const kind = fraction === 0n ? "infinite" : (fraction & info.quietBit) !== 0n ? "quiet" : "signaling";
    return { kind, negative, significand: 0n, exponent: 0 };
  }
  if (field === 0 && fraction === 0n) return { kind: "zero", negative, significand: 0n, exponent: 0 };
  const significand = field === 0 ? fraction : fraction | info.fractionMask + 1n;
  return { kind: "finite", negative, significand, exponent: Math.max(field, 1) - info.bias - (info.precision - 1) };
}

export function isNaNKind(v: Unpacked): boolean {
  return v.kind === "quiet" || v.kind === "signaling";
}

const scratchFloat = new Float64Array(1);
const scratchWord = new Int32Array(scratchFloat.buffer);

/** Bits needed for a positive integer. */
export function bitLength(n: bigint): number {
  let base = 0;
  while (n >> 1000n !== 0n) {
    n >>= 1000n;
    base += 1000;
  }
  // The conversion may round up to the next power of two; the second test undoes that.
  scratchFloat[0] = Number(n);
  const length = (scratchWord[1] >>> 20) - 1022;
  return base + (n >> BigInt(length - 1) === 0n ? length - 1 : length);
}

/** Whether dropping `rest` (of `shift` bits) below an integer with lowest bit `odd` increments the magnitude. */
function roundsUp(rm: number, negative: boolean, odd: boolean, rest: bigint, shift: bigint): boolean {
  if (rest === 0n) return false;
  switch (rm) {
    case RNE: {
      const half = 1n << (shift - 1n);
      return rest > half || rest === half && odd;
    }
    case RMM:
      return rest >= 1n << (shift - 1n);
    case RDN:
      return negative;
    case RUP:
      return !negative;
    default:
      return false;
  }
}

/** `significand` × 2^-shift rounded to an integer; NX is the caller's to raise, from `inexact`. */
export function roundShift(rm: number, negative: boolean, significand: bigint, shift: number): bigint {
  if (shift <= 0) return significand << BigInt(-shift);
  const by = BigInt(shift);
  const kept = significand >> by;
  const rest = significand - (kept << by);
  return roundsUp(rm, negative, (kept & 1n) !== 0n, rest, by) ? kept + 1n : kept;
}

/** Whether any of the lowest `shift` bits is set. */
export function losesBits(significand: bigint, shift: number): boolean {
  return shift > 0 && BigInt.asUintN(shift, significand) !== 0n;
}

/** Rounds ±significand × 2^exponent (significand positive, exact) into the format. Tininess is detected after rounding. */
export function roundPack(
  info: FormatInfo,
  rm: number,
  negative: boolean,
  significand: bigint,
  exponent: number,
  sink: FlagSink,
): bigint {
  const digits = info.precision - 1;
  const minimum = 1 - info.bias - digits;
  const natural = bitLength(significand) + exponent - info.precision;
  const unit = Math.max(natural, minimum);
  const inexact = losesBits(significand, unit - exponent);
  const rounded = roundShift(rm, negative, significand, unit - exponent);
  const biased = unit + digits + info.bias;
  const magnitude = (BigInt(biased - 1) << BigInt(digits)) + rounded;
  const sign = negative ? info.signBit : 0n;
  if (magnitude >= info.infinity) {
    sink.flags |= OF | NX;
    const toInfinity = rm === RNE || rm === RMM || rm === (negative ? RDN : RUP);
    return sign | (toInfinity ? info.infinity : info.infinity - 1n);
  }
  if (inexact) {
    sink.flags |= NX;
    if (natural < minimum && isTiny(info, rm, negative, significand, natural - exponent, natural, minimum)) {
      sink.flags |= UF;
    }
  }
  return sign | magnitude;
}

/** Below the smallest normal number even when rounded as if the exponent had no lower bound. */
function isTiny(
  info: FormatInfo,
  rm: number,
  negative: boolean,
  significand: bigint,
  shift: number,
  natural: number,
  minimum: number,
): boolean {
  if (natural < minimum - 1) return true;
  return roundShift(rm, negative, significand, shift) >> BigInt(info.precision) === 0n;
}

/** Rounds a signed sum; an exact zero is negative only when rounding down. */
function packSum(info: FormatInfo, rm: number, sum: bigint, exponent: number, sink: FlagSink): bigint {
  if (sum === 0n) return rm === RDN ? info.signBit : 0n;
  return sum < 0n ? roundPack(info, rm, true, -sum, exponent, sink) : roundPack(info, rm, false, sum, exponent, sink);
}

function signed(v: Unpacked, negative: boolean): bigint {
  return negative ? -v.significand : v.significand;
}

function infinity(info: FormatInfo, negative: boolean): bigint {
  return negative ? info.signBit | info.infinity : info.infinity;
}

function zero(info: FormatInfo, negative: boolean): bigint {
  return negative ? info.signBit : 0n;
}

function invalid(info: FormatInfo, sink: FlagSink): bigint {
  sink.flags |= NV;
  return info.nan;
}

/** The canonical NaN for an operation with a NaN operand; NV if any is signaling. */
function propagate(info: FormatInfo, sink: FlagSink, a: Unpacked, b: Unpacked): bigint {
  if (a.kind === "signaling" || b.kind === "signaling") sink.flags |= NV;
  return info.nan;
}

function add(info: FormatInfo, rm: number, a: Unpacked, b: Unpacked, subtract: boolean, sink: FlagSink): bigint {
  const bNegative = b.negative !== subtract;
  if (a.kind === "infinite") {
    return b.kind === "infinite" && a.negative !== bNegative ? invalid(info, sink) : infinity(info, a.negative);
  }
  if (b.kind === "infinite") return infinity(info, bNegative);
  if (a.kind === "zero" && b.kind === "zero" && a.negative === bNegative) return zero(info, a.negative);
  // A zero operand has significand 0 and must not drag the common exponent.
  const exponent = a.kind === "zero" ? b.exponent : b.kind === "zero" ? a.exponent : Math.min(a.exponent, b.exponent);
  const sum = (a.kind === "zero" ? 0n : signed(a, a.negative) << BigInt(a.exponent - exponent)) +
    (b.kind === "zero" ? 0n : signed(b, bNegative) << BigInt(b.exponent - exponent));
  return packSum(info, rm, sum, exponent, sink);
}

function multiply(info: FormatInfo, rm: number, a: Unpacked, b: Unpacked, sink: FlagSink): bigint {
  const negative = a.negative !== b.negative;
  if (a.kind === "infinite" || b.kind === "infinite") {
    return a.kind === "zero" || b.kind === "zero" ? invalid(info, sink) : infinity(info, negative);
  }
  if (a.kind === "zero" || b.kind === "zero") return zero(info, negative);
  return roundPack(info, rm, negative, a.significand * b.significand, a.exponent + b.exponent, sink);
}

function divide(info: FormatInfo, rm: number, a: Unpacked, b: Unpacked, sink: FlagSink): bigint {
  const negative = a.negative !== b.negative;
  if (a.kind === "infinite") return b.kind === "infinite" ? invalid(info, sink) : infinity(info, negative);
  if (b.kind === "infinite") return zero(info, negative);
  if (b.kind === "zero") {
    if (a.kind === "zero") return invalid(info, sink);
    sink.flags |= DZ;
    return infinity(info, negative);
  }
  if (a.kind === "zero") return zero(info, negative);
  // Enough quotient bits that one more, set when the remainder is not zero, stands for all the rest.
  const shift = info.precision + 3 + bitLength(b.significand);
  const numerator = a.significand << BigInt(shift);
  const quotient = numerator / b.significand;
  const sticky = quotient * b.significand === numerator ? 0n : 1n;
  return roundPack(info, rm, negative, quotient << 1n | sticky, a.exponent - b.exponent - shift - 1, sink);
}

/**
 * Addition, subtraction, multiplication and division. `rm` is one of the five modes.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { NX, RUP, softArith } from "./softfloat.ts";
 *
 * const one = 0x3ff0000000000000n;
 * const least = 1n; // smallest subnormal
 * const sink = { flags: 0 };
 * assert.equal(softArith("add", "D", RUP, one, least, sink), one + 1n);
 * assert.equal(sink.flags, NX);
 * ```
 */
export function softArith(
  op: "add" | "sub" | "mul" | "div",
  fmt: Format,
  rm: number,
  rawA: bigint,
  rawB: bigint,
  sink: FlagSink,
): bigint {
  const info = formatInfo(fmt);
  const a = unpack(info, fromRegister(fmt, rawA));
  const b = unpack(info, fromRegister(fmt, rawB));
  if (isNaNKind(a) || isNaNKind(b)) return toRegister(fmt, propagate(info, sink, a, b));
  switch (op) {
    case "mul":
      return toRegister(fmt, multiply(info, rm, a, b, sink));
    case "div":
      return toRegister(fmt, divide(info, rm, a, b, sink));
    default:
      return toRegister(fmt, add(info, rm, a, b, op === "sub", sink));
  }
}

/** Fused multiply-add (±a×b) ± c, rounded once. Infinity times zero is invalid even with a quiet NaN addend. */
export function softFma(
  fmt: Format,
  rm: number,
  rawA: bigint,
  rawB: bigint,
  rawC: bigint,
  negateProduct: boolean,
  negateAddend: boolean,
  sink: FlagSink,
): bigint {
  const info = formatInfo(fmt);
  const a = unpack(info, fromRegister(fmt, rawA));
  const b = unpack(info, fromRegister(fmt, rawB));
  const c = unpack(info, fromRegister(fmt, rawC));
  const infinityTimesZero = a.kind === "infinite" && b.kind === "zero" || a.kind === "zero" && b.kind === "infinite";
  if (isNaNKind(a) || isNaNKind(b) || isNaNKind(c)) {
    if (infinityTimesZero || c.kind === "signaling") sink.flags |= NV;
    return toRegister(fmt, propagate(info, sink, a, b));
  }
  if (infinityTimesZero) return toRegister(fmt, invalid(info, sink));
  // The exact product as an addend: kinds as usual, a significand of twice the width.
  const infinite = a.kind === "infinite" || b.kind === "infinite";
  const product: Unpacked = {
    kind: infinite ? "infinite" : a.kind === "zero" || b.kind === "zero" ? "zero" : "finite",
    negative: (a.negative !== b.negative) !== negateProduct,
    significand: a.significand * b.significand,
    exponent: a.exponent + b.exponent,
  };
  return toRegister(fmt, add(info, rm, product, c, negateAddend, sink));
}

/** Largest integer whose square is at most n. */
function integerSqrt(n: bigint): bigint {
  let root = BigInt(Math.floor(Math.sqrt(Number(n))));
  for (;;) {
    const next = (root + n / root) >> 1n;
    if (next === root || next === root + 1n || next === root - 1n) {
      root = next;
      break;
    }
    root = next;
  }
  while (root * root > n) root--;
  while ((root + 1n) * (root + 1n) <= n) root++;
  return root;
}

export function softSqrt(fmt: Format, rm: number, raw: bigint, sink: FlagSink): bigint {
  const info = formatInfo(fmt);
  const a = unpack(info, fromRegister(fmt, raw));
  if (isNaNKind(a)) return toRegister(fmt, propagate(info, sink, a, a));
  if (a.kind === "zero") return toRegister(fmt, zero(info, a.negative));
  if (a.negative) return toRegister(fmt, invalid(info, sink));
  if (a.kind === "infinite") return toRegister(fmt, info.infinity);
  // An even exponent, and enough bits that the root has two more than the format; the rest is one sticky bit.
  let shift = 2 * (info.precision + 2);
  if ((a.exponent - shift) % 2 !== 0) shift++;
  const radicand = a.significand << BigInt(shift);
  const root = integerSqrt(radicand);
  const sticky = root * root === radicand ? 0n : 1n;
  return toRegister(fmt, roundPack(info, rm, false, root << 1n | sticky, (a.exponent - shift) / 2 - 1, sink));
}
