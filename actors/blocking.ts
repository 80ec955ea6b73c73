/**
 * How a system call waits. A handler that must wait returns `t.block(wait)`: the sentinel BLOCKED, with everything about the wait as data. The task
 * parks; it looks again (`poll`) after each wake of one of the queues, at the deadline, and when a signal arrives.
 */
import type { Restart } from "../syscalls/abi/call.ts";
import type { WaitQueue } from "./wait_queue.ts";

/** Result sentinel: the call waits, see `Task.wait`. Outside the errno range. */
export const BLOCKED = -0x10000;
/** Result sentinel: the call has set the registers itself or the task is gone (rt_sigreturn, execve, exit). */
export const NO_RESULT = -0x10001;

/** Result sentinel of a wait: the call is made anew, from its start. */
export const MAKE_AGAIN = -0x10002;

export interface Wait {
  /** What for, as a deadlock report shows it: "read of pipe:[3]", "futex 0x2000 word". */
  readonly what: string;
  /** Queues whose wake makes the task look again. */
  readonly queues: readonly WaitQueue[];
  /** Looks again, in the task's own turn: the call's result, or BLOCKED to go on waiting. */
  poll(): number;
  /** Monotonic ns at which `timedOut` gives the result; Infinity when none. */
  readonly deadline?: number;
  /** Result at the deadline; default -ETIMEDOUT (110). */
  timedOut?(): number;
  /** restart_syscall after "block": waits for what is left. */
  readonly again?: () => number;
  /** What a signal does to the call. Default "restart". */
  readonly restart?: Restart;
  /** Only a fatal signal ends it (vfork's wait for the child). */
  readonly killable?: boolean;
  /** Result when a signal ends the wait after part of the work was done (bytes so far); undefined: EINTR or restart. */
  partial?(): number | undefined;
  /** Called just before -EINTR is reported to the guest because a handler will run (write back the remaining time). */
  interrupted?(): void;
  /** Called exactly once when the wait ends, however it ends: done, timed out, interrupted, killed. */
  finish?(): void;
}
