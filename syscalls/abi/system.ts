/** Structs and options of calls about the whole machine, and prctl's options (linux/prctl.h). */
import { enumeration, flagSet, prefixed } from "./flags.ts";
import { struct } from "./layout.ts";

const NAME = { bytes: 65 } as const;
export const UTSNAME = struct("new_utsname", {
  sysname: NAME,
  nodename: NAME,
  release: NAME,
  version: NAME,
  machine: NAME,
  domainname: NAME,
});
/** What uname reports of the model kernel. */
export const KERNEL_RELEASE = "6.18.0";
export const KERNEL_VERSION = "#1 SMP PREEMPT_DYNAMIC Dolly";

export const SYSINFO = struct("sysinfo", {
  uptime: "i64",
  load1: "u64",
  load5: "u64",
  load15: "u64",
  totalram: "u64",
  freeram: "u64",
  sharedram: "u64",
  bufferram: "u64",
  totalswap: "u64",
  freeswap: "u64",
  procs: "u16",
  totalhigh: "u64",
  freehigh: "u64",
  mem_unit: "u32",
});

export const GRND = { NONBLOCK: 1, RANDOM: 2, INSECURE: 4 } as const;
export const GRND_FLAGS = flagSet("GRND", { GRND_NONBLOCK: 1, GRND_RANDOM: 2, GRND_INSECURE: 4 });

export const PR = {
  SET_PDEATHSIG: 1,
  GET_PDEATHSIG: 2,
  GET_DUMPABLE: 3,
  SET_DUMPABLE: 4,
  GET_KEEPCAPS: 7,
  SET_KEEPCAPS: 8,
  GET_TIMING: 13,
  SET_TIMING: 14,
  SET_NAME: 15,
  GET_NAME: 16,
  GET_SECCOMP: 21,
  SET_SECCOMP: 22,
  CAPBSET_READ: 23,
  CAPBSET_DROP: 24,
  GET_SECUREBITS: 27,
  SET_SECUREBITS: 28,
  SET_TIMERSLACK: 29,
  GET_TIMERSLACK: 30,
  SET_MM: 35,
  SET_CHILD_SUBREAPER: 36,
  GET_CHILD_SUBREAPER: 37,
  SET_NO_NEW_PRIVS: 38,
  GET_NO_NEW_PRIVS: 39,
  GET_TID_ADDRESS: 40,
  SET_THP_DISABLE: 41,
  GET_THP_DISABLE: 42,
  CAP_AMBIENT: 47,
  GET_SPECULATION_CTRL: 52,
  SET_SPECULATION_CTRL: 53,
  SET_IO_FLUSHER: 57,
  GET_IO_FLUSHER: 58,
  RISCV_V_GET_CONTROL: 70,
  RISCV_SET_ICACHE_FLUSH_CTX: 71,
  SET_PTRACER: 0x59616d61,
  SET_VMA: 0x53564d41,
} as const;
export const PRCTL_OPTION = enumeration("PR", prefixed("PR_", PR));

export const KCMP_TYPE = enumeration("KCMP", {
  KCMP_FILE: 0,
  KCMP_VM: 1,
  KCMP_FILES: 2,
  KCMP_FS: 3,
  KCMP_SIGHAND: 4,
  KCMP_IO: 5,
  KCMP_SYSVSEM: 6,
  KCMP_EPOLL_TFD: 7,
});
