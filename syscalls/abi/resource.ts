/** Resource limits and usage selectors (asm-generic/resource.h, linux/resource.h). */
import { enumeration } from "./flags.ts";
import { struct } from "./layout.ts";

export const RLIMIT_STRUCT = struct("rlimit", { cur: "u64", max: "u64" });
export const RLIMIT_NAMES = enumeration("RLIMIT", {
  RLIMIT_CPU: 0,
  RLIMIT_FSIZE: 1,
  RLIMIT_DATA: 2,
  RLIMIT_STACK: 3,
  RLIMIT_CORE: 4,
  RLIMIT_RSS: 5,
  RLIMIT_NPROC: 6,
  RLIMIT_NOFILE: 7,
  RLIMIT_MEMLOCK: 8,
  RLIMIT_AS: 9,
  RLIMIT_LOCKS: 10,
  RLIMIT_SIGPENDING: 11,
  RLIMIT_MSGQUEUE: 12,
  RLIMIT_NICE: 13,
  RLIMIT_RTPRIO: 14,
  RLIMIT_RTTIME: 15,
});
export const RUSAGE_WHO = enumeration("RUSAGE", { RUSAGE_SELF: 0, RUSAGE_CHILDREN: -1, RUSAGE_THREAD: 1 });
