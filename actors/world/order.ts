/**
 * Scheduling order: one of the doors of chance. A policy says which of the runnable tasks goes next and how many guest instructions it may run; each has its file in
 * `order/`. What a policy draws comes from the entropy it was given, so a seed fixes the whole interleaving.
 */
import type { Entropy } from "./entropy.ts";
import { fair } from "./order/fair.ts";
import { pct } from "./order/pct.ts";
import { random } from "./order/random.ts";

export interface SchedulePolicy {
  readonly name: string;
  /** A run begins: what is remembered of an earlier one is forgotten. */
  start?(): void;
  /** Index of the next task among `tids`, the runnable ones in the order they became runnable. Asked only when there are two or more. */
  next(tids: readonly number[]): number;
  /** A task goes next because it is the only one. */
  only?(tid: number): void;
  /** Guest instructions the task may run while others are waiting. */
  slice(): number;
}

export { fair, FAIR_SLICE } from "./order/fair.ts";
export { pct } from "./order/pct.ts";
export { random } from "./order/random.ts";

/** What `--schedule` can name. */
export const POLICIES: Readonly<Record<"fair" | "random" | "pct", (entropy: Entropy) => SchedulePolicy>> = {
  fair,
  random,
  pct,
};
