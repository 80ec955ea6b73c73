/**
 * The form of a system call declaration. One row per call is the single source for the handler's type, decoding, dispatch, the strace line,
 * `docs/SYSCALLS.md` and the generators of property tests. Decoding turns six registers into numbers and never touches guest memory.
 */
import type { Flags } from "./flags.ts";
import type { Layout } from "./layout.ts";

/** How a 64-bit register becomes a number: sign- or zero-extended 32 bits, or all 64 (exact up to 2^53, which covers every valid value). */
export type Reg = "i32" | "u32" | "i64" | "u64";

/** What an argument is, for decoding (`reg`), for strace and for generators (the rest). */
export type Arg =
  & { readonly name: string; readonly reg: Reg }
  & (
    | {
      readonly is:
        | "int"
        | "fd"
        | "dirfd"
        | "pid"
        | "signal"
        | "size"
        | "offset"
        | "hex"
        | "mode"
        | "uid"
        | "errno"
        | "clock";
    }
    | { readonly is: "address" }
    | { readonly is: "path" | "string" }
    | { readonly is: "flags"; readonly of: Flags }
    /** Bytes whose length is in argument `length` (or is the call's result when `out` and `lengthIsResult`). */
    | {
      readonly is: "bytes";
      readonly direction: "in" | "out";
      readonly length: string;
      readonly lengthIsResult?: boolean;
    }
    /** Pointer to a struct (or an array of `count` of them, `count` naming an argument). */
    | {
      readonly is: "struct";
      readonly of: Layout;
      readonly direction: "in" | "out" | "inout";
      readonly count?: string;
    }
    | { readonly is: "iovec"; readonly direction: "in" | "out"; readonly count: string }
    /** char *const[]: argv, envp. */
    | { readonly is: "strings" }
    | { readonly is: "sigset"; readonly direction: "in" | "out" }
    | { readonly is: "sockaddr"; readonly direction: "in" | "out"; readonly length: string }
    /** A 32- or 64-bit integer behind a pointer; `value` names how it prints. */
    | {
      readonly is: "cell";
      readonly width: 32 | 64;
      readonly direction: "in" | "out" | "inout";
      readonly value?: "fd" | "pid" | "hex" | "wstatus";
    }
    /** Multiplexed: its meaning depends on the value of another argument (fcntl's arg, ioctl's arg). */
    | { readonly is: "by"; readonly selector: string; readonly cases: Readonly<Record<number, Arg>> }
  );

export type Result = "int" | "fd" | "pid" | "size" | "address" | "offset" | "flags" | "none" | "never";

/** What an interrupting signal does to a blocked call (signal(7); SEMANTICS 6.27). */
export type Restart =
  /** ERESTARTSYS: EINTR, or begun again when the handler has SA_RESTART. */
  | "restart"
  /** ERESTARTNOHAND: begun again only if no handler ran. */
  | "nohand"
  /** ERESTART_RESTARTBLOCK: EINTR with any handler, goes on with the remaining time if none ran. */
  | "block"
  /** ERESTARTNOINTR: always begun again. */
  | "nointr"
  /** EINTR even for stop and continue. */
  | "eintr";

export type Support = "full" | "partial" | "absent";

export interface Call<A extends readonly Arg[] = readonly Arg[]> {
  /** asm-generic number (riscv64, aarch64). */
  readonly nr: number;
  readonly args: A;
  readonly result: Result;
  readonly support: Support;
  /** What is missing when `support` is not "full". */
  readonly note?: string;
  /** One line. */
  readonly doc: string;
}

/** Rows of one family, by call name. */
export type Family = Readonly<Record<string, Call>>;

/** Declares a call. Default result "int", support "full". */
export const call = <const A extends readonly Arg[]>(
  nr: number,
  args: A,
  doc: string,
  more: { result?: Result; support?: Support; note?: string } = {},
): Call<A> => ({ nr, args, doc, result: "int", support: "full", ...more });

/** Declares a call that is answered with ENOSYS: no handler. `note` says why. */
export const absent = (nr: number, doc: string, note: string): Call<readonly []> & { readonly support: "absent" } => ({
  nr,
  args: [],
  doc,
  result: "int",
  support: "absent",
  note,
});

