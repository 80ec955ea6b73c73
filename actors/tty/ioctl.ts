/** The ioctls of terminals, as a table from request to what it does (ioctl_tty(2)). On a pty's master they act on the slave. */
import { E } from "../../syscalls/abi/errno.ts";
import { decodeStruct, encodeStruct } from "../../syscalls/abi/layout.ts";
import { SIG } from "../../syscalls/abi/signals.ts";
import {
  CC,
  TCIFLUSH,
  TCIOFF,
  TCIOFLUSH,
  TCION,
  TCOFLUSH,
  TCOOFF,
  TCOON,
  TTY_IOCTL as T,
  WINSIZE,
} from "../../syscalls/abi/termios.ts";
import { CAP, capable } from "../credentials.ts";
import type { Task } from "../task/task.ts";
import type { OpenFile } from "../vfs/open_file.ts";
import { foregroundCheck, leaveTerminal, setControlling, setForeground } from "./job_control.ts";
import { decodeTermios, encodeTermios } from "./termios.ts";
import type { Tty } from "./tty.ts";

interface Request {
  readonly t: Task;
  readonly file: OpenFile;
  readonly tty: Tty;
  /** The third argument: an address or a number. */
  readonly arg: number;
}
type Operation = (r: Request) => number;

/** The caller must be in the foreground, or is stopped by SIGTTOU and begins again (tty_check_change). */
const inForeground = (operation: Operation, refused: number = -E.IO): Operation => (r) => {
  const verdict = foregroundCheck(r.t, r.tty, SIG.TTOU);
  if (verdict === "go") return operation(r);
  if (verdict === "refused") return refused;
  return r.t.block({
    what: `the foreground of ${r.tty.path}`,
    queues: [r.file.queue],
    poll: () => inForeground(operation, refused)(r),
  });
};

const getSettings = (speeds: boolean): Operation => ({ t, tty, arg }) => {
  t.mem.write(arg, encodeTermios(tty.discipline.termios, speeds));
  return 0;
};
const setSettings = (speeds: boolean, flush: boolean): Operation =>
  inForeground(({ t, tty, arg }) => {
    const termios = decodeTermios(t.mem.read(arg, speeds ? 44 : 36), speeds);
    if (flush) tty.discipline.discardInput();
    tty.configure(termios);
    return 0;
  });

const flush: Operation = inForeground(({ tty, arg }) => {
  if (arg !== TCIFLUSH && arg !== TCOFLUSH && arg !== TCIOFLUSH) return -E.INVAL;
  if (arg !== TCOFLUSH) {
    tty.discipline.discardInput();
    tty.driver.inputTaken();
  }
  if (arg !== TCIFLUSH) tty.driver.discardOutput();
  return 0;
});

const flowControl: Operation = inForeground(({ tty, arg }) => {
  const send = (index: number): number => {
    const c = tty.discipline.termios.cc[index];
    if (c !== 0) tty.driver.transmit(Uint8Array.of(c), tty.discipline);
    return 0;
  };
  switch (arg) {
    case TCOOFF:
    case TCOON:
      tty.discipline.setFlow(arg === TCOOFF);
      return 0;
    case TCIOFF:
      return send(CC.STOP);
    case TCION:
      return send(CC.START);
    default:
      return -E.INVAL;
  }
});

const getForeground: Operation = ({ t, tty, file, arg }) => {
  if (!onMaster(file) && t.group.tty !== tty) return -E.NOTTY;
  t.mem.setU32(arg, t.sees(tty.foreground));
  return 0;
};
const getSession: Operation = ({ t, tty, file, arg }) => {
  if ((!onMaster(file) && t.group.tty !== tty) || tty.session === 0) return -E.NOTTY;
  t.mem.setU32(arg, t.sees(tty.session));
  return 0;
};

/** Masters carry this mark; kept as data so that this file needs not know them. */
const onMaster = (file: OpenFile): boolean => (file as { isPtyMaster?: boolean }).isPtyMaster === true;

