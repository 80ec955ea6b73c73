/** Futexes and robust lists. */
import { address, call, clock, type Family, flags, hex, inStruct, int, pid, size, uint } from "../abi/call.ts";
import { FUTEX2_FLAGS, FUTEX_OP, FUTEX_WAITV } from "../abi/futex.ts";
import { TIMESPEC } from "../abi/timespec.ts";

const ONE_SIZE = { support: "partial", note: "32-bit words only, no NUMA words; as Linux 6.18 for sizes" } as const;

export const futex = {
  futex: call(
    98,
    [address("uaddr"), flags("op", FUTEX_OP), uint("val"), address("timeout"), address("uaddr2"), uint("val3")],
    "wait for and wake on a word, and locks built on it",
  ),
  set_robust_list: call(99, [address("head"), size("len")], "name the list of held robust locks"),
  get_robust_list: call(100, [pid(), address("head_ptr"), address("len_ptr")], "where a task's robust list is"),
  futex_waitv: call(
    449,
    [
      inStruct("waiters", FUTEX_WAITV, "nr_futexes"),
      uint("nr_futexes"),
      int("flags"),
      inStruct("timeout", TIMESPEC),
      clock(),
    ],
    "wait on several words",
    ONE_SIZE,
  ),
  futex_wake: call(454, [address("uaddr"), hex("mask"), int("nr"), flags("flags", FUTEX2_FLAGS)], "wake", ONE_SIZE),
  futex_wait: call(
    455,
    [
      address("uaddr"),
      hex("val"),
      hex("mask"),
      flags("flags", FUTEX2_FLAGS),
      inStruct("timeout", TIMESPEC),
      clock(),
    ],
    "wait",
    ONE_SIZE,
  ),
  futex_requeue: call(
    456,
    [inStruct("waiters", FUTEX_WAITV), int("flags"), int("nr_wake"), int("nr_requeue")],
    "wake some, move others",
    ONE_SIZE,
  ),
} satisfies Family;
