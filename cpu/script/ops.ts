/**
 * The instructions of the script CPU: a dozen register and memory steps around `ecall`, enough to write any program that only makes system calls. The same list
 * is interpreted here (no guest code at all) and assembled to RV64 by `fuzz/assemble.ts`, so both meet the kernel in the same registers.
 */

/**
 * One instruction, all of one shape: the interpreter's reads stay simple, and V8 does not make them old before their time, as it does the literals of a program that is
 * made and run in a millisecond.
 */
export class ScriptOp {
  /** @param n a constant (signed 32 bits), a data address or the index of an instruction */
  constructor(
    readonly op: "li" | "lw" | "sw" | "ecall" | "j" | "beqz" | "ret",
    readonly reg: number,
    readonly n: number,
  ) {}
}
/** Register := constant. */
export const li = (reg: number, value: number): ScriptOp => new ScriptOp("li", reg, value);
/** Register := sign-extended word. */
export const lw = (reg: number, at: number): ScriptOp => new ScriptOp("lw", reg, at);
/** Word := register. */
export const sw = (reg: number, at: number): ScriptOp => new ScriptOp("sw", reg, at);
export const j = (to: number): ScriptOp => new ScriptOp("j", 0, to);
export const beqz = (reg: number, to: number): ScriptOp => new ScriptOp("beqz", reg, to);
export const ECALL = new ScriptOp("ecall", 0, 0);
/** To the address in ra. */
export const RET = new ScriptOp("ret", 0, 0);

/** A program: instruction i lies at `base + 4 * i`. */
export interface Script {
  readonly base: number;
  readonly ops: readonly ScriptOp[];
}
