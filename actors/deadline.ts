/** Times that guests give as struct timespec, and the absolute monotonic deadlines that waits carry. Times are ns as numbers; too large is Infinity. */
import type { UserMemory } from "../cpu/types.ts";
import { E, fail } from "../syscalls/abi/errno.ts";
import type { MachineClock } from "./world/clock.ts";

/** Seconds from which a time counts as "never" (2^53 ns is 104 days; ktime ends at 292 years). */
const NEVER_SECONDS = 9e9;

/** ns of a timespec; EFAULT when unreadable, EINVAL when negative or with 1e9 or more in its nanoseconds. */
export const readTimespec = (mem: UserMemory, addr: number): number => {
  const sec = mem.i64(addr), nsec = mem.i64(addr + 8);
  if (sec < 0 || nsec < 0 || nsec >= 1e9) return fail(E.INVAL);
  return sec >= NEVER_SECONDS ? Infinity : sec * 1e9 + nsec;
};

/** Monotonic deadline of a CLOCK_REALTIME time. Exact to the microsecond: ns since the epoch exceed 2^53. */
export const realtimeDeadline = (clock: MachineClock, mem: UserMemory, addr: number): number => {
  const sec = mem.i64(addr), nsec = mem.i64(addr + 8);
  if (sec < 0 || nsec < 0 || nsec >= 1e9) return fail(E.INVAL);
  if (sec >= NEVER_SECONDS) return Infinity;
  return clock.monotonic() + Number(BigInt(sec) * 1000000000n + BigInt(nsec) - clock.realtime());
};
