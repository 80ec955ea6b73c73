/**
 * Scheduling order: one of the doors of chance. A policy says which of the runnable tasks goes next and how many guest instructions it may run.
 * Fair round-robin is the default; `random` draws both from the machine's entropy, so a seed fixes the whole interleaving; `pct` gives each task a random
 * priority with a few change points (Burckhardt et al., "A randomized scheduler with probabilistic guarantees of finding bugs").
 */
import type { Entropy } from "./entropy.ts";

export interface SchedulePolicy {
  readonly name: string;
  /** Index of the next task among `tids`, the runnable ones in the order they became runnable. */
  next(tids: readonly number[]): number;
  /** Guest instructions the task may run while others are waiting. */
  slice(): number;
}

/** Instructions of a fair slice: about half a millisecond of interpreted code. */
export const FAIR_SLICE = 150_000;

export const fair = (): SchedulePolicy => ({ name: "fair", next: () => 0, slice: () => FAIR_SLICE });

/** Slices from 1 to 65,536 instructions, short ones as likely as long ones (log-uniform), so that races between close instructions show. */
export const random = (entropy: Entropy): SchedulePolicy => ({
  name: "random",
  next: (tids) => tids.length === 1 ? 0 : entropy.next() % tids.length,
  slice: () => 1 + (entropy.next() & ((2 << (entropy.next() & 15)) - 1)),
});

/** PCT of depth 3: the highest priority runs; at change points, drawn anew about every 50,000 instructions, it falls below all others. */
export const pct = (entropy: Entropy): SchedulePolicy => {
  const priority = new Map<number, number>();
  let floor = 0;
  let current = -1;
  const of = (tid: number) => {
    let p = priority.get(tid);
    if (p === undefined) priority.set(tid, p = 1 + entropy.next());
    return p;
  };
  return {
    name: "pct",
    next(tids) {
      if (entropy.next() % 16 === 0 && current >= 0) priority.set(current, --floor);
      let best = 0;
      for (let i = 1; i < tids.length; i++) if (of(tids[i]) > of(tids[best])) best = i;
      current = tids[best];
      return best;
    },
    slice: () => 1 + entropy.next() % 6000,
  };
};

export const POLICIES = { fair, random, pct } as const;
