/** System V IPC: flags, commands and structs of the 64-bit asm-generic ABI (linux/ipc.h, shm.h, sem.h, msg.h). */
import { enumeration, flagSet, prefixed } from "./flags.ts";
import { struct } from "./layout.ts";

export const IPC = {
  CREAT: 0o1000,
  EXCL: 0o2000,
  NOWAIT: 0o4000,
  RMID: 0,
  SET: 1,
  STAT: 2,
  INFO: 3,
  PRIVATE: 0,
} as const;
export const SHM = {
  RDONLY: 0o10000,
  RND: 0o20000,
  REMAP: 0o40000,
  EXEC: 0o100000,
  HUGETLB: 0o4000,
  DEST: 0o1000,
  LOCKED: 0o2000,
  LOCK: 11,
  UNLOCK: 12,
  STAT: 13,
  INFO: 14,
  STAT_ANY: 15,
} as const;
export const SEM = {
  UNDO: 0x1000,
  GETPID: 11,
  GETVAL: 12,
  GETALL: 13,
  GETNCNT: 14,
  GETZCNT: 15,
  SETVAL: 16,
  SETALL: 17,
  STAT: 18,
  INFO: 19,
  STAT_ANY: 20,
} as const;
export const MSG = { NOERROR: 0o10000, EXCEPT: 0o20000, COPY: 0o40000, STAT: 11, INFO: 12, STAT_ANY: 13 } as const;

/** Defaults of the kernel's limits. */
export const SHM_LIMITS = { max: 2 ** 53, min: 1, mni: 4096 } as const;
export const SEM_LIMITS = { mni: 32000, msl: 32000, mns: 1024000000, opm: 500, vmx: 32767, aem: 32767 } as const;
export const MSG_LIMITS = { max: 8192, mnb: 16384, mni: 32000 } as const;

const COMMON = { IPC_RMID: 0, IPC_SET: 1, IPC_STAT: 2, IPC_INFO: 3 };
export const IPC_GET_FLAGS = flagSet("IPC", { IPC_CREAT: IPC.CREAT, IPC_EXCL: IPC.EXCL });
export const SHMAT_FLAGS = flagSet("SHM", {
  SHM_RDONLY: SHM.RDONLY,
  SHM_RND: SHM.RND,
  SHM_REMAP: SHM.REMAP,
  SHM_EXEC: SHM.EXEC,
});
export const MSG_FLAGS = flagSet("MSG", {
  IPC_NOWAIT: IPC.NOWAIT,
  MSG_NOERROR: MSG.NOERROR,
  MSG_EXCEPT: MSG.EXCEPT,
  MSG_COPY: MSG.COPY,
});
export const SHM_COMMAND = enumeration("SHM", {
  ...COMMON,
  ...prefixed("SHM_", { LOCK: 11, UNLOCK: 12, STAT: 13, INFO: 14, STAT_ANY: 15 }),
});
export const SEM_COMMAND = enumeration("SEM", {
  ...COMMON,
  ...prefixed("", { GETPID: 11, GETVAL: 12, GETALL: 13, GETNCNT: 14, GETZCNT: 15, SETVAL: 16, SETALL: 17 }),
  ...prefixed("SEM_", { STAT: 18, INFO: 19, STAT_ANY: 20 }),
});
export const MSG_COMMAND = enumeration("MSG", { ...COMMON, ...prefixed("MSG_", { STAT: 11, INFO: 12, STAT_ANY: 13 }) });

export const IPC_PERM = struct("ipc64_perm", {
  key: "i32",
  uid: "u32",
  gid: "u32",
  cuid: "u32",
  cgid: "u32",
  mode: "u32",
  seq: "u16",
  pad: "u16",
  unused1: "u64",
  unused2: "u64",
});
export const SHMID_DS = struct("shmid64_ds", {
  perm: IPC_PERM,
  segsz: "u64",
  atime: "i64",
  dtime: "i64",
  ctime: "i64",
  cpid: "i32",
  lpid: "i32",
  nattch: "u64",
  unused4: "u64",
  unused5: "u64",
});
export const SEMID_DS = struct("semid64_ds", {
  perm: IPC_PERM,
  otime: "i64",
  ctime: "i64",
  nsems: "u64",
  unused3: "u64",
  unused4: "u64",
});
export const MSQID_DS = struct("msqid64_ds", {
  perm: IPC_PERM,
  stime: "i64",
  rtime: "i64",
  ctime: "i64",
  cbytes: "u64",
  qnum: "u64",
  qbytes: "u64",
  lspid: "i32",
  lrpid: "i32",
  unused4: "u64",
  unused5: "u64",
});
export const SHMINFO = struct("shminfo64", {
  max: "u64",
  min: "u64",
  mni: "u64",
  seg: "u64",
  all: "u64",
  unused: { bytes: 32 },
});
export const SHM_INFO_STRUCT = struct("shm_info", {
  used_ids: "i32",
  tot: "u64",
  rss: "u64",
  swp: "u64",
  swap_attempts: "u64",
  swap_successes: "u64",
});
export const SEMINFO = struct("seminfo", {
  map: "i32",
  mni: "i32",
  mns: "i32",
  mnu: "i32",
  msl: "i32",
  opm: "i32",
  ume: "i32",
  usz: "i32",
  vmx: "i32",
  aem: "i32",
});
export const MSGINFO = struct("msginfo", {
  pool: "i32",
  map: "i32",
  max: "i32",
  mnb: "i32",
  mni: "i32",
  ssz: "i32",
  tql: "i32",
  seg: "u16",
});
export const SEMBUF = struct("sembuf", { num: "u16", op: "i16", flg: "i16" });
