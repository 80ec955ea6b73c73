/**
 * Small RV64 guest programs for differential tests, built word by word: code, then data, in one writable and executable segment. The
 * same bytes run under qemu-riscv64 as a static ELF and under the reference interpreter in a flat memory; both end by writing the data
 * area to standard output, so outputs can be compared byte for byte.
 */
import { CpuBlock, MemoryFault, type MemoryPort } from "../../../cpu/reference/port.ts";
import { Reference, Step } from "../../../cpu/reference/reference.ts";
import { BLOCK_SIZE, PERM_R, PERM_W, PERM_X, RES_ADDR } from "../../../cpu/layout.ts";
import { encode, type Fields } from "../../../cpu/rv64/assemble.ts";
import type { RowName } from "../../../cpu/rv64/rows.ts";
import type { Width } from "../../../cpu/ops.ts";

export const BASE = 0x10000;
const HEADERS = 64 + 56;

/** Guest memory of one program: a flat buffer at `BASE`. */
export class FlatMemory implements MemoryPort {
  readonly view: DataView;
  constructor(readonly bytes: Uint8Array, readonly base = BASE) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
  #at(addr: bigint, width: number, access: number): number {
    const at = Number(addr) - this.base;
    if (at < 0 || at + width / 8 > this.bytes.length) throw new MemoryFault("SEGV", 1, addr, access);
    return at;
  }
  fetch(addr: bigint): number {
    return this.view.getUint16(this.#at(addr, 16, PERM_X), true);
  }
  load(addr: bigint, width: Width): bigint {
    const at = this.#at(addr, width, PERM_R);
    if (width === 64) return this.view.getBigUint64(at, true);
    return BigInt(
      width === 8
        ? this.view.getUint8(at)
        : width === 16
        ? this.view.getUint16(at, true)
        : this.view.getUint32(at, true),
    );
  }
  store(addr: bigint, width: Width, value: bigint): void {
    const at = this.#at(addr, width, PERM_W);
    if (width === 64) this.view.setBigUint64(at, value, true);
    else if (width === 32) this.view.setUint32(at, Number(value & 0xffffffffn), true);
    else if (width === 16) this.view.setUint16(at, Number(value & 0xffffn), true);
    else this.view.setUint8(at, Number(value & 0xffn));
  }
}

/** A CPU block in memory of its own. */
export function newBlock(): CpuBlock {
  const block = new CpuBlock(new ArrayBuffer(BLOCK_SIZE), 0);
  block.set64(RES_ADDR, (1n << 64n) - 1n);
  return block;
}

/** Collects code; `finish` appends the data and the final write and exit. */
export class GuestProgram {
  readonly #code: number[] = [];
  readonly #patches: { at: number; offset: number; register: number }[] = [];

  /** Halfwords emitted so far. */
  get position(): number {
    return this.#code.length;
  }
  half(bits: number): void {
    this.#code.push(bits & 0xffff);
  }
  word(bits: number): void {
    this.#code.push(bits & 0xffff, bits >>> 16);
  }
  op(name: RowName, fields: Fields = {}): void {
    this.word(encode(name, fields));
  }
  /** Loads the address of a byte of the data area, known once the code is complete. */
  dataAddress(register: number, offset: number): void {
    this.#patches.push({ at: this.#code.length, offset, register });
    this.word(0);
    this.word(0);
  }
  /** Loads a constant below 2^31. */
  constant(register: number, value: number): void {
    const [upper, lower] = split(value);
    this.op("lui", { rd: register, imm: upper });
    this.op("addiw", { rd: register, rs1: register, imm: lower });
  }

  /** The memory image: headers, code, data. Ends the program with write(1, data, length) and exit(0). */
  finish(data: Uint8Array): { image: Uint8Array<ArrayBuffer>; dataAt: number; dataLength: number } {
    this.dataAddress(11, 0);
    this.constant(12, data.length);
    this.op("addi", { rd: 10, imm: 1 });
    this.op("addi", { rd: 17, imm: 64 });
    this.op("ecall");
    this.op("addi", { rd: 10 });
    this.op("addi", { rd: 17, imm: 93 });
    this.op("ecall");
    const dataAt = HEADERS + 2 * this.#code.length + 63 & ~63;
    for (const { at, offset, register } of this.#patches) this.#patch(at, register, BASE + dataAt + offset);
    const image = new Uint8Array(dataAt + data.length);
    writeHeaders(new DataView(image.buffer), image.length);
    const view = new DataView(image.buffer, HEADERS);
    this.#code.forEach((half, index) => view.setUint16(2 * index, half, true));
    image.set(data, dataAt);
    return { image, dataAt, dataLength: data.length };
  }

  #patch(at: number, register: number, address: number): void {
    const [upper, lower] = split(address);
    const words = [
      encode("lui", { rd: register, imm: upper }),
      encode("addiw", { rd: register, rs1: register, imm: lower }),
    ];
    words.forEach((word, index) => {
      this.#code[at + 2 * index] = word & 0xffff;
      this.#code[at + 2 * index + 1] = word >>> 16;
    });
  }
}

