/** Signals: dispositions, masks, sending, waiting for them. */
import {
  address,
  call,
  enumerationArg,
  type Family,
  inStruct,
  outStruct,
  pid,
  signal,
  sigset,
  size,
} from "../abi/call.ts";
import { SIGACTION, SIGALTSTACK, SIGNAL_HOW } from "../abi/signal_layouts.ts";
import { TIMESPEC } from "../abi/timespec.ts";

export const signals = {
  rt_sigaction: call(134, [
    signal("signum"),
    inStruct("act", SIGACTION),
    outStruct("oldact", SIGACTION),
    size("sigsetsize"),
  ], "examine or change a disposition"),
  rt_sigprocmask: call(135, [
    enumerationArg("how", SIGNAL_HOW),
    sigset("set", "in"),
    sigset("oldset", "out"),
    size("sigsetsize"),
  ], "change the blocked mask"),
  rt_sigpending: call(136, [sigset("set", "out"), size("sigsetsize")], "pending signals that are blocked"),
  rt_sigtimedwait: call(
    137,
    [sigset("set", "in"), address("info"), inStruct("timeout", TIMESPEC), size("sigsetsize")],
    "take a pending signal",
    { result: "int" },
  ),
  rt_sigqueueinfo: call(138, [pid(), signal(), address("info")], "queue a signal with data to a process"),
  rt_tgsigqueueinfo: call(
    240,
    [pid("tgid"), pid("tid"), signal(), address("info")],
    "queue a signal with data to a task",
  ),
  rt_sigreturn: call(139, [], "return from a handler", { result: "int" }),
  rt_sigsuspend: call(133, [sigset("mask", "in"), size("sigsetsize")], "wait for a signal under another mask"),
  sigaltstack: call(132, [inStruct("ss", SIGALTSTACK), outStruct("old_ss", SIGALTSTACK)], "alternate signal stack"),
  kill: call(129, [pid(), signal()], "send a signal to processes"),
  tkill: call(130, [pid("tid"), signal()], "send a signal to a task"),
  tgkill: call(131, [pid("tgid"), pid("tid"), signal()], "send a signal to a task of a group"),
  restart_syscall: call(128, [], "go on with an interrupted call"),
} satisfies Family;
