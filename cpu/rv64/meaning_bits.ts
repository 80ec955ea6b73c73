/** Meanings of Zba (address generation), Zbb (basic bit manipulation), Zbs (single bits) and Zicond. Joined in `meaning.ts`. */
import type { Meaning, Ops } from "../ops.ts";
import type { RowName } from "./rows.ts";

type Binary = <V, B>(o: Ops<V, B>, a: V, b: V) => V;
type Unary = <V, B>(o: Ops<V, B>, a: V) => V;

function registers(f: Binary): Meaning {
  return (o) => o.setRd(f(o, o.x("rs1"), o.x("rs2")));
}

function immediate(f: Binary): Meaning {
  return (o) => o.setRd(f(o, o.x("rs1"), o.imm()));
}

function one(f: Unary): Meaning {
  return (o) => o.setRd(f(o, o.x("rs1")));
}

/** For operands that the operation uses twice. */
function both(f: Binary): Meaning {
  return (o) => o.setRd(f(o, o.let(o.x("rs1")), o.let(o.x("rs2"))));
}

function shiftAdd(amount: number): Meaning {
  return registers((o, a, b) => o.add(o.shl(a, o.k(amount)), b));
}

function shiftAddWord(amount: number): Meaning {
  return registers((o, a, b) => o.add(o.shl(o.zext(a, 32), o.k(amount)), b));
}

/** Rotates of 32 bits: the low word doubled into both halves, then one shift. */
const doubled: Unary = (o, a) => {
  const word = o.let(o.zext(a, 32));
  return o.or(o.shl(word, o.k(32)), word);
};
const rolw: Binary = (o, a, b) => o.sext(o.shr(doubled(o, a), o.and(o.sub(o.k(32), b), o.k(31))), 32);
const rorw: Binary = (o, a, b) => o.sext(o.shr(doubled(o, a), o.and(b, o.k(31))), 32);

const oneBit: Unary = (o, index) => o.shl(o.k(1), index);
const bclr: Binary = (o, a, b) => o.and(a, o.not(oneBit(o, b)));
const bext: Binary = (o, a, b) => o.and(o.shr(a, b), o.k(1));
const binv: Binary = (o, a, b) => o.xor(a, oneBit(o, b));
const bset: Binary = (o, a, b) => o.or(a, oneBit(o, b));
const ror: Binary = (o, a, b) => o.rotr(a, b);

export const bitManipulation = () => ({
  "add.uw": registers((o, a, b) => o.add(o.zext(a, 32), b)),
  "sh1add": shiftAdd(1),
  "sh2add": shiftAdd(2),
  "sh3add": shiftAdd(3),
  "sh1add.uw": shiftAddWord(1),
  "sh2add.uw": shiftAddWord(2),
  "sh3add.uw": shiftAddWord(3),
  "slli.uw": immediate((o, a, b) => o.shl(o.zext(a, 32), b)),

  "andn": registers((o, a, b) => o.and(a, o.not(b))),
  "orn": registers((o, a, b) => o.or(a, o.not(b))),
  "xnor": registers((o, a, b) => o.not(o.xor(a, b))),
  "clz": one((o, a) => o.clz(a)),
  "ctz": one((o, a) => o.ctz(a)),
  "cpop": one((o, a) => o.popcnt(a)),
  "clzw": one((o, a) => o.sub(o.clz(o.zext(a, 32)), o.k(32))),
  // A bit above the word stops the count at 32.
  "ctzw": one((o, a) => o.ctz(o.or(a, o.k(1n << 32n)))),
  "cpopw": one((o, a) => o.popcnt(o.zext(a, 32))),
  "min": both((o, a, b) => o.select(o.lt(a, b), a, b)),
  "minu": both((o, a, b) => o.select(o.ltu(a, b), a, b)),
  "max": both((o, a, b) => o.select(o.lt(a, b), b, a)),
  "maxu": both((o, a, b) => o.select(o.ltu(a, b), b, a)),
  "sext.b": one((o, a) => o.sext(a, 8)),
  "sext.h": one((o, a) => o.sext(a, 16)),
  "zext.h": one((o, a) => o.zext(a, 16)),
  "rol": registers((o, a, b) => o.rotl(a, b)),
  "ror": registers(ror),
  "rori": immediate(ror),
  "rolw": registers(rolw),
  "rorw": registers(rorw),
  "roriw": immediate(rorw),
  "orc.b": one((o, a) => o.orcb(a)),
  "rev8": one((o, a) => o.bswap(a)),

  "bclr": registers(bclr),
  "bclri": immediate(bclr),
  "bext": registers(bext),
  "bexti": immediate(bext),
  "binv": registers(binv),
  "binvi": immediate(binv),
  "bset": registers(bset),
  "bseti": immediate(bset),

  "czero.eqz": registers((o, a, b) => o.select(o.eq(b, o.k(0)), o.k(0), a)),
  "czero.nez": registers((o, a, b) => o.select(o.ne(b, o.k(0)), o.k(0), a)),
} satisfies Partial<Record<RowName, Meaning>>);
