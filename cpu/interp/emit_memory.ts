/**
 * Guest memory accesses in the interpreter: the permission check, plain loads and stores, and the atomics, which are
 * plain too because one thread runs all CPUs of a machine. A check that fails leaves before anything has changed.
 */

import { PERM_R, PERM_W, PERMS, RES_ADDR, RES_VALUE, RES_WIDTH } from "../layout.ts";
import type { AmoOp, Width } from "../ops.ts";
import {
  binary,
  get,
  type I32,
  i32Const,
  type I64,
  i64Const,
  load,
  type LoadName,
  select,
  unary,
} from "../wasm/expression.ts";
import type { StoreName } from "../wasm/function_builder.ts";
import type { Access, Frame } from "./frame.ts";
import { Reason } from "./reasons.ts";

const SIGNED: Record<Width, LoadName & `i64.${string}`> = {
  8: "i64.load8_s",
  16: "i64.load16_s",
  32: "i64.load32_s",
  64: "i64.load",
};
const UNSIGNED: Record<Width, LoadName & `i64.${string}`> = {
  8: "i64.load8_u",
  16: "i64.load16_u",
  32: "i64.load32_u",
  64: "i64.load",
};
const STORES: Record<Width, StoreName & `i64.${string}`> = {
  8: "i64.store8",
  16: "i64.store16",
  32: "i64.store32",
  64: "i64.store",
};

function bytesOf(width: Width): Access["bytes"] {
  return width / 8 as Access["bytes"];
}

export class MemoryEmitter {
  constructor(readonly frame: Frame) {}

  load(width: Width, signed: boolean, address: I64): I64 {
    this.#check({ need: PERM_R, bytes: bytesOf(width) }, address);
    return this.frame.keep(this.#read(width, signed));
  }

  store(width: Width, address: I64, value: I64): void {
    this.#check({ need: PERM_W, bytes: bytesOf(width) }, address);
    this.#write(width, value);
  }

  amo(op: AmoOp, width: 32 | 64, address: I64, value: I64): I64 {
    this.#aligned(width, address);
    this.#check({ need: PERM_R | PERM_W, bytes: bytesOf(width) }, get(this.frame.address));
    const old = this.frame.keep(this.#read(width, true));
    const operand = this.frame.keep(width === 32 ? unary("i64.extend32_s", value) : value);
    this.#write(width, combine(op, old, operand));
    return old;
  }

  lr(width: 32 | 64, address: I64): I64 {
    const { f, block, shadow } = this.frame;
    this.#aligned(width, address);
    this.#check({ need: PERM_R, bytes: bytesOf(width) }, get(this.frame.address));
    const value = this.frame.keep(this.#read(width, true));
    f.store("i64.store", shadow, get(block), get(this.frame.address), RES_ADDR);
    f.store("i64.store", shadow, get(block), value, RES_VALUE);
    f.store("i32.store", shadow, get(block), i32Const(width), RES_WIDTH);
    return value;
  }

  /**
   * Succeeds if the reservation is for this word and the word still holds what was loaded. Memory is touched only
   * then.
   */
  sc(width: 32 | 64, address: I64, value: I64): I64 {
    const { f, block, shadow } = this.frame;
    const won = this.frame.scratch("i32");
    this.#aligned(width, address);
    const same = binary("i64.eq", load("i64.load", shadow, get(block), RES_ADDR), get(this.frame.address));
    const sameWidth = binary("i32.eq", load("i32.load", shadow, get(block), RES_WIDTH), i32Const(width));
    f.set(won, binary("i32.and", same, sameWidth));
    f.if(get(won), () => {
      this.#check({ need: PERM_R, bytes: bytesOf(width) }, get(this.frame.address));
      f.set(won, binary("i64.eq", load("i64.load", shadow, get(block), RES_VALUE), this.#read(width, true)));
      f.if(get(won), () => {
        this.#check({ need: PERM_W, bytes: bytesOf(width) }, get(this.frame.address));
        this.#write(width, value);
      });
    });
    f.store("i64.store", shadow, get(block), i64Const(-1), RES_ADDR);
    return unary("i64.extend_i32_u", unary("i32.eqz", get(won)));
  }

  /** Atomics fault when misaligned; the reference interpreter says how. */
  #aligned(width: 32 | 64, address: I64): void {
    const { f } = this.frame;
    f.set(this.frame.address, address);
    const low = binary("i32.and", unary("i32.wrap_i64", get(this.frame.address)), i32Const(width / 8 - 1));
    f.if(low, () => this.frame.leave(Reason.Step));
  }

  /** Leaves with Miss unless all bytes from `address` on lie below 4 GiB in pages that allow the access. */
  #check(access: Access, address: I64): void {
    const { f, shadow } = this.frame;
    const last = access.bytes - 1;
    const at = get(this.frame.address);
    if (address.code.join() !== at.code.join()) f.set(this.frame.address, address);
    const miss = this.frame.exits.miss(access);
    f.brIf(miss, binary("i64.gt_u", at, i64Const(0xffff_ffffn - BigInt(last))));
    const permission = (a: I32) => load("i32.load8_u", shadow, binary("i32.shr_u", a, i32Const(12)), PERMS);
    let allowed = permission(this.#address32());
    if (last > 0) {
      const end = binary("i32.add", this.#address32(), i32Const(last));
      allowed = binary("i32.and", allowed, permission(end));
    }
    const bits = binary("i32.and", allowed, i32Const(access.need));
    const single = (access.need & (access.need - 1)) === 0;
    f.brIf(miss, single ? unary("i32.eqz", bits) : binary("i32.ne", bits, i32Const(access.need)));
  }

  #address32(): I32 {
    return unary("i32.wrap_i64", get(this.frame.address));
  }

  #read(width: Width, signed: boolean): I64 {
    return load((signed ? SIGNED : UNSIGNED)[width], this.frame.guest, this.#address32()) as I64;
  }

  #write(width: Width, value: I64): void {
    this.frame.f.store(STORES[width], this.frame.guest, this.#address32(), value);
  }
}

/** What an atomic stores. For 32 bits both sides are sign-extended, which keeps signed and unsigned order alike. */
export function combine(op: AmoOp, old: I64, operand: I64): I64 {
  switch (op) {
    case "swap":
      return operand;
    case "add":
    case "xor":
    case "and":
    case "or":
      return binary(`i64.${op}`, old, operand);
    case "min":
      return select(binary("i64.lt_s", old, operand), old, operand);
    case "max":
      return select(binary("i64.gt_s", old, operand), old, operand);
    case "minu":
      return select(binary("i64.lt_u", old, operand), old, operand);
    case "maxu":
      return select(binary("i64.gt_u", old, operand), old, operand);
  }
}
