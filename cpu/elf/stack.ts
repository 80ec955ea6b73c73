/**
 * The stack a program starts with (SEMANTICS 5.21), from sp up: argc, argv[], NULL, envp[], NULL, auxv, padding, 16 random bytes, argument strings, environment
 * strings, execfn, 8 zero bytes. Pure: bytes and addresses, nothing is written.
 */

/** Value of an auxiliary entry that is an address in the stack. */
export type AuxValue = number | "random" | "execfn";

export interface StackContents {
  readonly argv: readonly Uint8Array[];
  readonly envp: readonly Uint8Array[];
  /** Pairs, ending with AT_NULL. */
  readonly auxv: readonly (readonly [number, AuxValue])[];
  /** 16 bytes. */
  readonly random: Uint8Array;
  readonly execfn: Uint8Array;
}

export interface InitialStack {
  /** To be written at `sp`. */
  readonly bytes: Uint8Array;
  readonly sp: number;
  readonly argStart: number;
  readonly argEnd: number;
  readonly envStart: number;
  readonly envEnd: number;
  /** The auxiliary vector as /proc/pid/auxv shows it. */
  readonly auxv: Uint8Array;
}

const total = (strings: readonly Uint8Array[]): number => strings.reduce((sum, s) => sum + s.length + 1, 0);

/** Lays the stack out below `top` (exclusive, 16-aligned). */
export const initialStack = (c: StackContents, top: number): InitialStack => {
  const execfnAt = top - 8 - (c.execfn.length + 1);
  const envStart = execfnAt - total(c.envp), argStart = envStart - total(c.argv);
  const randomAt = Math.floor((argStart - 16) / 16) * 16;
  const words = 1 + c.argv.length + 1 + c.envp.length + 1 + 2 * c.auxv.length;
  const sp = Math.floor((randomAt - 8 * words) / 16) * 16;
  const bytes = new Uint8Array(top - sp);
  const view = new DataView(bytes.buffer);
  let at = 0;
  const word = (value: number) => {
    view.setBigUint64(at, BigInt(value), true);
    at += 8;
  };
  const strings = (list: readonly Uint8Array[], start: number) => {
    let to = start;
    for (const s of list) {
      word(to);
      bytes.set(s, to - sp);
      to += s.length + 1;
    }
    word(0);
  };
  word(c.argv.length);
  strings(c.argv, argStart);
  strings(c.envp, envStart);
  const auxStart = at;
  for (const [type, value] of c.auxv) {
    word(type);
    word(value === "random" ? randomAt : value === "execfn" ? execfnAt : value);
  }
  const auxv = bytes.slice(auxStart, at);
  bytes.set(c.random, randomAt - sp);
  bytes.set(c.execfn, execfnAt - sp);
  return { bytes, sp, argStart, argEnd: envStart, envStart, envEnd: execfnAt, auxv };
};

/** What argv and envp take: strings with their NULs and a pointer each. */
export const stringSpace = (argv: readonly Uint8Array[], envp: readonly Uint8Array[]): number =>
  total(argv) + total(envp) + 8 * (argv.length + envp.length);
