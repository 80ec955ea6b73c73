/** A queue of bytes in chunks: what has arrived on a stream and is not read yet. Small writes share chunks. */
import type { MemoryAccount } from "../../cpu/mod.ts";

const CHUNK = 4096;

interface Chunk {
  bytes: Uint8Array;
  start: number;
  end: number;
}

export class ByteQueue {
  #chunks: Chunk[] = [];
  #first = 0;
  length = 0;

  constructor(readonly account: MemoryAccount) {}

  /** Appends a copy. */
  put(bytes: Uint8Array): void {
    const last = this.#chunks.length > this.#first ? this.#chunks[this.#chunks.length - 1] : undefined;
    this.length += bytes.length;
    if (last !== undefined && last.bytes.length - last.end > 0) {
      const n = Math.min(bytes.length, last.bytes.length - last.end);
      last.bytes.set(bytes.subarray(0, n), last.end);
      last.end += n;
      bytes = bytes.subarray(n);
    }
    if (bytes.length === 0) return;
    const chunk = new Uint8Array(Math.max(CHUNK, bytes.length));
    chunk.set(bytes);
    this.account.hold(chunk.length);
    this.#chunks.push({ bytes: chunk, start: 0, end: bytes.length });
  }

  /** Copies up to `into.length` bytes from offset `skip` on, leaving them there. */
  peek(into: Uint8Array, skip = 0): number {
    let done = 0;
    for (let i = this.#first; i < this.#chunks.length && done < into.length; i++) {
      const { bytes, start, end } = this.#chunks[i], length = end - start;
      if (skip >= length) {
        skip -= length;
        continue;
      }
      const part = bytes.subarray(start + skip, Math.min(end, start + skip + into.length - done));
      into.set(part, done);
      done += part.length;
      skip = 0;
    }
    return done;
  }

  /** Drops the first `n` bytes. */
  skip(n: number): void {
    this.length -= n;
    while (n > 0) {
      const chunk = this.#chunks[this.#first], part = Math.min(n, chunk.end - chunk.start);
      chunk.start += part;
      n -= part;
      if (chunk.start === chunk.end) this.#drop();
    }
  }
  #drop(): void {
    this.account.give(this.#chunks[this.#first].bytes.length);
    (this.#chunks as (Chunk | undefined)[])[this.#first++] = undefined;
    if (this.#first > 32 && this.#first * 2 > this.#chunks.length) {
      this.#chunks = this.#chunks.slice(this.#first);
      this.#first = 0;
    }
  }

  /** Moves up to `into.length` bytes out. */
  take(into: Uint8Array): number {
    const n = this.peek(into);
    this.skip(n);
    return n;
  }
  clear(): void {
    for (let i = this.#first; i < this.#chunks.length; i++) this.account.give(this.#chunks[i].bytes.length);
    this.#chunks = [];
    this.#first = 0;
    this.length = 0;
  }
}
