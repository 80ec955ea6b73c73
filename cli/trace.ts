/**
 * --trace: the run as Chrome/Perfetto trace events. Every task is a thread's track, every turn a slice with the calls it made inside; a wait is an asynchronous slice of its
 * own, since it goes over many turns; arrows lead from who woke a task to the turn that follows. Times are the machine's monotonic clock in µs.
 */
import type { Machine, Observer, Task } from "../actors/mod.ts";
import { HostClock } from "../actors/world/clock.ts";
import { signalName } from "../syscalls/abi/signals.ts";

/** An event of the trace format. */
export interface TraceEvent {
  readonly name: string;
  readonly cat?: string;
  /** X slice, i instant, M metadata, b/e asynchronous slice, s/f flow. */
  readonly ph: "X" | "i" | "M" | "b" | "e" | "s" | "f";
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly dur?: number;
  readonly id?: number;
  readonly bp?: "e";
  readonly s?: "t";
  readonly args?: Readonly<Record<string, unknown>>;
}

/** What is under way on a task's track. */
interface Track {
  comm: string;
  turn: number | undefined;
  call: { readonly name: string; readonly ts: number } | undefined;
  /** The wait that a call has become, and its name. */
  waiting: { readonly id: number; readonly name: string } | undefined;
  /** Arrows that end at the next turn. */
  arrows: number[];
}

const FLUSH = 1 << 18;

class Trace {
  readonly #tracks = new Map<Task, Track>();
  #buffer = '{"displayTimeUnit":"ns","traceEvents":[\n';
  #first = true;
  #ids = 0;
  #last = 0;

  constructor(readonly machine: Machine, readonly write: (text: string) => void) {}

  /** Never goes back. A real clock is the trace's own: reading the machine's would be part of a recording. */
  get #now(): number {
    const { clock } = this.machine;
    return this.#last = Math.max(this.#last, (clock.real ? this.#own : clock).monotonic() / 1000);
  }
  readonly #own = new HostClock();
  #put(e: TraceEvent): void {
    this.#buffer += (this.#first ? "" : ",\n") + JSON.stringify(e);
    this.#first = false;
    if (this.#buffer.length < FLUSH) return;
    this.write(this.#buffer);
    this.#buffer = "";
  }
  #track(t: Task): Track {
    let track = this.#tracks.get(t);
    if (track === undefined) {
      track = { comm: "", turn: undefined, call: undefined, waiting: undefined, arrows: [] };
      this.#tracks.set(t, track);
    }
    if (track.comm !== t.comm) {
      track.comm = t.comm;
      const at = { ph: "M", pid: t.pid, tid: t.tid, ts: 0 } as const;
      this.#put({ ...at, name: "thread_name", args: { name: `${t.comm} ${t.tid}` } });
      if (t.tid === t.pid) this.#put({ ...at, name: "process_name", args: { name: t.comm } });
    }
    return track;
  }

  turnBegins(t: Task): void {
    const track = this.#track(t);
    // The first turn, before the loop, has no end of its own.
    if (track.turn !== undefined) this.#end(t, track, this.#last);
    const ts = this.#now, at = { pid: t.pid, tid: t.tid, ts };
    track.turn = ts;
    for (const id of track.arrows.splice(0)) this.#put({ name: "wake", cat: "wake", ph: "f", bp: "e", id, ...at });
  }
  turnEnds(t: Task): void {
    this.#end(t, this.#track(t), this.#now);
  }
  #end(t: Task, track: Track, ts: number): void {
    const at = { pid: t.pid, tid: t.tid };
    if (track.call !== undefined) this.#wait(t, track, ts);
    if (track.turn === undefined) return;
    this.#put({
      name: "turn",
      cat: "turn",
      ph: "X",
      ...at,
      ts: track.turn,
      dur: ts - track.turn,
      args: { state: t.state },
    });
    track.turn = undefined;
  }
  /** The call goes on after the turn. */
  #wait(t: Task, track: Track, ts: number): void {
    const { name, ts: begun } = track.call!, at = { pid: t.pid, tid: t.tid };
    track.call = undefined;
    this.#put({ name, cat: "call", ph: "X", ...at, ts: begun, dur: ts - begun, args: { result: "waits" } });
    if (t.wait === undefined) return;
    track.waiting = { id: ++this.#ids, name };
    this.#put({ name, cat: "wait", ph: "b", id: this.#ids, ...at, ts, args: { for: t.wait.what } });
  }
  callEntered(t: Task): void {
    const track = this.#track(t), ts = this.#now;
    // The first turn comes before the loop that tells of turns.
    track.turn ??= ts;
    track.call = { name: this.machine.calls.name(t.callNumber), ts };
  }
  callReturned(t: Task, result: number): void {
    const track = this.#track(t), ts = this.#now, at = { pid: t.pid, tid: t.tid };
    const { call, waiting } = track;
    track.call = track.waiting = undefined;
    if (waiting !== undefined) this.#put({ ...waiting, cat: "wait", ph: "e", ...at, ts });
    const begun = call?.ts ?? track.turn ?? ts;
    const name = call?.name ?? waiting?.name ?? this.machine.calls.name(t.callNumber);
    this.#put({ name, cat: "call", ph: "X", ...at, ts: begun, dur: ts - begun, args: { result } });
  }
  woken(t: Task, by: Task | undefined): void {
    if (by === undefined || t.state !== "blocked") return;
    const id = ++this.#ids;
    this.#track(t).arrows.push(id);
    this.#put({ name: "wake", cat: "wake", ph: "s", id, pid: by.pid, tid: by.tid, ts: this.#now });
  }
  instant(t: Task, name: string, args?: Readonly<Record<string, unknown>>): void {
    this.#put({ name, cat: "event", ph: "i", s: "t", pid: t.pid, tid: t.tid, ts: this.#now, args });
  }
  exited(t: Task, status: number): void {
    this.instant(t, "exit", { status });
    const track = this.#track(t);
    track.call = undefined;
    if (track.waiting === undefined) return;
    this.#put({ ...track.waiting, cat: "wait", ph: "e", pid: t.pid, tid: t.tid, ts: this.#now });
    track.waiting = undefined;
  }
  finish(): void {
    for (const [t, track] of this.#tracks) if (track.turn !== undefined) this.turnEnds(t);
    this.write(`${this.#buffer}\n]}\n`);
  }
}

/** The observer, and what closes the file when the run is over. `write` gets the file's text in pieces. */
export const traceObserver = (
  machine: Machine,
  write: (text: string) => void,
): { readonly observer: Observer; finish(): void } => {
  const trace = new Trace(machine, write);
  return {
    observer: {
      turnBegins: (t) => trace.turnBegins(t),
      turnEnds: (t) => trace.turnEnds(t),
      woken: (t, by) => trace.woken(t, by),
      callEntered: (t) => trace.callEntered(t),
      callReturned: (t, result) => trace.callReturned(t, result),
      signalDelivered: (t, info) => trace.instant(t, signalName(info.signo), { from: info.pid }),
      exited: (t, status) => trace.exited(t, status),
    },
    finish: () => trace.finish(),
  };
};
