/**
 * Meanings of the F and D extensions, each format from the same functions. Rounding, flags, boxing and canonical NaNs are the
 * engine's (`cpu/ops.ts`); sign injection, moves, loads and stores are plain bit work and are written out here.
 */
import type { Format, IntType, Meaning } from "../ops.ts";
import type { RowName } from "./rows.ts";

function arith(op: "add" | "sub" | "mul" | "div", fmt: Format): Meaning {
  return (o) => o.setF(o.farith(op, fmt, o.f("rs1"), o.f("rs2")));
}

function sqrt(fmt: Format): Meaning {
  return (o) => o.setF(o.fsqrt(fmt, o.f("rs1")));
}

function fused(fmt: Format, negateProduct: boolean, negateAddend: boolean): Meaning {
  return (o) => o.setF(o.fma(fmt, o.f("rs1"), o.f("rs2"), o.f("rs3"), negateProduct, negateAddend));
}

function minmax(op: "min" | "max", fmt: Format): Meaning {
  return (o) => o.setF(o.fminmax(op, fmt, o.f("rs1"), o.f("rs2")));
}

function compare(op: "eq" | "lt" | "le", fmt: Format): Meaning {
  return (o) => o.setRd(o.fcmp(op, fmt, o.f("rs1"), o.f("rs2")));
}

function classify(fmt: Format): Meaning {
  return (o) => o.setRd(o.fclass(fmt, o.f("rs1")));
}

/** Sign injection: the magnitude of rs1 with a sign made of both. NaNs pass unchanged, except that an unboxed S is a canonical NaN. */
function sign(kind: "copy" | "negate" | "xor", fmt: Format): Meaning {
  const signBit = fmt === "S" ? 1n << 31n : 1n << 63n;
  return (o) => {
    const read = (field: "rs1" | "rs2") => fmt === "S" ? o.unbox(o.f(field)) : o.f(field);
    const b = kind === "negate" ? o.not(read("rs2")) : read("rs2");
    const from = o.and(b, o.k(signBit));
    const value = kind === "xor" ? o.xor(read("rs1"), from) : o.or(o.and(read("rs1"), o.k(signBit - 1n)), from);
    o.setF(fmt === "S" ? o.box(value) : value);
  };
}

function toInt(fmt: Format, to: IntType): Meaning {
  return (o) => o.setRd(o.fToInt(fmt, to, o.f("rs1")));
}

function fromInt(fmt: Format, from: IntType): Meaning {
  return (o) => o.setF(o.intToF(fmt, from, o.x("rs1")));
}

export const floatingPoint = () => ({
  "flw": (o) => o.setF(o.box(o.load(32, false, o.add(o.x("rs1"), o.imm())))),
  "fsw": (o) => o.store(32, o.add(o.x("rs1"), o.imm()), o.f("rs2")),
  "fmadd.s": fused("S", false, false),
  "fmsub.s": fused("S", false, true),
  "fnmsub.s": fused("S", true, false),
  "fnmadd.s": fused("S", true, true),
  "fadd.s": arith("add", "S"),
  "fsub.s": arith("sub", "S"),
  "fmul.s": arith("mul", "S"),
  "fdiv.s": arith("div", "S"),
  "fsqrt.s": sqrt("S"),
  "fsgnj.s": sign("copy", "S"),
  "fsgnjn.s": sign("negate", "S"),
  "fsgnjx.s": sign("xor", "S"),
  "fmin.s": minmax("min", "S"),
  "fmax.s": minmax("max", "S"),
  "fle.s": compare("le", "S"),
  "flt.s": compare("lt", "S"),
  "feq.s": compare("eq", "S"),
  "fclass.s": classify("S"),
  // Moves take the low bits as they are, boxed or not.
  "fmv.x.w": (o) => o.setRd(o.sext(o.f("rs1"), 32)),
  "fmv.w.x": (o) => o.setF(o.box(o.x("rs1"))),
  "fcvt.w.s": toInt("S", "w"),
  "fcvt.wu.s": toInt("S", "wu"),
  "fcvt.l.s": toInt("S", "l"),
  "fcvt.lu.s": toInt("S", "lu"),
  "fcvt.s.w": fromInt("S", "w"),
  "fcvt.s.wu": fromInt("S", "wu"),
  "fcvt.s.l": fromInt("S", "l"),
  "fcvt.s.lu": fromInt("S", "lu"),

  "fld": (o) => o.setF(o.load(64, false, o.add(o.x("rs1"), o.imm()))),
  "fsd": (o) => o.store(64, o.add(o.x("rs1"), o.imm()), o.f("rs2")),
  "fmadd.d": fused("D", false, false),
  "fmsub.d": fused("D", false, true),
  "fnmsub.d": fused("D", true, false),
  "fnmadd.d": fused("D", true, true),
  "fadd.d": arith("add", "D"),
  "fsub.d": arith("sub", "D"),
  "fmul.d": arith("mul", "D"),
  "fdiv.d": arith("div", "D"),
  "fsqrt.d": sqrt("D"),
  "fsgnj.d": sign("copy", "D"),
  "fsgnjn.d": sign("negate", "D"),
  "fsgnjx.d": sign("xor", "D"),
  "fmin.d": minmax("min", "D"),
  "fmax.d": minmax("max", "D"),
  "fle.d": compare("le", "D"),
  "flt.d": compare("lt", "D"),
  "feq.d": compare("eq", "D"),
  "fclass.d": classify("D"),
  "fmv.x.d": (o) => o.setRd(o.f("rs1")),
  "fmv.d.x": (o) => o.setF(o.x("rs1")),
  "fcvt.w.d": toInt("D", "w"),
  "fcvt.wu.d": toInt("D", "wu"),
  "fcvt.l.d": toInt("D", "l"),
  "fcvt.lu.d": toInt("D", "lu"),
  "fcvt.d.w": fromInt("D", "w"),
  "fcvt.d.wu": fromInt("D", "wu"),
  "fcvt.d.l": fromInt("D", "l"),
  "fcvt.d.lu": fromInt("D", "lu"),
  "fcvt.s.d": (o) => o.setF(o.fToF("S", "D", o.f("rs1"))),
  "fcvt.d.s": (o) => o.setF(o.fToF("D", "S", o.f("rs1"))),
} satisfies Partial<Record<RowName, Meaning>>);
