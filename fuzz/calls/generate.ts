/**
 * Random system calls with random arguments, from a seed: what an argument may be comes from its declaration, and often it is something else. One list of calls is a
 * program; its tasks, after a clone, go on with the same list.
 */
import { SeededEntropy } from "../../actors/world/entropy.ts";
import type { Arg, Call } from "../../syscalls/abi/call.ts";
import type { Flags } from "../../syscalls/abi/flags.ts";
import { FAMILIES } from "../../syscalls/mod.ts";
import { DATA, DATA_SIZE, STRINGS } from "./image.ts";

export interface RandomCall {
  readonly name: string;
  readonly nr: number;
  /** Register contents as hexadecimal numbers of 64 bits, so that a failure can be written as JSON. */
  readonly args: readonly string[];
}
export interface CallProgram {
  readonly seed: number;
  readonly calls: readonly RandomCall[];
}

const ROWS: readonly (readonly [string, Call])[] = Object.values(FAMILIES).flatMap((family) =>
  Object.entries(family as Readonly<Record<string, Call>>)
).filter(([, row]) => row.support !== "absent");
/** Calls that end a task or its sleep for good: seldom. */
const SELDOM = new Set(["exit", "exit_group", "rt_sigreturn", "execve", "execveat", "kill", "reboot", "ptrace"]);

const ODD = [
  0n,
  1n,
  0xffffffffffffffffn,
  0x7fffffffffffffffn,
  0x8000000000000000n,
  0xffffffffn,
  0x80000000n,
  0x7fffffffn,
  0x100000000n,
  4096n,
  4095n,
  0xfffffffffffff000n,
  1n << 40n,
];
const SIZES = [0n, 1n, 2n, 4n, 8n, 16n, 24n, 64n, 88n, 128n, 256n, 4096n, 65536n, 1n << 20n];

class Draw {
  readonly #entropy: SeededEntropy;
  constructor(seed: number) {
    this.#entropy = new SeededEntropy(seed);
  }
  upTo(n: number): number {
    return this.#entropy.next() % n;
  }
  of<T>(list: readonly T[]): T {
    return list[this.upTo(list.length)];
  }
  bits(): bigint {
    return BigInt(this.#entropy.next()) << 32n | BigInt(this.#entropy.next());
  }

  call(): RandomCall {
    let [name, row] = this.of(ROWS);
    while (SELDOM.has(name) && this.upTo(20) !== 0) [name, row] = this.of(ROWS);
    const wild = this.upTo(12) === 0;
    const args = row.args.map((a) => wild || this.upTo(16) === 0 ? this.anything() : this.fitting(a));
    return { name, nr: row.nr, args: args.map((v) => BigInt.asUintN(64, v).toString(16)) };
  }

  anything(): bigint {
    const kind = this.upTo(4);
    return kind === 0 ? this.of(ODD) : kind === 1 ? this.bits() : kind === 2 ? BigInt(this.upTo(300)) : this.pointer();
  }
  /** An address in the program's data, seldom a bad one: unmapped, read-only, at the edge, beyond everything. */
  pointer(): bigint {
    const kind = this.upTo(24);
    if (kind === 0) return 0n;
    if (kind === 1) return this.of(ODD);
    if (kind === 2) return BigInt(DATA + DATA_SIZE - 1 - this.upTo(16));
    if (kind === 3) return BigInt(0x10000 + this.upTo(4096));
    return BigInt(DATA + (this.upTo(DATA_SIZE / 8 - 1) & ~1) * 8 + (this.upTo(10) === 0 ? this.upTo(8) : 0));
  }
  flags(f: Flags): bigint {
    let word = f.values === undefined ? 0 : this.of(Object.values(f.values));
    const bits = Object.values(f.bits);
    for (let n = bits.length === 0 ? 0 : this.upTo(4); n > 0; n--) word |= this.of(bits);
    return BigInt(word >>> 0);
  }
  fitting(a: Arg): bigint {
    switch (a.is) {
      case "fd":
        return BigInt(this.upTo(24));
      case "dirfd":
        return this.upTo(3) === 0 ? BigInt(this.upTo(24)) : -100n;
      case "pid":
        return this.of([0n, -1n, 1000n, 1001n, 1002n, 1003n, 1n, 2n, -1000n]);
      case "signal":
        return BigInt(this.of([0, 1, 10, 12, 13, 14, 17, 18, 19, 34, 64, 65]));
      case "size":
        return this.of(SIZES);
      case "offset":
        return this.of([...SIZES, -1n]);
      case "mode":
        return BigInt(this.of([0o644, 0o755, 0o100644, 0o10644, 0o20644, 0o140755, 0o7777, 0]));
      case "uid":
        return this.of([0n, 1000n, 65534n, 0xffffffffn]);
      case "clock":
        return BigInt(this.upTo(13));
      case "flags":
        return this.flags(a.of);
      case "path":
      case "string":
        return BigInt(this.of(STRINGS));
      case "int":
      case "hex":
      case "by":
      case "errno":
        return this.upTo(3) === 0 ? this.anything() : BigInt(this.upTo(64));
      default:
        return this.pointer();
    }
  }
}

/** The program of a seed. */
export const generateCalls = (seed: number, count: number): CallProgram => {
  const draw = new Draw(seed);
  return { seed, calls: Array.from({ length: count }, () => draw.call()) };
};
