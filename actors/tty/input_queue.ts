/**
 * Typed bytes a reader may have: a growing ring of bytes with marks. In canonical mode a read ends at a LINE_END mark; an END_OF_FILE entry is no byte, it only
 * ends a read (n_tty's read_buf and read_flags).
 */
const LINE_END = 0x100;
const END_OF_FILE = 0x200;

export class InputQueue {
  #ring = new Uint16Array(256);
  #head = 0;
  #count = 0;
  #bytes = 0;
  #ends = 0;

  /** Bytes there, complete lines or not. */
  get bytes(): number {
    return this.#bytes;
  }
  /** Lines (or ends of file) a canonical read can return. */
  get lines(): number {
    return this.#ends;
  }

  push(byte: number): void {
    this.#put(byte);
    this.#bytes++;
  }
  /** The last byte pushed ends a line. */
  endLine(): void {
    const last = (this.#head + this.#count - 1) & (this.#ring.length - 1);
    if (this.#count === 0 || (this.#ring[last] & (LINE_END | END_OF_FILE)) !== 0) return;
    this.#ring[last] |= LINE_END;
    this.#ends++;
  }
  pushEndOfFile(): void {
    this.#put(END_OF_FILE);
    this.#ends++;
  }
  clear(): void {
    this.#head =
      this.#count =
      this.#bytes =
      this.#ends =
        0;
  }

  /** Takes up to one line; an end-of-file mark right behind a full buffer is taken with it. */
  readLine(into: Uint8Array): number {
    let n = 0;
    while (this.#count > 0) {
      const entry = this.#ring[this.#head];
      if (entry === END_OF_FILE) {
        this.#drop();
        return n;
      }
      if (n === into.length) return n;
      into[n++] = entry;
      this.#drop();
      if ((entry & LINE_END) !== 0) return n;
    }
    return n;
  }

  /** Takes bytes whatever they end. */
  readRaw(into: Uint8Array): number {
    let n = 0;
    while (this.#count > 0 && n < into.length) {
      const entry = this.#ring[this.#head];
      if (entry !== END_OF_FILE) into[n++] = entry;
      this.#drop();
    }
    return n;
  }

  #put(entry: number): void {
    if (this.#count === this.#ring.length) this.#grow();
    this.#ring[(this.#head + this.#count++) & (this.#ring.length - 1)] = entry;
  }
  #drop(): void {
    const entry = this.#ring[this.#head];
    this.#head = (this.#head + 1) & (this.#ring.length - 1);
    this.#count--;
    if (entry !== END_OF_FILE) this.#bytes--;
    if ((entry & (LINE_END | END_OF_FILE)) !== 0) this.#ends--;
  }
  #grow(): void {
    const old = this.#ring;
    this.#ring = new Uint16Array(old.length * 2);
    for (let i = 0; i < old.length; i++) this.#ring[i] = old[(this.#head + i) & (old.length - 1)];
    this.#head = 0;
  }
}
