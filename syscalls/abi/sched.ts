/** Scheduling policies, structs, and priority selectors (linux/sched.h, linux/sched/types.h, linux/ioprio.h). */
import { enumeration, flagSet } from "./flags.ts";
import { struct } from "./layout.ts";

export const SCHED = { OTHER: 0, FIFO: 1, RR: 2, BATCH: 3, IDLE: 5, DEADLINE: 6, RESET_ON_FORK: 0x40000000 } as const;
export const SCHED_POLICY = flagSet("SCHED", { SCHED_RESET_ON_FORK: SCHED.RESET_ON_FORK }, 0xff, {
  SCHED_OTHER: 0,
  SCHED_FIFO: 1,
  SCHED_RR: 2,
  SCHED_BATCH: 3,
  SCHED_IDLE: 5,
  SCHED_DEADLINE: 6,
});
export const SCHED_PARAM = struct("sched_param", { priority: "i32" });
export const SCHED_ATTR = struct("sched_attr", {
  size: "u32",
  policy: "u32",
  flags: "u64",
  nice: "i32",
  priority: "u32",
  runtime: "u64",
  deadline: "u64",
  period: "u64",
  util_min: "u32",
  util_max: "u32",
});
/** First published size of struct sched_attr. */
export const SCHED_ATTR_SIZE_VER0 = 48;
export const SCHED_FLAG = { RESET_ON_FORK: 1, KEEP_POLICY: 8, KEEP_PARAMS: 16, UTIL: 0x60, ALL: 0x7f } as const;
export const PRIO_WHICH = enumeration("PRIO", { PRIO_PROCESS: 0, PRIO_PGRP: 1, PRIO_USER: 2 });
export const IOPRIO_WHO = enumeration("IOPRIO_WHO", {
  IOPRIO_WHO_PROCESS: 1,
  IOPRIO_WHO_PGRP: 2,
  IOPRIO_WHO_USER: 3,
});
