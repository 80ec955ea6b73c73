/** The line discipline alone: what echo shows and what readers get. Expectations were taken from a pty of Linux 6.18. */
import { deepStrictEqual as equal } from "node:assert/strict";
import fc from "fast-check";
import { LineDiscipline } from "../../../actors/tty/line_discipline.ts";
import { decodeTermios, encodeTermios, initialTermios } from "../../../actors/tty/termios.ts";
import { CC, IFLAG, LFLAG, OFLAG } from "../../../syscalls/abi/termios.ts";

const bytes = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0));
const string = (data: ArrayLike<number>): string => String.fromCharCode(...Array.from(data));

class Probe {
  echoed = "";
  signals: number[] = [];
  readonly line = new LineDiscipline({
    echo: (data) => void (this.echoed += string(this.line.output.process(data, this.line.termios))),
    signal: (sig) => void this.signals.push(sig),
    flow() {},
    discardOutput() {},
  }, true);
  /** Sets flags on and off. */
  flags(on: number, off = 0): this {
    const { termios } = this.line;
    this.line.configure({ ...termios, lflag: (termios.lflag | on) & ~off });
    return this;
  }
  type(text: string): this {
    this.line.receive(bytes(text));
    return this;
  }
  /** Bytes of one read, undefined when a reader would wait. */
  read(size = 4096): string | undefined {
    const { canonical, input } = this.line;
    const into = new Uint8Array(size);
    if (canonical ? input.lines === 0 : input.bytes === 0) return undefined;
    return string(into.subarray(0, canonical ? input.readLine(into) : input.readRaw(into)));
  }
}

Deno.test("a canonical read gets nothing before the newline and one line at a time after it", () => {
  const p = new Probe().type("abc");
  equal(p.read(), undefined);
  p.type("\rxy\nz");
  equal(p.read(), "abc\n");
  equal(p.read(1), "x");
  equal(p.read(), "y\n");
  equal(p.read(), undefined);
  equal(p.echoed, "abc\r\nxy\r\nz");
});

Deno.test("erase, word erase and kill take back what they say, on screen too", () => {
  const p = new Probe().type("ab\x7fc");
  equal(p.echoed, "ab\b \bc");
  p.type("\x15one two  \x17\n");
  equal(p.read(), "one \n");
  equal(p.echoed, "ab\b \bc" + "\b \b\b \b" + "one two  " + "\b \b".repeat(5) + "\r\n");
});

Deno.test("erase takes a whole UTF-8 character and both columns of a control character", () => {
  const p = new Probe().type("\xc3\xa9\x7f\x01\x7f\n");
  equal(p.echoed, "\xc3\xa9\b \b^A\b \b\b \b\r\n");
  equal(p.read(), "\n");
});

Deno.test("erasing a tab goes back to where it began", () => {
  equal(new Probe().type("ab\tc\x7f\x7f").echoed, "ab\tc\b \b" + "\b".repeat(6));
});

Deno.test("end of file ends a line without a byte, and alone it is an empty read", () => {
  const p = new Probe().type("ab\x04");
  equal(p.read(), "ab");
  equal(p.read(), undefined);
  p.type("\x04");
  equal(p.read(), "");
  p.type("cd\x04");
  equal(p.read(2), "cd");
  equal(p.read(), undefined);
});

Deno.test("literal-next takes away a character's meaning", () => {
  const p = new Probe().type("\x16\x03\x16\x7f\n");
  equal(p.read(), "\x03\x7f\n");
  equal(p.signals, []);
  equal(p.echoed, "^\b^C^\b^?\r\n");
});

Deno.test("signal characters are echoed, throw the line away and reach the foreground", () => {
  const p = new Probe().type("abc\x03def\x1cghi\x1a\n");
  equal(p.signals, [2, 3, 20]);
  equal(p.read(), "\n");
  const kept = new Probe().flags(LFLAG.NOFLSH).type("ab\x03c\n");
  equal(kept.read(), "abc\n");
});

Deno.test("without ISIG a signal character is a byte", () => {
  const p = new Probe().flags(0, LFLAG.ISIG | LFLAG.ICANON | LFLAG.ECHO).type("\x03");
  equal(p.read(), "\x03");
  equal(p.signals, []);
});

Deno.test("leaving canonical mode makes the unfinished line readable; coming back makes what is there a line", () => {
  const p = new Probe().type("abc").flags(0, LFLAG.ICANON);
  equal(p.read(2), "ab");
  p.flags(LFLAG.ICANON);
  equal(p.read(), "c");
});

Deno.test("^S holds echo until ^Q", () => {
  const p = new Probe().type("\x13ab");
  equal(p.echoed, "");
  p.type("\x11");
  equal(p.echoed, "ab");
});

Deno.test("a line never grows beyond 4095 bytes but can still be ended", () => {
  const p = new Probe().type("x".repeat(5000) + "\n");
  equal(p.read(8192)!.length, 4096);
});

Deno.test("output processing maps newlines, and expands tabs when asked", () => {
  const p = new Probe();
  const { output, termios } = p.line;
  const shown = (text: string, oflag: number) => string(output.process(bytes(text), { ...termios, oflag }));
  equal(shown("a\nb\n", OFLAG.OPOST | OFLAG.ONLCR), "a\r\nb\r\n");
  equal(shown("a\nb", 0), "a\nb");
  output.column = 0;
  equal(shown("a\tb", OFLAG.OPOST | OFLAG.TABDLY), "a       b");
  equal(shown("\ra\r", OFLAG.OPOST | OFLAG.OCRNL), "\na\n");
});

Deno.test("termios survives both wire forms", () => {
  const s = initialTermios(true);
  equal(encodeTermios(s, false).length, 36);
  equal(encodeTermios(s, true).length, 44);
  equal(decodeTermios(encodeTermios(s, true), true), s);
  equal(decodeTermios(encodeTermios(s, false), false), s);
});

Deno.test("whatever is typed, available bytes are exactly what reads return", () => {
  const typed = fc.array(fc.oneof(fc.integer({ min: 0, max: 255 }), fc.constantFrom(3, 4, 10, 13, 21, 22, 23, 127)), {
    maxLength: 80,
  });
  fc.assert(fc.property(typed, fc.boolean(), fc.nat(), (keys, canonical, iflag) => {
    const p = new Probe();
    const { termios } = p.line;
    p.line.configure({
      ...termios,
      iflag: iflag & (IFLAG.ICRNL | IFLAG.INLCR | IFLAG.IGNCR | IFLAG.IUTF8 | IFLAG.ISTRIP),
      lflag: canonical ? termios.lflag : termios.lflag & ~LFLAG.ICANON,
      cc: termios.cc.with(CC.EOL, 120),
    });
    p.line.receive(Uint8Array.from(keys));
    const { available } = p.line;
    let got = 0;
    for (let part = p.read(7); part !== undefined; part = p.read(7)) got += part.length;
    equal(got, available);
    equal(p.line.input.bytes, 0);
    equal(p.line.input.lines, 0);
  }));
});
