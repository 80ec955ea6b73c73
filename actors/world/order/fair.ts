/** Round-robin: whoever has waited longest goes next, everybody gets the same slice. */
import type { SchedulePolicy } from "../order.ts";

/** Instructions of a fair slice: about half a millisecond of interpreted code. */
export const FAIR_SLICE = 150_000;

export const fair = (): SchedulePolicy => ({ name: "fair", next: () => 0, slice: () => FAIR_SLICE });
