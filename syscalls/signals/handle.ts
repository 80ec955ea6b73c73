/** Signals: fetch, then let the signal actor do. */
import {
  altStackFlags,
  continueBlocked,
  dequeue,
  encodeSigInfo,
  fromTask,
  NO_RESULT,
  popFrame,
  queuedBy,
  recalculate,
  setAltStack,
  setBlocked,
  SIG_DFL,
  SIG_IGN,
  sigBit,
  type SigInfo,
  type Task,
  type ThreadGroup,
} from "../../actors/mod.ts";
import type { Handlers } from "../abi/call.ts";
import { E } from "../abi/errno.ts";
import { defaultAction, SA_KNOWN, SI, SIG, UNBLOCKABLE } from "../abi/signals.ts";
import type { signals } from "./declare.ts";
import { killMany, sendTo } from "./send.ts";

const NS_MAX = Number.MAX_SAFE_INTEGER;

/** A timespec as ns, or -EINVAL. */
const readTimeout = (t: Task, at: number): number => {
  const sec = t.mem.i64(at), nsec = t.mem.i64(at + 8);
  if (sec < 0 || nsec < 0 || nsec >= 1e9) return -E.INVAL;
  return Math.min(sec * 1e9 + nsec, NS_MAX);
};

/** Setting a disposition that ignores throws away what is pending, in every set of the group (SEMANTICS 6.4). */
const flushIgnored = (t: Task, sig: number): void => {
  const { handler } = t.handlers.get(sig);
  const action = defaultAction(sig);
  if (handler !== SIG_IGN && !(handler === SIG_DFL && (action === "ignore" || action === "continue"))) return;
  t.group.pending.flush(sigBit(sig));
  for (const other of t.group.tasks) other.pending.flush(sigBit(sig));
};

const result = (t: Task, info: SigInfo, infoAt: number): number => {
  if (infoAt !== 0) t.mem.write(infoAt, encodeSigInfo(info));
  return info.signo;
};

const queueInfo = (t: Task, infoAt: number, sig: number): SigInfo => ({ ...queuedBy(t, infoAt), signo: sig });

/** Only the kernel and kill may claim si_code >= 0 or SI_TKILL towards others. */
const forged = (t: Task, target: ThreadGroup | undefined, info: SigInfo): boolean =>
  (info.code >= 0 || info.code === SI.TKILL) && target !== t.group;

export const signalsHandlers: Handlers<Task, typeof signals> = {
  rt_sigaction(t, sig, act, old, size) {
    if (size !== 8 || sig < 1 || sig > 64) return -E.INVAL;
    if (act !== 0 && (sig === SIG.KILL || sig === SIG.STOP)) return -E.INVAL;
    const before = t.handlers.get(sig);
    if (act !== 0) {
      const handler = t.mem.u64(act), flags = t.mem.u64(act + 8), mask = t.mem.big(act + 16);
      t.handlers.set(sig, { handler, flags: (flags & SA_KNOWN) >>> 0, mask: mask & ~UNBLOCKABLE });
      flushIgnored(t, sig);
    }
    if (old !== 0) {
      t.mem.setU64(old, before.handler);
      t.mem.setU64(old + 8, before.flags);
      t.mem.setBig(old + 16, before.mask);
    }
    return 0;
  },
  rt_sigprocmask(t, how, set, old, size) {
    if (size !== 8) return -E.INVAL;
    const before = t.blocked;
    if (set !== 0) {
      const mask = t.mem.big(set);
      if (how === 0) setBlocked(t, before | mask);
      else if (how === 1) setBlocked(t, before & ~mask);
      else if (how === 2) setBlocked(t, mask);
      else return -E.INVAL;
    }
    if (old !== 0) t.mem.setBig(old, before);
    return 0;
  },
  rt_sigpending(t, set, size) {
    if (size > 8) return -E.INVAL;
    const mask = (t.pending.mask | t.group.pending.mask) & t.blocked;
    if (size === 8) t.mem.setBig(set, mask);
    return 0;
  },
  rt_sigtimedwait(t, set, infoAt, timeoutAt, size) {
    if (size !== 8) return -E.INVAL;
    const want = t.mem.big(set) & ~UNBLOCKABLE;
    const timeout = timeoutAt === 0 ? Infinity : readTimeout(t, timeoutAt);
    if (timeout < 0) return timeout;
    const now = dequeue(t, want);
    if (now !== undefined) {
      recalculate(t);
      return result(t, now, infoAt);
    }
    if (timeout === 0) return -E.AGAIN;
    return continueBlocked(t, want, (info) => result(t, info, infoAt), t.machine.clock.monotonic() + timeout);
  },
  rt_sigqueueinfo(t, pid, sig, infoAt) {
    const info = queueInfo(t, infoAt, sig);
    const target = t.named(pid)?.group;
    if (forged(t, target, info)) return -E.PERM;
    if (pid <= 0 || target === undefined) return -E.SRCH;
    return sendTo(t, target, undefined, info);
  },
  rt_tgsigqueueinfo(t, tgid, tid, sig, infoAt) {
    if (tgid <= 0 || tid <= 0) return -E.INVAL;
    const info = queueInfo(t, infoAt, sig);
    const target = t.named(tid);
    if (target === undefined || target.pid !== t.means(tgid)) return -E.SRCH;
    if (forged(t, target.group, info)) return -E.PERM;
    return sendTo(t, target.group, target, info);
  },
  rt_sigreturn(t) {
    // A frame that cannot be read kills (arch/riscv/kernel/signal.c): BadAddress becomes SIGSEGV in dispatch.
    const mask = popFrame(t);
    setBlocked(t, mask);
    return NO_RESULT;
  },
  rt_sigsuspend(t, set, size) {
    if (size !== 8) return -E.INVAL;
    const mask = t.mem.big(set);
    t.savedMask = t.blocked;
    setBlocked(t, mask);
    const wait = { what: "any signal (sigsuspend)", queues: [], restart: "nohand" as const, poll: () => t.block(wait) };
    return t.block(wait);
  },
  sigaltstack(t, set, old) {
    const sp = Number(t.cpu.x(2));
    const before = t.altStack, flags = altStackFlags(t, sp);
    const next = set === 0 ? undefined : { sp: t.mem.u64(set), flags: t.mem.i32(set + 8), size: t.mem.u64(set + 16) };
    if (next !== undefined) {
      const outcome = setAltStack(t, next.sp, next.flags, next.size, sp);
      if (outcome !== "ok") return outcome === "perm" ? -E.PERM : outcome === "inval" ? -E.INVAL : -E.NOMEM;
    }
    if (old !== 0) {
      t.mem.setU64(old, before.sp);
      t.mem.setU32(old + 8, flags);
      t.mem.setU32(old + 12, 0);
      t.mem.setU64(old + 16, before.size);
    }
    return 0;
  },
  kill: (t, pid, sig) => killMany(t, pid, fromTask(t, sig)),
  tkill(t, tid, sig) {
    if (tid <= 0) return -E.INVAL;
    const target = t.named(tid);
    return target === undefined ? -E.SRCH : sendTo(t, target.group, target, fromTask(t, sig, SI.TKILL));
  },
  tgkill(t, tgid, tid, sig) {
    if (tgid <= 0 || tid <= 0) return -E.INVAL;
    const target = t.named(tid);
    if (target === undefined || target.pid !== t.means(tgid)) return -E.SRCH;
    return sendTo(t, target.group, target, fromTask(t, sig, SI.TKILL));
  },
  restart_syscall(t) {
    const again = t.restartBlock;
    t.restartBlock = undefined;
    return again === undefined ? -E.INTR : again();
  },
};
