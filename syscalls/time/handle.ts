/** Clock, sleep and timer calls (kernel/time/). */
import {
  type Clock,
  clockOf,
  createPosixTimer,
  deadlineOn,
  deletePosixTimer,
  findPosixTimer,
  getIntervalTimer,
  groupCpuTime,
  type IntervalValue,
  isReadOnly,
  type Notification,
  type PosixTimer,
  readCpuClock,
  readTimespec,
  realtimeDeadline,
  setIntervalTimer,
  sleepOnCpuClock,
  sleepUntil,
  type Task,
  writeClock,
  writeTimespec,
} from "../../actors/mod.ts";
import type { Handlers } from "../abi/call.ts";
import { E, fail } from "../abi/errno.ts";
import { encodeStruct } from "../abi/layout.ts";
import { SIG } from "../abi/signals.ts";
import { CLK_TCK, CLOCK, SIGEV, TIMER_ABSTIME, TIMEX, TMS } from "../abi/time.ts";
import type { time } from "./declare.ts";

const readTimeval = (t: Task, at: number): number => {
  const sec = t.mem.i64(at), usec = t.mem.i64(at + 8);
  if (sec < 0 || usec < 0 || usec >= 1e6) return fail(E.INVAL);
  return sec * 1e9 + usec * 1e3;
};
const writeTimeval = (t: Task, at: number, ns: number): void => {
  const sec = Math.floor(ns / 1e9);
  t.mem.setU64(at, sec);
  t.mem.setU64(at + 8, Math.floor((ns - sec * 1e9) / 1e3));
};
const writeIntervalTimer = (t: Task, at: number, { value, interval }: IntervalValue): void => {
  writeTimeval(t, at, interval);
  writeTimeval(t, at + 16, value);
};

const ticks = (ns: number): number => Math.floor(ns / (1e9 / CLK_TCK));

/** TIME_ERROR: the clock is not synchronised. */
const TIME_ERROR = 5;
const STA_UNSYNC = 0x40;

const adjust = (t: Task, at: number): number => {
  if (t.mem.u32(at) !== 0) return -E.PERM;
  const ns = t.machine.clock.realtime();
  t.mem.write(
    at,
    encodeStruct(TIMEX, {
      maxerror: 16000000,
      esterror: 16000000,
      status: STA_UNSYNC,
      constant: 2,
      precision: 1,
      tolerance: 32768000,
      tick: 10000,
      time: { sec: ns / 1000000000n, usec: ns % 1000000000n / 1000n },
    }),
  );
  return TIME_ERROR;
};

/** Deadline of an absolute time at `at` on the clock's own scale. */
const absoluteOn = (t: Task, clock: Clock, at: number): number =>
  clock === "realtime"
    ? realtimeDeadline(t.machine.clock, t.mem, at)
    : typeof clock === "string"
    ? deadlineOn(t, clock, at)
    : readTimespec(t.mem, at);

/** struct sigevent as the kernel checks it (good_sigevent); EINVAL otherwise. */
const readNotification = (t: Task, at: number): Notification => {
  if (at === 0) return { signo: SIG.ALRM, value: undefined, task: undefined };
  const value = t.mem.big(at), signo = t.mem.i32(at + 8), notify = t.mem.i32(at + 12);
  if (notify === SIGEV.NONE) return { signo: 0, value, task: undefined };
  const toTask = notify === SIGEV.THREAD_ID;
  const task = toTask ? t.named(t.mem.i32(at + 16)) : undefined;
  if (toTask && task?.group !== t.group) return fail(E.INVAL);
  if (!toTask && notify !== SIGEV.SIGNAL && notify !== SIGEV.THREAD) return fail(E.INVAL);
  if (signo < 1 || signo > 64) return fail(E.INVAL);
  return { signo, value, task };
};

const writeTimer = (t: Task, at: number, timer: PosixTimer): void => {
  const left = timer.remaining;
  writeTimespec(t, at, timer.interval);
  writeTimespec(t, at + 16, left);
};

