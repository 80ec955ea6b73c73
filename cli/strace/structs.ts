/** Structs by the name of their layout, abbreviated as strace does without -v. */
import { CLONE, CLONE_FLAGS } from "../../syscalls/abi/clone.ts";
import { OPEN_FLAGS, RESOLVE, STATX_MASK, WHENCE } from "../../syscalls/abi/files.ts";
import { prefixed } from "../../syscalls/abi/flags.ts";
import { FUTEX2 } from "../../syscalls/abi/futex.ts";
import { IPC, SEM } from "../../syscalls/abi/ipc.ts";
import { decodeStruct, type Layout } from "../../syscalls/abi/layout.ts";
import { SCHED_POLICY } from "../../syscalls/abi/sched.ts";
import { SA, signalName, SS } from "../../syscalls/abi/signals.ts";
import { SIGEV } from "../../syscalls/abi/time.ts";
import {
  bitsOf,
  device,
  fileMode,
  flagText,
  hexNumber,
  isDevice,
  named,
  octal,
  pointer,
  quoted,
  signalSet,
} from "./text.ts";

// deno-lint-ignore no-explicit-any
type Fields = { readonly [name: string]: any };
/** `big` reads a 64-bit field exactly: decoded ones are numbers. */
type Show = (s: Fields, big: (name: string) => bigint) => string;

const pairs = (shown: Readonly<Record<string, unknown>>, rest = false): string =>
  `{${Object.entries(shown).filter(([, v]) => v !== undefined).map(([k, v]) => `${k}=${v}`).join(", ")}${
    rest ? ", ..." : ""
  }}`;

const timespec = (s: Fields): string => {
  if (s.nsec === 0x3fffffff) return "UTIME_NOW";
  if (s.nsec === 0x3ffffffe) return "UTIME_OMIT";
  return pairs({ tv_sec: s.sec, tv_nsec: s.nsec });
};
const timeval = (s: Fields): string => pairs({ tv_sec: s.sec, tv_usec: s.usec });
const interval = (show: (s: Fields) => string): Show => (s) =>
  pairs({ it_interval: show(s.interval), it_value: show(s.value) });

/** In strace's own order. */
const SA_SHOWN = {
  SA_RESTORER: 0x04000000,
  SA_ONSTACK: SA.ONSTACK,
  SA_RESTART: SA.RESTART,
  SA_NODEFER: SA.NODEFER,
  SA_RESETHAND: SA.RESETHAND,
  SA_SIGINFO: SA.SIGINFO,
  SA_NOCLDSTOP: SA.NOCLDSTOP,
  SA_NOCLDWAIT: SA.NOCLDWAIT,
  SA_EXPOSE_TAGBITS: SA.EXPOSE_TAGBITS,
};
const HANDLERS: Readonly<Record<string, string>> = { "0": "SIG_DFL", "1": "SIG_IGN" };

const POLL = {
  POLLIN: 1,
  POLLPRI: 2,
  POLLOUT: 4,
  POLLERR: 8,
  POLLHUP: 0x10,
  POLLNVAL: 0x20,
  POLLRDNORM: 0x40,
  POLLRDBAND: 0x80,
  POLLWRNORM: 0x100,
  POLLWRBAND: 0x200,
  POLLMSG: 0x400,
  POLLREMOVE: 0x1000,
  POLLRDHUP: 0x2000,
};
export const pollEvents = (bits: number): string => bitsOf(POLL, bits & 0xffff, "POLL");

const EPOLL = {
  EPOLLIN: 1,
  EPOLLPRI: 2,
  EPOLLOUT: 4,
  EPOLLRDNORM: 0x40,
  EPOLLRDBAND: 0x80,
  EPOLLWRNORM: 0x100,
  EPOLLWRBAND: 0x200,
  EPOLLMSG: 0x400,
  EPOLLERR: 8,
  EPOLLHUP: 0x10,
  EPOLLRDHUP: 0x2000,
  EPOLLEXCLUSIVE: 1 << 28,
  EPOLLWAKEUP: 1 << 29,
  EPOLLONESHOT: 1 << 30,
  EPOLLET: 0x80000000,
};

const limit = (n: bigint): string => {
  if (n === 0xffff_ffff_ffff_ffffn) return "RLIM64_INFINITY";
  return n > 1024n && n % 1024n === 0n ? `${n / 1024n}*1024` : String(n);
};

