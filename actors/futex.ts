/** The futex actor's protocol: waiting, waking, moving waiters between words, priority-inheritance locks, and what exit does to words. */
export { clearTidWake, exitRobustList } from "./futex/exit.ts";
export { lockPi, releaseOwnedLocks, requeuePi, unlockPi, waitRequeuePi } from "./futex/pi.ts";
export { futexRequeue, futexWait, futexWaitVector, futexWake, futexWakeOp, type VectorEntry } from "./futex/plain.ts";
