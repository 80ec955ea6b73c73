/** Terminal numbers of the asm-generic ABI: termios flags and control characters, window size, and the ioctls of terminals (asm-generic/termbits.h, ioctls.h). */
import { struct } from "./layout.ts";

export const IFLAG = {
  IGNBRK: 0o1,
  BRKINT: 0o2,
  IGNPAR: 0o4,
  PARMRK: 0o10,
  INPCK: 0o20,
  ISTRIP: 0o40,
  INLCR: 0o100,
  IGNCR: 0o200,
  ICRNL: 0o400,
  IUCLC: 0o1000,
  IXON: 0o2000,
  IXANY: 0o4000,
  IXOFF: 0o10000,
  IMAXBEL: 0o20000,
  IUTF8: 0o40000,
} as const;

export const OFLAG = {
  OPOST: 0o1,
  OLCUC: 0o2,
  ONLCR: 0o4,
  OCRNL: 0o10,
  ONOCR: 0o20,
  ONLRET: 0o40,
  OFILL: 0o100,
  OFDEL: 0o200,
  TABDLY: 0o14000,
} as const;

export const CFLAG = {
  CS8: 0o60,
  CREAD: 0o200,
  HUPCL: 0o2000,
  CLOCAL: 0o4000,
  CBAUD: 0o10017,
  B38400: 0o17,
  BOTHER: 0o10000,
} as const;

export const LFLAG = {
  ISIG: 0o1,
  ICANON: 0o2,
  XCASE: 0o4,
  ECHO: 0o10,
  ECHOE: 0o20,
  ECHOK: 0o40,
  ECHONL: 0o100,
  NOFLSH: 0o200,
  TOSTOP: 0o400,
  ECHOCTL: 0o1000,
  ECHOPRT: 0o2000,
  ECHOKE: 0o4000,
  FLUSHO: 0o10000,
  PENDIN: 0o40000,
  IEXTEN: 0o100000,
  EXTPROC: 0o200000,
} as const;

/** Indices into c_cc. */
export const CC = {
  INTR: 0,
  QUIT: 1,
  ERASE: 2,
  KILL: 3,
  EOF: 4,
  TIME: 5,
  MIN: 6,
  SWTC: 7,
  START: 8,
  STOP: 9,
  SUSP: 10,
  EOL: 11,
  REPRINT: 12,
  DISCARD: 13,
  WERASE: 14,
  LNEXT: 15,
  EOL2: 16,
} as const;
export const NCCS = 19;
/** ^C ^\ DEL ^U ^D, TIME 0, MIN 1, ^Q ^S ^Z ^R ^O ^W ^V (INIT_C_CC). */
export const INITIAL_CC: readonly number[] = [3, 28, 127, 21, 4, 0, 1, 0, 17, 19, 26, 0, 18, 15, 23, 22, 0, 0, 0];

/** Baud rates by their CBAUD code. */
export const BAUD: Readonly<Record<number, number>> = {
  0o0: 0,
  0o1: 50,
  0o2: 75,
  0o3: 110,
  0o4: 134,
  0o5: 150,
  0o6: 200,
  0o7: 300,
  0o10: 600,
  0o11: 1200,
  0o12: 1800,
  0o13: 2400,
  0o14: 4800,
  0o15: 9600,
  0o16: 19200,
  0o17: 38400,
  0o10001: 57600,
  0o10002: 115200,
  0o10003: 230400,
  0o10004: 460800,
  0o10005: 500000,
  0o10006: 576000,
  0o10007: 921600,
  0o10010: 1000000,
  0o10011: 1152000,
  0o10012: 1500000,
  0o10013: 2000000,
  0o10014: 2500000,
  0o10015: 3000000,
  0o10016: 3500000,
  0o10017: 4000000,
};

const base = {
  c_iflag: "u32",
  c_oflag: "u32",
  c_cflag: "u32",
  c_lflag: "u32",
  c_line: "u8",
  c_cc: { bytes: NCCS },
} as const;
/** struct termios as the kernel has it (TCGETS): 36 bytes. */
export const TERMIOS = struct("termios", base);
/** struct termios2 (TCGETS2): 44 bytes. */
export const TERMIOS2 = struct("termios2", { ...base, c_ispeed: "u32", c_ospeed: "u32" });
export const WINSIZE = struct("winsize", { ws_row: "u16", ws_col: "u16", ws_xpixel: "u16", ws_ypixel: "u16" });

export const TTY_IOCTL = {
  TCGETS: 0x5401,
  TCSETS: 0x5402,
  TCSETSW: 0x5403,
  TCSETSF: 0x5404,
  TCSBRK: 0x5409,
  TCXONC: 0x540a,
  TCFLSH: 0x540b,
  TIOCEXCL: 0x540c,
  TIOCNXCL: 0x540d,
  TIOCSCTTY: 0x540e,
  TIOCGPGRP: 0x540f,
  TIOCSPGRP: 0x5410,
  TIOCOUTQ: 0x5411,
  TIOCSTI: 0x5412,
  TIOCGWINSZ: 0x5413,
  TIOCSWINSZ: 0x5414,
  TIOCMGET: 0x5415,
  TIOCINQ: 0x541b,
  TIOCPKT: 0x5420,
  TIOCNOTTY: 0x5422,
  TIOCSETD: 0x5423,
  TIOCGETD: 0x5424,
  TCSBRKP: 0x5425,
  TIOCSBRK: 0x5427,
  TIOCCBRK: 0x5428,
  TIOCGSID: 0x5429,
  TCGETS2: 0x802c542a,
  TCSETS2: 0x402c542b,
  TCSETSW2: 0x402c542c,
  TCSETSF2: 0x402c542d,
  TIOCGPTN: 0x80045430,
  TIOCSPTLCK: 0x40045431,
  TIOCGDEV: 0x80045432,
  TIOCSIG: 0x40045436,
  TIOCVHANGUP: 0x5437,
  TIOCGPKT: 0x80045438,
  TIOCGPTLCK: 0x80045439,
  TIOCGEXCL: 0x80045440,
  TIOCGPTPEER: 0x5441,
} as const;

/** TCFLSH's queues and TCXONC's actions. */
export const TCIFLUSH = 0, TCOFLUSH = 1, TCIOFLUSH = 2;
export const TCOOFF = 0, TCOON = 1, TCIOFF = 2, TCION = 3;