/** Parts for lui and addiw. */
function split(value: number): [number, number] {
  const lower = value << 20 >> 20;
  return [value - lower | 0, lower];
}

/** ELF64 header and one program header that maps the whole file. */
function writeHeaders(view: DataView, size: number): void {
  [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1].forEach((byte, index) => view.setUint8(index, byte));
  view.setUint16(16, 2, true); // ET_EXEC
  view.setUint16(18, 243, true); // EM_RISCV
  view.setUint32(20, 1, true);
  view.setBigUint64(24, BigInt(BASE + HEADERS), true); // entry
  view.setBigUint64(32, 64n, true); // program headers
  view.setUint32(48, 5, true); // RVC, double-float ABI
  view.setUint16(52, 64, true);
  view.setUint16(54, 56, true);
  view.setUint16(56, 1, true);
  view.setUint32(64, 1, true); // PT_LOAD
  view.setUint32(68, 7, true); // RWX
  view.setBigUint64(80, BigInt(BASE), true);
  view.setBigUint64(88, BigInt(BASE), true);
  view.setBigUint64(96, BigInt(size), true);
  view.setBigUint64(104, BigInt(size), true);
  view.setBigUint64(112, 4096n, true);
}

/** Runs the program on the reference interpreter up to its write; gives the data area. */
export function runReference(program: ReturnType<GuestProgram["finish"]>, limit = 5_000_000): Uint8Array {
  const memory = new FlatMemory(program.image.slice());
  const block = newBlock();
  const reference = new Reference();
  block.pc = BigInt(BASE + HEADERS);
  for (let steps = 0; steps < limit; steps++) {
    const step = reference.step(block, memory);
    if (step === Step.Syscall) return memory.bytes.subarray(program.dataAt);
    if (step !== Step.Ok && step !== Step.FenceI) {
      throw new Error(`step result ${step} at pc ${block.pc.toString(16)} after ${steps} steps`);
    }
  }
  throw new Error(`no write after ${limit} steps`);
}

let qemu: boolean | undefined;
/** Whether qemu-riscv64 can be run here. */
export function haveQemu(): boolean {
  if (qemu === undefined) {
    try {
      qemu =
        new Deno.Command("qemu-riscv64", { args: ["--version"], stdout: "null", stderr: "null" }).outputSync().success;
    } catch {
      qemu = false;
    }
  }
  return qemu;
}

/** Runs the program under qemu-riscv64; gives what it wrote. */
export function runQemu(program: ReturnType<GuestProgram["finish"]>): Uint8Array {
  const path = Deno.makeTempFileSync({ prefix: "dolly-guest-" });
  try {
    Deno.writeFileSync(path, program.image, { mode: 0o755 });
    const { code, signal, stdout, stderr } = new Deno.Command("qemu-riscv64", { args: [path] }).outputSync();
    if (code !== 0) throw new Error(`qemu: code ${code} signal ${signal} ${new TextDecoder().decode(stderr)}`);
    return stdout;
  } finally {
    Deno.removeSync(path);
  }
}

/** Deterministic random numbers (mulberry32). */
export class Chance {
  #state: number;
  constructor(seed: number) {
    this.#state = seed | 0;
  }
  bits(): number {
    this.#state = this.#state + 0x6d2b79f5 | 0;
    let t = Math.imul(this.#state ^ this.#state >>> 15, 1 | this.#state);
    t = t + Math.imul(t ^ t >>> 7, 61 | t) ^ t;
    return (t ^ t >>> 14) >>> 0;
  }
  below(n: number): number {
    return this.bits() % n;
  }
  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)];
  }
  big(): bigint {
    return BigInt(this.bits()) << 32n | BigInt(this.bits());
  }
}
