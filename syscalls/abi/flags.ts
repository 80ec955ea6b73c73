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
