/** A system call under way, as the renderers see it: its arguments as the registers held them, and the caller's memory. */
import { BadAddress, type UserMemory } from "../../cpu/types.ts";
import type { Task } from "../../actors/mod.ts";
import type { Arg } from "../../syscalls/abi/call.ts";
import type { Entry } from "../../syscalls/dispatch.ts";

export class Request {
  /** Register halves: low as unsigned, high as signed 32 bits. */
  readonly #lo: number[] = [];
  readonly #hi: number[] = [];
  /** Undefined while the call is being entered. */
  result: number | undefined;
  /** A signal ended it. */
  interrupted = false;
  /** Texts of arguments that the kernel reads and then writes over, as they were, by argument. */
  readonly before = new Map<number, string>();
  /** The stack pointer. */
  readonly stack: number;

  constructor(readonly task: Task, readonly nr: number, readonly name: string, readonly entry: Entry | undefined) {
    this.stack = task.cpu.hi(2) * 0x100000000 + task.cpu.lo(2);
    for (let i = 0; i < 6; i++) {
      this.#lo.push(task.cpu.lo(10 + i));
      this.#hi.push(task.cpu.hi(10 + i));
    }
  }

  get mem(): UserMemory {
    return this.task.mem;
  }
  get args(): readonly Arg[] {
    return this.entry?.call.args ?? [];
  }
  get failed(): boolean {
    return this.interrupted || (this.result !== undefined && this.result < 0 && this.result >= -4095);
  }

  low(i: number): number {
    return this.#lo[i];
  }
  int(i: number): number {
    return this.#lo[i] | 0;
  }
  /** As unsigned 64 bits. */
  big(i: number): bigint {
    return BigInt(this.#hi[i] >>> 0) << 32n | BigInt(this.#lo[i]);
  }
  signed(i: number): bigint {
    return BigInt.asIntN(64, this.big(i));
  }
  /** As an address or a length: exact below 2^53. */
  at(i: number): number {
    return (this.#hi[i] >>> 0) * 0x100000000 + this.#lo[i];
  }
  /** Which argument has this name. */
  index(name: string): number {
    return this.args.findIndex((a) => a.name === name);
  }

  /** Bytes of the caller's memory; undefined where they cannot be read. */
  bytes(at: number, length: number): Uint8Array | undefined {
    if (!(length >= 0 && length <= 1 << 20)) return undefined;
    try {
      return this.mem.read(at, length);
    } catch (error) {
      if (!(error instanceof BadAddress)) throw error;
      return undefined;
    }
  }
  /** A string without its NUL, at most `most` bytes of it; undefined where it cannot be read. */
  string(at: number, most = 4096): { bytes: Uint8Array; more: boolean } | undefined {
    try {
      const bytes = this.mem.cstring(at, most + 1);
      if (bytes !== undefined) return { bytes, more: false };
      const part = this.mem.read(at, most);
      return { bytes: part, more: true };
    } catch (error) {
      if (!(error instanceof BadAddress)) throw error;
      return undefined;
    }
  }
  word(at: number): number | undefined {
    const bytes = this.bytes(at, 4);
    return bytes === undefined ? undefined : new DataView(bytes.buffer, bytes.byteOffset).getInt32(0, true);
  }
  long(at: number): bigint | undefined {
    const bytes = this.bytes(at, 8);
    return bytes === undefined ? undefined : new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  }
}
