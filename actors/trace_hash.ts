/**
 * A running hash of what a machine did: who got each turn, how far it ran, each call with its result, each signal delivered, each input of the host. Two runs with the
 * same hash went the same way. Observers, translation and the host's time have no part in it.
 */

/** Two 32-bit lanes with different multipliers; a few ns per event. */
export class TraceHash {
  #a = 0x811c9dc5 | 0;
  #b = 0x9e3779b9 | 0;

  /** Mixes two numbers in; of numbers beyond 32 bits both halves count. */
  note(x: number, y: number): void {
    const yHigh = (y / 0x100000000) | 0;
    let a = Math.imul(this.#a ^ x, 0x85ebca6b);
    a = Math.imul((a ^ (a >>> 15)) + (y | 0) | 0, 0xc2b2ae35);
    this.#a = a ^ (a >>> 13) ^ yHigh;
    let b = Math.imul(this.#b + x | 0, 0x27d4eb2f);
    b = Math.imul((b ^ (b >>> 16)) ^ (y | 0), 0x165667b1);
    this.#b = (b ^ (b >>> 14)) + yHigh | 0;
  }

  /** 16 hexadecimal digits. */
  get text(): string {
    return [this.#a, this.#b].map((n) => (n >>> 0).toString(16).padStart(8, "0")).join("");
  }
}
