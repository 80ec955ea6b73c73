/** Readiness: poll, select, epoll, and the descriptors made to be polled. */
import {
  address,
  call,
  clock,
  type Family,
  fd,
  flags,
  inoutStruct,
  inStruct,
  int,
  outStruct,
  sigset,
  size,
  uint,
} from "../abi/call.ts";
import { enumerationArg, pid, signal } from "../abi/call.ts";
import {
  EPOLL_CREATE,
  EPOLL_EVENT,
  EPOLL_OPERATION,
  EVENTFD_FLAGS,
  ITIMERSPEC,
  PIDFD_FLAGS,
  PIDFD_SIGNAL_FLAGS,
  POLLFD,
  SIGNALFD_FLAGS,
  TIMERFD_FLAGS,
  TIMERFD_SET,
} from "../abi/poll.ts";
import { TIMESPEC } from "../abi/timespec.ts";

export const poll = {
  ppoll: call(73, [
    inoutStruct("fds", POLLFD, "nfds"),
    uint("nfds"),
    inStruct("tmo_p", TIMESPEC),
    sigset("sigmask", "in"),
    size("sigsetsize"),
  ], "wait for descriptors"),
  pselect6: call(72, [
    int("nfds"),
    address("readfds"),
    address("writefds"),
    address("exceptfds"),
    inStruct("timeout", TIMESPEC),
    address("sigmask"),
  ], "wait for sets of descriptors"),
  epoll_create1: call(20, [flags("flags", EPOLL_CREATE, "i32")], "make an epoll instance", { result: "fd" }),
  epoll_ctl: call(
    21,
    [fd("epfd"), enumerationArg("op", EPOLL_OPERATION), fd(), inStruct("event", EPOLL_EVENT)],
    "change what an epoll instance watches",
  ),
  epoll_pwait: call(22, [
    fd("epfd"),
    outStruct("events", EPOLL_EVENT, "result"),
    int("maxevents"),
    int("timeout"),
    sigset("sigmask", "in"),
    size("sigsetsize"),
  ], "wait for events"),
  epoll_pwait2: call(441, [
    fd("epfd"),
    outStruct("events", EPOLL_EVENT, "result"),
    int("maxevents"),
    inStruct("timeout", TIMESPEC),
    sigset("sigmask", "in"),
    size("sigsetsize"),
  ], "wait for events, timeout as a struct"),
  eventfd2: call(19, [uint("initval"), flags("flags", EVENTFD_FLAGS, "i32")], "make an event counter", {
    result: "fd",
  }),
  timerfd_create: call(85, [clock(), flags("flags", TIMERFD_FLAGS, "i32")], "make a timer descriptor", {
    result: "fd",
  }),
  timerfd_settime: call(86, [
    fd(),
    flags("flags", TIMERFD_SET, "i32"),
    inStruct("new_value", ITIMERSPEC),
    outStruct("old_value", ITIMERSPEC),
  ], "arm a timer descriptor"),
  timerfd_gettime: call(87, [fd(), outStruct("curr_value", ITIMERSPEC)], "time left on a timer descriptor"),
  signalfd4: call(
    74,
    [fd(), sigset("mask", "in"), size("sizemask"), flags("flags", SIGNALFD_FLAGS, "i32")],
    "read signals from a descriptor",
    { result: "fd" },
  ),
  pidfd_open: call(434, [pid(), flags("flags", PIDFD_FLAGS)], "descriptor of a process", { result: "fd" }),
  pidfd_send_signal: call(
    424,
    [fd("pidfd"), signal(), address("info"), flags("flags", PIDFD_SIGNAL_FLAGS)],
    "signal a process by descriptor",
  ),
  pidfd_getfd: call(438, [fd("pidfd"), fd("targetfd"), uint("flags")], "copy a descriptor of another process", {
    result: "fd",
  }),
} satisfies Family;
