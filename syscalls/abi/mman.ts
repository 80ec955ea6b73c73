/** Flags and enumerations of the memory calls (asm-generic/mman-common.h, mman.h, membarrier.h, asm/hwprobe.h). */
import { enumeration, flagSet, prefixed } from "./flags.ts";
import { struct } from "./layout.ts";

/** What lies from here on is no user address on any machine: refused by calls that look at nothing else (access_ok). */
export const USER_END = 2 ** 47;

export const PROT = { READ: 1, WRITE: 2, EXEC: 4, SEM: 8, GROWSDOWN: 0x1000000, GROWSUP: 0x2000000 } as const;
export const PROT_FLAGS = flagSet(
  "PROT",
  {
    PROT_READ: 1,
    PROT_WRITE: 2,
    PROT_EXEC: 4,
    PROT_SEM: 8,
    PROT_GROWSDOWN: PROT.GROWSDOWN,
    PROT_GROWSUP: PROT.GROWSUP,
  },
  0xffffffff,
  { PROT_NONE: 0 },
);

export const MAP = {
  SHARED: 1,
  PRIVATE: 2,
  SHARED_VALIDATE: 3,
  TYPE: 0xf,
  FIXED: 0x10,
  ANONYMOUS: 0x20,
  GROWSDOWN: 0x100,
  DENYWRITE: 0x800,
  EXECUTABLE: 0x1000,
  LOCKED: 0x2000,
  NORESERVE: 0x4000,
  POPULATE: 0x8000,
  NONBLOCK: 0x10000,
  STACK: 0x20000,
  HUGETLB: 0x40000,
  SYNC: 0x80000,
  FIXED_NOREPLACE: 0x100000,
} as const;
const { SHARED, PRIVATE, SHARED_VALIDATE, TYPE, ...MAP_BITS } = MAP;
export const MAP_FLAGS = flagSet(
  "MAP",
  prefixed("MAP_", MAP_BITS),
  TYPE,
  { MAP_SHARED: SHARED, MAP_PRIVATE: PRIVATE, MAP_SHARED_VALIDATE: SHARED_VALIDATE },
);
/** Flags MAP_SHARED_VALIDATE knows (LEGACY_MAP_MASK); others are EOPNOTSUPP there. */
export const MAP_LEGACY = 0x1 | 0x2 | MAP.FIXED | MAP.ANONYMOUS | MAP.DENYWRITE | MAP.EXECUTABLE | MAP.GROWSDOWN |
  MAP.LOCKED | MAP.NORESERVE | MAP.POPULATE | MAP.NONBLOCK | MAP.STACK | MAP.HUGETLB | 0x4000000 | (63 << 26);

export const MREMAP = { MAYMOVE: 1, FIXED: 2, DONTUNMAP: 4 } as const;
export const MREMAP_FLAGS = flagSet("MREMAP", { MREMAP_MAYMOVE: 1, MREMAP_FIXED: 2, MREMAP_DONTUNMAP: 4 });
export const MS = { ASYNC: 1, INVALIDATE: 2, SYNC: 4 } as const;
export const MS_FLAGS = flagSet("MS", { MS_ASYNC: 1, MS_INVALIDATE: 2, MS_SYNC: 4 });
export const MCL = { CURRENT: 1, FUTURE: 2, ONFAULT: 4 } as const;
export const MCL_FLAGS = flagSet("MCL", { MCL_CURRENT: 1, MCL_FUTURE: 2, MCL_ONFAULT: 4 });
export const MLOCK_FLAGS = flagSet("MLOCK", { MLOCK_ONFAULT: 1 });

export const MADV = {
  NORMAL: 0,
  RANDOM: 1,
  SEQUENTIAL: 2,
  WILLNEED: 3,
  DONTNEED: 4,
  FREE: 8,
  REMOVE: 9,
  DONTFORK: 10,
  DOFORK: 11,
  MERGEABLE: 12,
  UNMERGEABLE: 13,
  HUGEPAGE: 14,
  NOHUGEPAGE: 15,
  DONTDUMP: 16,
  DODUMP: 17,
  WIPEONFORK: 18,
  KEEPONFORK: 19,
  COLD: 20,
  PAGEOUT: 21,
  POPULATE_READ: 22,
  POPULATE_WRITE: 23,
  DONTNEED_LOCKED: 24,
} as const;
export const MADVICE = enumeration(
  "MADV",
  prefixed("MADV_", MADV),
);

export const MEMBARRIER = {
  QUERY: 0,
  GLOBAL: 1,
  GLOBAL_EXPEDITED: 2,
  REGISTER_GLOBAL_EXPEDITED: 4,
  PRIVATE_EXPEDITED: 8,
  REGISTER_PRIVATE_EXPEDITED: 16,
  PRIVATE_EXPEDITED_SYNC_CORE: 32,
  REGISTER_PRIVATE_EXPEDITED_SYNC_CORE: 64,
  GET_REGISTRATIONS: 512,
} as const;
export const MEMBARRIER_COMMANDS = enumeration(
  "MEMBARRIER_CMD",
  prefixed("MEMBARRIER_CMD_", MEMBARRIER),
);

export const MPOL = { DEFAULT: 0, PREFERRED: 1, BIND: 2, INTERLEAVE: 3, LOCAL: 4, PREFERRED_MANY: 5 } as const;
export const MPOL_MODES = enumeration(
  "MPOL",
  prefixed("MPOL_", MPOL),
);
/** Modifier bits of a mode (STATIC_NODES, RELATIVE_NODES, NUMA_BALANCING). */
export const MPOL_MODE_FLAGS = 0xe000;
/** get_mempolicy flags: NODE 1, ADDR 2, MEMS_ALLOWED 4. */
export const MPOL_F = { NODE: 1, ADDR: 2, MEMS_ALLOWED: 4 } as const;

export const HWPROBE_PAIR = struct("riscv_hwprobe", { key: "i64", value: "u64" });
/** Extension bits of RISCV_HWPROBE_KEY_IMA_EXT_0 that the CPU has. */
export const HWPROBE_EXTENSIONS = (1n << 0n) | (1n << 1n) | // FD, C
  (1n << 3n) | (1n << 4n) | (1n << 5n) | // Zba, Zbb, Zbs
  (1n << 35n); // Zicond
