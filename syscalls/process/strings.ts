/** String vectors of execve, with Linux's limits (fs/exec.c count, copy_strings). */
import type { Strings, Task } from "../../actors/mod.ts";
import { E, fail } from "../abi/errno.ts";

/** Longest single string, with its NUL (MAX_ARG_STRLEN). */
export const MAX_STRING = 131072;
/** No vector can be longer: total space is at most 6 MiB. */
const MAX_STRINGS = 0x7fffff;

/** A NULL-terminated vector of strings; NULL counts as empty. E2BIG, EFAULT. */
const readStrings = (t: Task, at: number): Uint8Array[] => {
  const out: Uint8Array[] = [];
  if (at === 0) return out;
  let total = 0;
  for (let i = 0; i < MAX_STRINGS; i++) {
    const p = t.mem.u64(at + 8 * i);
    if (p === 0) return out;
    const bytes = t.mem.cstring(p, MAX_STRING);
    if (bytes === undefined) return fail(E["2BIG"]);
    total += bytes.length + 9;
    if (total > 6 << 20) return fail(E["2BIG"]);
    out.push(bytes);
  }
  return fail(E["2BIG"]);
};

/** What execve is given, to be read in its time. */
export const stringsAt = (t: Task, argv: number, envp: number): Strings => () => ({
  argv: readStrings(t, argv),
  envp: readStrings(t, envp),
});