export const timeHandlers: Handlers<Task, typeof time> = {
  nanosleep(t, request, rest) {
    const ns = readTimespec(t.mem, request);
    return sleepUntil(t, t.machine.clock.monotonic() + ns, false, rest);
  },
  getitimer(t, which, at) {
    if (which < 0 || which > 2) return -E.INVAL;
    writeIntervalTimer(t, at, getIntervalTimer(t, which));
    return 0;
  },
  setitimer(t, which, at, old) {
    // Linux takes a null new value as zeroes.
    const next = at === 0
      ? { value: 0, interval: 0 }
      : { interval: readTimeval(t, at), value: readTimeval(t, at + 16) };
    if (which < 0 || which > 2) return -E.INVAL;
    const before = getIntervalTimer(t, which);
    setIntervalTimer(t, which, next);
    if (old !== 0) writeIntervalTimer(t, old, before);
    return 0;
  },
  timer_create(t, id, event, at) {
    const tells = readNotification(t, event);
    const clock = clockOf(t, id);
    if (clock === undefined) return -E.INVAL;
    if (isReadOnly(id)) return -E.OPNOTSUPP;
    const timer = createPosixTimer(t, clock, tells);
    if (typeof timer === "number") return timer;
    if (t.mem.accessible(at, 4, true) < 4) {
      deletePosixTimer(timer);
      return -E.FAULT;
    }
    t.mem.setU32(at, timer.id);
    return 0;
  },
  timer_gettime(t, id, at) {
    const timer = findPosixTimer(t, id);
    if (timer === undefined) return -E.INVAL;
    writeTimer(t, at, timer);
    return 0;
  },
  timer_getoverrun: (t, id) => findPosixTimer(t, id)?.overrun ?? -E.INVAL,
  timer_settime(t, id, flags, at, old) {
    if (at === 0) return -E.INVAL;
    const interval = readTimespec(t.mem, at), value = readTimespec(t.mem, at + 16);
    const timer = findPosixTimer(t, id);
    if (timer === undefined) return -E.INVAL;
    const before = { interval: timer.interval, value: timer.remaining };
    if (value === 0) timer.set(0, interval);
    else if ((flags & TIMER_ABSTIME) !== 0) timer.set(Math.max(1, absoluteOn(t, timer.clock, at + 16)), interval);
    else timer.set(timer.now + value, interval);
    if (old !== 0) {
      writeTimespec(t, old, before.interval);
      writeTimespec(t, old + 16, before.value);
    }
    return 0;
  },
  timer_delete(t, id) {
    const timer = findPosixTimer(t, id);
    if (timer === undefined) return -E.INVAL;
    deletePosixTimer(timer);
    return 0;
  },
  clock_settime(t, id, at) {
    if (id !== CLOCK.REALTIME) return -E.INVAL;
    readTimespec(t.mem, at);
    return -E.PERM;
  },
  clock_gettime(t, id, at) {
    const clock = clockOf(t, id);
    if (clock === undefined) return -E.INVAL;
    writeClock(t, clock, at);
    return 0;
  },
  clock_getres(t, id, at) {
    if (clockOf(t, id) === undefined) return -E.INVAL;
    // Coarse clocks tick with the kernel's timer (HZ=250).
    const coarse = id === CLOCK.REALTIME_COARSE || id === CLOCK.MONOTONIC_COARSE;
    if (at !== 0) writeTimespec(t, at, coarse ? 4e6 : 1);
    return 0;
  },
  clock_nanosleep(t, id, flags, request, rest) {
    const clock = clockOf(t, id);
    if (clock === undefined) return -E.INVAL;
    if (isReadOnly(id) || id === CLOCK.THREAD_CPUTIME_ID) return -E.OPNOTSUPP;
    const absolute = (flags & TIMER_ABSTIME) !== 0;
    const time = readTimespec(t.mem, request);
    if (typeof clock !== "string") {
      return sleepOnCpuClock(t, clock, absolute ? time : readCpuClock(clock) + time, absolute, rest);
    }
    const deadline = absolute ? absoluteOn(t, clock, request) : t.machine.clock.monotonic() + time;
    return sleepUntil(t, deadline, absolute, rest);
  },
  times(t, at) {
    if (at !== 0) {
      const { utime, stime } = t.group.childrenUsed;
      t.mem.write(
        at,
        encodeStruct(TMS, { utime: ticks(groupCpuTime(t.group)), cutime: ticks(utime), cstime: ticks(stime) }),
      );
    }
    return ticks(t.machine.clock.monotonic());
  },
  gettimeofday(t, tv, tz) {
    if (tv !== 0) {
      const us = t.machine.clock.realtime() / 1000n;
      t.mem.setU64(tv, Number(us / 1000000n));
      t.mem.setU64(tv + 8, Number(us % 1000000n));
    }
    if (tz !== 0) t.mem.setU64(tz, 0);
    return 0;
  },
  settimeofday(t, tv, tz) {
    if (tv !== 0) readTimeval(t, tv);
    if (tz !== 0) t.mem.u64(tz);
    return -E.PERM;
  },
  adjtimex: adjust,
  clock_adjtime(t, id, at) {
    if (clockOf(t, id) === undefined) return -E.INVAL;
    return id === CLOCK.REALTIME ? adjust(t, at) : -E.OPNOTSUPP;
  },
};
