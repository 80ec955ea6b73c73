/**
 * What a CPU asks of the translated code of its address space (`cpu/jit`, loaded only when something is hot). All of
 * it is told in instructions, never in time, so a run's course does not depend on the host.
 */

export interface HotCode {
  /** Instructions the interpreter may run until the next sample is due. */
  untilSample: number;
  /** Instructions that must be interpreted before translated code is entered again. */
  cold: number;
  /** Runs translated code from the block's pc while there is any; the instructions retired, at most `budget`. */
  run(block: number, words: Int32Array, budget: number): number;
  /** The interpreter left at a record marked as the start of translated code; false if there is none any more. */
  enter(pc: number): boolean;
  /** A sample is due and the interpreter stands at `pc`: how many instructions to trace one by one. */
  sample(pc: number): number;
  /** One traced instruction. */
  traced(from: number, to: number): void;
  /** The trace is over: translates what it has shown to be hot. */
  endTrace(): void;
  /** The records of a page go away, and with them all code made of its bytes. */
  dropped(page: number): void;
  /** Pages [first, end) may allow less than before. */
  narrowed(first: number, end: number): void;
  /** The address space ends: everything goes. */
  release(): void;
}