const FS_TYPES = {
  EXT2_SUPER_MAGIC: 0xef53,
  TMPFS_MAGIC: 0x01021994,
  PROC_SUPER_MAGIC: 0x9fa0,
  SYSFS_MAGIC: 0x62656572,
  DEVPTS_SUPER_MAGIC: 0x1cd1,
  OVERLAYFS_SUPER_MAGIC: 0x794c7630,
  PIPEFS_MAGIC: 0x50495045,
  SOCKFS_MAGIC: 0x534f434b,
};
const ST = {
  ST_VALID: 0x20,
  ST_RDONLY: 1,
  ST_NOSUID: 2,
  ST_NODEV: 4,
  ST_NOEXEC: 8,
  ST_NOATIME: 0x400,
  ST_RELATIME: 0x1000,
};

const LOCK_TYPES = { F_RDLCK: 0, F_WRLCK: 1, F_UNLCK: 2 };
const STACK_FLAGS = prefixed("SS_", SS);
const NOTIFY = prefixed("SIGEV_", SIGEV);
const RESOLVE_FLAGS = prefixed("RESOLVE_", RESOLVE);
const SEM_FLAGS = { SEM_UNDO: SEM.UNDO, IPC_NOWAIT: IPC.NOWAIT };

const text = (bytes: Uint8Array): string => {
  const end = bytes.indexOf(0);
  return quoted(end < 0 ? bytes : bytes.subarray(0, end));
};

const STATX_PARTS = ["TYPE", "MODE", "NLINK", "UID", "GID", "ATIME", "MTIME", "CTIME", "INO", "SIZE", "BLOCKS"];
const STATX_BITS = Object.fromEntries(STATX_PARTS.map((name, i) => [`STATX_${name}`, 1 << i]));
export const statxMask = (word: number): string =>
  flagText({ ...STATX_MASK, bits: { STATX_ALL: 0xfff, ...STATX_MASK.bits, ...STATX_BITS } }, word);

const { O_CREAT, O_TMPFILE, O_DIRECTORY } = OPEN_FLAGS.bits;
/** Flags with which opening takes a mode. */
export const CREATES = O_CREAT | O_TMPFILE & ~O_DIRECTORY;

/** flock as fcntl prints it; the holder only where it is the answer. */
export const lock = (s: Fields, withHolder: boolean): string =>
  pairs({
    l_type: named(LOCK_TYPES, s.type, "F"),
    l_whence: named(WHENCE.values!, s.whence, "SEEK"),
    l_start: s.start,
    l_len: s.len,
    l_pid: withHolder ? s.pid : undefined,
  });

