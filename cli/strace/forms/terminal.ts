/** ioctl by its request: terminals, and the few requests every descriptor knows. */
import { decodeStruct } from "../../../syscalls/abi/layout.ts";
import { BAUD, CC, CFLAG, IFLAG, LFLAG, OFLAG, TERMIOS, TTY_IOCTL, WINSIZE } from "../../../syscalls/abi/termios.ts";
import { after, type Render, structAt } from "../arguments.ts";
import { first, type Form, words } from "../form.ts";
import type { Request } from "../request.ts";
import { bitsOf, hexNumber, pointer } from "../text.ts";

const IOCTLS: Readonly<Record<string, number>> = {
  ...TTY_IOCTL,
  FIONREAD: 0x541b,
  FIONBIO: 0x5421,
  FIONCLEX: 0x5450,
  FIOCLEX: 0x5451,
};
const DIRECTIONS = ["_IOC_NONE", "_IOC_WRITE", "_IOC_READ", "_IOC_READ|_IOC_WRITE"];
const requestName = (code: number): string => {
  const name = Object.keys(IOCTLS).filter((n) => n !== "TIOCINQ").find((n) => IOCTLS[n] >>> 0 === code);
  return name ??
    `_IOC(${DIRECTIONS[code >>> 30]}, ${hexNumber(code >>> 8 & 255)}, ${hexNumber(code & 255)}, ${
      hexNumber(code >>> 16 & 0x3fff)
    })`;
};

const termios = (r: Request, at: number): string => {
  const bytes = r.bytes(at, TERMIOS.size);
  if (bytes === undefined) return pointer(at);
  const t = decodeStruct(TERMIOS, bytes);
  const baud = Object.keys(BAUD).find((code) => Number(code) === (t.c_cflag & 0o10017));
  const speed = baud === undefined ? [] : [`B${BAUD[Number(baud)]}`];
  const sizes = ["CS5", "CS6", "CS7", "CS8"];
  const { CSIZE: _s, CBAUD: _b, CS5: _5, CS6: _6, CS7: _7, CS8: _8, ...cflags } = CFLAG as Readonly<
    Record<string, number>
  >;
  const c = bitsOf(cflags, t.c_cflag & ~0o10077, "C").replace(/^0$/, "");
  const cc = t.c_cc as Uint8Array;
  return `{c_iflag=${bitsOf(IFLAG, t.c_iflag, "I")}, c_oflag=${bitsOf(OFLAG, t.c_oflag, "O")}, c_cflag=${
    [...speed, sizes[t.c_cflag >> 4 & 3], ...(c === "" ? [] : [c])].join("|")
  }, c_lflag=${bitsOf(LFLAG, t.c_lflag, "L")}, c_line=N_TTY, c_cc[VMIN]=${cc?.[CC.MIN] ?? 1}, c_cc[VTIME]=${
    cc?.[CC.TIME] ?? 0
  }, ...}`;
};

const argumentOf = (request: number): Render | undefined => {
  switch (request) {
    case TTY_IOCTL.TCGETS:
      return (r, i) => after(r, r.at(i), () => termios(r, r.at(i)));
    case TTY_IOCTL.TCSETS:
    case TTY_IOCTL.TCSETSW:
    case TTY_IOCTL.TCSETSF:
      return (r, i) => termios(r, r.at(i));
    case TTY_IOCTL.TIOCGWINSZ:
      return (r, i) => after(r, r.at(i), () => structAt(r, r.at(i), WINSIZE));
    case TTY_IOCTL.TIOCSWINSZ:
      return (r, i) => structAt(r, r.at(i), WINSIZE);
    case TTY_IOCTL.TIOCGPGRP:
    case TTY_IOCTL.TIOCGSID:
    case TTY_IOCTL.TIOCGPTN:
    case TTY_IOCTL.TIOCOUTQ:
    case IOCTLS.FIONREAD:
      return (r, i) => after(r, r.at(i), () => words(r, r.at(i), 1));
    case TTY_IOCTL.TIOCSPGRP:
    case TTY_IOCTL.TIOCSPTLCK:
    case IOCTLS.FIONBIO:
      return (r, i) => words(r, r.at(i), 1);
    case IOCTLS.FIOCLEX:
    case IOCTLS.FIONCLEX:
    case TTY_IOCTL.TIOCNOTTY:
      return undefined;
    default:
      return (r, i) => hexNumber(r.big(i));
  }
};

export const TERMINAL: Readonly<Record<string, Form>> = {
  ioctl: {
    pieces: (r) => {
      const argument = argumentOf(r.low(1));
      const head: readonly Render[] = [...first(1), (q, i) => requestName(q.low(i))];
      return argument === undefined ? head : [...head, argument];
    },
  },
};
