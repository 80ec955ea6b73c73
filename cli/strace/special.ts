/** Calls whose arguments mean more than their declarations say: by other arguments, in another order, or only sometimes there. */
import { AT_FLAGS } from "../../syscalls/abi/at.ts";
import { CLONE_ARGS, CLONE_FLAGS } from "../../syscalls/abi/clone.ts";
import { F, FLOCK, OPEN_FLAGS } from "../../syscalls/abi/files.ts";
import { FUTEX_OP } from "../../syscalls/abi/futex.ts";
import { decodeStruct } from "../../syscalls/abi/layout.ts";
import { POLLFD } from "../../syscalls/abi/poll.ts";
import { signalName } from "../../syscalls/abi/signals.ts";
import { BAUD, CC, CFLAG, IFLAG, LFLAG, OFLAG, TERMIOS, TTY_IOCTL, WINSIZE } from "../../syscalls/abi/termios.ts";
import { TIMESPEC } from "../../syscalls/abi/timespec.ts";
import { after, modeText, pathText, type Render, renderArgument, structAt } from "./arguments.ts";
import type { Request } from "./request.ts";
import { decodeSiginfo, siginfo } from "./siginfo.ts";
import { message, option, protocol } from "./sockets.ts";
import { lock, pollEvents, statxMask } from "./structs.ts";
import { bitsOf, flagText, hexNumber, octal, pointer, quoted, signalSet } from "./text.ts";

/** An argument with perhaps another meaning; `name` for the ones strace labels. */
export type Piece = Render;
/** Its arguments in the order shown, and what follows the result in parentheses. */
export interface Form {
  readonly pieces: (r: Request) => readonly Piece[];
  readonly remark?: (r: Request) => string | undefined;
  /** The result when it is no plain number. */
  readonly result?: (r: Request) => string | undefined;
}

const same = (count: number): readonly Piece[] =>
  Array.from({ length: count }, (_, k) => (r: Request) => renderArgument(r, k));
/** All arguments as declared, some replaced. */
const but = (replaced: Readonly<Record<number, Piece>>): (r: Request) => readonly Piece[] => (r) =>
  r.args.map((_, k) => replaced[k] ?? ((q: Request) => renderArgument(q, k)));
const first = (n: number) => (r: Request): readonly Piece[] => same(Math.min(n, r.args.length));
const text = (show: (r: Request) => string): Piece => (r) => show(r);

const siginfoAt = (r: Request, at: number): string => {
  const bytes = at === 0 ? undefined : r.bytes(at, 128);
  return bytes === undefined ? pointer(at) : siginfo(decodeSiginfo(bytes));
};

// ---- files -------------------------------------------------------------------------------------------------------
const CREATES = 0o100, TMPFILE = 0o20000000;
const openat: Form = {
  pieces: (
    r,
  ) => [
    ...same(2),
    text((q) => openFlags(q.low(2))),
    ...((r.low(2) & (CREATES | TMPFILE)) !== 0 ? [text((q) => octal(q.low(3)))] : []),
  ],
};
const openFlags = (word: number): string => flagText(OPEN_FLAGS, word);

const SEALS = {
  F_SEAL_SEAL: 1,
  F_SEAL_SHRINK: 2,
  F_SEAL_GROW: 4,
  F_SEAL_WRITE: 8,
  F_SEAL_FUTURE_WRITE: 16,
  F_SEAL_EXEC: 32,
};
const lockAt = (r: Request, at: number, holder: boolean): string => {
  const bytes = at === 0 ? undefined : r.bytes(at, FLOCK.size);
  return bytes === undefined ? pointer(at) : lock(decodeStruct(FLOCK, bytes), holder);
};
const fcntl: Form = {
  pieces: (r) => {
    const arg = fcntlArgument(r.int(1));
    return arg === undefined ? same(2) : [...same(2), arg];
  },
  remark: (r) => {
    if (r.result === undefined || r.failed) return undefined;
    if (r.int(1) === F.GETFL) return `flags ${openFlags(r.result)}`;
    return r.int(1) === F.GETFD && r.result !== 0 ? "flags FD_CLOEXEC" : undefined;
  },
  result: (r) => [F.GETFL, F.GETFD, F.GET_SEALS].includes(r.int(1) as 1) ? hexNumber(r.result!) : undefined,
};
const fcntlArgument = (command: number): Piece | undefined => {
  switch (command) {
    case F.GETFD:
    case F.GETFL:
    case F.GETOWN:
    case F.GET_SEALS:
    case F.GETSIG:
    case F.GETPIPE_SZ:
      return undefined;
    case F.SETFD:
      return text((r) => r.low(2) === 1 ? "FD_CLOEXEC" : hexNumber(r.low(2)));
    case F.SETFL:
      return text((r) => openFlags(r.low(2)));
    case F.SETSIG:
      return text((r) => signalName(r.int(2)));
    case F.GETLK:
    case F.OFD_GETLK:
      return (r) => r.result === undefined ? undefined : lockAt(r, r.at(2), true);
    case F.SETLK:
    case F.SETLKW:
    case F.OFD_SETLK:
    case F.OFD_SETLKW:
      return text((r) => lockAt(r, r.at(2), false));
    case F.ADD_SEALS:
      return text((r) => bitsOf(SEALS, r.low(2), "F_SEAL"));
    case F.DUPFD:
    case F.DUPFD_CLOEXEC:
    case F.SETOWN:
    case F.SETPIPE_SZ:
      return text((r) => String(r.int(2)));
    default:
      return text((r) => hexNumber(r.big(2)));
  }
};

