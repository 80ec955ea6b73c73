/**
 * The line discipline (n_tty): what lies between a terminal's wire and its readers. Typed bytes come in through `receive`: signals, flow control, line editing
 * and echo; readers take from `read`. Pure but for its `Wire`; job control and waiting are `tty.ts`'s business.
 */
import { SIG } from "../../syscalls/abi/signals.ts";
import { CC, IFLAG, LFLAG } from "../../syscalls/abi/termios.ts";
import { EditLine } from "./edit_line.ts";
import { InputQueue } from "./input_queue.ts";
import { OutputProcessor } from "./output.ts";
import { initialTermios, isControl, type Termios } from "./termios.ts";

/** What the discipline asks of the terminal around it. */
export interface Wire {
  /** Echo: bytes as a program would write them, not yet output-processed. */
  echo(bytes: Uint8Array): void;
  /** A signal character was typed: the foreground process group gets it. */
  signal(sig: number): void;
  /** ^S or ^Q was typed. */
  flow(stopped: boolean): void;
  /** Output queued on the wire is to be thrown away (a signal character without NOFLSH). */
  discardOutput(): void;
}

/** Longest canonical line (N_TTY_BUF_SIZE). */
export const LINE_MAX = 4096;
const NL = 10, CR = 13;

export class LineDiscipline {
  termios: Termios;
  readonly input = new InputQueue();
  readonly output = new OutputProcessor();
  readonly #edit: EditLine;
  #literalNext = false;
  stopped = false;
  #echo: number[] = [];

