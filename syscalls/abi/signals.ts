/** Signal numbers of the asm-generic ABI, default actions, action flags and siginfo codes (signal(7), asm-generic/signal.h, asm-generic/siginfo.h). */

export const SIG = {
  HUP: 1,
  INT: 2,
  QUIT: 3,
  ILL: 4,
  TRAP: 5,
  ABRT: 6,
  BUS: 7,
  FPE: 8,
  KILL: 9,
  USR1: 10,
  SEGV: 11,
  USR2: 12,
  PIPE: 13,
  ALRM: 14,
  TERM: 15,
  STKFLT: 16,
  CHLD: 17,
  CONT: 18,
  STOP: 19,
  TSTP: 20,
  TTIN: 21,
  TTOU: 22,
  URG: 23,
  XCPU: 24,
  XFSZ: 25,
  VTALRM: 26,
  PROF: 27,
  WINCH: 28,
  IO: 29,
  PWR: 30,
  SYS: 31,
} as const;

const NAMES = new Map<number, string>(Object.entries(SIG).map(([name, no]) => [no, "SIG" + name]));

/** "SIGTERM" for 15, "SIGRT_3" for 35 as strace prints real-time signals. */
export const signalName = (sig: number): string =>
  NAMES.get(sig) ?? (sig >= 32 && sig <= 64 ? (sig === 32 ? "SIGRTMIN" : `SIGRT_${sig - 32}`) : String(sig));

export type DefaultAction = "terminate" | "core" | "stop" | "continue" | "ignore";
const CORE = new Set<number>([
  SIG.QUIT,
  SIG.ILL,
  SIG.TRAP,
  SIG.ABRT,
  SIG.BUS,
  SIG.FPE,
  SIG.SEGV,
  SIG.XCPU,
  SIG.XFSZ,
  SIG.SYS,
]);
const STOP = new Set<number>([SIG.STOP, SIG.TSTP, SIG.TTIN, SIG.TTOU]);
const IGNORE = new Set<number>([SIG.CHLD, SIG.URG, SIG.WINCH]);

export const defaultAction = (sig: number): DefaultAction =>
  CORE.has(sig)
    ? "core"
    : STOP.has(sig)
    ? "stop"
    : sig === SIG.CONT
    ? "continue"
    : IGNORE.has(sig)
    ? "ignore"
    : "terminate";

const bits = (sigs: Iterable<number>): bigint => [...sigs].reduce((mask, sig) => mask | (1n << BigInt(sig - 1)), 0n);
export const STOP_MASK = bits(STOP);
export const CONT_MASK = bits([SIG.CONT]);
/** Signals that can be neither caught, blocked nor ignored. */
export const UNBLOCKABLE = bits([SIG.KILL, SIG.STOP]);
/** Signals an instruction raises: served before all others. */
export const SYNCHRONOUS = bits([SIG.SEGV, SIG.BUS, SIG.ILL, SIG.TRAP, SIG.FPE, SIG.SYS]);

export const SA = {
  NOCLDSTOP: 1,
  NOCLDWAIT: 2,
  SIGINFO: 4,
  EXPOSE_TAGBITS: 0x800,
  ONSTACK: 0x08000000,
  RESTART: 0x10000000,
  NODEFER: 0x40000000,
  RESETHAND: 0x80000000,
} as const;
/** Flags the kernel keeps; others read back as zero. */
export const SA_KNOWN = 1 | 2 | 4 | 0x800 | 0x08000000 | 0x10000000 | 0x40000000 | 0x80000000;

/** si_code values. */
export const SI = {
  USER: 0,
  KERNEL: 0x80,
  QUEUE: -1,
  TIMER: -2,
  MESGQ: -3,
  ASYNCIO: -4,
  SIGIO: -5,
  TKILL: -6,
  CLD_EXITED: 1,
  CLD_KILLED: 2,
  CLD_DUMPED: 3,
  CLD_TRAPPED: 4,
  CLD_STOPPED: 5,
  CLD_CONTINUED: 6,
  ILL_ILLOPC: 1,
  TRAP_BRKPT: 1,
} as const;

/** sigaltstack flags. */
export const SS = { ONSTACK: 1, DISABLE: 2, AUTODISARM: 0x80000000 } as const;
/** Smallest alternate stack the kernel takes on riscv64. */
export const MINSIGSTKSZ = 2048;
