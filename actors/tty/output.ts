/** Output processing of a terminal (n_tty's do_output_char): newline mapping, tab expansion, and the column the cursor is in, which erasing a tab needs. */
import { IFLAG, OFLAG } from "../../syscalls/abi/termios.ts";
import type { Termios } from "./termios.ts";

const NL = 10, CR = 13, TAB = 9, BS = 8;
const PLAIN = OFLAG.OPOST | OFLAG.ONLCR;
const MAPPING = OFLAG.OPOST | OFLAG.OLCUC | OFLAG.ONLCR | OFLAG.OCRNL | OFLAG.ONOCR | OFLAG.ONLRET;

/** A byte that moves the cursor: with IUTF8 not a character's continuation. */
const advances = (c: number, s: Termios): boolean =>
  c >= 32 && c !== 127 && ((s.iflag & IFLAG.IUTF8) === 0 || (c & 0xc0) !== 0x80);
/** As Linux's toupper: ASCII and Latin-1. */
const upper = (c: number): number => (c >= 97 && c <= 122) || (c >= 0xe0 && c <= 0xfe && c !== 0xf7) ? c - 32 : c;

export class OutputProcessor {
  column = 0;

  /** The bytes that go to the wire: `bytes` itself when nothing changes, else a new array. */
  process(bytes: Uint8Array, s: Termios): Uint8Array {
    if ((s.oflag & OFLAG.OPOST) === 0) return bytes;
    if ((s.oflag & MAPPING) === PLAIN && (s.oflag & OFLAG.TABDLY) !== OFLAG.TABDLY) return this.#newlinesOnly(bytes, s);
    const out: number[] = [];
    for (const c of bytes) this.#one(c, s, out);
    return Uint8Array.from(out);
  }

  /** Follows the column over bytes written as they are. */
  follow(bytes: Uint8Array, s: Termios): void {
    let from = bytes.length;
    while (from > 0 && bytes[from - 1] !== NL && bytes[from - 1] !== CR) from--;
    if (from > 0) this.column = 0;
    for (let i = from; i < bytes.length; i++) {
      const c = bytes[i];
      if (c === TAB) this.column = (this.column | 7) + 1;
      else if (c === BS) this.column = Math.max(0, this.column - 1);
      else if (advances(c, s)) this.column++;
    }
  }

  #newlinesOnly(bytes: Uint8Array, s: Termios): Uint8Array {
    this.follow(bytes, s);
    let newlines = 0;
    for (let at = bytes.indexOf(NL); at >= 0; at = bytes.indexOf(NL, at + 1)) newlines++;
    if (newlines === 0) return bytes;
    const out = new Uint8Array(bytes.length + newlines);
    let from = 0, to = 0;
    for (let at = bytes.indexOf(NL); at >= 0; at = bytes.indexOf(NL, from)) {
      out.set(bytes.subarray(from, at), to);
      to += at - from;
      out[to++] = CR;
      out[to++] = NL;
      from = at + 1;
    }
    out.set(bytes.subarray(from), to);
    return out;
  }

  #one(c: number, s: Termios, out: number[]): void {
    const has = (flag: number) => (s.oflag & flag) !== 0;
    if (c === CR) {
      if (has(OFLAG.ONOCR) && this.column === 0) return;
      if (!has(OFLAG.OCRNL)) {
        this.column = 0;
        out.push(CR);
        return;
      }
      if (has(OFLAG.ONLRET)) this.column = 0;
      out.push(NL);
    } else if (c === NL) {
      if (has(OFLAG.ONLRET)) this.column = 0;
      if (has(OFLAG.ONLCR)) {
        this.column = 0;
        out.push(CR);
      }
      out.push(NL);
    } else if (c === TAB) {
      const spaces = 8 - (this.column & 7);
      this.column += spaces;
      if ((s.oflag & OFLAG.TABDLY) === OFLAG.TABDLY) { for (let i = 0; i < spaces; i++) out.push(32); }
      else out.push(TAB);
    } else {
      if (c === BS) this.column = Math.max(0, this.column - 1);
      else if (advances(c, s)) this.column++;
      out.push(has(OFLAG.OLCUC) ? upper(c) : c);
    }
  }
}
