/** The machine's randomness: one door. `HostEntropy` is the host's; `SeededEntropy` is xoshiro128** from a seed, the same on every machine. */
export interface Entropy {
  fill(into: Uint8Array): void;
  /** Uniform 32-bit unsigned. */
  next(): number;
}

export class HostEntropy implements Entropy {
  fill(into: Uint8Array): void {
    for (let at = 0; at < into.length; at += 65536) {
      const part = new Uint8Array(Math.min(65536, into.length - at));
      crypto.getRandomValues(part);
      into.set(part, at);
    }
  }
  next(): number {
    return crypto.getRandomValues(new Uint32Array(1))[0];
  }
}

export class SeededEntropy implements Entropy {
  readonly #s: Uint32Array;
  constructor(seed: number) {
    // splitmix32 spreads the seed over the state
    let z = seed >>> 0;
    this.#s = Uint32Array.from({ length: 4 }, () => {
      z = (z + 0x9e3779b9) >>> 0;
      let x = z;
      x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
      x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
      return (x ^ (x >>> 16)) >>> 0;
    });
  }
  next(): number {
    const s = this.#s;
    const m = Math.imul(s[1], 5);
    const result = Math.imul((m << 7) | (m >>> 25), 9) >>> 0;
    const t = s[1] << 9;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = (s[3] << 11) | (s[3] >>> 21);
    return result;
  }
  fill(into: Uint8Array): void {
    for (let i = 0; i < into.length; i++) {
      into[i] = this.next() >>> 24;
    }
  }
}
