/** Meanings of the A extension: load-reserved, store-conditional and the atomic read-modify-writes. Joined in `meaning.ts`. */
import type { AmoOp, Meaning } from "../ops.ts";

type AmoRow = `amo${AmoOp}.${"w" | "d"}`;
type AtomicRow = AmoRow | `${"lr" | "sc"}.${"w" | "d"}`;

function amo(op: AmoOp, width: 32 | 64): Meaning {
  return (o) => o.setRd(o.amo(op, width, o.x("rs1"), o.x("rs2")));
}

function loadReserved(width: 32 | 64): Meaning {
  return (o) => o.setRd(o.lr(width, o.x("rs1")));
}

function storeConditional(width: 32 | 64): Meaning {
  return (o) => o.setRd(o.sc(width, o.x("rs1"), o.x("rs2")));
}

export const atomic = (): Readonly<Record<AtomicRow, Meaning>> => ({
  "lr.w": loadReserved(32),
  "lr.d": loadReserved(64),
  "sc.w": storeConditional(32),
  "sc.d": storeConditional(64),
  "amoswap.w": amo("swap", 32),
  "amoadd.w": amo("add", 32),
  "amoxor.w": amo("xor", 32),
  "amoand.w": amo("and", 32),
  "amoor.w": amo("or", 32),
  "amomin.w": amo("min", 32),
  "amomax.w": amo("max", 32),
  "amominu.w": amo("minu", 32),
  "amomaxu.w": amo("maxu", 32),
  "amoswap.d": amo("swap", 64),
  "amoadd.d": amo("add", 64),
  "amoxor.d": amo("xor", 64),
  "amoand.d": amo("and", 64),
  "amoor.d": amo("or", 64),
  "amomin.d": amo("min", 64),
  "amomax.d": amo("max", 64),
  "amominu.d": amo("minu", 64),
  "amomaxu.d": amo("maxu", 64),
});
