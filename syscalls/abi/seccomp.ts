/** seccomp(2): operations, flags, actions (uapi/linux/seccomp.h). */
import { enumeration, prefixed } from "./flags.ts";

/** What seccomp's first argument asks for. */
export const SECCOMP = { SET_MODE_STRICT: 0, SET_MODE_FILTER: 1, GET_ACTION_AVAIL: 2, GET_NOTIF_SIZES: 3 } as const;
export const SECCOMP_OPERATION = enumeration("SECCOMP", prefixed("SECCOMP_", SECCOMP));

export const SECCOMP_MODE = { STRICT: 1, FILTER: 2 } as const;

export const SECCOMP_FLAG = {
  TSYNC: 1,
  LOG: 2,
  SPEC_ALLOW: 4,
  NEW_LISTENER: 8,
  TSYNC_ESRCH: 16,
  WAIT_KILLABLE_RECV: 32,
} as const;

/** What a filter answers, in its upper half; the lower half is data of the action. As signed numbers the strictest is the least. */
export const SECCOMP_RET = {
  KILL_PROCESS: 0x80000000 | 0,
  KILL_THREAD: 0,
  TRAP: 0x30000,
  ERRNO: 0x50000,
  USER_NOTIF: 0x7fc00000,
  TRACE: 0x7ff00000,
  LOG: 0x7ffc0000,
  ALLOW: 0x7fff0000,
} as const;
export const SECCOMP_RET_ACTION = 0xffff0000 | 0, SECCOMP_RET_DATA = 0xffff;

/** si_code of the SIGSYS a filter sends. */
export const SYS_SECCOMP = 1;
