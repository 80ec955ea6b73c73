/** What ppoll, pselect and epoll_pwait have in common: the temporary mask, the deadline, holding on to the files while waiting. */
import { BLOCKED, type OpenFile, readTimespec, setBlocked, type Task, type WaitQueue } from "../../actors/mod.ts";
import type { Restart } from "../abi/call.ts";
import { E, fail } from "../abi/errno.ts";

/** Puts a mask in force for the call; the gate on the way back restores the old one, or a handler's frame saves it. */
export const useMask = (t: Task, at: number, size: number): void => {
  if (at === 0) return;
  if (size !== 8) fail(E.INVAL);
  const mask = t.mem.big(at);
  t.savedMask = t.blocked;
  setBlocked(t, mask);
};

/** Absolute deadline of a relative timespec; Infinity for NULL. */
export const deadlineAt = (t: Task, at: number): number =>
  at === 0 ? Infinity : t.machine.clock.monotonic() + readTimespec(t.mem, at);

/** Writes back what is left, as Linux does for ppoll and pselect6; a bad address there is ignored. */
export const writeLeft = (t: Task, at: number, deadline: number): void => {
  if (at === 0 || deadline === Infinity) return;
  const left = Math.max(0, deadline - t.machine.clock.monotonic());
  try {
    t.mem.setU64(at, Math.floor(left / 1e9));
    t.mem.setU64(at + 8, left % 1e9);
  } catch { /* the guest's own business */ }
};

export interface Looking {
  readonly what: string;
  readonly files: readonly OpenFile[];
  readonly queues: readonly WaitQueue[];
  /** The call's result when something is ready, 0 when nothing is. */
  look(): number;
  readonly deadline: number;
  readonly restart: Restart;
  /** Called before any result is given. */
  done?(): void;
  /** Called instead when a signal ends the wait; default: done. */
  interrupted?(): void;
}

/** Looks once, then waits. */
export const lookOrWait = (t: Task, l: Looking): number => {
  const finish = (result: number): number => {
    l.done?.();
    return result;
  };
  const first = l.look();
  if (first !== 0 || l.deadline <= t.machine.clock.monotonic()) return finish(first);
  return t.block(wait(l, finish));
};

const wait = (l: Looking, finish: (result: number) => number) => {
  for (const file of l.files) file.retain();
  return {
    what: l.what,
    queues: l.queues,
    deadline: l.deadline,
    restart: l.restart,
    poll(): number {
      const n = l.look();
      return n === 0 ? BLOCKED : finish(n);
    },
    timedOut: () => finish(0),
    interrupted: () => l.interrupted === undefined ? l.done?.() : l.interrupted(),
    finish: () => l.files.forEach((file) => file.release()),
  };
};
