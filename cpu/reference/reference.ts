/**
 * The reference interpreter: the instance of `Ops` that evaluates over BigInt, one instruction at a time, on a CPU block. It is the oracle
 * that the wasm engines are tested against and the production slow path they leave to, for instructions they do not contain and accesses
 * that a permission bit forbids to do directly.
 *
 * Every row's memory accesses and checks come before its first register write, so a fault leaves the block as it was.
 */
import { FFLAGS, FRM, PERM_W, RES_ADDR, RES_VALUE, RES_WIDTH } from "../layout.ts";
import type { AmoOp, Format, IntType, MeaningTrap, Ops, Width } from "../ops.ts";
import { decode } from "../rv64/decode.ts";
import type { Decoded } from "../rv64/decode.ts";
import { meaningsById } from "../rv64/meaning.ts";
import { readCsr, writeCsr } from "./csr.ts";
import { Evaluate } from "./evaluate.ts";
import { BUS_ADRALN, MemoryFault } from "./port.ts";
import type { CpuBlock, MemoryPort } from "./port.ts";
import { softArith, softFma, softSqrt } from "./softfloat.ts";
import type { FlagSink } from "./softfloat.ts";
import { softClass, softCompare, softConvert, softFromInt, softMinMax, softToInt } from "./softfloat_convert.ts";

/**
 * How a step ended. After `Ok`, `FenceI` and `Wait` the instruction is retired and pc moved on; otherwise pc is still at it and nothing
 * else changed.
 */
export const Step = { Ok: 0, Syscall: 1, Breakpoint: 2, Illegal: 3, Fault: 4, FenceI: 5, Wait: 6 } as const;
export type Step = typeof Step[keyof typeof Step];

const STEP_OF: Readonly<Record<MeaningTrap, Step>> = {
  syscall: Step.Syscall,
  breakpoint: Step.Breakpoint,
  illegal: Step.Illegal,
  "fence.i": Step.FenceI,
  wait: Step.Wait,
};

const NO_RESERVATION = (1n << 64n) - 1n;

/** Thrown inside a meaning to leave it; never escapes `step`. */
class IllegalInstruction {}
const ILLEGAL = new IllegalInstruction();

function u64(a: bigint): bigint {
  return BigInt.asUintN(64, a);
}

export class Reference extends Evaluate implements Ops<bigint, boolean>, FlagSink {
  /** The fault of the last `Step.Fault`. */
  fault: MemoryFault | undefined;
  /** Instructions of the running slice not yet in INSTRET; the owner keeps it so that rdcycle and rdinstret advance. */
  progress = 0;
  /** Flags the instruction raised. */
  flags = 0;
  #block!: CpuBlock;
  #port!: MemoryPort;
  #d!: Decoded;
  #pc = 0n;
  #target = 0n;
  #step: Step = Step.Ok;

  /** Executes the instruction at the block's pc. BUDGET and INSTRET are the caller's. */
  step(block: CpuBlock, port: MemoryPort): Step {
    try {
      const pc = block.pc;
      const low = port.fetch(pc);
      const word = (low & 3) === 3 ? low | port.fetch(u64(pc + 2n)) << 16 : low;
      const d = decode(low, word);
      return d === undefined ? Step.Illegal : this.#execute(d, pc, block, port);
    } catch (thrown) {
      return this.#thrown(thrown);
    }
  }

  /** Executes an instruction that is already decoded, as if it stood at the block's pc. */
  execute(d: Decoded, block: CpuBlock, port: MemoryPort): Step {
    try {
      return this.#execute(d, block.pc, block, port);
    } catch (thrown) {
      return this.#thrown(thrown);
    }
  }

