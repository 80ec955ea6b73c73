/** The canonical line being typed: its bytes, and what erasing, killing and reprinting it show (n_tty's eraser and echo_char). */
import { CC, IFLAG, LFLAG } from "../../syscalls/abi/termios.ts";
import type { Termios } from "./termios.ts";

const TAB = 9, BS = 8, NL = 10, SPACE = 32, CARET = 0x5e;

const isControlCode = (c: number): boolean => c < 32 || c === 127;
const isWordByte = (c: number): boolean =>
  (c >= 48 && c <= 57) || (c >= 65 && c <= 90) || (c >= 97 && c <= 122) || c === 95 || c >= 0xc0;

export class EditLine {
  readonly bytes: number[] = [];
  /** Column where the line began, for erasing tabs. */
  #startColumn = 0;
  #erasing = false;

  /** @param column shows what was echoed so far, and says where the cursor is then */
  constructor(readonly echo: (c: number) => void, readonly column: () => number) {}

  /** The line was handed to readers. */
  clear(): void {
    this.bytes.length = 0;
  }
  /** The line was thrown away. */
  reset(): void {
    this.bytes.length = 0;
    this.#erasing = false;
  }

  /** Echo of a character that joins the line. */
  echoTyped(c: number, s: Termios, plain: boolean): void {
    this.#finishErasing();
    if (plain) this.echo(c);
    else this.echoLineEnd(c, s);
  }
  /** Echo of an EOL character. */
  echoLineEnd(c: number, s: Termios): void {
    if (this.bytes.length === 0 && (s.lflag & LFLAG.ICANON) !== 0) this.#startColumn = this.column();
    this.echoCharacter(c, s);
  }

  /** A caret that the literal character will overwrite. */
  echoLiteralNext(s: Termios): void {
    this.#finishErasing();
    if ((s.lflag & LFLAG.ECHOCTL) === 0) return;
    this.echo(CARET);
    this.echo(BS);
  }

  /** Control characters show as ^X with ECHOCTL; tab is itself. */
  echoCharacter(c: number, s: Termios): void {
    if ((s.lflag & LFLAG.ECHOCTL) !== 0 && isControlCode(c) && c !== TAB) {
      this.echo(CARET);
      this.echo(c ^ 0x40);
    } else this.echo(c);
  }

  /** Shows the line again on a fresh one. */
  reprint(s: Termios): void {
    this.#finishErasing();
    this.echoCharacter(s.cc[CC.REPRINT], s);
    this.echo(NL);
    this.#startColumn = 0;
    for (const c of this.bytes) this.echoCharacter(c, s);
  }

  erase(what: "character" | "word" | "line", s: Termios): void {
    if (this.bytes.length === 0) return;
    const echoes = (s.lflag & LFLAG.ECHO) !== 0;
    if (what === "line" && !this.#killsVisibly(s)) {
      this.bytes.length = 0;
      if (!echoes) return;
      this.#finishErasing();
      this.echoCharacter(s.cc[CC.KILL], s);
      if ((s.lflag & LFLAG.ECHOK) !== 0) this.echo(NL);
      return;
    }
    let inWord = false;
    while (this.bytes.length > 0) {
      const start = this.#lastCharacter(s);
      const c = this.bytes[start];
      if (what === "word") {
        if (isWordByte(c)) inWord = true;
        else if (inWord) break;
      }
      const gone = this.bytes.splice(start);
      if (echoes) this.#showErased(c, gone, what === "character", s);
      if (what === "character") break;
    }
    if (this.bytes.length === 0) this.#finishErasing();
  }

  #killsVisibly(s: Termios): boolean {
    const all = LFLAG.ECHO | LFLAG.ECHOK | LFLAG.ECHOKE | LFLAG.ECHOE;
    return (s.lflag & all) === all;
  }

  /** Where the last character begins: with IUTF8 its continuation bytes belong to it. */
  #lastCharacter(s: Termios): number {
    let at = this.bytes.length - 1;
    if ((s.iflag & IFLAG.IUTF8) !== 0) { while (at > 0 && (this.bytes[at] & 0xc0) === 0x80) at--; }
    return at;
  }

  #showErased(c: number, gone: readonly number[], single: boolean, s: Termios): void {
    const { lflag } = s;
    if ((lflag & LFLAG.ECHOPRT) !== 0) {
      if (!this.#erasing) {
        this.echo(0x5c);
        this.#erasing = true;
      }
      for (const byte of gone) this.echoCharacter(byte, s);
    } else if (single && (lflag & LFLAG.ECHOE) === 0) this.echoCharacter(s.cc[CC.ERASE], s);
    else if (c === TAB) this.#eraseTab(s);
    else {
      if (isControlCode(c) && (lflag & LFLAG.ECHOCTL) !== 0) this.#rubOut();
      if (!isControlCode(c) || (lflag & LFLAG.ECHOCTL) !== 0) this.#rubOut();
    }
  }

  #rubOut(): void {
    this.echo(BS);
    this.echo(SPACE);
    this.echo(BS);
  }

  /** Moves back over as many columns as the tab filled: from the previous tab, or from where the line began. */
  #eraseTab(s: Termios): void {
    let columns = 0, afterTab = false;
    for (let at = this.bytes.length - 1; at >= 0; at--) {
      const c = this.bytes[at];
      if (c === TAB) {
        afterTab = true;
        break;
      }
      if (isControlCode(c)) columns += (s.lflag & LFLAG.ECHOCTL) !== 0 ? 2 : 0;
      else if ((s.iflag & IFLAG.IUTF8) === 0 || (c & 0xc0) !== 0x80) columns++;
    }
    if (!afterTab) columns += this.#startColumn;
    for (let i = 8 - (columns & 7); i > 0; i--) this.echo(BS);
  }

  #finishErasing(): void {
    if (!this.#erasing) return;
    this.#erasing = false;
    this.echo(0x2f);
  }
}
