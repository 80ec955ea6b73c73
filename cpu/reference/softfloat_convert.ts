/**
 * The rest of the F and D arithmetic beside `softfloat.ts`: conversions, comparisons, minimum and maximum, classification. The same
 * conventions hold: raw register values in and out, flags ORed into the sink.
 */
import type { Format, IntType } from "../ops.ts";
import {
  bitLength,
  formatInfo,
  fromRegister,
  isNaNKind,
  losesBits,
  NV,
  NX,
  roundPack,
  roundShift,
  toRegister,
  unpack,
} from "./softfloat.ts";
import type { FlagSink, Unpacked } from "./softfloat.ts";

const LIMITS: Readonly<Record<IntType, readonly [bigint, bigint]>> = {
  w: [-(1n << 31n), (1n << 31n) - 1n],
  wu: [0n, (1n << 32n) - 1n],
  l: [-(1n << 63n), (1n << 63n) - 1n],
  lu: [0n, (1n << 64n) - 1n],
};

/** A 32-bit result is sign-extended, wu included; gives unsigned 64 bits. */
function integerRegister(to: IntType, value: bigint): bigint {
  return BigInt.asUintN(64, to === "w" || to === "wu" ? BigInt.asIntN(32, value) : value);
}

function saturated(to: IntType, high: boolean, sink: FlagSink): bigint {
  sink.flags |= NV;
  return integerRegister(to, LIMITS[to][high ? 1 : 0]);
}

/** Float to integer: rounds, saturates with NV alone when out of range; NaN gives the largest. */
export function softToInt(fmt: Format, to: IntType, rm: number, raw: bigint, sink: FlagSink): bigint {
  const info = formatInfo(fmt);
  const a = unpack(info, fromRegister(fmt, raw));
  if (isNaNKind(a)) return saturated(to, true, sink);
  if (a.kind === "zero") return 0n;
  if (a.kind === "infinite" || bitLength(a.significand) + a.exponent > 65) return saturated(to, !a.negative, sink);
  // Bits far below one half all count the same; the bound keeps the shift small.
  const shift = Math.min(-a.exponent, info.precision + 2);
  const magnitude = roundShift(rm, a.negative, a.significand, shift);
  const value = a.negative ? -magnitude : magnitude;
  if (value < LIMITS[to][0] || value > LIMITS[to][1]) return saturated(to, !a.negative, sink);
  if (losesBits(a.significand, shift)) sink.flags |= NX;
  return integerRegister(to, value);
}

/** Integer register to float. */
export function softFromInt(fmt: Format, from: IntType, rm: number, x: bigint, sink: FlagSink): bigint {
  const width = from === "w" || from === "wu" ? 32 : 64;
  const value = from === "w" || from === "l" ? BigInt.asIntN(width, x) : BigInt.asUintN(width, x);
  if (value === 0n) return toRegister(fmt, 0n);
  const negative = value < 0n;
  return toRegister(fmt, roundPack(formatInfo(fmt), rm, negative, negative ? -value : value, 0, sink));
}

/** Between formats. */
export function softConvert(to: Format, from: Format, rm: number, raw: bigint, sink: FlagSink): bigint {
  const target = formatInfo(to);
  const a = unpack(formatInfo(from), fromRegister(from, raw));
  if (isNaNKind(a)) {
    if (a.kind === "signaling") sink.flags |= NV;
    return toRegister(to, target.nan);
  }
  const sign = a.negative ? target.signBit : 0n;
  if (a.kind === "zero") return toRegister(to, sign);
  if (a.kind === "infinite") return toRegister(to, sign | target.infinity);
  return toRegister(to, roundPack(target, rm, a.negative, a.significand, a.exponent, sink));
}

/** Bits of a number that is no NaN as an integer that orders as the numbers do, -0 just below +0. */
function ordered(bits: bigint, signBit: bigint): bigint {
  return (bits & signBit) !== 0n ? -(bits - signBit) - 1n : bits;
}

/** 1 or 0. Equality is quiet; the orders signal on any NaN. */
export function softCompare(op: "eq" | "lt" | "le", fmt: Format, rawA: bigint, rawB: bigint, sink: FlagSink): bigint {
  const info = formatInfo(fmt);
  const bitsA = fromRegister(fmt, rawA);
  const bitsB = fromRegister(fmt, rawB);
  const a = unpack(info, bitsA);
  const b = unpack(info, bitsB);
  if (isNaNKind(a) || isNaNKind(b)) {
    if (op !== "eq" || a.kind === "signaling" || b.kind === "signaling") sink.flags |= NV;
    return 0n;
  }
  const equal = bitsA === bitsB || a.kind === "zero" && b.kind === "zero";
  if (op === "eq" || equal) return equal && op !== "lt" ? 1n : 0n;
  return ordered(bitsA, info.signBit) < ordered(bitsB, info.signBit) ? 1n : 0n;
}

/** minimumNumber and maximumNumber: a NaN operand loses to a number; -0 is below +0. */
export function softMinMax(op: "min" | "max", fmt: Format, rawA: bigint, rawB: bigint, sink: FlagSink): bigint {
  const info = formatInfo(fmt);
  const bitsA = fromRegister(fmt, rawA);
  const bitsB = fromRegister(fmt, rawB);
  const a = unpack(info, bitsA);
  const b = unpack(info, bitsB);
  if (a.kind === "signaling" || b.kind === "signaling") sink.flags |= NV;
  if (isNaNKind(a)) return toRegister(fmt, isNaNKind(b) ? info.nan : bitsB);
  if (isNaNKind(b)) return toRegister(fmt, bitsA);
  const below = ordered(bitsA, info.signBit) < ordered(bitsB, info.signBit);
  return toRegister(fmt, below === (op === "min") ? bitsA : bitsB);
}

/** The 10-bit class mask of fclass. */
export function softClass(fmt: Format, raw: bigint): bigint {
  const info = formatInfo(fmt);
  const bits = fromRegister(fmt, raw);
  const a = unpack(info, bits);
  return 1n << BigInt(classIndex(a, (bits & info.infinity) === 0n));
}

function classIndex(a: Unpacked, subnormal: boolean): number {
  switch (a.kind) {
    case "infinite":
      return a.negative ? 0 : 7;
    case "finite":
      return subnormal ? (a.negative ? 2 : 5) : (a.negative ? 1 : 6);
    case "zero":
      return a.negative ? 3 : 4;
    case "signaling":
      return 8;
    case "quiet":
      return 9;
  }
}
