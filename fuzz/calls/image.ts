/**
 * A list of calls as a riscv64 program: for each, the argument registers are loaded from a table and `ecall` is made; at the end exit_group. Beside it the data that random
 * pointers meet: strings, structs of small numbers, pointers, noise.
 */
import { SeededEntropy } from "../../actors/world/entropy.ts";
import { elfImage } from "../image.ts";
import { CODE, DATA } from "../layout.ts";
import type { CallProgram } from "./generate.ts";

export { DATA };
/** Bytes that random pointers point into; the table of arguments lies behind them. */
export const DATA_SIZE = 0x8000;
const TABLE = DATA + DATA_SIZE;

const TEXTS = [
  "/",
  ".",
  "..",
  "",
  "/tmp/a",
  "/tmp/b",
  "/tmp/dir",
  "/tmp/dir/file",
  "/tmp/link",
  "/proc/self/mem",
  "/proc/self/maps",
  "/proc/self/fd/3",
  "/proc/self/status",
  "/proc/self/uid_map",
  "/proc/self/ns/pid",
  "/proc/1000/stat",
  "/proc/sys/kernel/hostname",
  "/dev/null",
  "/dev/zero",
  "/dev/full",
  "/dev/tty",
  "/dev/ptmx",
  "/dev/shm/x",
  "/p",
  "tmp",
  "a",
  "../../../etc/passwd",
  "/tmp/dir/../../..",
  "x".repeat(300),
  "/" + "y/".repeat(2100),
  "tmpfs",
  "proc",
  "user.name",
  "size=64k",
];
/** Addresses of strings. */
export const STRINGS: readonly number[] = TEXTS.reduce<{ at: number; list: number[] }>(
  ({ at, list }, text) => ({ at: at + text.length + 1, list: [...list, at] }),
  { at: DATA, list: [] },
).list;
/** Address of one of them. */
export const addressOf = (text: string): number => STRINGS[TEXTS.indexOf(text)];

const noise = (view: DataView, from: number, seed: number): void => {
  const entropy = new SeededEntropy(seed ^ 0xda7a);
  for (let at = from; at + 8 <= DATA_SIZE; at += 8) {
    const kind = entropy.next() % 6, value = entropy.next();
    if (kind === 0) view.setBigUint64(at, BigInt(value) << 32n | BigInt(entropy.next()), true);
    else if (kind === 1) view.setUint32(at, DATA + (value % DATA_SIZE & ~7), true);
    else if (kind === 2) view.setUint32(at, value % 64, true);
    else if (kind === 3) {
      view.setUint32(at, value % 16, true);
      view.setUint32(at + 4, entropy.next() % 16, true);
    } else if (kind === 4) view.setUint32(at, value, true);
  }
};

const A0 = 10, A7 = 17, T0 = 5;
const lui = (rd: number, value: number): number => (value & 0xfffff000 | rd << 7 | 0x37) >>> 0;
const ld = (rd: number, offset: number, base: number): number =>
  (offset << 20 | base << 15 | 3 << 12 | rd << 7 | 0x03) >>> 0;
const li = (rd: number, value: number): number => (value << 20 | rd << 7 | 0x13) >>> 0;
const ECALL = 0x73;

/** The ELF file. */
export const callImage = ({ seed, calls }: CallProgram): Uint8Array<ArrayBuffer> => {
  const rows = calls.length * 6, data = new Uint8Array(DATA_SIZE + rows * 8), view = new DataView(data.buffer);
  TEXTS.forEach((text, i) => data.set(new TextEncoder().encode(text), STRINGS[i] - DATA));
  noise(view, STRINGS[STRINGS.length - 1] - DATA + 64 & ~7, seed);
  const code: number[] = [];
  calls.forEach(({ nr, args }, k) => {
    args.forEach((value, i) => {
      const at = TABLE + (k * 6 + i) * 8;
      view.setBigUint64(at - DATA, BigInt(`0x${value}`), true);
      const low = at << 20 >> 20;
      code.push(lui(T0, at - low), ld(A0 + i, low, T0));
    });
    code.push(li(A7, nr), ECALL);
  });
  code.push(li(A0, 0), li(A7, 94), ECALL);
  return elfImage(CODE, data, new Uint8Array(Uint32Array.from(code).buffer));
};
