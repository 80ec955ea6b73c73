/** Names of errors. */
import { E } from "../syscalls/abi/errno.ts";

const names = new Map<number, string>();
for (const [name, no] of Object.entries(E)) if (!names.has(no)) names.set(no, "E" + name);

export const ERRNO_NAME = (no: number): string => names.get(no) ?? `errno ${no}`;
/** Whether a word names an error. */
export const isErrno = (word: string): boolean => word.startsWith("E") && word.slice(1) in E;
