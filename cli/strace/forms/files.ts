/** File calls: open flags and modes that are there or not, fcntl by its command, directory entries. */
import { AT_FLAGS } from "../../../syscalls/abi/at.ts";
import { F, FLOCK, OPEN_FLAGS, SEAL } from "../../../syscalls/abi/files.ts";
import { prefixed } from "../../../syscalls/abi/flags.ts";
import { decodeStruct } from "../../../syscalls/abi/layout.ts";
import { signalName } from "../../../syscalls/abi/signals.ts";
import { TIMESPEC } from "../../../syscalls/abi/timespec.ts";
import { after, type Render, renderArgument, structAt } from "../arguments.ts";
import { but, first, type Form, words } from "../form.ts";
import type { Request } from "../request.ts";
import { CREATES, lock, statxMask } from "../structs.ts";
import { bitsOf, fileMode, flagText, hexNumber, isDevice, octal, pointer } from "../text.ts";

const openFlags: Render = (r, i) => flagText(OPEN_FLAGS, r.low(i));
const descriptorFlags: Render = (r, i) => bitsOf(OPEN_FLAGS.bits, r.low(i), "O");

const fcntl: Form = {
  pieces: (r) => {
    const argument = fcntlArgument(r.int(1));
    return argument === undefined ? first(2) : [...first(2), argument];
  },
  remark: (r) => {
    if (r.result === undefined || r.failed) return undefined;
    if (r.int(1) === F.GETFL) return `flags ${flagText(OPEN_FLAGS, r.result)}`;
    return r.int(1) === F.GETFD && r.result !== 0 ? "flags FD_CLOEXEC" : undefined;
  },
  result: (r) => [F.GETFL, F.GETFD, F.GET_SEALS].includes(r.int(1) as 1) ? hexNumber(r.result!) : undefined,
};
const SEALS = prefixed("F_SEAL_", SEAL);
const fcntlArgument = (command: number): Render | undefined => {
  switch (command) {
    case F.GETFD:
    case F.GETFL:
    case F.GETOWN:
    case F.GET_SEALS:
    case F.GETSIG:
    case F.GETPIPE_SZ:
      return undefined;
    case F.SETFD:
      return (r, i) => r.low(i) === 1 ? "FD_CLOEXEC" : hexNumber(r.low(i));
    case F.SETFL:
      return openFlags;
    case F.SETSIG:
      return (r, i) => signalName(r.int(i));
    case F.GETLK:
    case F.OFD_GETLK:
      return (r, i) => r.result === undefined ? undefined : lockAt(r, r.at(i), true);
    case F.SETLK:
    case F.SETLKW:
    case F.OFD_SETLK:
    case F.OFD_SETLKW:
      return (r, i) => lockAt(r, r.at(i), false);
    case F.ADD_SEALS:
      return (r, i) => bitsOf(SEALS, r.low(i), "F_SEAL");
    case F.DUPFD:
    case F.DUPFD_CLOEXEC:
    case F.SETOWN:
    case F.SETPIPE_SZ:
      return (r, i) => String(r.int(i));
    default:
      return (r, i) => hexNumber(r.big(i));
  }
};
const lockAt = (r: Request, at: number, holder: boolean): string => {
  const bytes = at === 0 ? undefined : r.bytes(at, FLOCK.size);
  return bytes === undefined ? pointer(at) : lock(decodeStruct(FLOCK, bytes), holder);
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

export const FILES: Readonly<Record<string, Form>> = {
  openat: {
    pieces: (r) => [...first(2), openFlags, ...((r.low(2) & CREATES) !== 0 ? [renderArgument] : [])],
  },
  mknodat: {
    pieces: (r) => [
      ...first(2),
      (q, i) => fileMode(q.low(i)),
      ...(isDevice(r.low(2)) ? [((q, i) => hexNumber(q.low(i))) as Render] : []),
    ],
  },
  umask: { result: (r) => octal(r.result!) },
  faccessat: { pieces: () => first(3) },
  fcntl,
  getdents64: but({
    1: (r, i) => r.result === undefined ? undefined : pointer(r.at(i)) + (r.failed ? "" : ` /* ${entries(r)} */`),
  }),
  dup3: but({ 2: descriptorFlags }),
  pipe2: but({ 0: (r, i) => after(r, r.at(i), () => words(r, r.at(i), 2)), 1: descriptorFlags }),
  utimensat: but({ 2: (r, i) => structAt(r, r.at(i), TIMESPEC, 2) }),
  statx: but({
    2: (r, i) => {
      const flags = flagText(AT_FLAGS, r.low(i) & ~0x6000);
      return `${AT_SYNC[r.low(i) >> 13 & 3]}${flags === "0" ? "" : `|${flags}`}`;
    },
    3: (r, i) => statxMask(r.low(i)),
  }),
};