const SHOWS: Readonly<Record<string, Show>> = {
  timespec,
  timeval,
  itimerspec: interval(timespec),
  itimerval: interval(timeval),
  timezone: (s) => pairs({ tz_minuteswest: s.minuteswest, tz_dsttime: s.dsttime }),
  tms: (s) => pairs({ tms_utime: s.utime, tms_stime: s.stime, tms_cutime: s.cutime, tms_cstime: s.cstime }),
  stat: (s) => {
    return pairs({
      st_mode: fileMode(s.mode),
      ...(isDevice(s.mode) ? { st_rdev: device(s.rdev) } : { st_size: s.size }),
    }, true);
  },
  statx: (s) =>
    pairs({
      stx_mask: statxMask(Number(s.mask)),
      stx_attributes: bitsOf({ STATX_ATTR_MOUNT_ROOT: 0x2000 }, Number(s.attributes), "STATX_ATTR"),
      stx_mode: fileMode(s.mode),
      stx_size: s.size,
    }, true),
  statfs: (s, big) => {
    const [low, high] = [big("fsid") & 0xffffffffn, big("fsid") >> 32n];
    return pairs({
      f_type: Object.keys(FS_TYPES).find((n) => FS_TYPES[n as keyof typeof FS_TYPES] === Number(s.type)) ??
        hexNumber(s.type),
      f_bsize: s.bsize,
      f_blocks: s.blocks,
      f_bfree: s.bfree,
      f_bavail: s.bavail,
      f_files: s.files,
      f_ffree: s.ffree,
      f_fsid: `{val=[${hexNumber(low)}, ${hexNumber(high)}]}`,
      f_namelen: s.namelen,
      f_frsize: s.frsize,
      f_flags: bitsOf(ST, Number(s.flags), "ST"),
    });
  },
  rusage: (s) =>
    pairs({
      ru_utime: pairs({ tv_sec: s.utime_sec, tv_usec: s.utime_usec }),
      ru_stime: pairs({ tv_sec: s.stime_sec, tv_usec: s.stime_usec }),
    }, true),
  rlimit: (_, big) => pairs({ rlim_cur: limit(big("cur")), rlim_max: limit(big("max")) }),
  sigaction: (s, big) =>
    pairs({
      sa_handler: HANDLERS[String(s.handler)] ?? pointer(s.handler),
      sa_mask: signalSet(big("mask")),
      sa_flags: bitsOf(SA_SHOWN, Number(big("flags") & 0xffffffffn), "SA"),
    }),
  stack_t: (s) => pairs({ ss_sp: pointer(s.sp), ss_flags: bitsOf(STACK_FLAGS, s.flags, "SS"), ss_size: s.size }),
  sigevent: (s, big) =>
    pairs({
      sigev_value: `{sival_int=${Number(BigInt.asIntN(32, big("value")))}, sival_ptr=${pointer(big("value"))}}`,
      sigev_signo: signalName(s.signo),
      sigev_notify: named(NOTIFY, s.notify, "SIGEV"),
      sigev_notify_thread_id: s.notify === SIGEV.THREAD_ID ? s.tid : undefined,
    }),
  pollfd: (s) => pairs({ fd: s.fd, events: pollEvents(s.events) }),
  epoll_event: (s, big) => pairs({ events: bitsOf(EPOLL, s.events, "EPOLL"), data: hexNumber(big("data")) }),
  new_utsname: (s) => pairs({ sysname: text(s.sysname), nodename: text(s.nodename) }, true),
  sysinfo: (s) =>
    pairs({
      uptime: s.uptime,
      loads: `[${s.load1}, ${s.load5}, ${s.load15}]`,
      totalram: s.totalram,
      freeram: s.freeram,
      sharedram: s.sharedram,
      bufferram: s.bufferram,
      totalswap: s.totalswap,
      freeswap: s.freeswap,
      procs: s.procs,
      totalhigh: s.totalhigh,
      freehigh: s.freehigh,
      mem_unit: s.mem_unit,
    }),
  flock: (s) => lock(s, false),
  open_how: (s) =>
    pairs({
      flags: flagText(OPEN_FLAGS, Number(s.flags)),
      mode: (Number(s.flags) & CREATES) !== 0 ? octal(Number(s.mode)) : undefined,
      resolve: bitsOf(RESOLVE_FLAGS, Number(s.resolve), "RESOLVE"),
    }),
  clone_args: (s, big) => {
    const flags = Number(BigInt.asUintN(32, big("flags")));
    return pairs({
      flags: flagText(CLONE_FLAGS, flags),
      pidfd: (flags & CLONE.PIDFD) !== 0 ? pointer(s.pidfd) : undefined,
      child_tid: (flags & (CLONE.CHILD_SETTID | CLONE.CHILD_CLEARTID)) !== 0 ? pointer(s.child_tid) : undefined,
      parent_tid: (flags & CLONE.PARENT_SETTID) !== 0 ? pointer(s.parent_tid) : undefined,
      exit_signal: Number(s.exit_signal) === 0 ? "0" : signalName(Number(s.exit_signal)),
      stack: pointer(s.stack),
      stack_size: hexNumber(s.stack_size),
      tls: (flags & CLONE.SETTLS) !== 0 ? pointer(s.tls) : undefined,
    });
  },
  sembuf: (s) => pairs({ sem_num: s.num, sem_op: s.op, sem_flg: bitsOf(SEM_FLAGS, s.flg & 0xffff, "SEM") }),
  futex_waitv: (s) =>
    pairs({
      val: hexNumber(s.val),
      uaddr: pointer(s.uaddr),
      flags: `FUTEX_32${(s.flags & FUTEX2.PRIVATE) !== 0 ? "|FUTEX2_PRIVATE" : ""}`,
    }),
  sched_param: (s) => `[${s.priority}]`,
  sched_attr: (s) =>
    pairs({
      size: s.size,
      sched_policy: flagText(SCHED_POLICY, s.policy),
      sched_flags: hexNumber(s.flags),
      sched_nice: s.nice,
      sched_priority: s.priority,
      sched_runtime: s.runtime,
      sched_deadline: s.deadline,
      sched_period: s.period,
    }),
};

/** A struct of the guest's memory. */
export const structText = (layout: Layout, bytes: Uint8Array, base = 0): string => {
  const s: Fields = decodeStruct(layout, bytes, base);
  const show = SHOWS[layout.name];
  if (show !== undefined) {
    const view = new DataView(bytes.buffer, bytes.byteOffset + base);
    return show(s, (name) => view.getBigUint64(layout.fields.find((f) => f.name === name)!.at, true));
  }
  const fields = layout.fields.filter(({ name }) => !/^(pad|unused|spare|reserved)/.test(name)).map(
    ({ name, at, type }) => {
      if (typeof type !== "string" && !("bytes" in type)) return `${name}=${structText(type, bytes, base + at)}`;
      return `${name}=${s[name] instanceof Uint8Array ? quoted(s[name]) : s[name]}`;
    },
  );
  return `{${fields.join(", ")}}`;
};