const getSize: Operation = ({ t, tty, arg }) => {
  const { rows, columns, xpixel, ypixel } = tty.size;
  t.mem.write(arg, encodeStruct(WINSIZE, { ws_row: rows, ws_col: columns, ws_xpixel: xpixel, ws_ypixel: ypixel }));
  return 0;
};
const setSize: Operation = ({ t, tty, arg }) => {
  const w = decodeStruct(WINSIZE, t.mem.read(arg, WINSIZE.size));
  tty.resize({ rows: w.ws_row, columns: w.ws_col, xpixel: w.ws_xpixel, ypixel: w.ws_ypixel });
  return 0;
};

const put32 = (value: (r: Request) => number): Operation => (r) => {
  r.t.mem.setU32(r.arg, value(r));
  return 0;
};
const nothing: Operation = () => 0;

const OPERATIONS = new Map<number, Operation>([
  [T.TCGETS, getSettings(false)],
  [T.TCGETS2, getSettings(true)],
  [T.TCSETS, setSettings(false, false)],
  [T.TCSETSW, setSettings(false, false)],
  [T.TCSETSF, setSettings(false, true)],
  [T.TCSETS2, setSettings(true, false)],
  [T.TCSETSW2, setSettings(true, false)],
  [T.TCSETSF2, setSettings(true, true)],
  // Output has left the moment it was written, so draining never waits, and a break has nothing to travel on.
  [T.TCSBRK, inForeground(nothing)],
  [T.TCSBRKP, inForeground(nothing)],
  [T.TIOCSBRK, nothing],
  [T.TIOCCBRK, nothing],
  [T.TCXONC, flowControl],
  [T.TCFLSH, flush],
  [T.TIOCEXCL, ({ tty }) => (tty.exclusive = true, 0)],
  [T.TIOCNXCL, ({ tty }) => (tty.exclusive = false, 0)],
  [T.TIOCGEXCL, put32(({ tty }) => tty.exclusive ? 1 : 0)],
  [T.TIOCSCTTY, ({ t, tty, file, arg }) => setControlling(t, tty, arg === 1, file.readable)],
  [T.TIOCNOTTY, ({ t, tty }) => leaveTerminal(t, tty)],
  [T.TIOCGPGRP, getForeground],
  [T.TIOCSPGRP, inForeground(({ t, tty, arg }) => setForeground(t, tty, t.mem.i32(arg)), -E.NOTTY)],
  [T.TIOCGSID, getSession],
  [T.TIOCGWINSZ, getSize],
  [T.TIOCSWINSZ, setSize],
  [T.TIOCINQ, put32(({ tty }) => tty.discipline.available)],
  [T.TIOCOUTQ, put32(({ tty }) => tty.driver.queued())],
  // dev.tty.legacy_tiocsti is 0: only an administrator may fake input.
  [T.TIOCSTI, ({ t, tty, arg }) => {
    if (!capable(t.cred, CAP.SYS_ADMIN)) return -E.IO;
    tty.receive(t.mem.read(arg, 1));
    return 0;
  }],
  [T.TIOCGETD, put32(() => 0)],
  [T.TIOCSETD, ({ t, arg }) => t.mem.u32(arg) === 0 ? 0 : -E.INVAL],
  [T.TIOCGDEV, put32(({ tty }) => tty.rdev)],
  [T.TIOCVHANGUP, ({ t, tty }) => {
    if (!capable(t.cred, CAP.SYS_ADMIN)) return -E.PERM;
    tty.hangUp();
    return 0;
  }],
]);

/** Serves a request on a terminal; ENOTTY for what is none of a terminal's. */
export const ttyIoctl = (t: Task, file: OpenFile, tty: Tty, request: number, arg: number): number => {
  const operation = OPERATIONS.get(request);
  return operation === undefined ? -E.NOTTY : operation({ t, file, tty, arg });
};
