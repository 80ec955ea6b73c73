/**
 * The socket calls as the dispatch table has them. Most short programs make no socket, so what they do is loaded when the first is made: the call waits for that and is then made
 * again. Runs that must not depend on the host's timing load it first.
 */
import { beginCallAgain, BLOCKED, NO_RESULT, type Task, WaitQueue } from "../../actors/mod.ts";
import type { Handlers } from "../abi/call.ts";
import { net } from "./declare.ts";

let calls: Handlers<Task, typeof net> | undefined;
let loading: Promise<void> | undefined;
const loaded = new WaitQueue();

/** Loads the socket calls. */
export const loadNet = (): Promise<void> =>
  loading ??= import("./calls.ts").then((module) => {
    calls = module.calls;
  });

const whenLoaded = (t: Task): number => {
  const { machine } = t;
  machine.hostPending++;
  machine.loading = loadNet();
  machine.loading.then(() =>
    machine.fromHost(() => {
      machine.hostPending--;
      loaded.wake();
    })
  );
  return t.block({
    what: "the socket calls to be loaded",
    queues: [loaded],
    restart: "nointr",
    poll() {
      if (calls === undefined) return BLOCKED;
      beginCallAgain(t);
      return NO_RESULT;
    },
  });
};

type Any = (t: Task, ...args: number[]) => number;

/** Rows whose handlers are those of `calls`, once there. */
export const netHandlers: Handlers<Task, typeof net> = Object.fromEntries(
  Object.keys(net).map((name) => [
    name,
    // Six parameters and not a rest: a call must not allocate.
    (t: Task, a: number, b: number, c: number, d: number, e: number, f: number): number =>
      calls === undefined ? whenLoaded(t) : (calls[name as keyof typeof net] as Any)(t, a, b, c, d, e, f),
  ]),
) as unknown as Handlers<Task, typeof net>;
