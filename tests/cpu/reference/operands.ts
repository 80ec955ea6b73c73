/** Operand values that provoke: edges of integers and of floating-point formats, mixed with random bits. */
import type { Chance } from "./guest_program.ts";

const INTEGERS = [
  0n,
  1n,
  2n,
  0x7fn,
  0x80n,
  0x7fffn,
  0x8000n,
  0x7fffffffn,
  0x80000000n,
  0xffffffffn,
  0x100000000n,
  0x7fffffffffffffffn,
  0x8000000000000000n,
  0xffffffff80000000n,
  0xffffffffffffffffn,
  0xfffffffffffffffen,
  31n,
  32n,
  63n,
  64n,
];

const DOUBLES = [
  0x0000000000000000n, // 0
  0x0000000000000001n, // smallest subnormal
  0x000fffffffffffffn, // largest subnormal
  0x0010000000000000n, // smallest normal
  0x0010000000000001n,
  0x3ca0000000000000n, // 2^-53
  0x3fe0000000000000n, // 0.5
  0x3ff0000000000000n, // 1
  0x3ff0000000000001n,
  0x3ff8000000000000n, // 1.5
  0x3fefffffffffffffn,
  0x4008000000000000n, // 3
  0x41dfffffffc00000n, // 2^31 - 1
  0x41e0000000000000n, // 2^31
  0x41efffffffe00000n, // 2^32 - 1
  0x43dfffffffffffffn,
  0x43e0000000000000n, // 2^63
  0x43f0000000000000n, // 2^64
  0x36a0000000000000n, // 2^-149: smallest subnormal of binary32
  0x3690000000000000n, // half of it
  0x380fffffe0000000n, // around the smallest normal of binary32
  0x380fffffffffffffn,
  0x47efffffe0000000n, // largest of binary32
  0x47effffff0000000n,
  0x7fefffffffffffffn, // largest
  0x7ff0000000000000n, // infinity
  0x7ff0000000000001n, // signaling NaN
  0x7ff8000000000000n, // canonical NaN
  0x7fffffffffffffffn, // quiet NaN
];

const SINGLES = [
  0x00000000n,
  0x00000001n,
  0x007fffffn,
  0x00800000n,
  0x00800001n,
  0x33800000n,
  0x3f000000n,
  0x3f7fffffn,
  0x3f800000n,
  0x3f800001n,
  0x3fc00000n,
  0x40400000n,
  0x4effffffn,
  0x4f000000n,
  0x4f800000n,
  0x5effffffn,
  0x5f000000n,
  0x5f800000n,
  0x7f7fffffn,
  0x7f800000n,
  0x7f800001n,
  0x7fc00000n,
  0x7fffffffn,
];

/** An integer register value. */
export function integerOperand(chance: Chance): bigint {
  switch (chance.below(4)) {
    case 0:
      return chance.pick(INTEGERS);
    case 1:
      return BigInt.asUintN(64, chance.pick(INTEGERS) + BigInt(chance.below(5) - 2));
    case 2:
      return BigInt.asUintN(64, BigInt.asIntN(32, chance.big()));
    default:
      return chance.big() >> BigInt(chance.below(64));
  }
}

/** Binary64 bits: edges, neighbours of edges, near exponents (so that sums cancel), random. */
export function doubleOperand(chance: Chance): bigint {
  const sign = BigInt(chance.below(2)) << 63n;
  switch (chance.below(4)) {
    case 0:
      return chance.pick(DOUBLES) | sign;
    case 1:
      return BigInt.asUintN(63, chance.pick(DOUBLES) + BigInt(chance.below(7) - 3)) | sign;
    case 2:
      return BigInt(1023 - 4 + chance.below(9)) << 52n | BigInt.asUintN(52, chance.big() << BigInt(chance.below(52))) |
        sign;
    default:
      return chance.big();
  }
}

/** Binary32 bits. */
export function singleBits(chance: Chance): bigint {
  const sign = BigInt(chance.below(2)) << 31n;
  switch (chance.below(4)) {
    case 0:
      return chance.pick(SINGLES) | sign;
    case 1:
      return BigInt.asUintN(31, chance.pick(SINGLES) + BigInt(chance.below(7) - 3)) | sign;
    case 2:
      return BigInt(127 - 4 + chance.below(9)) << 23n | BigInt.asUintN(23, chance.big() << BigInt(chance.below(23))) |
        sign;
    default:
      return BigInt(chance.bits());
  }
}

/** A register that holds a binary32 value; now and then one that is not NaN-boxed. */
export function singleOperand(chance: Chance): bigint {
  const box = chance.below(16) === 0 ? BigInt(chance.bits()) : 0xffffffffn;
  return box << 32n | singleBits(chance);
}