const words = (r: Request, at: number, count: number): string => {
  if (!(count >= 0 && count <= 1024)) return pointer(at);
  const list = Array.from({ length: count }, (_, k) => r.word(at + 4 * k));
  return list.includes(undefined) ? pointer(at) : `[${list.join(", ")}]`;
};

const getdents64: Form = {
  pieces: () => [
    ...same(1),
    (r) => r.result === undefined ? undefined : r.failed ? pointer(r.at(1)) : `${pointer(r.at(1))} /* ${entries(r)} */`,
    (r) => renderArgument(r, 2),
  ],
};
const entries = (r: Request): string => {
  let n = 0;
  for (let at = 0; at < r.result!;) {
    const head = r.bytes(r.at(1) + at, 19);
    const size = head === undefined ? 0 : head[16] | head[17] << 8;
    if (size === 0) break;
    at += size;
    n++;
  }
  return `${n} ${n === 1 ? "entry" : "entries"}`;
};

const AT_SYNC = ["AT_STATX_SYNC_AS_STAT", "AT_STATX_FORCE_SYNC", "AT_STATX_DONT_SYNC", "AT_STATX_SYNC_TYPE"];

// ---- ioctl -------------------------------------------------------------------------------------------------------
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
const ioctl: Form = {
  pieces: (r) => {
    const code = r.low(1), at = r.at(2);
    const rest = ((): Piece | undefined => {
      switch (code) {
        case TTY_IOCTL.TCGETS:
          return (q) => after(q, at, () => termios(q, at));
        case TTY_IOCTL.TCSETS:
        case TTY_IOCTL.TCSETSW:
        case TTY_IOCTL.TCSETSF:
          return text((q) => termios(q, at));
        case TTY_IOCTL.TIOCGWINSZ:
          return (q) => after(q, at, () => structAt(q, at, WINSIZE));
        case TTY_IOCTL.TIOCSWINSZ:
          return text((q) => structAt(q, at, WINSIZE));
        case TTY_IOCTL.TIOCGPGRP:
        case TTY_IOCTL.TIOCGSID:
        case TTY_IOCTL.TIOCGPTN:
        case TTY_IOCTL.TIOCOUTQ:
        case IOCTLS.FIONREAD:
          return (q) => after(q, at, () => words(q, at, 1));
        case TTY_IOCTL.TIOCSPGRP:
        case TTY_IOCTL.TIOCSPTLCK:
        case IOCTLS.FIONBIO:
          return text((q) => words(q, at, 1));
        case IOCTLS.FIOCLEX:
        case IOCTLS.FIONCLEX:
        case TTY_IOCTL.TIOCNOTTY:
          return undefined;
        default:
          return text((q) => hexNumber(q.big(2)));
      }
    })();
    return [...same(1), text((q) => requestName(q.low(1))), ...(rest === undefined ? [] : [rest])];
  },
};

// ---- waiting for descriptors ---------------------------------------------------------------------------------------
const descriptors = (r: Request, at: number, nfds: number): number[] | undefined => {
  const bytes = at === 0 ? undefined : r.bytes(at, Math.ceil(Math.min(Math.max(nfds, 0), 1024) / 64) * 8);
  if (bytes === undefined) return undefined;
  const set: number[] = [];
  for (let fd = 0; fd < Math.min(nfds, 8 * bytes.length); fd++) {
    if ((bytes[fd >> 3] >> (fd & 7) & 1) !== 0) set.push(fd);
  }
  return set;
};
const fdSet = (k: number): Piece =>
  text((r) => {
    const set = descriptors(r, r.at(k), r.int(0));
    return set === undefined ? pointer(r.at(k)) : `[${set.join(" ")}]`;
  });
