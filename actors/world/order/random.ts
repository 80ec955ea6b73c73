/** Any runnable task with the same chance, and slices of very different lengths, so that races between close instructions show as well as those between far ones. */
import type { Entropy } from "../entropy.ts";
import type { SchedulePolicy } from "../order.ts";

/** Slices from 1 to 65,536 instructions, short ones as likely as long ones (log-uniform). */
export const random = (entropy: Entropy): SchedulePolicy => ({
  name: "random",
  next: (tids) => entropy.next() % tids.length,
  slice: () => 1 + (entropy.next() & ((2 << (entropy.next() & 15)) - 1)),
});
