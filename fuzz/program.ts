/**
 * Kernel programs as data: a tree of system calls, where each clone carries the steps of its child and each exec the steps of the next program. JSON, so that a
 * failure can be shrunk, printed, replayed, assembled (`assemble.ts`) and written in C (`emit_c.ts`).
 */

/** An argument of a call. Words are 32 bits: `word`/`at` in memory all tasks share, `ownAt`/`own` in the program's own (copied by fork). */
export type Arg =
  | number
  /** Tid of the child of clone site n, or minus the errno of that clone; 0 before. Site 0 is the first task. */
  | { readonly tid: number }
  /** Address and content of shared word n. */
  | { readonly word: number }
  | { readonly at: number }
  /** Address and content of private word n. */
  | { readonly ownAt: number }
  | { readonly own: number }
  /** Address of a scratch buffer of 256 bytes (n = 0…3). */
  | { readonly buf: number }
  /** Address of a struct timespec of so many ns. */
  | { readonly ns: number }
  /** Address of a signal set. */
  | { readonly set: readonly number[] }
  /** Address of a kernel sigaction. */
  | { readonly act: Action }
  /** Address of a stack_t: 4 KiB of its own, with SS_AUTODISARM for n = 1. */
  | { readonly stack: number }
  /** Address of a struct robust_list_head whose only entry is private word n (two words before it lies `next`). */
  | {
    readonly robust: number; /** The entry is its own next: a walk never ends by itself. */
    readonly cyclic?: boolean;
  };

export interface Action {
  /** Index of a handler of the program, or SIG_IGN, SIG_DFL. */
  readonly handler: number | "ignore" | "default";
  readonly flags: number;
  readonly mask: readonly number[];
}

export interface CallStep {
  readonly call: string;
  readonly args: readonly Arg[];
}
/** Makes a task. */
export interface CloneStep {
  /** Low 32 bits of the flags without the exit signal. */
  readonly clone: number;
  /** Number of this clone in the program, from 1: `tid` arguments name it. */
  readonly site: number;
  readonly exit: number;
  /** Through clone3; with CLONE_CLEAR_SIGHAND. */
  readonly three?: boolean;
  readonly clearHandlers?: boolean;
  /** clone3's set_tid: wanted numbers, the innermost pid namespace first. */
  readonly chosen?: readonly number[];
  /** Words for parent_tid and child_tid. */
  readonly parentTid?: Arg;
  readonly childTid?: Arg;
  readonly child: readonly Step[];
}
/** Replaces the program. */
export interface ExecStep {
  readonly exec: readonly Step[];
}
/** Stores a number in a word. */
export interface StoreStep {
  readonly store: number;
  readonly to: { readonly word: number } | { readonly ownAt: number };
}
export type Step = CallStep | CloneStep | ExecStep | StoreStep;

export interface Program {
  readonly steps: readonly Step[];
  /** Bodies of signal handlers. */
  readonly handlers: readonly (readonly Step[])[];
}

/** Steps of a program, children and handlers included. */
export const countSteps = (p: Program): number => {
  const count = (steps: readonly Step[]): number =>
    steps.reduce((n, s) => n + 1 + ("clone" in s ? count(s.child) : "exec" in s ? count(s.exec) : 0), 0);
  return count(p.steps) + p.handlers.reduce((n, h) => n + count(h), 0);
};

/** One line for a step. */
export const showStep = (s: Step): string => {
  const arg = (a: Arg): string =>
    typeof a === "number" ? (a > 4095 ? "0x" + a.toString(16) : `${a}`) : JSON.stringify(a);
  if ("call" in s) return `${s.call}(${s.args.map(arg).join(", ")})`;
  if ("clone" in s) return `task ${s.site}: clone${s.three ? "3" : ""}(0x${s.clone.toString(16)}, exit ${s.exit})`;
  if ("exec" in s) return "execve";
  return `${JSON.stringify(s.to)} = ${s.store}`;
};

/** The program as text, a step a line, indented by task. */
export const showProgram = (p: Program): string => {
  const lines: string[] = [];
  const show = (steps: readonly Step[], indent: string): void => {
    for (const s of steps) {
      lines.push(indent + showStep(s));
      if ("clone" in s) show(s.child, indent + "  | ");
      if ("exec" in s) show(s.exec, indent + "  > ");
    }
  };
  show(p.steps, "");
  p.handlers.forEach((h, i) => {
    lines.push(`handler ${i}:`);
    show(h, "  ");
  });
  return lines.join("\n");
};
