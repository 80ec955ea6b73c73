/** Finding what execve runs: the file, its permissions, and the chain of `#!` interpreters (SEMANTICS 5.1–5.6, 5.22–5.23). */
import { E, errno, fail } from "../../syscalls/abi/errno.ts";
import { bytesOf, clipped, textOf } from "../../syscalls/abi/text.ts";
import type { Task } from "../task/task.ts";
import type { OpenFile } from "../vfs/open_file.ts";
import { HEAD, parseScript } from "./script.ts";
import { ofInterpreter, UnusableImage } from "./unusable.ts";

/** A program ready to load: the ELF file at the end of the chain, and its arguments. The caller owns `file`. */
export interface Program {
  readonly file: OpenFile;
  readonly head: Uint8Array;
  readonly argv: readonly Uint8Array[];
  readonly envp: readonly Uint8Array[];
  /** As execve was given it: AT_EXECFN. */
  readonly execfn: string;
  readonly comm: string;
}

/** Arguments and environment, read once the file has been found good. May throw EFAULT, E2BIG. */
export type Strings = () => { readonly argv: readonly Uint8Array[]; readonly envp: readonly Uint8Array[] };

const readOr = (file: OpenFile, strings: Strings): ReturnType<Strings> => {
  try {
    return strings();
  } catch (error) {
    file.release();
    throw error;
  }
};

/** At most this many rewrites of the image. */
const MAX_SCRIPTS = 5;

export const findProgram = (
  t: Task,
  dirfd: number,
  path: string,
  flags: number,
  strings: Strings,
): Program => {
  let file = t.vfs.openForExec(t, dirfd, path, flags);
  const { argv, envp } = readOr(file, strings);
  const execfn = path === "" || (dirfd !== -100 && !path.startsWith("/"))
    ? `/dev/fd/${dirfd}${path === "" ? "" : "/" + path}`
    : path;
  const comm = clipped((path === "" ? file.path : path).split("/").pop()!, 15);
  let words = argv.length === 0 ? [new Uint8Array(0)] : argv;
  let name = execfn;
  for (let scripts = 0;; scripts++) {
    const head = headOf(file);
    const script = parseScript(head);
    if (script.kind === "not a script") return { file, head, argv: words, envp, execfn, comm };
    try {
      if (script.kind === "unusable") throw new UnusableImage(E.NOEXEC, "a script whose #! line cannot be used");
      if (scripts >= MAX_SCRIPTS) fail(E.LOOP);
      if (scripts === 0 && execfn !== path && closesOnExec(t, dirfd)) fail(E.NOENT);
    } finally {
      file.release();
    }
    if (script.kind !== "script") throw errno(E.NOEXEC);
    words = [
      script.interpreter,
      ...(script.argument === undefined ? [] : [script.argument]),
      bytesOf(name),
      ...words.slice(1),
    ];
    name = textOf(script.interpreter);
    const interpreter = name;
    file = ofInterpreter(interpreter, () => t.vfs.openForExec(t, -100, interpreter, 0));
  }
};

const closesOnExec = (t: Task, dirfd: number): boolean => dirfd >= 0 && t.files.cloexec(dirfd);

/** The first bytes of a file, fewer when it is short. */
const headOf = (file: OpenFile): Uint8Array => {
  const backing = file.backing();
  if (backing === undefined) return fail(E.ACCES);
  const page = new Uint8Array(4096);
  backing.fill(0, page);
  return page.subarray(0, Math.min(HEAD, backing.size()));
};
