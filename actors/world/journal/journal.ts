/**
 * What a run learns from its host, in the order it learned it. `Recorder` asks the host and writes the answers down; `Replayer` reads them instead of asking. Both are used
 * through the same doors (`doors.ts`), so recording and replaying go the same way through the kernel.
 */
import { Errno, errno } from "../../../syscalls/abi/errno.ts";
import { type EventLoop, hostLoop } from "../event_loop.ts";
import { DamagedRecording, type Reader, Writer } from "./codec.ts";

/** Kinds of entries. */
const ANSWER = 1, FAILURE = 2, TIME = 3, ARRIVAL = 4, REQUESTED = 5, WAITED = 6, END = 7;
const KINDS = ["nothing", "an answer", "a failure", "a time", "an arrival", "a request", "a wait", "the end"];

/** How a run ended. */
export interface Ending {
  readonly status: number;
  readonly traceHash: string;
}

export interface Journal {
  /** A question to the host with its answer; `what` says which, for the check at replay. An Errno is an answer too. */
  ask<T>(what: string, perform: () => T): T;
  /** Output: performed at replay as well, where the recorded answer counts. */
  tell<T>(what: string, perform: () => T): T;
  /** A monotonic time in ns; its own kind because there are so many. */
  time(read: () => number): number;
  /** Asks for something that comes later, once or more often: `deliver` is called while `begin` runs or while the loop waits. */
  request<T>(what: string, begin: (deliver: (value: T) => void) => void, deliver: (value: T) => void): void;
  readonly loop: EventLoop;
}

export class Recorder implements Journal {
  readonly writer = new Writer();
  #last = 0;
  #requests = 0;
  #waiting = false;
  #late: (() => void)[] = [];

  ask<T>(what: string, perform: () => T): T {
    let value: T;
    try {
      value = perform();
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
      this.writer.byte(FAILURE);
      this.writer.text(what);
      this.writer.count(error.no);
      throw error;
    }
    this.writer.byte(ANSWER);
    this.writer.text(what);
    this.writer.value(value);
    return value;
  }
  tell<T>(what: string, perform: () => T): T {
    return this.ask(what, perform);
  }
  time(read: () => number): number {
    const now = read(), passed = now - this.#last;
    this.#last = now;
    this.writer.byte(TIME);
    this.writer.count(passed);
    return now;
  }
  request<T>(what: string, begin: (deliver: (value: T) => void) => void, deliver: (value: T) => void): void {
    const id = this.#requests++;
    let beginning = true;
    begin((value) => {
      const arrive = () => {
        this.writer.byte(ARRIVAL);
        this.writer.count(id);
        this.writer.value(value);
        deliver(value);
      };
      if (beginning || this.#waiting) arrive();
      else this.#late.push(arrive);
    });
    beginning = false;
    this.writer.byte(REQUESTED);
    this.writer.text(what);
  }
  async #wait(wait: () => Promise<void>): Promise<void> {
    this.#waiting = true;
    const late = this.#late.splice(0);
    for (const arrive of late) arrive();
    if (late.length === 0) await wait();
    this.#waiting = false;
    this.writer.byte(WAITED);
  }
  readonly loop: EventLoop = {
    breathe: () => this.#wait(hostLoop.breathe),
    pause: (ms, arm) => {
      // Armed at once: what came before the wait pokes nobody otherwise.
      let poked = false;
      let poke: () => void = () => void (poked = true);
      arm(() => poke());
      return this.#wait(() => poked ? Promise.resolve() : hostLoop.pause(ms, (p) => poke = p));
    },
  };
  end(ending: Ending): void {
    this.writer.byte(END);
    this.writer.value(ending);
  }
}

/** The run asks something else than the recorded one did. */
export class Divergence extends Error {
  override name = "Divergence";
}

export class Replayer implements Journal {
  #last = 0;
  #entries = 0;
  readonly #requests: ((value: unknown) => void)[] = [];

  /** Why the replay went wrong, wherever in the run it was noticed. */
  failure: Error | undefined;

  constructor(readonly reader: Reader) {}

  /** Reads the next entries; a failure is kept. */
  #reading<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      if (error instanceof Divergence || error instanceof DamagedRecording) this.failure ??= error;
      throw error;
    }
  }
  #expect(kind: number, wanted: string): void {
    const found = this.reader.byte();
    if (found === kind) this.#entries++;
    else this.#diverged(found, wanted);
  }
  #diverged(found: number, wanted: string): never {
    if (KINDS[found] === undefined || found === 0) throw new DamagedRecording(`no entry at byte ${this.reader.at - 1}`);
    const what = found === ANSWER || found === FAILURE || found === REQUESTED
      ? `"${this.reader.text()}"`
      : KINDS[found];
    throw new Divergence(`entry ${this.#entries} of the recording is ${what}, the run asks for ${wanted}`);
  }
  ask<T>(what: string, _perform: () => T): T {
    return this.#reading(() => this.#answer(what)) as T;
  }
  #answer(what: string): unknown {
    const kind = this.reader.byte();
    if (kind !== ANSWER && kind !== FAILURE) this.#diverged(kind, `"${what}"`);
    const recorded = this.reader.text();
    if (recorded !== what) {
      throw new Divergence(`entry ${this.#entries} of the recording is "${recorded}", the run asks for "${what}"`);
    }
    this.#entries++;
    if (kind === FAILURE) throw errno(this.reader.count());
    return this.reader.value();
  }
  tell<T>(what: string, perform: () => T): T {
    const answer = this.ask(what, perform);
    perform();
    return answer;
  }
  time(_read: () => number): number {
    return this.#reading(() => {
      this.#expect(TIME, "the time");
      return this.#last += this.reader.count();
    });
  }
  request<T>(what: string, _begin: (deliver: (value: T) => void) => void, deliver: (value: T) => void): void {
    this.#requests.push(deliver as (value: unknown) => void);
    this.#reading(() => {
      this.#arrivals(REQUESTED, `"${what}"`);
      const recorded = this.reader.text();
      if (recorded !== what) throw new Divergence(`the recording requests "${recorded}", the run "${what}"`);
    });
  }
  /** Delivers up to the entry that closes the wait. */
  #arrivals(until: number, what: string): void {
    for (;;) {
      const kind = this.reader.byte();
      if (kind === ARRIVAL) {
        const deliver = this.#requests[this.reader.count()];
        if (deliver === undefined) throw new DamagedRecording("something arrives that was not requested");
        deliver(this.reader.value());
      } else if (kind === until) {
        this.#entries++;
        return;
      } else this.#diverged(kind, what);
    }
  }
  readonly loop: EventLoop = {
    breathe: () => {
      this.#reading(() => this.#arrivals(WAITED, "a wait"));
      return Promise.resolve();
    },
    pause: (_ms, arm) => {
      arm(() => {});
      this.#reading(() => this.#arrivals(WAITED, "a wait"));
      return Promise.resolve();
    },
  };
  /** What the recorded run came to. */
  ending(): Ending {
    return this.#reading(() => {
      this.#expect(END, "nothing more");
      return this.reader.value() as Ending;
    });
  }
}
