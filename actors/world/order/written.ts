/** An order that was written down: which task goes at each decision, as an index among the runnable. `noting` writes one down while another policy decides. */
import type { SchedulePolicy } from "../order.ts";

/** Decisions of a run: what `next` and `slice` answered, in turn. */
export interface WrittenOrder {
  readonly choices: readonly number[];
  readonly slices: readonly number[];
}

/** A written order no longer fits the run: another program, another Dolly, or a damaged file. */
export class OrderMismatch extends Error {
  override name = "OrderMismatch";
}

/** Follows a written order to its end and goes on in the order of arrival. */
export const written = ({ choices, slices }: WrittenOrder): SchedulePolicy => {
  let chosen = 0, sliced = 0;
  return {
    name: "written",
    start() {
      chosen = sliced = 0;
    },
    next(tids) {
      const choice = choices[chosen++] ?? 0;
      if (choice >= tids.length) {
        throw new OrderMismatch(`decision ${chosen - 1} of the written order takes task ${choice} of ${tids.length}`);
      }
      return choice;
    },
    slice: () => slices[sliced++] ?? 1000,
  };
};

/** Lets `policy` decide and writes the decisions down. */
export const noting = (policy: SchedulePolicy, into: { choices: number[]; slices: number[] }): SchedulePolicy => ({
  name: "noting",
  start() {
    into.choices.length = into.slices.length = 0;
    policy.start?.();
  },
  next(tids) {
    const choice = policy.next(tids);
    into.choices.push(choice);
    return choice;
  },
  slice() {
    const slice = policy.slice();
    into.slices.push(slice);
    return slice;
  },
});
