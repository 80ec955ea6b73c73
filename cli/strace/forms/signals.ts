/** Calls about signals and sleeps: siginfo at an argument, the frame that rt_sigreturn leaves, the time a signal left. */
import { signalName } from "../../../syscalls/abi/signals.ts";
import { TIMESPEC } from "../../../syscalls/abi/timespec.ts";
import { after, type Render, structAt } from "../arguments.ts";
import { but, type Form, siginfoOf, words } from "../form.ts";
import { pointer, signalSet } from "../text.ts";

/** Written only when a signal came. */
const timeLeft: Render = (r, i) => {
  const at = r.at(i);
  if (at === 0) return "NULL";
  if (r.result === undefined) return undefined;
  return r.interrupted ? structAt(r, at, TIMESPEC) : pointer(at);
};

export const SIGNALS: Readonly<Record<string, Form>> = {
  rt_sigqueueinfo: but({ 2: siginfoOf }),
  pidfd_send_signal: but({ 2: siginfoOf }),
  rt_tgsigqueueinfo: but({ 3: siginfoOf }),
  rt_sigtimedwait: {
    ...but({ 1: (r, i) => after(r, r.at(i), () => siginfoOf(r, i)!) }),
    remark: (r) => !r.failed && r.result! > 0 ? signalName(r.result!) : undefined,
  },
  rt_sigreturn: {
    pieces: () => [(r) => {
      // struct rt_sigframe: siginfo (128), then ucontext with the mask at 40.
      const mask = r.long(r.stack + 168);
      return `{mask=${mask === undefined ? "?" : signalSet(mask)}}`;
    }],
  },
  nanosleep: but({ 1: timeLeft }),
  clock_nanosleep: but({ 3: timeLeft }),
  timer_create: but({ 2: (r, i) => after(r, r.at(i), () => words(r, r.at(i), 1)) }),
};
