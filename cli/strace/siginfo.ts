/** Signals: siginfo lines, wait statuses. */
import type { SigInfo } from "../../actors/mod.ts";
import { SIG, signalName } from "../../syscalls/abi/signals.ts";
import { pointer } from "./text.ts";

const CODES: Readonly<Record<number, string>> = {
  0: "SI_USER",
  128: "SI_KERNEL",
  [-1]: "SI_QUEUE",
  [-2]: "SI_TIMER",
  [-3]: "SI_MESGQ",
  [-4]: "SI_ASYNCIO",
  [-5]: "SI_SIGIO",
  [-6]: "SI_TKILL",
  [-60]: "SI_ASYNCNL",
};
const OWN_CODES: Readonly<Record<number, readonly string[]>> = {
  [SIG.ILL]: [
    "ILL_ILLOPC",
    "ILL_ILLOPN",
    "ILL_ILLADR",
    "ILL_ILLTRP",
    "ILL_PRVOPC",
    "ILL_PRVREG",
    "ILL_COPROC",
    "ILL_BADSTK",
  ],
  [SIG.FPE]: [
    "FPE_INTDIV",
    "FPE_INTOVF",
    "FPE_FLTDIV",
    "FPE_FLTOVF",
    "FPE_FLTUND",
    "FPE_FLTRES",
    "FPE_FLTINV",
    "FPE_FLTSUB",
  ],
  [SIG.SEGV]: ["SEGV_MAPERR", "SEGV_ACCERR"],
  [SIG.BUS]: ["BUS_ADRALN", "BUS_ADRERR", "BUS_OBJERR"],
  [SIG.TRAP]: ["TRAP_BRKPT", "TRAP_TRACE", "TRAP_BRANCH", "TRAP_HWBKPT"],
  [SIG.CHLD]: ["CLD_EXITED", "CLD_KILLED", "CLD_DUMPED", "CLD_TRAPPED", "CLD_STOPPED", "CLD_CONTINUED"],
  [SIG.IO]: ["POLL_IN", "POLL_OUT", "POLL_MSG", "POLL_ERR", "POLL_PRI", "POLL_HUP"],
  [SIG.SYS]: ["SYS_SECCOMP", "SYS_USER_DISPATCH"],
};

const FAULTS: ReadonlySet<number> = new Set([SIG.ILL, SIG.FPE, SIG.SEGV, SIG.BUS, SIG.TRAP]);

/** "{si_signo=SIGCHLD, si_code=CLD_EXITED, ...}". */
export const siginfo = (i: SigInfo): string => {
  const code = CODES[i.code] ?? (i.code > 0 ? OWN_CODES[i.signo]?.[i.code - 1] : undefined) ?? String(i.code);
  const fields = [`si_signo=${signalName(i.signo)}`, `si_code=${code}`];
  if (i.errno !== undefined && i.errno !== 0) fields.push(`si_errno=${i.errno}`);
  if (i.code === -2) {
    fields.push(
      `si_timerid=${pointer(i.timerId ?? 0).replace("NULL", "0")}`,
      `si_overrun=${i.overrun ?? 0}`,
      ...value(i.value),
    );
  } else if (i.code === 128) {
    // Nobody sent it.
    if (FAULTS.has(i.signo)) fields.push(`si_addr=${pointer(i.addr ?? 0n)}`);
  } else if (i.signo === SIG.CHLD && i.code > 0) {
    const status = i.code === 1 ? String(i.status ?? 0) : signalName(i.status ?? 0);
    fields.push(
      `si_pid=${i.pid ?? 0}`,
      `si_uid=${i.uid ?? 0}`,
      `si_status=${status}`,
      `si_utime=${i.utime ?? 0}`,
      `si_stime=${i.stime ?? 0}`,
    );
  } else if (i.code > 0 && FAULTS.has(i.signo)) fields.push(`si_addr=${pointer(i.addr ?? 0n)}`);
  else if (i.code > 0 && i.signo === SIG.IO) fields.push(`si_band=${i.band ?? 0}`, `si_fd=${i.fd ?? 0}`);
  else {
    fields.push(`si_pid=${i.pid ?? 0}`, `si_uid=${i.uid ?? 0}`);
    if (i.code === -1 || (i.value ?? 0n) !== 0n) fields.push(...value(i.value));
  }
  return `{${fields.join(", ")}}`;
};
const value = (
  v = 0n,
): string[] => [`si_int=${Number(BigInt.asIntN(32, v))}`, `si_ptr=${pointer(BigInt.asUintN(64, v))}`];

/** siginfo of the guest's memory (128 bytes, asm-generic/siginfo.h). */
export const decodeSiginfo = (bytes: Uint8Array): SigInfo => {
  const v = new DataView(bytes.buffer, bytes.byteOffset);
  const signo = v.getInt32(0, true), code = v.getInt32(8, true), errno = v.getInt32(4, true);
  const base = { signo, code, errno };
  if (code === -2) {
    return { ...base, timerId: v.getInt32(16, true), overrun: v.getInt32(20, true), value: v.getBigUint64(24, true) };
  }
  if (code > 0 && FAULTS.has(signo)) return { ...base, addr: v.getBigUint64(16, true) };
  const sent = { ...base, pid: v.getInt32(16, true), uid: v.getUint32(20, true) };
  if (signo === SIG.CHLD && code > 0) {
    return {
      ...sent,
      status: v.getInt32(24, true),
      utime: Number(v.getBigInt64(32, true)),
      stime: Number(v.getBigInt64(40, true)),
    };
  }
  return { ...sent, value: v.getBigUint64(24, true) };
};

/** "[{WIFEXITED(s) && WEXITSTATUS(s) == 0}]". */
export const waitStatus = (status: number): string => {
  const signo = status & 0x7f;
  if (signo === 0) return `{WIFEXITED(s) && WEXITSTATUS(s) == ${status >> 8 & 255}}`;
  if (status === 0xffff) return "{WIFCONTINUED(s)}";
  if (signo !== 0x7f) {
    return `{WIFSIGNALED(s) && WTERMSIG(s) == ${signalName(signo)}${(status & 0x80) !== 0 ? " && WCOREDUMP(s)" : ""}}`;
  }
  const stop = status >> 8 & 255, event = status >> 16;
  const name = stop === (SIG.TRAP | 0x80) ? "SIGTRAP | 0x80" : signalName(stop);
  return `{WIFSTOPPED(s) && WSTOPSIG(s) == ${name}}${event === 0 ? "" : ` | ${PTRACE_EVENTS[event] ?? event} << 16`}`;
};
const PTRACE_EVENTS: Readonly<Record<number, string>> = {
  1: "PTRACE_EVENT_FORK",
  2: "PTRACE_EVENT_VFORK",
  3: "PTRACE_EVENT_CLONE",
  4: "PTRACE_EVENT_EXEC",
  5: "PTRACE_EVENT_VFORK_DONE",
  6: "PTRACE_EVENT_EXIT",
  7: "PTRACE_EVENT_SECCOMP",
  128: "PTRACE_EVENT_STOP",
};
