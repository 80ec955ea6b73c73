/**
 * Guest memory accesses in translated code: the checks, by the region's plan (`access_plan.ts`), and the atomics. A
 * check that fails branches to where the region gives up; nothing has changed by then.
 */

import { combine } from "../interp/emit_memory.ts";
import { HOME, PERM_R, PERM_W, PERMS, RES_ADDR, RES_VALUE, RES_WIDTH } from "../layout.ts";
import type { AmoOp, Width } from "../ops.ts";
import type { Decoded } from "../rv64/decode.ts";
import { get, type I64, i64Const, type Local } from "../wasm/expression.ts";
import { type AccessPlan, Check } from "./access_plan.ts";
import { Op } from "./code_writer.ts";
import { noteAt, noteOf, RANGE_SLACK, rangeAt } from "./ranges.ts";
import { LoopPlan } from "./loop_plan.ts";
import type { RegionFrame } from "./region_frame.ts";

const UPPER_AND_OFFSET = i64Const(0xffff_ffff_0000_0fffn).code;
export const LOADS_SIGNED: Record<Width, number> = { 8: 0x30, 16: 0x32, 32: 0x34, 64: 0x29 };
export const LOADS_UNSIGNED: Record<Width, number> = { 8: 0x31, 16: 0x33, 32: 0x35, 64: 0x29 };
export const STORES: Record<Width, number> = { 8: 0x3c, 16: 0x3d, 32: 0x3e, 64: 0x37 };

export class RegionMemory {
  #d!: Decoded;
  /** Index of the instruction in its region. */
  #at = 0;
  readonly #write: (node: number) => void;

  /** `write` writes the code of a value. */
  constructor(readonly frame: RegionFrame, readonly plan: AccessPlan, write: (node: number) => void) {
    this.#write = write;
  }

  /** The registers of the loop being written whose range is compared before its turns; whether that has been done. */
  readonly loop = new LoopPlan();
  compared = false;

  /** Compares for all turns; branches to `depth` when a turn must do checks of its own. */
  compareForLoop(depth: number): void {
    const { frame, loop } = this;
    for (let mask = loop.registers; mask !== 0; mask &= mask - 1) {
      const r = 31 - Math.clz32(mask & -mask);
      frame.getX(r);
      frame.w.i64(loop.low[r]);
      frame.w.byte(Op.I64Add);
      this.#isOutside(loop.slot[r]);
      frame.w.brIfRarely(depth);
    }
  }
  #inLoop(): boolean {
    return (this.loop.registers >>> this.#d.rs1 & 1) === 1;
  }

  begin(d: Decoded, index: number): void {
    this.#d = d;
    this.#at = index;
  }

