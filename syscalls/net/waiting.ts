/** How socket calls wait: on the socket's queue, no longer than SO_RCVTIMEO or SO_SNDTIMEO say. */
import type { Socket } from "../../actors/net/mod.ts";
import type { Task, WaitQueue } from "../../actors/mod.ts";
import { E } from "../abi/errno.ts";

export interface Waiting {
  readonly what: string;
  /** ns; 0: as long as it takes. */
  readonly timeout: number;
  /** Tries again: the call's result, or -EAGAIN to go on waiting. */
  attempt(): number;
  /** Other queues to listen to. */
  readonly queues?: readonly WaitQueue[];
  /** What was done so far, when the wait ends early. */
  partial?(): number | undefined;
  /** Result when the time is over and nothing was done; default -EAGAIN. */
  readonly late?: number;
  finish?(): void;
}

/** Waits until `attempt` gives something else than -EAGAIN. */
export const waitOn = (t: Task, s: Socket, w: Waiting): number => {
  s.retain();
  const wait = {
    what: `${w.what} on ${s.path}`,
    queues: [s.queue, ...w.queues ?? []],
    deadline: w.timeout === 0 ? undefined : t.machine.clock.monotonic() + w.timeout,
    restart: w.timeout === 0 ? "restart" as const : "eintr" as const,
    poll(): number {
      const n = w.attempt();
      return n === -E.AGAIN ? t.block(wait) : n;
    },
    timedOut: () => w.partial?.() ?? w.late ?? -E.AGAIN,
    partial: w.partial,
    finish() {
      w.finish?.();
      s.release();
    },
  };
  return t.block(wait);
};
