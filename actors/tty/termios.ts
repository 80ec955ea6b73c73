/** The settings of a terminal (struct ktermios) and their two wire forms: TCGETS' 36 bytes and TCGETS2's 44. */
import { decodeStruct, encodeStruct } from "../../syscalls/abi/layout.ts";
import {
  BAUD,
  CC,
  CFLAG,
  IFLAG,
  INITIAL_CC,
  LFLAG,
  NCCS,
  OFLAG,
  TERMIOS,
  TERMIOS2,
} from "../../syscalls/abi/termios.ts";

export interface Termios {
  readonly iflag: number;
  readonly oflag: number;
  readonly cflag: number;
  readonly lflag: number;
  readonly line: number;
  /** NCCS control characters; 0 means disabled, except at MIN and TIME. */
  readonly cc: Uint8Array;
  readonly ispeed: number;
  readonly ospeed: number;
}

/** A fresh terminal's settings (tty_std_termios). `utf8`: the terminal shows UTF-8 (IUTF8). */
export const initialTermios = (utf8: boolean): Termios => ({
  iflag: IFLAG.ICRNL | IFLAG.IXON | (utf8 ? IFLAG.IUTF8 : 0),
  oflag: OFLAG.OPOST | OFLAG.ONLCR,
  cflag: CFLAG.B38400 | CFLAG.CS8 | CFLAG.CREAD,
  lflag: LFLAG.ISIG | LFLAG.ICANON | LFLAG.ECHO | LFLAG.ECHOE | LFLAG.ECHOK | LFLAG.ECHOCTL | LFLAG.ECHOKE |
    LFLAG.IEXTEN,
  line: 0,
  cc: Uint8Array.from(INITIAL_CC),
  ispeed: 38400,
  ospeed: 38400,
});

/** Bytes TCGETS (or TCGETS2 with `speeds`) writes. */
export const encodeTermios = (s: Termios, speeds: boolean): Uint8Array => {
  const value = { c_iflag: s.iflag, c_oflag: s.oflag, c_cflag: s.cflag, c_lflag: s.lflag, c_line: s.line, c_cc: s.cc };
  return speeds
    ? encodeStruct(TERMIOS2, { ...value, c_ispeed: s.ispeed, c_ospeed: s.ospeed })
    : encodeStruct(TERMIOS, value);
};

/** Settings of what TCSETS (TCSETS2) was given. */
export const decodeTermios = (bytes: Uint8Array, speeds: boolean): Termios => {
  const v = decodeStruct(speeds ? TERMIOS2 : TERMIOS, bytes);
  const coded = BAUD[v.c_cflag & CFLAG.CBAUD];
  return {
    iflag: v.c_iflag,
    oflag: v.c_oflag,
    cflag: v.c_cflag,
    lflag: v.c_lflag,
    line: v.c_line,
    cc: (v.c_cc as Uint8Array).slice(0, NCCS),
    ispeed: coded ?? v.c_ispeed ?? 38400,
    ospeed: coded ?? v.c_ospeed ?? 38400,
  };
};

/** Whether `c` is the control character at `index`, which is not disabled. */
export const isControl = (s: Termios, index: number, c: number): boolean => c !== 0 && s.cc[index] === c;

/** MIN and TIME of a non-canonical read; TIME in ns. */
export const readLimits = (s: Termios): { min: number; time: number } => ({
  min: s.cc[CC.MIN],
  time: s.cc[CC.TIME] * 1e8,
});
