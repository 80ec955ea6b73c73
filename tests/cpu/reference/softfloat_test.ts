/** Softfloat against the host's own arithmetic, which rounds to nearest even and shows no flags; and flags by what they mean. */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  DZ,
  fromRegister,
  NV,
  NX,
  OF,
  RDN,
  RMM,
  RNE,
  RTZ,
  RUP,
  softArith,
  softFma,
  softSqrt,
  toRegister,
  UF,
} from "../../../cpu/reference/softfloat.ts";
import {
  softClass,
  softCompare,
  softConvert,
  softFromInt,
  softMinMax,
  softToInt,
} from "../../../cpu/reference/softfloat_convert.ts";

const view = new DataView(new ArrayBuffer(8));

function double(value: number): bigint {
  view.setFloat64(0, value);
  return view.getBigUint64(0);
}

function single(value: number): bigint {
  view.setFloat32(0, value);
  return toRegister("S", BigInt(view.getUint32(0)));
}

const NAN_D = 0x7ff8000000000000n;
const NAN_S = toRegister("S", 0x7fc00000n);
const SNAN_D = 0x7ff0000000000001n;

/** Host doubles have many NaNs; results have one. */
function canonical(bits: bigint, nan: bigint, isNaN: boolean): bigint {
  return isNaN ? nan : bits;
}

const doubles = fc.oneof(
  fc.double(),
  fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }).map((bits) => {
    view.setBigUint64(0, bits);
    return view.getFloat64(0);
  }),
  fc.constantFrom(0, -0, 1, -1, Infinity, -Infinity, NaN, Number.MIN_VALUE, Number.MAX_VALUE, 2 ** -1022, 2 ** 63),
);
const singles = fc.oneof(fc.float(), fc.constantFrom(0, -0, 1, 2 ** -149, 2 ** -126, 2 ** 31, Infinity, NaN));
const runs = { numRuns: 2000 };

const HOST = {
  add: (a: number, b: number) => a + b,
  sub: (a: number, b: number) => a - b,
  mul: (a: number, b: number) => a * b,
  div: (a: number, b: number) => a / b,
};

for (const [op, host] of Object.entries(HOST) as [keyof typeof HOST, (a: number, b: number) => number][]) {
  Deno.test(`${op} to nearest equals the host's binary64`, () => {
    fc.assert(
      fc.property(doubles, doubles, (a, b) => {
        const expected = host(a, b);
        const got = softArith(op, "D", RNE, double(a), double(b), { flags: 0 });
        assert.equal(got, canonical(double(expected), NAN_D, Number.isNaN(expected)));
      }),
      runs,
    );
  });
  // A binary64 result of binary32 operands, rounded again, is the binary32 result: 53 ≥ 2 × 24 + 2.
  Deno.test(`${op} to nearest equals the host's binary32`, () => {
    fc.assert(
      fc.property(singles, singles, (a, b) => {
        const expected = Math.fround(host(a, b));
        const got = softArith(op, "S", RNE, single(a), single(b), { flags: 0 });
        assert.equal(got, canonical(single(expected), NAN_S, Number.isNaN(expected)));
      }),
      runs,
    );
  });
}

Deno.test("square roots to nearest equal the host's", () => {
  fc.assert(
    fc.property(doubles, singles, (a, b) => {
      const d = Math.sqrt(a);
      assert.equal(softSqrt("D", RNE, double(a), { flags: 0 }), canonical(double(d), NAN_D, Number.isNaN(d)));
      const s = Math.fround(Math.sqrt(b));
      assert.equal(softSqrt("S", RNE, single(b), { flags: 0 }), canonical(single(s), NAN_S, Number.isNaN(s)));
    }),
    runs,
  );
});

Deno.test("fused multiply-add of integers below 2^26 is exact, and its signs are those of the four rows", () => {
  const small = fc.integer({ min: -(2 ** 25), max: 2 ** 25 });
  fc.assert(
    fc.property(small, small, small, fc.boolean(), fc.boolean(), (a, b, c, negateProduct, negateAddend) => {
      const sink = { flags: 0 };
      const got = softFma("D", RNE, double(a), double(b), double(c), negateProduct, negateAddend, sink);
      const expected = (negateProduct ? -1 : 1) * a * b + (negateAddend ? -1 : 1) * c;
      if (expected !== 0) assert.equal(got, double(expected));
      assert.equal(sink.flags, 0);
    }),
  );
});

Deno.test("fused multiply-add keeps what rounding the product would lose", () => {
  const a = 1 + 2 ** -52;
  assert.equal(
    softFma("D", RNE, double(a), double(a), double(-(a * a)), false, false, { flags: 0 }),
    double(2 ** -104),
  );
});

Deno.test("conversions to integers truncate as the host does and saturate with NV", () => {
  fc.assert(
    fc.property(doubles, (a) => {
      const sink = { flags: 0 };
      const got = BigInt.asIntN(64, softToInt("D", "l", RTZ, double(a), sink));
      if (Number.isNaN(a) || a >= 2 ** 63) assert.deepEqual([got, sink.flags], [(1n << 63n) - 1n, NV]);
      else if (a < -(2 ** 63)) assert.deepEqual([got, sink.flags], [-(1n << 63n), NV]);
      else assert.deepEqual([got, sink.flags], [BigInt(Math.trunc(a)), Number.isInteger(a) ? 0 : NX]);
    }),
    runs,
  );
});

Deno.test("conversions from integers equal the host's", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), (x) => {
      assert.equal(softFromInt("D", "lu", RNE, x, { flags: 0 }), double(Number(x)));
      assert.equal(softFromInt("D", "l", RNE, x, { flags: 0 }), double(Number(BigInt.asIntN(64, x))));
      assert.equal(softFromInt("D", "w", RNE, x, { flags: 0 }), double(Number(BigInt.asIntN(32, x))));
    }),
    runs,
  );
});

