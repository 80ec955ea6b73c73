/**
 * The machine's deadlines: a binary heap of monotonic times. Callbacks run in the machine's loop, between turns, never inside a task's turn. Equal deadlines
 * fire in the order they were set, so that a seeded run is reproducible.
 */
export class Timer {
  /** @internal position in the heap, -1 when not armed */
  index = -1;
  order = 0;
  constructor(public deadline: number, readonly fire: () => void) {}
  get armed(): boolean {
    return this.index >= 0;
  }
}

export class Timers {
  #heap: Timer[] = [];
  #order = 0;

  /** Arms a callback at a monotonic time in ns. */
  at(deadline: number, fire: () => void): Timer {
    const timer = new Timer(deadline, fire);
    timer.order = this.#order++;
    timer.index = this.#heap.length;
    this.#heap.push(timer);
    this.#up(timer.index);
    return timer;
  }

  /** Disarms; harmless when it has fired already. */
  cancel(timer: Timer): void {
    const i = timer.index;
    if (i < 0) return;
    timer.index = -1;
    const last = this.#heap.pop()!;
    if (last === timer) return;
    this.#heap[i] = last;
    last.index = i;
    this.#up(i);
    this.#down(last.index);
  }

  /** The earliest deadline, Infinity when none. */
  get next(): number {
    return this.#heap.length === 0 ? Infinity : this.#heap[0].deadline;
  }

  get size(): number {
    return this.#heap.length;
  }

  /** Fires everything due at `now`; the number fired. */
  fireDue(now: number): number {
    let fired = 0;
    while (this.#heap.length > 0 && this.#heap[0].deadline <= now) {
      const timer = this.#heap[0];
      this.cancel(timer);
      timer.fire();
      fired++;
    }
    return fired;
  }

  #before(a: Timer, b: Timer): boolean {
    return a.deadline < b.deadline || (a.deadline === b.deadline && a.order < b.order);
  }
  #swap(i: number, j: number): void {
    const a = this.#heap[i], b = this.#heap[j];
    this.#heap[i] = b;
    this.#heap[j] = a;
    b.index = i;
    a.index = j;
  }
  #up(i: number): void {
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!this.#before(this.#heap[i], this.#heap[parent])) return;
      this.#swap(i, parent);
      i = parent;
    }
  }
  #down(i: number): void {
    for (;;) {
      let least = i;
      for (const child of [2 * i + 1, 2 * i + 2]) {
        if (child < this.#heap.length && this.#before(this.#heap[child], this.#heap[least])) least = child;
      }
      if (least === i) return;
      this.#swap(i, least);
      i = least;
    }
  }
}
