/**
 * The machine's clocks: one door for time. `HostClock` is real time; `VirtualClock` moves only when told (seeded runs): by instructions retired and
 * by jumping to the next deadline when nothing can run.
 */
export interface MachineClock {
  /** CLOCK_MONOTONIC in ns since the machine started plus a boot offset. */
  monotonic(): number;
  /** CLOCK_REALTIME in ns since the epoch. */
  realtime(): bigint;
  /** True when time passes by itself. */
  readonly real: boolean;
  /** Virtual only: time passes by this many ns. */
  advance(ns: number): void;
}

export class HostClock implements MachineClock {
  readonly real = true;
  readonly #origin = performance.now();
  /** Boot offset, so that small absolute times in guests are in the past as on a machine that has been up. */
  readonly #boot = 1e12;
  monotonic(): number {
    return this.#boot + Math.round((performance.now() - this.#origin) * 1e6);
  }
  realtime(): bigint {
    return BigInt(Math.round((performance.timeOrigin + performance.now()) * 1e3)) * 1000n;
  }
  advance(_ns: number): void {}
}

export class VirtualClock implements MachineClock {
  readonly real = false;
  #now = 1e12;
  /** 2030-01-01T00:00:00Z at boot. */
  readonly #epoch = 1893456000n * 1000000000n;
  monotonic(): number {
    return this.#now;
  }
  realtime(): bigint {
    return this.#epoch + BigInt(this.#now - 1e12);
  }
  advance(ns: number): void {
    this.#now += ns;
  }
}
