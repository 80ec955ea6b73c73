/**
 * Integer half of the reference instance of `Ops`: 64-bit values as unsigned BigInts, truth values as booleans, everything computed
 * at once in the most obvious way. `reference.ts` adds registers, memory, floating point and control.
 */

const ONES = (1n << 64n) - 1n;

function s64(a: bigint): bigint {
  return BigInt.asIntN(64, a);
}

function u64(a: bigint): bigint {
  return BigInt.asUintN(64, a);
}

/** Leading zeros of a 64-bit value. */
function leadingZeros(a: bigint): number {
  const high = Number(a >> 32n);
  return high !== 0 ? Math.clz32(high) : 32 + Math.clz32(Number(a & 0xffffffffn));
}

function ones(word: number): number {
  let count = 0;
  for (; word !== 0; word &= word - 1) count++;
  return count;
}

/** The pure operations. */
export class Evaluate {
  k(value: bigint | number): bigint {
    return u64(BigInt(value));
  }
  let(value: bigint): bigint {
    return value;
  }

  add(a: bigint, b: bigint): bigint {
    return u64(a + b);
  }
  sub(a: bigint, b: bigint): bigint {
    return u64(a - b);
  }
  mul(a: bigint, b: bigint): bigint {
    return u64(a * b);
  }
  mulh(a: bigint, b: bigint): bigint {
    return u64(s64(a) * s64(b) >> 64n);
  }
  mulhu(a: bigint, b: bigint): bigint {
    return a * b >> 64n;
  }
  mulhsu(a: bigint, b: bigint): bigint {
    return u64(s64(a) * b >> 64n);
  }
  div(a: bigint, b: bigint): bigint {
    return b === 0n ? ONES : u64(s64(a) / s64(b));
  }
  divu(a: bigint, b: bigint): bigint {
    return b === 0n ? ONES : a / b;
  }
  rem(a: bigint, b: bigint): bigint {
    return b === 0n ? a : u64(s64(a) % s64(b));
  }
  remu(a: bigint, b: bigint): bigint {
    return b === 0n ? a : a % b;
  }
  and(a: bigint, b: bigint): bigint {
    return a & b;
  }
  or(a: bigint, b: bigint): bigint {
    return a | b;
  }
  xor(a: bigint, b: bigint): bigint {
    return a ^ b;
  }
  not(a: bigint): bigint {
    return a ^ ONES;
  }
  shl(a: bigint, b: bigint): bigint {
    return u64(a << (b & 63n));
  }
  shr(a: bigint, b: bigint): bigint {
    return a >> (b & 63n);
  }
  sar(a: bigint, b: bigint): bigint {
    return u64(s64(a) >> (b & 63n));
  }
  rotl(a: bigint, b: bigint): bigint {
    const by = b & 63n;
    return u64(a << by) | a >> (64n - by);
  }
  rotr(a: bigint, b: bigint): bigint {
    const by = b & 63n;
    return a >> by | u64(a << (64n - by));
  }
  clz(a: bigint): bigint {
    return BigInt(leadingZeros(a));
  }
  ctz(a: bigint): bigint {
    return a === 0n ? 64n : BigInt(63 - leadingZeros(a & u64(-a)));
  }
  popcnt(a: bigint): bigint {
    return BigInt(ones(Number(a & 0xffffffffn)) + ones(Number(a >> 32n)));
  }
  sext(a: bigint, width: 8 | 16 | 32): bigint {
    return u64(BigInt.asIntN(width, a));
  }
  zext(a: bigint, width: 8 | 16 | 32): bigint {
    return BigInt.asUintN(width, a);
  }
  bswap(a: bigint): bigint {
    let out = 0n;
    for (let i = 0n; i < 64n; i += 8n) out = out << 8n | a >> i & 0xffn;
    return out;
  }
  orcb(a: bigint): bigint {
    let out = 0n;
    for (let i = 0n; i < 64n; i += 8n) if ((a >> i & 0xffn) !== 0n) out |= 0xffn << i;
    return out;
  }

  eq(a: bigint, b: bigint): boolean {
    return a === b;
  }
  ne(a: bigint, b: bigint): boolean {
    return a !== b;
  }
  lt(a: bigint, b: bigint): boolean {
    return s64(a) < s64(b);
  }
  ltu(a: bigint, b: bigint): boolean {
    return a < b;
  }
  ge(a: bigint, b: bigint): boolean {
    return s64(a) >= s64(b);
  }
  geu(a: bigint, b: bigint): boolean {
    return a >= b;
  }
  select(c: boolean, whenTrue: bigint, whenFalse: bigint): bigint {
    return c ? whenTrue : whenFalse;
  }
  bit(c: boolean): bigint {
    return c ? 1n : 0n;
  }
}
