/** Paths as system calls receive them. */
import { E, fail } from "../syscalls/abi/errno.ts";
import { textOf } from "../syscalls/abi/text.ts";
import type { Task } from "./task/task.ts";

/** A path argument (getname): EFAULT, ENAMETOOLONG beyond PATH_MAX. May be empty: the walk answers ENOENT. */
export const readPath = (t: Task, at: number): string => {
  const bytes = t.mem.cstring(at, 4096);
  return bytes === undefined ? fail(E.NAMETOOLONG) : textOf(bytes);
};
