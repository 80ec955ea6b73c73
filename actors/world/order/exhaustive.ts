/**
 * Every order of a small program up to a number of preemptions (Musuvathi, Qadeer: "Iterative context bounding", 2007). A preemption takes the turn from a task that
 * could go on; switching when the running task waits or ends costs nothing. Depth first: a run follows a prefix of decisions and then lets the running task go on; the
 * last decision with an alternative left is changed for the next run.
 */
import type { SchedulePolicy } from "../order.ts";

interface Decision {
  /** Indices among the runnable, the free ones first. */
  readonly options: readonly number[];
  /** How many of them, from the front, cost no preemption. */
  readonly free: number;
  at: number;
  /** Preemptions spent before this decision. */
  readonly spent: number;
}

/** Hands out one policy a run until all orders are done. */
export class Exhaustive {
  #path: Decision[] = [];
  #done = false;
  runs = 0;

  /** @param preemptions most preemptions of a run @param step instructions between two decisions */
  constructor(readonly preemptions: number, readonly step = 1) {}

  /** The policy of the next run; undefined when every order has been run. */
  nextRun(): SchedulePolicy | undefined {
    if (this.runs > 0 && !this.#advance()) this.#done = true;
    if (this.#done) return undefined;
    this.runs++;
    return this.#policy();
  }

  /** Choices of the last run. */
  get choices(): number[] {
    return this.#path.map((d) => d.options[d.at]);
  }

  #advance(): boolean {
    for (let d = this.#path.pop(); d !== undefined; d = this.#path.pop()) {
      const at = d.at + 1;
      if (at >= d.options.length || (at >= d.free && d.spent >= this.preemptions)) continue;
      this.#path.push({ ...d, at });
      return true;
    }
    return false;
  }

  #policy(): SchedulePolicy {
    let depth = 0, running = -1;
    return {
      name: "exhaustive",
      next: (tids) => {
        if (depth === this.#path.length) this.#path.push(this.#decide(tids, running));
        const d = this.#path[depth++];
        const choice = d.options[d.at];
        if (choice >= tids.length) {
          throw new Error("an order led elsewhere the second time: the program is not deterministic");
        }
        running = tids[choice];
        return choice;
      },
      only: (tid) => {
        running = tid;
      },
      slice: () => this.step,
    };
  }

  #decide(tids: readonly number[], running: number): Decision {
    const last = this.#path.at(-1);
    const spent = last === undefined ? 0 : last.spent + (last.at >= last.free ? 1 : 0);
    const all = tids.map((_, i) => i), goesOn = tids.indexOf(running);
    if (goesOn < 0) return { options: all, free: all.length, at: 0, spent };
    return { options: [goesOn, ...all.filter((i) => i !== goesOn)], free: 1, at: 0, spent };
  }
}
