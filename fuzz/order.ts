/**
 * The order of a fuzzed run: which task goes next and for how many instructions, drawn from a seed or from a written list of choices. What was drawn is kept, so a
 * failing run's schedule is a list of small numbers.
 */
import { SeededEntropy } from "../actors/world/entropy.ts";
import type { MachineClock } from "../actors/world/clock.ts";
import type { SchedulePolicy } from "../actors/world/order.ts";

export class Order implements SchedulePolicy {
  readonly name = "fuzz";
  readonly drawn: number[] = [];
  readonly #entropy: SeededEntropy | undefined;
  readonly #given: readonly number[];
  readonly #longest: number;
  /** Half of the seeds give each task a priority, so that some come very late; it changes now and then. */
  readonly #priorities: Map<number, number> | undefined;

  /** @param source a seed, or choices; beyond their end the first task runs a long slice */
  constructor(source: number | readonly number[]) {
    if (typeof source === "number") {
      this.#entropy = new SeededEntropy(source);
      this.#given = [];
      // Some runs change tasks at nearly every instruction, some seldom.
      this.#longest = 1 << (1 + this.#entropy.next() % 7);
      if ((this.#entropy.next() & 1) === 0) this.#priorities = new Map();
    } else {
      this.#given = source;
      this.#longest = 1;
    }
  }

  /** Of the machine: what passes. */
  clock: MachineClock | undefined;

  #draw(limit: number): number {
    const choice = this.#entropy === undefined
      ? Math.min(this.#given[this.drawn.length] ?? 0, limit - 1)
      : this.#entropy.next() % limit;
    this.drawn.push(choice);
    return choice;
  }
  next(tids: readonly number[]): number {
    if (this.#priorities === undefined) return this.#draw(tids.length);
    let best = 0;
    for (let i = 1; i < tids.length; i++) {
      if (this.#priority(tids[i]) > this.#priority(tids[best])) best = i;
    }
    if (this.#entropy!.next() % 32 === 0) this.#priorities.set(tids[best], this.#entropy!.next());
    this.drawn.push(best);
    return best;
  }
  #priority(tid: number): number {
    let p = this.#priorities!.get(tid);
    if (p === undefined) this.#priorities!.set(tid, p = this.#entropy!.next());
    return p;
  }
  slice(): number {
    // Now and then time passes that no instruction took, as under a busy host.
    const jump = this.#draw(24);
    if (jump >= 1 && jump <= 5) this.clock?.advance(10 ** jump);
    if (this.#entropy === undefined) {
      const n = this.#given[this.drawn.length] ?? 1000;
      this.drawn.push(n);
      return n + 1;
    }
    return this.#draw(this.#longest) + 1;
  }
}
