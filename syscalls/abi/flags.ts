/** Flag words and enumerations as data: how each value is named, so that strace lines and documents need no second list. */

/** A flag word: `bits` may be combined with |; `values` (if any) are the names of the value under `mask`. */
export interface Flags {
  readonly name: string;
  readonly bits: Readonly<Record<string, number>>;
  /** Enumerated part, e.g. O_RDONLY/O_WRONLY/O_RDWR under mask 3. */
  readonly mask?: number;
  readonly values?: Readonly<Record<string, number>>;
}

export const flagSet = (
  name: string,
  bits: Readonly<Record<string, number>>,
  mask?: number,
  values?: Readonly<Record<string, number>>,
): Flags => ({
  name,
  bits,
  mask,
  values,
});

/** A pure enumeration: exactly one of the names. */
export const enumeration = (name: string, values: Readonly<Record<string, number>>): Flags => ({
  name,
  bits: {},
  mask: 0xffffffff,
  values,
});

/** The same numbers with a prefix before their names: { CREAT: 512 } as { IPC_CREAT: 512 }. */
export const prefixed = (
  prefix: string,
  values: Readonly<Record<string, number>>,
): Readonly<Record<string, number>> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [prefix + name, value]));

/** The names in a word, the enumerated part first, and the bits without one. */
export const namesIn = (f: Flags, word: number): { readonly names: string[]; readonly rest: number } => {
  const names: string[] = [];
  let rest = word >>> 0;
  if (f.mask !== undefined && f.values !== undefined) {
    const value = (rest & f.mask) >>> 0;
    const name = Object.keys(f.values).find((n) => f.values![n] >>> 0 === value);
    if (name !== undefined) {
      names.push(name);
      rest = (rest & ~f.mask) >>> 0;
    }
  }
  // Names of several bits at once come before those of their parts.
  const bits = Object.entries(f.bits).filter(([, b]) => b !== 0).sort(([, a], [, b]) => ones(b) - ones(a));
  const found = new Set<string>();
  for (const [name, b] of bits) {
    if ((rest & b) >>> 0 !== b >>> 0) continue;
    found.add(name);
    rest = (rest & ~b) >>> 0;
  }
  for (const name of Object.keys(f.bits)) if (found.has(name)) names.push(name);
  return { names, rest };
};
const ones = (word: number): number => {
  let n = 0;
  for (let w = word >>> 0; w !== 0; w = (w & (w - 1)) >>> 0) n++;
  return n;
};

/** The names of a word's bits joined by |, the enumerated part first; what has no name as hexadecimal. */
export const showFlags = (f: Flags, word: number): string => {
  const { names, rest } = namesIn(f, word);
  if (rest !== 0 || names.length === 0) names.push(rest === 0 ? "0" : `0x${rest.toString(16)}`);
  return names.join("|");
};