/** One number per declared argument. */
export type Numbers<A extends readonly Arg[]> = { -readonly [K in keyof A]: number };

/**
 * The handlers of a family: decoded arguments in, result out: a number ≥ 0, `-E.X`, or one of the sentinels of `actors/blocking.ts`. A row with support
 * "absent" has none.
 */
export type Handlers<T, F extends Family> = {
  readonly [K in keyof F as F[K]["support"] extends "absent" ? never : K]: (
    t: T,
    ...args: Numbers<F[K]["args"]>
  ) => number;
};

// ---- argument makers: the vocabulary of declare.ts files ----------------------------------------------------------
export const int = (name: string) => ({ name, reg: "i32", is: "int" }) as const;
export const uint = (name: string) => ({ name, reg: "u32", is: "int" }) as const;
export const long = (name: string) => ({ name, reg: "i64", is: "int" }) as const;
export const ulong = (name: string) => ({ name, reg: "u64", is: "int" }) as const;
export const hex = (name: string) => ({ name, reg: "u64", is: "hex" }) as const;
export const fd = (name = "fd") => ({ name, reg: "i32", is: "fd" }) as const;
export const dirfd = (name = "dirfd") => ({ name, reg: "i32", is: "dirfd" }) as const;
export const pid = (name = "pid") => ({ name, reg: "i32", is: "pid" }) as const;
export const uid = (name: string) => ({ name, reg: "u32", is: "uid" }) as const;
export const signal = (name = "sig") => ({ name, reg: "i32", is: "signal" }) as const;
export const clock = (name = "clockid") => ({ name, reg: "i32", is: "clock" }) as const;
export const mode = (name = "mode") => ({ name, reg: "u32", is: "mode" }) as const;
export const size = (name: string) => ({ name, reg: "u64", is: "size" }) as const;
export const offset = (name = "offset") => ({ name, reg: "i64", is: "offset" }) as const;
export const address = (name: string) => ({ name, reg: "u64", is: "address" }) as const;
export const path = (name = "path") => ({ name, reg: "u64", is: "path" }) as const;
export const string = (name: string) => ({ name, reg: "u64", is: "string" }) as const;
export const strings = (name: string) => ({ name, reg: "u64", is: "strings" }) as const;
export const flags = (name: string, of: Flags, reg: Reg = "u32") => ({ name, reg, is: "flags", of }) as const;
export const inBytes = (name: string, length: string) =>
  ({ name, reg: "u64", is: "bytes", direction: "in", length }) as const;
/** Filled by the kernel; the result says how much. */
export const outBytes = (name: string, length: string) =>
  ({ name, reg: "u64", is: "bytes", direction: "out", length, lengthIsResult: true }) as const;
export const inStruct = (name: string, of: Layout, count?: string) =>
  ({ name, reg: "u64", is: "struct", of, direction: "in", count }) as const;
export const outStruct = (name: string, of: Layout, count?: string) =>
  ({ name, reg: "u64", is: "struct", of, direction: "out", count }) as const;
export const inoutStruct = (name: string, of: Layout, count?: string) =>
  ({ name, reg: "u64", is: "struct", of, direction: "inout", count }) as const;
export const iovec = (name: string, direction: "in" | "out", count: string) =>
  ({ name, reg: "u64", is: "iovec", direction, count }) as const;
export const sigset = (name: string, direction: "in" | "out") =>
  ({ name, reg: "u64", is: "sigset", direction }) as const;
export const sockaddr = (name: string, direction: "in" | "out", length: string) =>
  ({ name, reg: "u64", is: "sockaddr", direction, length }) as const;
export const cell = (
  name: string,
  width: 32 | 64,
  direction: "in" | "out" | "inout",
  value?: "fd" | "pid" | "hex" | "wstatus",
) => ({ name, reg: "u64", is: "cell", width, direction, value }) as const;
export const by = (name: string, selector: string, cases: Readonly<Record<number, Arg>>, reg: Reg = "u64") =>
  ({ name, reg, is: "by", selector, cases }) as const;
/** A pure enumeration in a 32-bit register. */
export const enumerationArg = (name: string, of: Flags) => ({ name, reg: "i32", is: "flags", of }) as const;