  /** Gives up unless the bytes lie below 4 GiB in pages that allow the access; the local with the address. */
  checked(addr: number, width: Width, need: number): number {
    const { frame, plan } = this;
    const { w } = frame;
    const address = frame.temporary("i64");
    this.#write(addr);
    const k = this.#at;
    if (plan.check[k] === Check.Covered || (this.compared && this.#inLoop())) w.set(address);
    else if (plan.check[k] === Check.First) this.#checkGroup(address, k);
    else if (plan.ranged[k] === 1) this.#checkRanged(address, width / 8, need);
    else {
      w.tee(address);
      this.#checkOwn(address, width / 8, need);
    }
    return address;
  }

  /** The address is on the stack. */
  #checkOwn(address: number, bytes: number, need: number): void {
    const { w } = this.frame;
    w.code(UPPER_AND_OFFSET);
    w.byte(Op.I64And);
    w.i64(4096 - bytes);
    w.byte(Op.I64GtU);
    this.frame.markSite();
    w.brIfRarely(this.frame.exit);
    this.#checkPage(address, need);
  }

  #slotOf(need: number): number {
    const { rs1 } = this.#d;
    if (this.#inLoop()) return this.loop.slot[rs1];
    return this.frame.range(rs1, need, (this.plan.steady >>> rs1 & 1) === 1);
  }

  /** Opens a rarely taken `if` for an address outside the range of its base register. */
  #openOutside(address: number, slot: number): void {
    const { w } = this.frame;
    w.get(address);
    this.#isOutside(slot);
    this.frame.openRarely();
  }
  /** Whether the address on the stack is outside. */
  #isOutside(slot: number): void {
    const { w } = this.frame;
    w.i32(0);
    w.shadow(Op.I64Load, rangeAt(slot));
    w.byte(Op.I64Sub);
    w.i32(0);
    w.shadow(Op.I64Load, rangeAt(slot) + 8);
    w.byte(Op.I64GeU);
  }

  /** Outside, but accessible: says so, and the `if` is over. */
  #closeOutside(address: number, slot: number, need: number): void {
    const { w } = this.frame;
    w.i32(0);
    w.get(address);
    w.i64(2 ** 32 * noteOf(slot, this.#inLoop() ? this.loop.need[this.#d.rs1] : need));
    w.byte(Op.I64Or);
    w.shadow(Op.I64Store, noteAt(slot));
    this.frame.close();
  }

  #checkRanged(address: number, bytes: number, need: number): void {
    const { w } = this.frame;
    const slot = this.#slotOf(need);
    w.set(address);
    this.#openOutside(address, slot);
    w.get(address);
    this.#checkOwn(address, bytes, need);
    this.#closeOutside(address, slot, need);
  }

  /** All accesses of a block through the register, from the lowest byte to the highest. */
  #checkGroup(address: number, k: number): void {
    const { frame, plan } = this;
    const { w } = frame;
    const need = plan.need[k], span = plan.high[k] - plan.low[k];
    const ranged = plan.ranged[k] === 1 && span <= RANGE_SLACK, slot = ranged ? this.#slotOf(need) : 0;
    w.set(address);
    const low = frame.temporary("i64"), high = frame.temporary("i64");
    this.#offset(plan.low[k], low);
    if (ranged) this.#openOutside(low, slot);
    this.#offset(plan.high[k] - 1, high);
    const permission = frame.temporary("i32");
    frame.markSite();
    this.#permission(low);
    w.set(permission);
    // Beyond 4 GiB, or in two pages.
    w.get(low);
    w.code(UPPER_AND_OFFSET);
    w.byte(Op.I64And);
    w.i64(4096 - span);
    w.byte(Op.I64GtU);
    this.frame.openRarely();
    w.get(low);
    w.get(high);
    w.byte(Op.I64Or);
    w.i64(32);
    w.byte(Op.I64ShrU);
    w.i64(0);
    w.byte(Op.I64Ne);
    w.brIfRarely(frame.exit);
    this.#permission(high);
    w.get(permission);
    w.byte(Op.I32And);
    w.set(permission);
    this.frame.close();
    w.get(permission);
    w.i32(need);
    w.byte(Op.I32And);
    w.byte(Op.I32Eqz);
    w.brIfRarely(frame.exit);
    if (ranged) this.#closeOutside(low, slot, need);
  }

  #offset(offset: number, to: number): void {
    const { w } = this.frame;
    this.frame.getX(this.#d.rs1);
    if (offset !== 0) {
      w.i64(offset);
      w.byte(Op.I64Add);
    }
    w.set(to);
  }

  /** The permission byte of the page of an address below 4 GiB. */
  #permission(address: number): void {
    const { w } = this.frame;
    w.get(address);
    w.byte(Op.I32Wrap);
    w.i32(12);
    w.byte(Op.I32ShrU);
    w.shadow(Op.I32Load8U, PERMS);
  }

  #checkPage(address: number, need: number): void {
    const { w } = this.frame;
    this.#permission(address);
    w.i32(need);
    w.byte(Op.I32And);
    if ((need & (need - 1)) === 0) w.byte(Op.I32Eqz);
    else {
      w.i32(need);
      w.byte(Op.I32Ne);
    }
    w.brIfRarely(this.frame.exit);
  }

  /** Atomics must be aligned, so they never cross a page. */
  #checkedAligned(addr: number, width: 32 | 64): number {
    const { frame } = this;
    const { w } = frame;
    const address = frame.temporary("i64");
    frame.markSite();
    this.#write(addr);
    w.tee(address);
    w.byte(Op.I64Const);
    w.signedBig(width === 32 ? -0x1_0000_0000n | 3n : -0x1_0000_0000n | 7n);
    w.byte(Op.I64And);
    w.i64(0);
    w.byte(Op.I64Ne);
    w.brIfRarely(frame.exit);
    return address;
  }

  #guestLoad(address: number, width: 32 | 64): void {
    const { w } = this.frame;
    w.get(address);
    w.byte(Op.I32Wrap);
    w.guest(LOADS_SIGNED[width]);
  }

  /** The old value, in a local. */
  amo(op: AmoOp, width: 32 | 64, addr: number, operand: I64): number {
    const { frame } = this;
    const { w } = frame;
    const address = this.#checkedAligned(addr, width);
    this.#checkPage(address, PERM_R | PERM_W);
    const old = frame.temporary("i64");
    this.#guestLoad(address, width);
    w.set(old);
    w.get(address);
    w.byte(Op.I32Wrap);
    w.code(combine(op, get({ type: "i64", index: old } as Local<"i64">), operand).code);
    w.guest(STORES[width]);
    return old;
  }

  /** The value loaded, in a local. */
  lr(width: 32 | 64, addr: number): number {
    const { frame } = this;
    const { w } = frame;
    const address = this.#checkedAligned(addr, width);
    this.#checkPage(address, PERM_R);
    const value = frame.temporary("i64");
    this.#guestLoad(address, width);
    w.set(value);
    w.i32(0);
    w.get(address);
    w.shadow(Op.I64Store, HOME + RES_ADDR);
    w.i32(0);
    w.get(value);
    w.shadow(Op.I64Store, HOME + RES_VALUE);
    w.i32(0);
    w.i32(width);
    w.shadow(Op.I32Store, HOME + RES_WIDTH);
    return value;
  }

  /** 0 or 1, in a local. See `MemoryEmitter.sc`. */
  sc(width: 32 | 64, addr: number, value: number): number {
    const { frame } = this;
    const { w } = frame;
    const won = frame.temporary("i32");
    const address = this.#checkedAligned(addr, width);
    w.i32(0);
    w.shadow(Op.I64Load, HOME + RES_ADDR);
    w.get(address);
    w.byte(Op.I64Eq);
    w.i32(0);
    w.shadow(Op.I32Load, HOME + RES_WIDTH);
    w.i32(width);
    w.byte(Op.I32Eq);
    w.byte(Op.I32And);
    w.tee(won);
    this.frame.open();
    this.#checkPage(address, PERM_R);
    w.i32(0);
    w.shadow(Op.I64Load, HOME + RES_VALUE);
    this.#guestLoad(address, width);
    w.byte(Op.I64Eq);
    w.tee(won);
    this.frame.open();
    this.#checkPage(address, PERM_W);
    w.get(address);
    w.byte(Op.I32Wrap);
    this.#write(value);
    w.guest(STORES[width]);
    this.frame.close();
    this.frame.close();
    w.i32(0);
    w.i64(-1);
    w.shadow(Op.I64Store, HOME + RES_ADDR);
    w.get(won);
    w.byte(Op.I32Eqz);
    w.byte(Op.I64ExtendU);
    const lost = frame.temporary("i64");
    w.set(lost);
    return lost;
  }
}
