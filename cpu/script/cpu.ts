/**
 * A CPU whose instructions are data (`ops.ts`): registers in two arrays, one switch, no guest code. It meets the kernel exactly as `GuestCpu` does: pc at the
 * `ecall`, arguments in registers, faults with an address. Where no script lies (the signal trampoline) it knows the two instructions found there.
 */
import { BadAddress, type Cpu, type Fault, Trap } from "../types.ts";
import type { ScriptSpace } from "./space.ts";

const NO_FAULT: Fault = { signal: "SEGV", code: 0, addr: 0n };
const LI_A7_139 = 0x08b00893, ECALL = 0x00000073;

export class ScriptCpu implements Cpu {
  pc = 0;
  spent = 0;
  retired = 0;
  fcsr = 0;
  fault: Fault = NO_FAULT;
  readonly hasReservation = false;
  readonly #lo = new Int32Array(32);
  readonly #hi = new Int32Array(32);
  #f: BigUint64Array | undefined;
  #released = false;
  #interrupted = false;

  constructor(readonly space: ScriptSpace) {}

  run(budget: number): Trap {
    if (this.#released) throw new Error("a released CPU was run");
    let left = budget;
    let trap: Trap = Trap.BudgetSpent;
    try {
      while (left > 0) {
        if (this.#interrupted) {
          this.#interrupted = false;
          trap = Trap.Interrupted;
          break;
        }
        const step = this.#step();
        if (step !== Trap.BudgetSpent) {
          // As on the real CPU the trapping instruction itself counts for an ecall.
          if (step === Trap.Syscall) left--;
          trap = step;
          break;
        }
        left--;
      }
    } catch (error) {
      if (!(error instanceof BadAddress)) throw error;
      this.fault = { signal: "SEGV", code: 1, addr: BigInt(error.addr) };
      trap = Trap.Fault;
    }
    this.spent = budget - left;
    this.retired += this.spent;
    return trap;
  }

  /** One instruction; BudgetSpent stands for "went on". */
  #step(): Trap {
    const { script } = this.space;
    const index = (this.pc - script.base) / 4;
    const op = script.ops[index];
    if (op === undefined) return this.#elsewhere();
    switch (op.op) {
      case "li":
        this.setNumber(op.reg, op.n);
        break;
      case "lw":
        this.setNumber(op.reg, this.space.i32(op.n));
        break;
      case "sw":
        this.space.setU32(op.n, this.#lo[op.reg]);
        break;
      case "ecall":
        return Trap.Syscall;
      case "j":
        this.pc = script.base + 4 * op.n;
        return Trap.BudgetSpent;
      case "beqz":
        this.pc = (this.#lo[op.reg] | this.#hi[op.reg]) === 0 ? script.base + 4 * op.n : this.pc + 4;
        return Trap.BudgetSpent;
      case "ret":
        this.pc = this.lo(1) >>> 0;
        return Trap.BudgetSpent;
    }
    this.pc += 4;
    return Trap.BudgetSpent;
  }

  /** Code that the kernel mapped: what a handler returns to. */
  #elsewhere(): Trap {
    const word = this.space.u32(this.pc);
    if (word === ECALL) return Trap.Syscall;
    if (word !== LI_A7_139) return Trap.Illegal;
    this.setNumber(17, 139);
    this.pc += 4;
    return Trap.BudgetSpent;
  }

  x(i: number): bigint {
    return (BigInt(this.#hi[i] >>> 0) << 32n) | BigInt(this.#lo[i] >>> 0);
  }
  setX(i: number, value: bigint): void {
    if (i === 0) return;
    this.#lo[i] = Number(value & 0xffffffffn);
    this.#hi[i] = Number((value >> 32n) & 0xffffffffn);
  }
  lo(i: number): number {
    return this.#lo[i] >>> 0;
  }
  hi(i: number): number {
    return this.#hi[i];
  }
  setNumber(i: number, value: number): void {
    if (i === 0) return;
    this.#lo[i] = value % 0x100000000;
    this.#hi[i] = Math.floor(value / 0x100000000);
  }
  f(i: number): bigint {
    return this.#f?.[i] ?? 0n;
  }
  setF(i: number, value: bigint): void {
    if (this.#f === undefined && value === 0n) return;
    (this.#f ??= new BigUint64Array(32))[i] = value;
  }
  copyRegistersFrom(other: Cpu): void {
    const from = other as ScriptCpu;
    this.#lo.set(from.#lo);
    this.#hi.set(from.#hi);
    this.#f = from.#f?.slice();
    this.pc = from.pc;
    this.fcsr = from.fcsr;
  }
  saveRegisters(to: Int32Array, integers: number, floats: number): void {
    for (let i = 1; i < 32; i++) {
      to[integers + 2 * i - 2] = this.#lo[i];
      to[integers + 2 * i - 1] = this.#hi[i];
    }
    to.fill(0, floats, floats + 64);
    if (this.#f !== undefined) to.set(new Int32Array(this.#f.buffer), floats);
  }
  loadRegisters(from: Int32Array, integers: number, floats: number): void {
    for (let i = 1; i < 32; i++) {
      this.#lo[i] = from[integers + 2 * i - 2];
      this.#hi[i] = from[integers + 2 * i - 1];
    }
    const given = from.subarray(floats, floats + 64);
    if (this.#f !== undefined || given.some((word) => word !== 0)) {
      new Int32Array((this.#f ??= new BigUint64Array(32)).buffer).set(given);
    }
  }
  clearReservation(): void {}
  interrupt(): void {
    this.#interrupted = true;
  }
  release(): void {
    if (this.#released) throw new Error("a CPU was released twice");
    this.#released = true;
    this.space.cpuReleased();
  }
}