const left = (r: Request, at: number): string => at === 0 ? "" : `left ${structAt(r, at, TIMESPEC)}`;
const pselect6: Form = {
  pieces: () => [
    ...same(1),
    fdSet(1),
    fdSet(2),
    fdSet(3),
    (r) => renderArgument(r, 4),
    text((r) => {
      const at = r.at(5), mask = at === 0 ? undefined : r.long(at), size = at === 0 ? undefined : r.long(at + 8);
      if (mask === undefined || size === undefined) return pointer(at);
      const set = mask === 0n ? undefined : r.long(Number(mask));
      return `{sigmask=${set === undefined ? pointer(mask) : signalSet(set)}, sigsetsize=${size}}`;
    }),
  ],
  remark: (r) => {
    if (r.failed) return undefined;
    if (r.result === 0) return "Timeout";
    const sets = ["in", "out", "except"].map((name, k) => [name, descriptors(r, r.at(k + 1), r.int(0)) ?? []] as const);
    const parts = sets.filter(([, set]) => set.length > 0).map(([name, set]) => `${name} [${set.join(" ")}]`);
    const rest = left(r, r.at(4));
    return [...parts, ...(rest === "" ? [] : [rest])].join(", ");
  },
};
const ppoll: Form = {
  pieces: (r) => same(r.args.length),
  remark: (r) => {
    if (r.failed) return undefined;
    if (r.result === 0) return "Timeout";
    const parts: string[] = [];
    for (let k = 0; k < Math.min(r.low(1), 256); k++) {
      const bytes = r.bytes(r.at(0) + 8 * k, 8);
      if (bytes === undefined) break;
      const p = decodeStruct(POLLFD, bytes);
      if (p.revents !== 0) parts.push(`{fd=${p.fd}, revents=${pollEvents(p.revents)}}`);
    }
    const rest = left(r, r.at(2));
    return `[${parts.join(", ")}]${rest === "" ? "" : `, ${rest}`}`;
  },
};

// ---- tasks -------------------------------------------------------------------------------------------------------
const FLAG = { PARENT_SETTID: 0x100000, PIDFD: 0x1000, SETTLS: 0x80000, CHILD: 0x1200000 } as const;
const clone: Form = {
  pieces: (r) => {
    const flags = r.low(0);
    const signal = (flags & 255) === 0 ? "" : signalName(flags & 255);
    const names = flagText({ name: "CLONE", bits: CLONE_FLAGS.bits }, flags & ~255);
    const shown = [...(names === "0" && signal !== "" ? [] : [names]), ...(signal === "" ? [] : [signal])].join("|");
    const pieces: Piece[] = [text((q) => `child_stack=${pointer(q.big(1))}`), text(() => `flags=${shown}`)];
    const cell = (name: string): Piece => (q) =>
      q.result === undefined ? undefined : `${name}=${q.failed ? pointer(q.big(2)) : words(q, q.at(2), 1)}`;
    if ((flags & FLAG.PARENT_SETTID) !== 0) pieces.push(cell("parent_tid"));
    else if ((flags & FLAG.PIDFD) !== 0) pieces.push(cell("pidfd"));
    if ((flags & FLAG.SETTLS) !== 0) pieces.push(text((q) => `tls=${hexNumber(q.big(3))}`));
    if ((flags & FLAG.CHILD) !== 0) {
      pieces.push((q) => q.result === undefined ? undefined : `child_tidptr=${pointer(q.big(4))}`);
    }
    return pieces;
  },
};
const clone3: Form = {
  pieces: () => [
    (r) => {
      // As it was before the call: the kernel writes into it.
      r.before ??= structAt(r, r.at(0), CLONE_ARGS);
      if (r.result === undefined) return undefined;
      const { before } = r;
      if (r.failed) return before;
      const parent = r.long(r.at(0) + 24), flags = r.long(r.at(0)) ?? 0n;
      const tid = (flags & 0x100000n) !== 0n && parent !== undefined ? words(r, Number(parent), 1) : undefined;
      return tid === undefined ? before : `${before} => {parent_tid=${tid}}`;
    },
    (r) => renderArgument(r, 1),
  ],
};
const execve = (path: number): Form => ({
  pieces: (r) => [
    ...same(path + 2),
    text((q) => {
      const at = q.at(path + 2);
      let n = 0;
      while (at !== 0 && n < 100_000) {
        const p = q.long(at + 8 * n);
        if (p === undefined || p === 0n) break;
        n++;
      }
      return at === 0 ? "NULL" : `${pointer(at)} /* ${n} var${n === 1 ? "" : "s"} */`;
    }),
    ...r.args.slice(path + 3).map((_, k): Piece => (q) => renderArgument(q, path + 3 + k)),
  ],
});
/** The same bit has two names. */
const waitOptions = (k: number): Piece => (r) => renderArgument(r, k)!.replace("WUNTRACED", "WSTOPPED");
/** Not written when nobody was found. */
const found = (k: number): Piece => (r) => r.result === 0 && r.at(k) !== 0 ? pointer(r.at(k)) : renderArgument(r, k);
const wait4: Form = {
  pieces: but({ 1: found(1), 2: waitOptions(2), 3: found(3) }),
};
const waitid: Form = {
  pieces: () => [
    ...same(1),
    text((r) => String(r.int(1))),
    (r) =>
      r.result === undefined
        ? undefined
        : r.failed || r.at(2) === 0
        ? pointer(r.at(2))
        : r.word(r.at(2)) === 0
        ? "{}"
        : siginfoAt(r, r.at(2)),
    waitOptions(3),
    (r) => renderArgument(r, 4),
  ],
};

