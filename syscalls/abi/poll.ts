/** Structs and flags of the readiness calls (poll(2), epoll(7), eventfd(2), timerfd_create(2), signalfd(2), pidfd_open(2)). */
import { enumeration, flagSet } from "./flags.ts";
import { struct } from "./layout.ts";

export const POLLFD = struct("pollfd", { fd: "i32", events: "i16", revents: "i16" });
/** Not packed outside x86. */
export const EPOLL_EVENT = struct("epoll_event", { events: "u32", data: "u64" });
export const EPOLL_OPERATION = enumeration("EPOLL_CTL", { EPOLL_CTL_ADD: 1, EPOLL_CTL_DEL: 2, EPOLL_CTL_MOD: 3 });
export const EPOLL_CREATE = flagSet("EPOLL", { EPOLL_CLOEXEC: 0o2000000 });
export const EVENTFD_FLAGS = flagSet("EFD", { EFD_SEMAPHORE: 1, EFD_NONBLOCK: 0o4000, EFD_CLOEXEC: 0o2000000 });
export const TIMERFD_FLAGS = flagSet("TFD", { TFD_NONBLOCK: 0o4000, TFD_CLOEXEC: 0o2000000 });
export const TIMERFD_SET = flagSet("TFD_TIMER", { TFD_TIMER_ABSTIME: 1, TFD_TIMER_CANCEL_ON_SET: 2 });
export const SIGNALFD_FLAGS = flagSet("SFD", { SFD_NONBLOCK: 0o4000, SFD_CLOEXEC: 0o2000000 });
export const PIDFD_FLAGS = flagSet("PIDFD", { PIDFD_NONBLOCK: 0o4000, PIDFD_THREAD: 0o200 });
export const PIDFD_SIGNAL_FLAGS = flagSet("PIDFD_SIGNAL", {
  PIDFD_SIGNAL_THREAD: 1,
  PIDFD_SIGNAL_THREAD_GROUP: 2,
  PIDFD_SIGNAL_PROCESS_GROUP: 4,
});
const TIMESPEC_PAIR = struct("timespec", { sec: "i64", nsec: "i64" });
export const ITIMERSPEC = struct("itimerspec", { interval: TIMESPEC_PAIR, value: TIMESPEC_PAIR });
