/** clone(2) flags (linux/sched.h) and struct clone_args. */
import { enumeration, flagSet } from "./flags.ts";
import { struct } from "./layout.ts";

export const CLONE = {
  NEWTIME: 0x80,
  VM: 0x100,
  FS: 0x200,
  FILES: 0x400,
  SIGHAND: 0x800,
  PIDFD: 0x1000,
  PTRACE: 0x2000,
  VFORK: 0x4000,
  PARENT: 0x8000,
  THREAD: 0x10000,
  NEWNS: 0x20000,
  SYSVSEM: 0x40000,
  SETTLS: 0x80000,
  PARENT_SETTID: 0x100000,
  CHILD_CLEARTID: 0x200000,
  DETACHED: 0x400000,
  UNTRACED: 0x800000,
  CHILD_SETTID: 0x1000000,
  NEWCGROUP: 0x2000000,
  NEWUTS: 0x4000000,
  NEWIPC: 0x8000000,
  NEWUSER: 0x10000000,
  NEWPID: 0x20000000,
  NEWNET: 0x40000000,
  IO: 0x80000000,
} as const;
/** Flags only clone3 can carry. */
export const CLONE_CLEAR_SIGHAND = 0x100000000, CLONE_INTO_CGROUP = 0x200000000;

export const CLONE_FLAGS = flagSet(
  "CLONE",
  Object.fromEntries([
    ...Object.entries(CLONE).filter(([k]) => k !== "NEWTIME").map(([k, v]) => ["CLONE_" + k, v]),
  ]),
  0xff,
  { SIGCHLD: 17, SIGUSR1: 10, SIGUSR2: 12 },
);

/** struct clone_args, version 2 (88 bytes). */
export const CLONE_ARGS = struct("clone_args", {
  flags: "u64",
  pidfd: "u64",
  child_tid: "u64",
  parent_tid: "u64",
  exit_signal: "u64",
  stack: "u64",
  stack_size: "u64",
  tls: "u64",
  set_tid: "u64",
  set_tid_size: "u64",
  cgroup: "u64",
});
export const CLONE_ARGS_SIZE_VER0 = 64;

export const WAIT_OPTIONS = flagSet("W", {
  WNOHANG: 1,
  WUNTRACED: 2,
  WEXITED: 4,
  WCONTINUED: 8,
  WNOWAIT: 0x1000000,
  __WNOTHREAD: 0x20000000,
  __WALL: 0x40000000,
  __WCLONE: 0x80000000,
});
export const IDTYPE = enumeration("P", { P_ALL: 0, P_PID: 1, P_PGID: 2, P_PIDFD: 3 });
