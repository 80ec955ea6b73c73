/** Calls about the machine; prctl dispatches to the actor's table of options. */
import {
  CAP,
  capable,
  clockOffset,
  compareTasks,
  copyAcross,
  IOV_MAX,
  mayTrace,
  nsCapable,
  type Piece,
  prctlOptions,
  type Task,
} from "../../actors/mod.ts";
import type { Handlers } from "../abi/call.ts";
import { E, fail } from "../abi/errno.ts";
import { encodeStruct } from "../abi/layout.ts";
import { GRND, KERNEL_RELEASE, KERNEL_VERSION, PR, SYSINFO, UTSNAME } from "../abi/system.ts";
import type { system } from "./declare.ts";
import { seccompHandlers } from "./seccomp.ts";

const NAME_MAX = 64;
const encoder = new TextEncoder();

/** Memory the machine reports: 2 GiB unless a limit is set, in bytes. */
const totalMemory = (t: Task): number => Number.isFinite(t.machine.maxMemory) ? t.machine.maxMemory : 2 ** 31;

const readName = (t: Task, at: number, length: number): string => {
  if (!nsCapable(t.cred, t.namespaces.of.uts.owner, CAP.SYS_ADMIN)) return fail(E.PERM);
  if (length < 0 || length > NAME_MAX) return fail(E.INVAL);
  const text = new TextDecoder().decode(t.mem.read(at, length));
  const end = text.indexOf("\0");
  return end < 0 ? text : text.slice(0, end);
};

const readPieces = (t: Task, at: number, count: number): Piece[] => {
  if (count > IOV_MAX) return fail(E.INVAL);
  return Array.from({ length: count }, (_, i) => {
    const piece = { base: t.mem.u64(at + i * 16), length: t.mem.u64(at + i * 16 + 8) };
    return piece.length >= 2 ** 63 ? fail(E.INVAL) : piece;
  });
};

const cross = (
  t: Task,
  pid: number,
  [local, localCount, remote, remoteCount, flags]: number[],
  write: boolean,
): number => {
  if (flags !== 0) return -E.INVAL;
  const mine = readPieces(t, local, localCount);
  if (mine.every((piece) => piece.length === 0)) return 0;
  const theirs = readPieces(t, remote, remoteCount);
  const other = t.named(pid);
  if (other === undefined || !other.holdings.vm) return -E.SRCH;
  return mayTrace(t, other) ? copyAcross(t, other, mine, theirs, write) : -E.PERM;
};

export const systemHandlers: Handlers<Task, typeof system> = {
  acct: () => -E.PERM,
  personality(t, persona) {
    const before = t.personality;
    if (persona !== 0xffffffff) t.personality = Number(BigInt.asUintN(32, BigInt(persona)));
    return before;
  },
  syslog(t, type, buffer, length) {
    if (type < 0 || type > 10) return -E.INVAL;
    // Reading all and asking for the size are open to everyone here (dmesg_restrict 0).
    if (type !== 3 && type !== 10 && !capable(t.cred, 34) && !capable(t.cred, CAP.SYS_ADMIN)) return -E.PERM;
    if ((type === 2 || type === 3 || type === 4) && (buffer === 0 || length < 0)) return -E.INVAL;
    if (type === 8 && (length < 1 || length > 8)) return -E.INVAL;
    return type === 10 ? 1 << 17 : 0;
  },
  reboot: () => -E.PERM,
  uname(t, at) {
    const { hostname, domainname } = t.namespaces.of.uts;
    t.mem.write(
      at,
      encodeStruct(UTSNAME, {
        sysname: encoder.encode("Linux"),
        nodename: encoder.encode(hostname),
        release: encoder.encode(KERNEL_RELEASE),
        version: encoder.encode(KERNEL_VERSION),
        machine: encoder.encode("riscv64"),
        domainname: encoder.encode(domainname),
      }),
    );
    return 0;
  },
  sethostname(t, at, length) {
    t.namespaces.of.uts.hostname = readName(t, at, length);
    return 0;
  },
  setdomainname(t, at, length) {
    t.namespaces.of.uts.domainname = readName(t, at, length);
    return 0;
  },
  seccomp: seccompHandlers.seccomp,
  prctl(t, option, a, b, c, d) {
    if (option === PR.SET_SECCOMP) return seccompHandlers.prctl(t, option, a, b, c, d);
    return prctlOptions[option]?.(t, a, b, c, d) ?? -E.INVAL;
  },
  getcpu(t, cpu, node) {
    if (cpu !== 0) t.mem.setU32(cpu, 0);
    if (node !== 0) t.mem.setU32(node, 0);
    return 0;
  },
  sysinfo(t, at) {
    const { machine } = t;
    const total = totalMemory(t);
    let used = 0;
    const seen = new Set<object>();
    for (const task of machine.tasks.values()) {
      if (!task.holdings.vm || seen.has(task.vm)) continue;
      seen.add(task.vm);
      used += task.vm.space.residentPages * 4096;
    }
    t.mem.write(
      at,
      encodeStruct(SYSINFO, {
        uptime: Math.floor((machine.clock.monotonic() + clockOffset(t, "boottime")) / 1e9),
        totalram: total,
        freeram: Math.max(0, total - used),
        procs: machine.tasks.size,
        mem_unit: 1,
      }),
    );
    return 0;
  },
  process_vm_readv: (t, pid, ...rest) => cross(t, pid, rest, false),
  process_vm_writev: (t, pid, ...rest) => cross(t, pid, rest, true),
  kcmp: compareTasks,
  getrandom(t, at, length, flags) {
    if ((flags & ~7) !== 0) return -E.INVAL;
    if ((flags & (GRND.RANDOM | GRND.INSECURE)) === (GRND.RANDOM | GRND.INSECURE)) return -E.INVAL;
    const wanted = Math.min(length, 0x7fffffff);
    if (wanted === 0) return 0;
    const n = t.mem.accessible(at, wanted, true);
    if (n === 0) return -E.FAULT;
    return t.mem.withBuffer(at, n, true, (view) => {
      t.machine.entropy.fill(view);
      return n;
    });
  },
  vhangup: () => -E.PERM,
  swapon: () => -E.PERM,
  swapoff: () => -E.PERM,
};
