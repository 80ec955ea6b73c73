/**
 * Random priorities with change points (Burckhardt, Kothari, Musuvathi, Nagarakatte: "A randomized scheduler with probabilistic guarantees of finding bugs", 2010): the
 * runnable task of highest priority runs; at a change point the running one falls below all others. A guest's length is not known beforehand, so change points are not
 * `depth` ones drawn over the whole run but come with a fixed chance per turn; spinning tasks cannot starve the others for long.
 */
import type { Entropy } from "../entropy.ts";
import type { SchedulePolicy } from "../order.ts";

/** A change point every so many turns on average, and the longest slice. */
const TURNS_BETWEEN = 16, LONGEST = 6000;

export const pct = (entropy: Entropy): SchedulePolicy => {
  const priority = new Map<number, number>();
  let floor = 0;
  let current = -1;
  const of = (tid: number): number => {
    let p = priority.get(tid);
    if (p === undefined) priority.set(tid, p = 1 + entropy.next());
    return p;
  };
  return {
    name: "pct",
    start() {
      priority.clear();
      floor = 0;
      current = -1;
    },
    next(tids) {
      if (entropy.next() % TURNS_BETWEEN === 0 && current >= 0) priority.set(current, --floor);
      let best = 0;
      for (let i = 1; i < tids.length; i++) if (of(tids[i]) > of(tids[best])) best = i;
      current = tids[best];
      return best;
    },
    slice: () => 1 + entropy.next() % LONGEST,
  };
};
