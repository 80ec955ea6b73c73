/**
 * System calls that most programs never make: their code is loaded when one of them is made first. The call waits for that and is then made again. Runs that must not
 * depend on the host's timing load it first.
 */
import type { Family, Handlers } from "../syscalls/abi/call.ts";
import { BLOCKED, MAKE_AGAIN } from "./blocking.ts";
import type { Task } from "./task/task.ts";
import { WaitQueue } from "./wait_queue.ts";

type Any = (t: Task, ...args: number[]) => number;

/** Handlers of a family's rows that load the real ones, and the loading itself. `what` they are, for a deadlock report. */
export const lateCalls = <F extends Family>(
  rows: F,
  what: string,
  fetchCalls: () => Promise<Handlers<Task, F>>,
): { readonly handlers: Handlers<Task, F>; readonly load: () => Promise<void> } => {
  let calls: Readonly<Record<string, unknown>> | undefined;
  let loading: Promise<void> | undefined;
  const loaded = new WaitQueue();
  const load = (): Promise<void> =>
    loading ??= fetchCalls().then((found) => {
      calls = found;
    });
  const whenLoaded = (t: Task): number => {
    const { machine } = t;
    machine.hostPending++;
    machine.loading = load();
    machine.loading.then(() =>
      machine.fromHost(() => {
        machine.hostPending--;
        loaded.wake();
      })
    );
    return t.block({
      what: `${what} to be loaded`,
      queues: [loaded],
      restart: "nointr",
      poll: () => calls === undefined ? BLOCKED : MAKE_AGAIN,
    });
  };
  const handlers = Object.fromEntries(
    Object.keys(rows).map((name) => [
      name,
      // Six parameters and not a rest: a call must not allocate.
      (t: Task, a: number, b: number, c: number, d: number, e: number, f: number): number =>
        calls === undefined ? whenLoaded(t) : (calls[name] as Any)(t, a, b, c, d, e, f),
    ]),
  );
  return { handlers: handlers as unknown as Handlers<Task, F>, load };
};