Deno.test("narrowing to nearest equals Math.fround, widening is exact", () => {
  fc.assert(
    fc.property(doubles, singles, (a, b) => {
      const expected = canonical(single(Math.fround(a)), NAN_S, Number.isNaN(a));
      assert.equal(softConvert("S", "D", RNE, double(a), { flags: 0 }), expected);
      const sink = { flags: 0 };
      assert.equal(softConvert("D", "S", RNE, single(b), sink), canonical(double(b), NAN_D, Number.isNaN(b)));
      assert.equal(sink.flags, 0);
    }),
    runs,
  );
});

Deno.test("comparisons equal the host's; only the orders signal on a quiet NaN", () => {
  fc.assert(
    fc.property(doubles, doubles, (a, b) => {
      const sink = { flags: 0 };
      assert.equal(
        softCompare("eq", "D", canonical(double(a), NAN_D, Number.isNaN(a)), double(b), { flags: 0 }),
        BigInt(a === b),
      );
      assert.equal(softCompare("le", "D", double(a), double(b), { flags: 0 }), BigInt(a <= b));
      assert.equal(softCompare("lt", "D", double(a), double(b), sink), BigInt(a < b));
      assert.equal(sink.flags, Number.isNaN(a) || Number.isNaN(b) ? NV : 0);
    }),
    runs,
  );
  const quiet = { flags: 0 };
  softCompare("eq", "D", NAN_D, 0n, quiet);
  assert.equal(quiet.flags, 0);
  softCompare("eq", "D", SNAN_D, 0n, quiet);
  assert.equal(quiet.flags, NV);
});

Deno.test("the five modes place a tie and its neighbours where they say", () => {
  // 1 + 2^-53 is halfway between 1 and its successor.
  const one = double(1);
  const tie = double(2 ** -53);
  const up = double(1 + 2 ** -52);
  const sum = (rm: number, sign: bigint) => softArith("add", "D", rm, one | sign, tie | sign, { flags: 0 });
  const minus = 1n << 63n;
  const expected = { [RNE]: [one, one], [RTZ]: [one, one], [RDN]: [one, up], [RUP]: [up, one], [RMM]: [up, up] };
  for (const [rm, [positive, negative]] of Object.entries(expected)) {
    assert.equal(sum(Number(rm), 0n), positive, `mode ${rm}`);
    assert.equal(sum(Number(rm), minus), negative | minus, `mode ${rm}, negative`);
  }
});

Deno.test("flags: overflow, underflow after rounding, division by zero, invalid", () => {
  const flagsOf = (f: (sink: { flags: number }) => unknown) => {
    const sink = { flags: 0 };
    f(sink);
    return sink.flags;
  };
  const max = double(Number.MAX_VALUE);
  const least = double(2 ** -1022);
  assert.equal(flagsOf((s) => softArith("add", "D", RNE, max, max, s)), OF | NX);
  assert.equal(softArith("add", "D", RTZ, max, max, { flags: 0 }), max);
  assert.equal(flagsOf((s) => softArith("div", "D", RNE, double(1), 0n, s)), DZ);
  assert.equal(flagsOf((s) => softArith("div", "D", RNE, 0n, 0n, s)), NV);
  assert.equal(flagsOf((s) => softArith("mul", "D", RNE, least, double(0.3), s)), UF | NX);
  assert.equal(flagsOf((s) => softArith("mul", "D", RNE, least, double(0.5), s)), 0, "an exact subnormal");
  // (1 - 2^-53) × 2^-1022 is delivered as the smallest normal. With an unbounded exponent it would be exact, so it is tiny; but
  // (1 + 2^-52)(1 - 2^-53) rounds up to 1 with an unbounded exponent and is not.
  const below = double(1 - 2 ** -53);
  assert.equal(flagsOf((s) => softArith("mul", "D", RNE, least, below, s)), UF | NX);
  const nearly = double((1 + 2 ** -52) * 2 ** -1022);
  assert.equal(flagsOf((s) => softArith("mul", "D", RNE, nearly, below, s)), NX);
  assert.equal(flagsOf((s) => softFma("D", RNE, double(Infinity), 0n, NAN_D, false, false, s)), NV);
});

Deno.test("an S operand that is not NaN-boxed is a canonical NaN", () => {
  assert.equal(fromRegister("S", 0x3f800000n), 0x7fc00000n);
  assert.equal(softArith("add", "S", RNE, 0x3f800000n, single(1), { flags: 0 }), NAN_S);
  assert.equal(softClass("S", 0x3f800000n), 1n << 9n);
});

Deno.test("minimum and maximum order zeros by sign and prefer numbers to NaNs", () => {
  const sink = { flags: 0 };
  assert.equal(softMinMax("min", "D", 0n, double(-0), sink), double(-0));
  assert.equal(softMinMax("max", "D", double(-0), 0n, sink), 0n);
  assert.equal(softMinMax("min", "D", NAN_D, double(1), sink), double(1));
  assert.equal(softMinMax("max", "D", NAN_D, NAN_D | 1n, sink), NAN_D);
  assert.equal(sink.flags, 0);
  assert.equal(softMinMax("max", "D", SNAN_D, double(1), sink), double(1));
  assert.equal(sink.flags, NV);
});

Deno.test("classes are the ten of the manual", () => {
  const values = [-Infinity, -1, -Number.MIN_VALUE, -0, 0, Number.MIN_VALUE, 1, Infinity];
  values.forEach((value, index) => assert.equal(softClass("D", double(value)), 1n << BigInt(index)));
  assert.equal(softClass("D", SNAN_D), 1n << 8n);
  assert.equal(softClass("D", NAN_D), 1n << 9n);
});
