/**
 * The form of a call whose arguments mean more than their declarations say: by other arguments, in another order, or only sometimes there. The forms themselves stand in
 * `forms/`, a family of calls a file.
 */
import { pointer } from "./text.ts";
import { type Render, renderArgument } from "./arguments.ts";
import type { Request } from "./request.ts";
import { decodeSiginfo, siginfo } from "./siginfo.ts";

export interface Form {
  /** What is shown between the parentheses, in order; without it the arguments as declared. */
  readonly pieces?: (r: Request) => readonly Render[];
  /** What follows the result in parentheses. */
  readonly remark?: (r: Request) => string | undefined;
  /** The result when it is no plain number. */
  readonly result?: (r: Request) => string | undefined;
}

/** The first arguments, as declared. */
export const first = (count: number): readonly Render[] => Array(count).fill(renderArgument);

/** All arguments as declared, some replaced. */
export const but = (replaced: Readonly<Record<number, Render>>): Form => ({
  pieces: (r) => r.args.map((_, i) => replaced[i] ?? renderArgument),
});

/** Numbers of 32 bits that stand at an address: "[3, 4]". */
export const words = (r: Request, at: number, count: number): string => {
  if (!(count >= 0 && count <= 1024)) return pointer(at);
  const list = Array.from({ length: count }, (_, k) => r.word(at + 4 * k));
  return list.includes(undefined) ? pointer(at) : `[${list.join(", ")}]`;
};

/** The siginfo_t that an argument points to. */
export const siginfoOf: Render = (r, i) => {
  const at = r.at(i), bytes = at === 0 ? undefined : r.bytes(at, 128);
  return bytes === undefined ? pointer(at) : siginfo(decodeSiginfo(bytes));
};

/** The numbers of the bits that are set: descriptors of an fd_set, CPUs of a mask. */
export const members = (bytes: Uint8Array): number[] => {
  const set: number[] = [];
  for (let k = 0; k < 8 * bytes.length; k++) if ((bytes[k >> 3] >> (k & 7) & 1) !== 0) set.push(k);
  return set;
};