  #execute(d: Decoded, pc: bigint, block: CpuBlock, port: MemoryPort): Step {
    this.#block = block;
    this.#port = port;
    this.#d = d;
    this.#pc = pc;
    this.#target = u64(pc + BigInt(d.length));
    this.#step = Step.Ok;
    this.flags = 0;
    meaningsById()[d.id]!(this);
    const step = this.#step;
    if (step === Step.Ok || step === Step.FenceI || step === Step.Wait) {
      if (this.flags !== 0) block.set32(FFLAGS, block.get32(FFLAGS) | this.flags);
      block.pc = this.#target;
    }
    return step;
  }

  #thrown(thrown: unknown): Step {
    if (thrown === ILLEGAL) return Step.Illegal;
    if (!(thrown instanceof MemoryFault)) throw thrown;
    this.fault = thrown;
    return Step.Fault;
  }

  imm(): bigint {
    return u64(BigInt(this.#d.imm));
  }
  pc(): bigint {
    return this.#pc;
  }
  next(): bigint {
    return u64(this.#pc + BigInt(this.#d.length));
  }
  x(field: "rs1" | "rs2"): bigint {
    return this.#block.x(this.#d[field]);
  }
  setRd(value: bigint): void {
    this.#block.setX(this.#d.rd, value);
  }
  f(field: "rs1" | "rs2" | "rs3"): bigint {
    return this.#block.f(this.#d[field]);
  }
  setF(value: bigint): void {
    this.#block.setF(this.#d.rd, value);
  }
  jump(target: bigint): void {
    this.#target = target;
  }
  branch(c: boolean, target: bigint): void {
    if (c) this.#target = target;
  }
  trap(kind: MeaningTrap): void {
    this.#step = STEP_OF[kind];
  }

  load(width: Width, signed: boolean, addr: bigint): bigint {
    const value = this.#port.load(addr, width);
    return signed ? u64(BigInt.asIntN(width, value)) : value;
  }
  store(width: Width, addr: bigint, value: bigint): void {
    this.#port.store(addr, width, value);
  }
  amo(op: AmoOp, width: 32 | 64, addr: bigint, value: bigint): bigint {
    this.#align(width, addr);
    const old = BigInt.asIntN(width, this.#port.load(addr, width));
    this.#port.store(addr, width, BigInt.asUintN(width, combine(op, width, old, BigInt.asIntN(width, value))));
    return u64(old);
  }
  lr(width: 32 | 64, addr: bigint): bigint {
    this.#align(width, addr);
    const value = this.load(width, true, addr);
    this.#block.set64(RES_ADDR, addr);
    this.#block.set64(RES_VALUE, value);
    this.#block.set32(RES_WIDTH, width);
    return value;
  }
  /** The reservation holds while the memory holds the value: another CPU that wrote the same value back is not noticed. */
  sc(width: 32 | 64, addr: bigint, value: bigint): bigint {
    this.#align(width, addr);
    const block = this.#block;
    const held = block.get64(RES_ADDR) === addr && block.get32(RES_WIDTH) === width &&
      this.load(width, true, addr) === block.get64(RES_VALUE);
    if (held) this.#port.store(addr, width, BigInt.asUintN(width, value));
    block.set64(RES_ADDR, NO_RESERVATION);
    return held ? 0n : 1n;
  }
  /** Linux does not emulate misaligned atomics: SIGBUS, BUS_ADRALN. */
  #align(width: 32 | 64, addr: bigint): void {
    if ((addr & BigInt(width / 8 - 1)) !== 0n) throw new MemoryFault("BUS", BUS_ADRALN, addr, PERM_W);
  }

  unbox(raw: bigint): bigint {
    return raw >> 32n === 0xffffffffn ? raw & 0xffffffffn : 0x7fc00000n;
  }
  box(bits: bigint): bigint {
    return BigInt.asUintN(32, bits) | 0xffffffff00000000n;
  }
  /** The rounding mode in force. */
  #rm(): number {
    const field = this.#d.rm;
    const rm = field === 7 ? this.#block.get32(FRM) : field;
    if (rm > 4) throw ILLEGAL;
    return rm;
  }
  farith(op: "add" | "sub" | "mul" | "div", fmt: Format, a: bigint, b: bigint): bigint {
    return softArith(op, fmt, this.#rm(), a, b, this);
  }
  fsqrt(fmt: Format, a: bigint): bigint {
    return softSqrt(fmt, this.#rm(), a, this);
  }
  fma(fmt: Format, a: bigint, b: bigint, c: bigint, negateProduct: boolean, negateAddend: boolean): bigint {
    return softFma(fmt, this.#rm(), a, b, c, negateProduct, negateAddend, this);
  }
  fminmax(op: "min" | "max", fmt: Format, a: bigint, b: bigint): bigint {
    return softMinMax(op, fmt, a, b, this);
  }
  fcmp(op: "eq" | "lt" | "le", fmt: Format, a: bigint, b: bigint): bigint {
    return softCompare(op, fmt, a, b, this);
  }
  fclass(fmt: Format, a: bigint): bigint {
    return softClass(fmt, a);
  }
  fToInt(fmt: Format, to: IntType, a: bigint): bigint {
    return softToInt(fmt, to, this.#rm(), a, this);
  }
  intToF(fmt: Format, from: IntType, a: bigint): bigint {
    return softFromInt(fmt, from, this.#rm(), a, this);
  }
  fToF(to: Format, from: Format, a: bigint): bigint {
    return softConvert(to, from, this.#rm(), a, this);
  }

  /** Set and clear by x0 or by an immediate of 0 are pure reads. */
  csr(op: "write" | "set" | "clear", value: bigint): bigint {
    const number = this.#d.imm;
    const old = readCsr(this.#block, this.#port, number, this.progress);
    if (old === undefined) throw ILLEGAL;
    if (op !== "write" && this.#d.rs1 === 0) return old;
    const next = op === "write" ? value : op === "set" ? old | value : old & ~value;
    if (!writeCsr(this.#block, number, next)) throw ILLEGAL;
    return old;
  }
  zimm(): bigint {
    return BigInt(this.#d.rs3);
  }
}

/** The value an atomic stores; operands are signed, of `width` bits. */
function combine(op: AmoOp, width: 32 | 64, old: bigint, value: bigint): bigint {
  switch (op) {
    case "swap":
      return value;
    case "add":
      return old + value;
    case "xor":
      return old ^ value;
    case "and":
      return old & value;
    case "or":
      return old | value;
    case "min":
      return old < value ? old : value;
    case "max":
      return old < value ? value : old;
    case "minu":
      return BigInt.asUintN(width, old) < BigInt.asUintN(width, value) ? old : value;
    case "maxu":
      return BigInt.asUintN(width, old) < BigInt.asUintN(width, value) ? value : old;
  }
}

/** One instance serves all CPUs of the thread: it holds nothing between steps. */
const shared = new Reference();

/**
 * Executes one instruction with a shared `Reference`; a fault is in `stepFault()`. `progress`: instructions of the running slice that INSTRET
 * does not count yet.
 */
export function stepReference(block: CpuBlock, port: MemoryPort, progress = 0): Step {
  shared.progress = progress;
  return shared.step(block, port);
}

/** The fault of the last `stepReference` that gave `Step.Fault`. */
export function stepFault(): MemoryFault {
  if (shared.fault === undefined) throw new Error("no step has faulted");
  return shared.fault;
}