const futex: Form = {
  pieces: (r) => {
    const operation = r.low(1) & 127;
    const val = (k: number): Piece => text((q) => String(k === 5 ? q.low(5) : q.low(k)));
    const bitset: Piece = text((q) => q.low(5) === 0xffffffff ? "FUTEX_BITSET_MATCH_ANY" : hexNumber(q.low(5)));
    const timeout: Piece = text((q) => structAt(q, q.at(3), TIMESPEC));
    const other: Piece = text((q) => pointer(q.big(4)));
    const head: Piece[] = [...same(1), text((q) => futexName(q.low(1)))];
    switch (operation) {
      case 0:
        return [...head, val(2), timeout];
      case 9:
        return [...head, val(2), timeout, bitset];
      case 1:
        return [...head, val(2)];
      case 10:
        return [...head, val(2), bitset];
      case 3:
        return [...head, val(2), val(3), other];
      case 4:
      case 12:
        return [...head, val(2), val(3), other, val(5)];
      case 5:
        return [...head, val(2), val(3), other, text((q) => wakeOperation(q.low(5)))];
      case 6:
      case 13:
        return [...head, timeout];
      case 7:
      case 8:
        return head;
      case 11:
        return [...head, val(2), timeout, other];
      default:
        return [...head, val(2), val(3), other, val(5)];
    }
  },
};
const futexName = (word: number): string => {
  const name = flagText(FUTEX_OP, word & 127);
  const clock = (word & 256) !== 0 ? "|FUTEX_CLOCK_REALTIME" : "";
  return `${name}${(word & 128) !== 0 ? "_PRIVATE" : ""}${clock}`;
};
const wakeOperation = (word: number): string => {
  const operations = ["FUTEX_OP_SET", "FUTEX_OP_ADD", "FUTEX_OP_OR", "FUTEX_OP_ANDN", "FUTEX_OP_XOR"];
  const compares = ["EQ", "NE", "LT", "LE", "GT", "GE"];
  const shift = (word >>> 31) !== 0 ? "FUTEX_OP_OPARG_SHIFT<<28|" : "";
  return `${shift}${operations[word >>> 28 & 7] ?? word >>> 28 & 7}<<28|${hexNumber(word >>> 12 & 0xfff)}<<12|` +
    `FUTEX_OP_CMP_${compares[word >>> 24 & 15] ?? word >>> 24 & 15}<<24|${hexNumber(word & 0xfff)}`;
};

