/** --trace: system calls and signals as Chrome/Perfetto trace events, one track a task. */
import type { Machine, Observer, Task } from "../actors/mod.ts";

interface Event {
  readonly name: string;
  readonly ph: "X" | "i";
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly dur?: number;
  readonly args?: Readonly<Record<string, unknown>>;
}

/** The observer, and the JSON when the run is over. Times are the machine's monotonic clock in µs. */
export const traceObserver = (machine: Machine): { observer: Observer; json(): string } => {
  const events: Event[] = [];
  const begun = new Map<Task, { nr: number; ts: number }>();
  const now = () => machine.clock.monotonic() / 1000;
  const at = (t: Task) => ({ pid: t.pid, tid: t.tid });
  return {
    observer: {
      callEntered: (t) => void begun.set(t, { nr: t.callNumber, ts: now() }),
      callReturned(t, result) {
        const start = begun.get(t);
        if (start === undefined) return;
        begun.delete(t);
        events.push({
          name: machine.calls.name(start.nr),
          ph: "X",
          ...at(t),
          ts: start.ts,
          dur: now() - start.ts,
          args: { result },
        });
      },
      signalDelivered: (t, info) => void events.push({ name: `signal ${info.signo}`, ph: "i", ...at(t), ts: now() }),
      exited: (t, status) => void events.push({ name: "exit", ph: "i", ...at(t), ts: now(), args: { status } }),
    },
    json: () => JSON.stringify({ traceEvents: events }),
  };
};
