/**
 * The instructions of the script CPU: a dozen register and memory steps around `ecall`, enough to write any program that only makes system calls. The same list
 * is interpreted here (no guest code at all) and assembled to RV64 by `fuzz/assemble.ts`, so both meet the kernel in the same registers.
 */

/** One instruction; `at` are data addresses, `to` indices of instructions, registers are numbers. */
export type ScriptOp =
  /** Register := constant (signed 32 bits). */
  | { readonly op: "li"; readonly reg: number; readonly value: number }
  /** Register := sign-extended word. */
  | { readonly op: "lw"; readonly reg: number; readonly at: number }
  /** Word := register. */
  | { readonly op: "sw"; readonly reg: number; readonly at: number }
  | { readonly op: "ecall" }
  | { readonly op: "j"; readonly to: number }
  | { readonly op: "beqz"; readonly reg: number; readonly to: number }
  /** To the address in ra. */
  | { readonly op: "ret" };

/** A program: instruction i lies at `base + 4 * i`. */
export interface Script {
  readonly base: number;
  readonly ops: readonly ScriptOp[];
}