// ---- prctl -------------------------------------------------------------------------------------------------------
/** Options with fewer arguments than prctl has, and options whose argument is a string, a signal or a place. */
const PRCTL_COUNT: Readonly<Record<number, number>> = {
  1: 2,
  2: 2,
  3: 1,
  4: 2,
  7: 1,
  8: 2,
  15: 2,
  16: 2,
  23: 2,
  24: 2,
  27: 1,
  28: 2,
  29: 2,
  30: 1,
  36: 2,
  37: 2,
};
const prctl: Form = {
  pieces: (r) => {
    const option = r.int(0), count = PRCTL_COUNT[option] ?? 5;
    const second: Piece = option === 15
      ? text((q) => pathText(q, q.at(1)))
      : option === 16
      ? (q) => after(q, q.at(1), () => pathText(q, q.at(1)))
      : option === 1
      ? text((q) => q.int(1) === 0 ? "0" : signalName(q.int(1)))
      : option === 2 || option === 37
      ? (q) => after(q, q.at(1), () => words(q, q.at(1), 1))
      : text((q) => String(q.big(1) < 4096n ? q.big(1) : hexNumber(q.big(1))));
    const rest = [2, 3, 4].map((k): Piece => text((q) => hexNumber(q.big(k)))).slice(0, Math.max(0, count - 2));
    return [...same(1), ...(count > 1 ? [second] : []), ...rest];
  },
  remark: (r) =>
    r.int(0) === 3 && !r.failed ? ["SUID_DUMP_DISABLE", "SUID_DUMP_USER", "SUID_DUMP_ROOT"][r.result!] : undefined,
};

// ---- sockets -----------------------------------------------------------------------------------------------------
const sockopt = (set: boolean): Form => ({
  pieces: () => [
    ...same(2),
    text((r) => option(r.int(1), r.int(2))),
    (r) => {
      const at = r.at(3);
      if (set) return optionValue(r, at, r.int(4));
      return after(r, at, () => optionValue(r, at, r.word(r.at(4)) ?? 0));
    },
    set
      ? text((r) => String(r.int(4)))
      : ((r) =>
        r.result === undefined ? undefined : r.word(r.at(4)) === undefined ? pointer(r.at(4)) : `[${r.word(r.at(4))}]`),
  ],
});
const optionValue = (r: Request, at: number, length: number): string => {
  if (at === 0) return "NULL";
  if (length === 4) return words(r, at, 1);
  const bytes = length > 0 ? r.bytes(at, Math.min(length, 256)) : undefined;
  if (bytes === undefined) return pointer(at);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  if (r.int(1) === 1 && r.int(2) === 13 && length >= 8) {
    return `{l_onoff=${view.getInt32(0, true)}, l_linger=${view.getInt32(4, true)}}`;
  }
  if (r.int(1) === 1 && r.int(2) === 17 && length >= 12) {
    return `{pid=${view.getInt32(0, true)}, uid=${view.getInt32(4, true)}, gid=${view.getInt32(8, true)}}`;
  }
  if (r.int(1) === 1 && (r.int(2) === 20 || r.int(2) === 21) && length >= 16) {
    return `{tv_sec=${view.getBigInt64(0, true)}, tv_usec=${view.getBigInt64(8, true)}}`;
  }
  return quoted(bytes);
};

const timeLeft = (rem: number): Piece => (r) => {
  const at = r.at(rem);
  // Written only when a signal came.
  return at === 0
    ? "NULL"
    : r.result === undefined
    ? undefined
    : r.interrupted
    ? structAt(r, at, TIMESPEC)
    : pointer(at);
};

const affinity: Piece = (r) => after(r, r.at(2), () => cpus(r, r.at(2), r.result!));
const cpus = (r: Request, at: number, size: number): string => {
  const bytes = at === 0 ? undefined : r.bytes(at, Math.min(size, 128));
  if (bytes === undefined) return pointer(at);
  const set: number[] = [];
  for (let cpu = 0; cpu < 8 * bytes.length; cpu++) if ((bytes[cpu >> 3] >> (cpu & 7) & 1) !== 0) set.push(cpu);
  return `[${set.join(" ")}]`;
};

const SIGNALS_INFO = but({ 2: text((r) => siginfoAt(r, r.at(2))) });
const MODES: Readonly<Record<string, number>> = { mkdirat: 2, fchmodat: 2, fchmod: 1, umask: 0 };

