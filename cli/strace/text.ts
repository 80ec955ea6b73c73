/** Values as strace prints them: addresses, quoted bytes, flag words, signal sets, file modes. */
import { type Flags, namesIn } from "../../syscalls/abi/flags.ts";
import { signalName } from "../../syscalls/abi/signals.ts";

/** Bytes of a string that are shown (strace -s). */
export const SHOWN = 32;

/** NULL, or in hexadecimal. */
export const pointer = (value: bigint | number): string => BigInt(value) === 0n ? "NULL" : `0x${value.toString(16)}`;
/** In hexadecimal, 0 as 0. */
export const hexNumber = (value: bigint | number): string => BigInt(value) === 0n ? "0" : `0x${value.toString(16)}`;
/** %#03o */
export const octal = (value: number): string => (value === 0 ? "0" : `0${value.toString(8)}`).padStart(3, "0");

const ESCAPES: Readonly<Record<number, string>> = {
  9: "\\t",
  10: "\\n",
  11: "\\v",
  12: "\\f",
  13: "\\r",
  34: '\\"',
  92: "\\\\",
};
const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 48 && byte <= 57;

/** Bytes in quotes; what cannot be printed in octal, with three digits only where a digit follows. */
export const quoted = (bytes: Uint8Array, more = false): string => {
  let text = '"';
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i];
    if (ESCAPES[byte] !== undefined) text += ESCAPES[byte];
    else if (byte >= 32 && byte < 127) text += String.fromCharCode(byte);
    else text += `\\${byte.toString(8).padStart(isDigit(bytes[i + 1]) ? 3 : 1, "0")}`;
  }
  return `${text}"${more ? "..." : ""}`;
};

/** The first bytes of data of which there is perhaps more. */
export const data = (bytes: Uint8Array, length = bytes.length): string =>
  quoted(bytes.subarray(0, SHOWN), length > SHOWN);

/** Names joined by |, what has no name in hexadecimal; a word without any name with the family's prefix. */
export const flagText = (f: Flags, word: number): string => {
  const { names, rest } = namesIn(f, word);
  if (names.length === 0) return rest === 0 ? "0" : `0x${rest.toString(16)} /* ${f.name}_??? */`;
  if (rest !== 0) names.push(`0x${rest.toString(16)}`);
  return names.join("|");
};

/** One name, the number where there is none. */
export const named = (names: Readonly<Record<string, number>>, value: number, unknown: string): string =>
  Object.keys(names).find((n) => names[n] === value) ?? `${hexNumber(value >>> 0)} /* ${unknown}_??? */`;

/** Names joined by |. */
export const bitsOf = (names: Readonly<Record<string, number>>, word: number, unknown: string): string =>
  flagText({ name: unknown, bits: names }, word);

const shortSignal = (signo: number): string => signalName(signo).replace(/^SIG/, "");

/** "[INT TERM]"; more than half of all as "~[...]". */
export const signalSet = (mask: bigint): string => {
  const inside: string[] = [], outside: string[] = [];
  for (let signo = 1; signo <= 64; signo++) {
    ((mask >> BigInt(signo - 1) & 1n) !== 0n ? inside : outside).push(shortSignal(signo));
  }
  return inside.length > 32 ? `~[${outside.join(" ")}]` : `[${inside.join(" ")}]`;
};

const TYPES: Readonly<Record<number, string>> = {
  0o140000: "S_IFSOCK",
  0o120000: "S_IFLNK",
  0o100000: "S_IFREG",
  0o60000: "S_IFBLK",
  0o40000: "S_IFDIR",
  0o20000: "S_IFCHR",
  0o10000: "S_IFIFO",
};

/** A character or block device: its number is shown where other files show their size. */
export const isDevice = (mode: number): boolean => (mode & 0o170000) === 0o20000 || (mode & 0o170000) === 0o60000;

/** "S_IFREG|0644". */
export const fileMode = (mode: number): string => {
  const type = TYPES[mode & 0o170000];
  const special = [[0o4000, "S_ISUID"], [0o2000, "S_ISGID"], [0o1000, "S_ISVTX"]] as const;
  const names = special.filter(([bit]) => (mode & bit) !== 0).map(([, name]) => name);
  const rest = type === undefined ? mode & ~0o7000 : mode & 0o777;
  return [...(type === undefined ? [] : [type]), ...names, octal(rest)].join("|");
};

/** makedev(0x8, 0x1). */
export const device = (dev: number | bigint): string => {
  const d = BigInt(dev);
  const major = (d >> 8n & 0xfffn) | (d >> 32n & 0xfffff000n), minor = (d & 0xffn) | (d >> 12n & 0xffffff00n);
  return `makedev(${hexNumber(major)}, ${hexNumber(minor)})`;
};
