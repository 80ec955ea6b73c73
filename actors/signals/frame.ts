/**
 * The signal frame of riscv64 (arch/riscv/kernel/signal.c struct rt_sigframe): siginfo 128 bytes, then ucontext: flags, link, stack (24), mask at 40,
 * mcontext at 176 = pc, x1..x31, f0..f31, fcsr. 1088 bytes in all, sp 16-aligned.
 */
import { MINSIGSTKSZ, SA, SS } from "../../syscalls/abi/signals.ts";
import type { Disposition } from "../signal_handlers.ts";
import { NO_ALT_STACK, type Task } from "../task/task.ts";
import type { SigInfo } from "./pending.ts";
import { encodeSigInfo } from "./siginfo.ts";

const UCONTEXT = 128,
  UC_STACK = UCONTEXT + 16,
  UC_SIGMASK = UCONTEXT + 40,
  MCONTEXT = UCONTEXT + 176,
  FPREGS = MCONTEXT + 256;
export const FRAME_SIZE = 1088;

/** The frame being made or read: one at a time, so that a signal allocates none. */
const bytes = new Uint8Array(FRAME_SIZE);
const v = new DataView(bytes.buffer), words = new Int32Array(bytes.buffer);

/** Whether sp lies on the task's alternate stack (AUTODISARM never counts). */
export const onAltStack = (task: Task, sp: number): boolean => {
  const s = task.altStack;
  return (s.flags & (SS.DISABLE | SS.AUTODISARM)) === 0 && sp > s.sp && sp - s.sp <= s.size;
};

/** ss_flags as the guest sees them. */
export const altStackFlags = (task: Task, sp: number): number => {
  const s = task.altStack;
  if (s.size === 0) return SS.DISABLE;
  return (onAltStack(task, sp) ? SS.ONSTACK : 0) | (s.flags & SS.AUTODISARM);
};

const frameAddress = (task: Task, flags: number): number => {
  const sp = Number(BigInt.asUintN(64, task.cpu.x(2)));
  const alt = task.altStack;
  if (onAltStack(task, sp)) {
    // Running over the end of the alternate stack must fault rather than trample what lies below (sigsp).
    const at = Math.floor((sp - FRAME_SIZE) / 16) * 16;
    return at < alt.sp ? -1 : at;
  }
  const top = (flags & SA.ONSTACK) !== 0 && (alt.flags & SS.DISABLE) === 0 && alt.size > 0 ? alt.sp + alt.size : sp;
  return Math.floor((top - FRAME_SIZE) / 16) * 16;
};

/** Builds the frame and enters the handler. Throws BadAddress when the stack cannot take it. `mask` is what sigreturn restores. */
export const pushFrame = (task: Task, d: Disposition, info: SigInfo, mask: bigint, trampoline: number): void => {
  const { cpu, mem } = task;
  const at = frameAddress(task, d.flags);
  bytes.fill(0);
  bytes.set(encodeSigInfo(info));
  const alt = task.altStack;
  v.setBigUint64(UC_STACK, BigInt(alt.sp), true);
  v.setInt32(UC_STACK + 8, altStackFlags(task, Number(cpu.x(2))), true);
  v.setBigUint64(UC_STACK + 16, BigInt(alt.size), true);
  v.setBigUint64(UC_SIGMASK, mask, true);
  v.setBigUint64(MCONTEXT, BigInt(cpu.pc), true);
  cpu.saveRegisters(words, (MCONTEXT + 8) >> 2, FPREGS >> 2);
  v.setUint32(FPREGS + 256, cpu.fcsr, true);
  mem.write(at, bytes);
  if ((alt.flags & SS.AUTODISARM) !== 0) task.altStack = NO_ALT_STACK;
  cpu.setNumber(1, trampoline);
  cpu.setNumber(2, at);
  cpu.setNumber(10, info.signo);
  cpu.setNumber(11, at);
  cpu.setNumber(12, at + UCONTEXT);
  cpu.pc = d.handler;
  cpu.clearReservation();
};

/** Restores registers and alternate stack from the frame at sp; the mask to restore. Throws BadAddress. */
export const popFrame = (task: Task): bigint => {
  const { cpu, mem } = task;
  const sp = Number(cpu.x(2));
  mem.readInto(sp, bytes);
  cpu.pc = Number(v.getBigUint64(MCONTEXT, true));
  cpu.loadRegisters(words, (MCONTEXT + 8) >> 2, FPREGS >> 2);
  cpu.fcsr = v.getUint32(FPREGS + 256, true);
  cpu.clearReservation();
  const stack = Number(v.getBigUint64(UC_STACK, true));
  setAltStack(
    task,
    stack,
    v.getInt32(UC_STACK + 8, true),
    Number(v.getBigUint64(UC_STACK + 16, true)),
    Number(cpu.x(2)),
  );
  return v.getBigUint64(UC_SIGMASK, true);
};

/** sigaltstack(2) without the copying: "perm" while on it, "inval" for bad flags, "nomem" when too small. */
export const setAltStack = (
  task: Task,
  sp: number,
  flags: number,
  size: number,
  guestSp: number,
): "ok" | "perm" | "inval" | "nomem" => {
  if (onAltStack(task, guestSp)) return "perm";
  const mode = flags & ~SS.AUTODISARM;
  if (mode !== 0 && mode !== SS.DISABLE && mode !== SS.ONSTACK) return "inval";
  const now = task.altStack;
  if (sp === now.sp && size === now.size && flags === now.flags) return "ok";
  if (mode === SS.DISABLE) {
    task.altStack = { ...NO_ALT_STACK, flags };
    return "ok";
  }
  if (size < MINSIGSTKSZ) return "nomem";
  task.altStack = { sp, size, flags };
  return "ok";
};
