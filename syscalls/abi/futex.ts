/** Futex operations, word bits and structs (linux/futex.h). */
import { flagSet, prefixed } from "./flags.ts";
import { struct } from "./layout.ts";

export const FUTEX = {
  WAIT: 0,
  WAKE: 1,
  FD: 2,
  REQUEUE: 3,
  CMP_REQUEUE: 4,
  WAKE_OP: 5,
  LOCK_PI: 6,
  UNLOCK_PI: 7,
  TRYLOCK_PI: 8,
  WAIT_BITSET: 9,
  WAKE_BITSET: 10,
  WAIT_REQUEUE_PI: 11,
  CMP_REQUEUE_PI: 12,
  LOCK_PI2: 13,
} as const;
export const FUTEX_PRIVATE = 128, FUTEX_CLOCK_REALTIME = 256;
export const FUTEX_OP = flagSet(
  "FUTEX",
  { FUTEX_PRIVATE_FLAG: FUTEX_PRIVATE, FUTEX_CLOCK_REALTIME },
  127,
  prefixed("FUTEX_", FUTEX),
);

/** A word's bits: waiters exist, its owner died, its owner's tid. */
export const FUTEX_WAITERS = 0x80000000, FUTEX_OWNER_DIED = 0x40000000, FUTEX_TID_MASK = 0x3fffffff;
export const FUTEX_MATCH_ANY = 0xffffffff;

/** futex2 flags (454–456, futex_waitv). */
export const FUTEX2 = { SIZE_MASK: 3, SIZE_U32: 2, NUMA: 4, MPOL: 8, PRIVATE: 128 } as const;
export const FUTEX2_FLAGS = flagSet("FUTEX2", { FUTEX2_NUMA: 4, FUTEX2_MPOL: 8, FUTEX2_PRIVATE: 128 }, 3, {
  FUTEX2_SIZE_U8: 0,
  FUTEX2_SIZE_U16: 1,
  FUTEX2_SIZE_U32: 2,
  FUTEX2_SIZE_U64: 3,
});
export const FUTEX_WAITV = struct("futex_waitv", { val: "u64", uaddr: "u64", flags: "u32", reserved: "u32" });
export const FUTEX_WAITV_MAX = 128;

export const ROBUST_LIST_HEAD = struct("robust_list_head", { next: "u64", offset: "i64", pending: "u64" });
/** Entries of a robust list the kernel walks. */
export const ROBUST_LIST_LIMIT = 2048;
