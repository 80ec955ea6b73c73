/** timerfd, signalfd and pidfd calls. */
import {
  clockOf,
  deadlineOn,
  fromTask,
  mayTrace,
  openPidfd,
  PidFd,
  queuedBy,
  readTimespec,
  realtimeDeadline,
  RLIMIT,
  SignalFd,
  signalTarget,
  type Task,
  TimerFd,
} from "../../actors/mod.ts";
import type { Handlers } from "../abi/call.ts";
import { E, fail } from "../abi/errno.ts";
import { SI } from "../abi/signals.ts";
import type { poll } from "./declare.ts";

const CLOEXEC = 0o2000000, NONBLOCK = 0o4000;
const CLOCKS = new Set([0, 1, 7, 8, 9]);
/** CLOCK_REALTIME and its alarm form run on the wall clock. */
const WALL = new Set([0, 8]);

const timerOf = (t: Task, fd: number): TimerFd => {
  const file = t.files.get(fd);
  return file instanceof TimerFd ? file : fail(E.INVAL);
};

const writeTimer = (t: Task, at: number, { left, interval }: { left: number; interval: number }): void => {
  for (const [offset, ns] of [[0, interval], [16, left]]) {
    t.mem.setU64(at + offset, Math.floor(ns / 1e9));
    t.mem.setU64(at + offset + 8, Math.floor(ns % 1e9));
  }
};

const pidfdOf = (t: Task, fd: number): PidFd => {
  const file = t.files.get(fd);
  return file instanceof PidFd ? file : fail(E.BADF);
};

const add = (t: Task, file: TimerFd | SignalFd, cloexec: boolean): number => {
  const fd = t.files.add(file, cloexec, t.group.limits[RLIMIT.NOFILE].soft);
  if (fd < 0) file.release();
  return fd;
};

type Names =
  | "timerfd_create"
  | "timerfd_settime"
  | "timerfd_gettime"
  | "signalfd4"
  | "pidfd_open"
  | "pidfd_send_signal"
  | "pidfd_getfd";

export const descriptorCalls: Pick<Handlers<Task, typeof poll>, Names> = {
  timerfd_create(t, clock, flags) {
    if (!CLOCKS.has(clock) || (flags & ~(CLOEXEC | NONBLOCK)) !== 0) return -E.INVAL;
    return add(t, new TimerFd(t.machine, t, clock, flags & NONBLOCK), (flags & CLOEXEC) !== 0);
  },
  timerfd_settime(t, fd, flags, at, oldAt) {
    if ((flags & ~3) !== 0) return -E.INVAL;
    const interval = readTimespec(t.mem, at), value = readTimespec(t.mem, at + 16);
    const timer = timerOf(t, fd);
    const old = timer.get();
    const { clock } = t.machine;
    const absolute = (flags & 1) !== 0;
    const deadline = value === 0
      ? undefined
      : !absolute
      ? clock.monotonic() + value
      : WALL.has(timer.clock)
      ? realtimeDeadline(clock, t.mem, at + 16)
      : deadlineOn(t, clockOf(t, timer.clock) as "monotonic", at + 16);
    timer.set(deadline, interval);
    if (oldAt !== 0) writeTimer(t, oldAt, old);
    return 0;
  },
  timerfd_gettime(t, fd, at) {
    writeTimer(t, at, timerOf(t, fd).get());
    return 0;
  },
  signalfd4(t, fd, maskAt, size, flags) {
    if (size !== 8 || (flags & ~(CLOEXEC | NONBLOCK)) !== 0) return -E.INVAL;
    const mask = t.mem.big(maskAt);
    if (fd === -1) return add(t, new SignalFd(t.machine, t, mask, flags & NONBLOCK), (flags & CLOEXEC) !== 0);
    const file = t.files.get(fd);
    if (!(file instanceof SignalFd)) return -E.INVAL;
    file.setMask(mask);
    return fd;
  },
  pidfd_open(t, pid, flags) {
    if (pid <= 0 || (flags & ~(NONBLOCK | 0o200)) !== 0) return -E.INVAL;
    const target = t.named(pid);
    if (target === undefined) return -E.SRCH;
    const thread = (flags & 0o200) !== 0;
    if (!thread && target.group.leader !== target) return -E.NOENT;
    return openPidfd(t, target, thread, flags & NONBLOCK);
  },
  pidfd_send_signal(t, fd, sig, infoAt, flags) {
    if ((flags & ~7) !== 0 || (flags & (flags - 1)) !== 0) return -E.INVAL;
    const file = t.files.get(fd), group = signalTarget(file) ?? fail(E.BADF);
    if (!group.pidNamespace.within(t.group.pidNamespace)) return -E.INVAL;
    const info = infoAt === 0 ? fromTask(t, sig) : queuedBy(t, infoAt);
    if (info.signo !== sig) return -E.INVAL;
    if (infoAt !== 0 && group !== t.group && (info.code >= 0 || info.code === SI.TKILL)) return -E.PERM;
    const pidfd = file instanceof PidFd ? file : undefined;
    if (t.machine.groups.get(group.tgid) !== group || pidfd?.present === false) return -E.SRCH;
    if (sig < 0 || sig > 64) return -E.INVAL;
    if (sig === 0) return 0;
    if ((flags & 4) !== 0) return t.machine.signals.sendToProcessGroup(group.pgid, info) > 0 ? 0 : -E.SRCH;
    const toTask = (flags & 1) !== 0 || (pidfd?.thread === true && (flags & 2) === 0);
    const task = pidfd?.target ?? group.leader;
    return toTask ? t.machine.signals.sendToTask(task, info) : t.machine.signals.sendToGroup(group, info);
  },
  pidfd_getfd(t, fd, target, flags) {
    if (flags !== 0) return -E.INVAL;
    const { target: task } = pidfdOf(t, fd);
    if (task.group.live === 0) return -E.SRCH;
    if (!mayTrace(t, task)) return -E.PERM;
    const file = task.files.get(target).retain();
    const added = t.files.add(file, true, t.group.limits[RLIMIT.NOFILE].soft);
    if (added < 0) file.release();
    return added;
  },
};
