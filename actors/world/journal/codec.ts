/** Bytes of a recording: numbers of variable length, strings, and plain values (what host operations answer) as tagged trees. */

/** Writes into a buffer that grows. */
export class Writer {
  #bytes = new Uint8Array(1 << 16);
  #length = 0;

  #room(n: number): void {
    if (this.#length + n <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + n));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
  byte(n: number): void {
    this.#room(1);
    this.#bytes[this.#length++] = n;
  }
  /** A whole number from 0 to 2^53. */
  count(n: number): void {
    this.#room(8);
    while (n >= 0x80) {
      this.#bytes[this.#length++] = n % 0x80 + 0x80;
      n = Math.floor(n / 0x80);
    }
    this.#bytes[this.#length++] = n;
  }
  raw(bytes: Uint8Array): void {
    this.count(bytes.length);
    this.#room(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }
  text(s: string): void {
    this.raw(new TextEncoder().encode(s));
  }
  value(v: unknown): void {
    if (v === undefined) this.byte(0);
    else if (v === null) this.byte(1);
    else if (v === false) this.byte(2);
    else if (v === true) this.byte(3);
    else if (typeof v === "number") {
      const whole = Number.isSafeInteger(v);
      this.byte(!whole ? 6 : v < 0 ? 5 : 4);
      if (whole) this.count(Math.abs(v));
      else this.raw(new Uint8Array(new Float64Array([v]).buffer));
    } else if (typeof v === "bigint") {
      this.byte(7);
      this.text(v.toString());
    } else if (typeof v === "string") {
      this.byte(8);
      this.text(v);
    } else if (v instanceof Uint8Array) {
      this.byte(9);
      this.raw(v);
    } else if (Array.isArray(v)) {
      this.byte(10);
      this.count(v.length);
      for (const e of v) this.value(e);
    } else {
      const entries = Object.entries(v as object);
      this.byte(11);
      this.count(entries.length);
      for (const [k, e] of entries) {
        this.text(k);
        this.value(e);
      }
    }
  }
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length);
  }
}

/** The bytes are no recording, or not all of one. */
export class DamagedRecording extends Error {
  override name = "DamagedRecording";
}

export class Reader {
  at = 0;
  constructor(readonly bytes: Uint8Array<ArrayBuffer>) {}

  get ended(): boolean {
    return this.at >= this.bytes.length;
  }
  byte(): number {
    if (this.ended) throw new DamagedRecording("the recording breaks off");
    return this.bytes[this.at++];
  }
  count(): number {
    let n = 0, unit = 1;
    for (let b = this.byte();; b = this.byte()) {
      n += (b & 0x7f) * unit;
      if (b < 0x80) break;
      unit *= 0x80;
    }
    if (!Number.isSafeInteger(n)) throw new DamagedRecording(`no number at byte ${this.at}`);
    return n;
  }
  raw(): Uint8Array<ArrayBuffer> {
    const length = this.count();
    if (this.at + length > this.bytes.length) throw new DamagedRecording("the recording breaks off");
    return this.bytes.slice(this.at, this.at += length);
  }
  text(): string {
    return new TextDecoder().decode(this.raw());
  }
  value(): unknown {
    const tag = this.byte();
    switch (tag) {
      case 0:
        return undefined;
      case 1:
        return null;
      case 2:
        return false;
      case 3:
        return true;
      case 4:
        return this.count();
      case 5:
        return -this.count();
      case 6:
        return new DataView(this.raw().buffer).getFloat64(0, true);
      case 7:
        return BigInt(this.text());
      case 8:
        return this.text();
      case 9:
        return this.raw();
      case 10:
        return Array.from({ length: this.count() }, () => this.value());
      case 11:
        return Object.fromEntries(Array.from({ length: this.count() }, () => [this.text(), this.value()]));
    }
    throw new DamagedRecording(`unknown kind of value ${tag} at byte ${this.at - 1}`);
  }
}