  constructor(readonly wire: Wire, utf8: boolean) {
    this.termios = initialTermios(utf8);
    this.#edit = new EditLine((c) => this.#echo.push(c), () => {
      this.#flushEcho();
      return this.output.column;
    });
  }

  get canonical(): boolean {
    return (this.termios.lflag & LFLAG.ICANON) !== 0;
  }
  /** What FIONREAD reports. */
  get available(): number {
    return this.canonical && this.input.lines === 0 ? 0 : this.input.bytes;
  }
  /** How many more bytes fit. A full line that was not ended still takes its newline. */
  get room(): number {
    const left = LINE_MAX - 1 - this.input.bytes - this.#edit.bytes.length;
    return left <= 0 && this.canonical && this.input.lines === 0 ? 1 : Math.max(0, left);
  }

  /** New settings; what was typed stays, as the new mode sees it (n_tty_set_termios). */
  configure(next: Termios): void {
    const was = this.canonical;
    this.termios = next;
    if (was && !this.canonical) this.#commit();
    else if (!was && this.canonical) this.input.endLine();
    if ((next.iflag & IFLAG.IXON) === 0 && this.stopped) this.#flow(false);
  }

  /** Throws away what was typed and not read. */
  discardInput(): void {
    this.input.clear();
    this.#edit.reset();
    this.#literalNext = false;
  }

  /** Bytes typed at the wire. */
  receive(bytes: Uint8Array): void {
    for (const c of bytes) this.#receiveOne(c);
    this.#flushEcho();
  }

  /** Echoes leave at the end of what was typed at once, and at ^Q; while output is stopped they wait. */
  #flushEcho(): void {
    if (this.#echo.length === 0 || this.stopped) return;
    const bytes = Uint8Array.from(this.#echo);
    this.#echo = [];
    this.wire.echo(bytes);
  }

  #has(flag: number): boolean {
    return (this.termios.lflag & flag) !== 0;
  }

  #receiveOne(typed: number): void {
    const s = this.termios;
    let c = (s.iflag & IFLAG.ISTRIP) !== 0 ? typed & 0x7f : typed;
    if ((s.iflag & IFLAG.IUCLC) !== 0 && this.#has(LFLAG.IEXTEN) && c >= 65 && c <= 90) c += 32;
    const asTyped = c;
    if (this.#literalNext) {
      this.#literalNext = false;
      return this.#store(c, c);
    }
    if (this.#has(LFLAG.EXTPROC)) return this.#store(c, c);
    if (this.#flowControl(c)) return;
    if (this.#has(LFLAG.ISIG) && this.#signalCharacter(c)) return;
    if (this.stopped && (s.iflag & IFLAG.IXON) !== 0 && (s.iflag & IFLAG.IXANY) !== 0) this.#flow(false);
    if (c === CR) {
      if ((s.iflag & IFLAG.IGNCR) !== 0) return;
      if ((s.iflag & IFLAG.ICRNL) !== 0) c = NL;
    } else if (c === NL && (s.iflag & IFLAG.INLCR) !== 0) c = CR;
    if (this.canonical && this.#canonicalCharacter(c)) return;
    this.#store(c, asTyped);
  }

  #flowControl(c: number): boolean {
    if ((this.termios.iflag & IFLAG.IXON) === 0) return false;
    if (isControl(this.termios, CC.START, c)) {
      this.#flow(false);
      return true;
    }
    if (isControl(this.termios, CC.STOP, c)) {
      this.#flow(true);
      return true;
    }
    return false;
  }
  #flow(stopped: boolean): void {
    if (this.stopped !== stopped) {
      this.stopped = stopped;
      this.wire.flow(stopped);
    }
    if (!stopped) this.#flushEcho();
  }
  /** TCXONC: the same as ^S or ^Q typed. */
  setFlow(stopped: boolean): void {
    this.#flow(stopped);
  }

  #signalCharacter(c: number): boolean {
    const s = this.termios;
    const sig = isControl(s, CC.INTR, c)
      ? SIG.INT
      : isControl(s, CC.QUIT, c)
      ? SIG.QUIT
      : isControl(s, CC.SUSP, c)
      ? SIG.TSTP
      : 0;
    if (sig === 0) return false;
    if (!this.#has(LFLAG.NOFLSH)) {
      this.#echo = [];
      this.wire.discardOutput();
      this.discardInput();
    }
    if ((s.iflag & IFLAG.IXON) !== 0) this.#flow(false);
    if (this.#has(LFLAG.ECHO)) this.#edit.echoCharacter(c, s);
    this.wire.signal(sig);
    return true;
  }

  /** Editing characters and line ends; false for a character of the line. */
  #canonicalCharacter(c: number): boolean {
    const s = this.termios;
    const extended = this.#has(LFLAG.IEXTEN);
    if (isControl(s, CC.ERASE, c)) this.#edit.erase("character", s);
    else if (isControl(s, CC.KILL, c)) this.#edit.erase("line", s);
    else if (extended && isControl(s, CC.WERASE, c)) this.#edit.erase("word", s);
    else if (extended && isControl(s, CC.LNEXT, c)) {
      this.#literalNext = true;
      if (this.#has(LFLAG.ECHO)) this.#edit.echoLiteralNext(s);
    } else if (extended && this.#has(LFLAG.ECHO) && isControl(s, CC.REPRINT, c)) this.#edit.reprint(s);
    else if (c === NL) {
      if (this.#has(LFLAG.ECHO) || this.#has(LFLAG.ECHONL)) this.#echo.push(NL);
      this.#endLine(c);
    } else if (isControl(s, CC.EOF, c)) {
      this.#commit();
      this.input.pushEndOfFile();
    } else if (isControl(s, CC.EOL, c) || (extended && isControl(s, CC.EOL2, c))) {
      if (this.#has(LFLAG.ECHO)) this.#edit.echoLineEnd(c, s);
      this.#endLine(c);
    } else return false;
    return true;
  }

  #endLine(c: number): void {
    this.#commit();
    this.input.push(c);
    this.input.endLine();
  }
  #commit(): void {
    for (const c of this.#edit.bytes) this.input.push(c);
    this.#edit.clear();
  }

  /** `typed` is the character before CR and NL were exchanged: a newline made of a carriage return shows as one even with ECHOCTL. */
  #store(c: number, typed: number): void {
    const canonical = this.canonical;
    if (canonical && this.#edit.bytes.length + this.input.bytes >= LINE_MAX - 1) {
      if ((this.termios.iflag & IFLAG.IMAXBEL) !== 0) this.#echo.push(7);
      return;
    }
    if (this.#has(LFLAG.ECHO)) this.#edit.echoTyped(c, this.termios, c === NL && typed === CR);
    if (canonical) this.#edit.bytes.push(c);
    else this.input.push(c);
  }
}
