/** Clocks, sleeps, interval timers and POSIX timers. */
import {
  call,
  cell,
  clock,
  enumerationArg,
  type Family,
  flags,
  inoutStruct,
  inStruct,
  int,
  outStruct,
} from "../abi/call.ts";
import { ITIMER, ITIMERSPEC, ITIMERVAL, SIGEVENT, TIMER_FLAGS, TIMEVAL, TIMEX, TIMEZONE, TMS } from "../abi/time.ts";
import { TIMESPEC } from "../abi/timespec.ts";

const CPU = { support: "partial", note: "CPU time counts retired instructions as ns, all of it user time" } as const;
const NOT_SETTABLE = { support: "partial", note: "the guest may not set the host's clock: EPERM" } as const;

export const time = {
  nanosleep: call(101, [inStruct("req", TIMESPEC), outStruct("rem", TIMESPEC)], "sleep"),
  getitimer: call(102, [enumerationArg("which", ITIMER), outStruct("curr_value", ITIMERVAL)], "ask an interval timer"),
  setitimer: call(
    103,
    [enumerationArg("which", ITIMER), inStruct("new_value", ITIMERVAL), outStruct("old_value", ITIMERVAL)],
    "arm an interval timer",
    CPU,
  ),
  timer_create: call(
    107,
    [clock(), inStruct("sevp", SIGEVENT), cell("timerid", 32, "out")],
    "make a POSIX timer",
    CPU,
  ),
  timer_gettime: call(108, [int("timerid"), outStruct("curr_value", ITIMERSPEC)], "time left on a POSIX timer"),
  timer_getoverrun: call(109, [int("timerid")], "expirations the last signal stands for"),
  timer_settime: call(
    110,
    [
      int("timerid"),
      flags("flags", TIMER_FLAGS),
      inStruct("new_value", ITIMERSPEC),
      outStruct("old_value", ITIMERSPEC),
    ],
    "arm a POSIX timer",
  ),
  timer_delete: call(111, [int("timerid")], "delete a POSIX timer"),
  clock_settime: call(112, [clock(), inStruct("tp", TIMESPEC)], "set a clock", NOT_SETTABLE),
  clock_gettime: call(113, [clock(), outStruct("tp", TIMESPEC)], "read a clock", CPU),
  clock_getres: call(114, [clock(), outStruct("res", TIMESPEC)], "resolution of a clock"),
  clock_nanosleep: call(
    115,
    [clock(), flags("flags", TIMER_FLAGS), inStruct("request", TIMESPEC), outStruct("remain", TIMESPEC)],
    "sleep on a clock",
    CPU,
  ),
  times: call(153, [outStruct("buf", TMS)], "CPU times in ticks", CPU),
  gettimeofday: call(169, [outStruct("tv", TIMEVAL), outStruct("tz", TIMEZONE)], "wall time"),
  settimeofday: call(170, [inStruct("tv", TIMEVAL), inStruct("tz", TIMEZONE)], "set wall time", NOT_SETTABLE),
  adjtimex: call(171, [inoutStruct("buf", TIMEX)], "read the clock's discipline", NOT_SETTABLE),
  clock_adjtime: call(266, [clock(), inoutStruct("buf", TIMEX)], "read a clock's discipline", NOT_SETTABLE),
} satisfies Family;
