/** struct rusage (getrusage(2)). */
import { struct } from "./layout.ts";

export const RUSAGE = struct("rusage", {
  utime_sec: "i64",
  utime_usec: "i64",
  stime_sec: "i64",
  stime_usec: "i64",
  maxrss: "i64",
  ixrss: "i64",
  idrss: "i64",
  isrss: "i64",
  minflt: "i64",
  majflt: "i64",
  nswap: "i64",
  inblock: "i64",
  oublock: "i64",
  msgsnd: "i64",
  msgrcv: "i64",
  nsignals: "i64",
  nvcsw: "i64",
  nivcsw: "i64",
});

/** Accounting (ns, KiB) as the struct's fields. */
export const rusageOf = (
  used: { utime: number; stime: number; maxrss: number; minflt: number; majflt: number; nvcsw: number; nivcsw: number },
) => ({
  utime_sec: Math.floor(used.utime / 1e9),
  utime_usec: Math.floor(used.utime / 1e3) % 1e6,
  stime_sec: Math.floor(used.stime / 1e9),
  stime_usec: Math.floor(used.stime / 1e3) % 1e6,
  maxrss: used.maxrss,
  minflt: used.minflt,
  majflt: used.majflt,
  nvcsw: used.nvcsw,
  nivcsw: used.nivcsw,
});