export const FORMS: Readonly<Record<string, Form>> = {
  openat,
  mknodat: {
    pieces: (r) => [
      ...same(2),
      text((q) => modeText(q, 2)),
      ...((r.low(2) & 0o170000) === 0o20000 || (r.low(2) & 0o170000) === 0o60000
        ? [text((q) => hexNumber(q.low(3)))]
        : []),
    ],
  },
  ...Object.fromEntries(
    Object.entries(MODES).map(([name, k]) => [name, { pieces: but({ [k]: text((r) => octal(r.low(k))) }) } as Form]),
  ),
  umask: {
    pieces: but({ 0: text((r) => octal(r.low(0))) }),
    result: (r) => r.result === undefined ? undefined : octal(r.result),
  },
  faccessat: { pieces: first(3) },
  fcntl,
  getdents64,
  dup3: { pieces: but({ 2: text((r) => bitsOf(OPEN_FLAGS.bits, r.low(2), "O")) }) },
  pipe2: {
    pieces: but({
      1: text((r) => bitsOf(OPEN_FLAGS.bits, r.low(1), "O")),
      0: (r) => after(r, r.at(0), () => words(r, r.at(0), 2)),
    }),
  },
  utimensat: { pieces: but({ 2: text((r) => structAt(r, r.at(2), TIMESPEC, 2)) }) },
  statx: {
    pieces: but({
      2: text((r) => {
        const flags = flagText(AT_FLAGS, r.low(2) & ~0x6000);
        return `${AT_SYNC[r.low(2) >> 13 & 3]}${flags === "0" ? "" : `|${flags}`}`;
      }),
      3: text((r) => statxMask(r.low(3))),
    }),
  },
  ioctl,
  pselect6,
  ppoll,
  clone,
  clone3,
  execve: execve(0),
  execveat: execve(1),
  waitid,
  wait4,
  exit: { pieces: first(1) },
  futex,
  prctl,
  getrandom: {
    pieces: but({
      0: (r) =>
        after(r, r.at(0), () => {
          const bytes = r.bytes(r.at(0), Math.min(r.result!, 32));
          if (bytes === undefined) return pointer(r.at(0));
          return `"${Array.from(bytes, (b) => `\\x${b.toString(16).padStart(2, "0")}`).join("")}"${
            r.result! > 32 ? "..." : ""
          }`;
        }),
    }),
  },
  socket: { pieces: but({ 2: text((r) => protocol(r.int(0), r.int(2))) }) },
  socketpair: {
    pieces: but({
      3: (r) => after(r, r.at(3), () => words(r, r.at(3), 2)),
    }),
  },
  setsockopt: sockopt(true),
  getsockopt: sockopt(false),
  sendmsg: { pieces: but({ 1: text((r) => message(r, r.at(1), Infinity)) }) },
  recvmsg: { pieces: but({ 1: (r) => after(r, r.at(1), () => message(r, r.at(1), r.result!)) }) },
  nanosleep: { pieces: but({ 1: timeLeft(1) }) },
  clock_nanosleep: { pieces: but({ 3: timeLeft(3) }) },
  timer_create: { pieces: but({ 2: (r) => after(r, r.at(2), () => words(r, r.at(2), 1)) }) },
  rt_sigqueueinfo: { pieces: SIGNALS_INFO },
  pidfd_send_signal: { pieces: SIGNALS_INFO },
  rt_tgsigqueueinfo: { pieces: but({ 3: text((r) => siginfoAt(r, r.at(3))) }) },
  rt_sigtimedwait: {
    pieces: but({ 1: (r) => after(r, r.at(1), () => siginfoAt(r, r.at(1))) }),
    remark: (r) => !r.failed && r.result! > 0 ? signalName(r.result!) : undefined,
  },
  rt_sigreturn: {
    pieces: () => [text((r) => {
      // struct rt_sigframe: siginfo (128), then ucontext with the mask at 40.
      const mask = r.long(r.stack + 168);
      return `{mask=${mask === undefined ? "?" : signalSet(mask)}}`;
    })],
  },
  sched_getaffinity: { pieces: but({ 2: affinity }) },
  sched_setaffinity: { pieces: but({ 2: text((r) => cpus(r, r.at(2), r.low(1))) }) },
  kill: { pieces: but({ 1: text((r) => r.int(1) === 0 ? "0" : signalName(r.int(1))) }) },
  getgroups: {
    pieces: but({
      1: (r) =>
        r.at(1) === 0
          ? "NULL"
          : after(r, r.at(1), () => r.int(0) === 0 ? pointer(r.at(1)) : words(r, r.at(1), r.result!)),
    }),
  },
  setgroups: {
    pieces: but({
      1: text((r) =>
        r.int(0) > 32 || r.int(0) < 0 ? pointer(r.at(1)) : r.at(1) === 0 ? "NULL" : words(r, r.at(1), r.int(0))
      ),
    }),
  },
  mremap: { pieces: (r) => (r.low(3) & 6) !== 0 ? same(5) : same(4) },
  lseek: { pieces: first(3) },
  semctl: { pieces: but({ 3: text((r) => r.big(3) < 4096n ? String(r.big(3)) : pointer(r.big(3))) }) },
};
