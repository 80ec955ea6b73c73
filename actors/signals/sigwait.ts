/** rt_sigtimedwait's wait: the wanted signals are opened for a while so that generation finds this task, and taken before any handler could run. */
import { E } from "../../syscalls/abi/errno.ts";
import type { Task } from "../task/task.ts";
import { dequeue } from "./deliver.ts";
import { recalculate, setBlocked } from "./generate.ts";
import type { SigInfo } from "./pending.ts";

/** Waits until one of `want` is pending; `taken` gives the result. Signals outside `want` that are not blocked end it with EINTR; the deadline with EAGAIN. */
export const continueBlocked = (t: Task, want: bigint, taken: (info: SigInfo) => number, deadline: number): number => {
  const mask = t.blocked;
  t.realBlocked = mask;
  setBlocked(t, mask & ~want);
  const wait = {
    what: "a signal (sigtimedwait)",
    queues: [],
    restart: "eintr" as const,
    deadline,
    poll(): number {
      const info = dequeue(t, want);
      if (info === undefined) return t.block(wait);
      recalculate(t);
      return taken(info);
    },
    timedOut: () => -E.AGAIN,
    finish() {
      t.realBlocked = 0n;
      setBlocked(t, mask);
    },
  };
  return t.block(wait);
};
