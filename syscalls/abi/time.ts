/** Clocks, timers and their structs (linux/time.h, linux/timex.h, asm-generic/siginfo.h). */
import { enumeration, flagSet, prefixed } from "./flags.ts";
import { struct } from "./layout.ts";
import { TIMESPEC } from "./timespec.ts";

export const CLOCK = {
  REALTIME: 0,
  MONOTONIC: 1,
  PROCESS_CPUTIME_ID: 2,
  THREAD_CPUTIME_ID: 3,
  MONOTONIC_RAW: 4,
  REALTIME_COARSE: 5,
  MONOTONIC_COARSE: 6,
  BOOTTIME: 7,
  REALTIME_ALARM: 8,
  BOOTTIME_ALARM: 9,
  TAI: 11,
} as const;
export const CLOCK_IDS = enumeration(
  "CLOCK",
  prefixed("CLOCK_", CLOCK),
);

export const TIMEVAL = struct("timeval", { sec: "i64", usec: "i64" });
export const TIMEZONE = struct("timezone", { minuteswest: "i32", dsttime: "i32" });
export const ITIMERVAL = struct("itimerval", { interval: TIMEVAL, value: TIMEVAL });
export const ITIMERSPEC = struct("itimerspec", { interval: TIMESPEC, value: TIMESPEC });
export const TMS = struct("tms", { utime: "i64", stime: "i64", cutime: "i64", cstime: "i64" });
export const ITIMER = enumeration("ITIMER", { ITIMER_REAL: 0, ITIMER_VIRTUAL: 1, ITIMER_PROF: 2 });
export const TIMER_ABSTIME = 1;
export const TIMER_FLAGS = flagSet("TIMER", { TIMER_ABSTIME });

/** Ticks per second of times(2) (AT_CLKTCK). */
export const CLK_TCK = 100;

export const SIGEV = { SIGNAL: 0, NONE: 1, THREAD: 2, THREAD_ID: 4 } as const;
export const SIGEVENT = struct("sigevent", {
  value: "u64",
  signo: "i32",
  notify: "i32",
  tid: "i32",
  pad: { bytes: 44 },
});

export const TIMEX = struct("timex", {
  modes: "u32",
  offset: "i64",
  freq: "i64",
  maxerror: "i64",
  esterror: "i64",
  status: "i32",
  constant: "i64",
  precision: "i64",
  tolerance: "i64",
  time: TIMEVAL,
  tick: "i64",
  ppsfreq: "i64",
  jitter: "i64",
  shift: "i32",
  stabil: "i64",
  jitcnt: "i64",
  calcnt: "i64",
  errcnt: "i64",
  stbcnt: "i64",
  tai: "i32",
  pad: { bytes: 44 },
});
