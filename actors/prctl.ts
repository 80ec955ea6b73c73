/** prctl's options that change a task, its group or its memory (kernel/sys.c, security/commoncap.c, SEMANTICS 9.1–9.6). One function per option. */
import { E } from "../syscalls/abi/errno.ts";
import { bytesOf, textOf } from "../syscalls/abi/text.ts";
import { PR } from "../syscalls/abi/system.ts";
import { CAP, capable, capableHere } from "./credentials.ts";
import { SECBIT } from "./credential_changes.ts";
import type { Task } from "./task/task.ts";
import type { ThreadGroup } from "./task/thread_group.ts";

/** Default timer slack in ns. */
const TIMER_SLACK = 50000;
const COMM_MAX = 15;
const LAST_CAP = 40;

type Option = (t: Task, a: number, b: number, c: number, d: number) => number;

const isCap = (cap: number): boolean => cap >= 0 && cap <= LAST_CAP;
const bit = (cap: number): bigint => 1n << BigInt(cap);

const readName = (t: Task, at: number): string => {
  const bytes: number[] = [];
  for (let i = 0; i < COMM_MAX; i++) {
    const byte = t.mem.u8(at + i);
    if (byte === 0) break;
    bytes.push(byte);
  }
  return textOf(Uint8Array.from(bytes));
};

/** Marks every descendant: their children look for a subreaper when they lose a parent. */
const markDescendants = (group: ThreadGroup): void => {
  for (const child of group.children) {
    child.hasChildSubreaper = true;
    markDescendants(child);
  }
};

const AMBIENT = { IS_SET: 1, RAISE: 2, LOWER: 3, CLEAR_ALL: 4 } as const;

const ambient: Option = (t, what, cap, c, d) => {
  const { cred } = t;
  if (what === AMBIENT.CLEAR_ALL) {
    if (cap !== 0 || c !== 0 || d !== 0) return -E.INVAL;
    t.cred = { ...cred, capAmbient: 0n };
    return 0;
  }
  if (c !== 0 || d !== 0 || !isCap(cap)) return -E.INVAL;
  if (what === AMBIENT.IS_SET) return (cred.capAmbient & bit(cap)) !== 0n ? 1 : 0;
  if (what === AMBIENT.LOWER) t.cred = { ...cred, capAmbient: cred.capAmbient & ~bit(cap) };
  else if (what !== AMBIENT.RAISE) return -E.INVAL;
  else {
    const held = cred.capPermitted & cred.capInheritable & bit(cap);
    if (held === 0n || (cred.securebits & SECBIT.NO_CAP_AMBIENT_RAISE) !== 0) return -E.PERM;
    t.cred = { ...cred, capAmbient: cred.capAmbient | bit(cap) };
  }
  return 0;
};

/** Bits 0, 2, 4, 6 with their locks one above. */
const SECURE_ALL = 0x55, SECURE_LOCKS = 0xaa;
const setSecurebits: Option = (t, bits) => {
  const { cred } = t;
  const locked = (cred.securebits & SECURE_LOCKS) >> 1;
  if (((cred.securebits ^ bits) & locked) !== 0) return -E.PERM;
  if ((cred.securebits & SECURE_LOCKS & ~bits) !== 0) return -E.PERM;
  if ((bits & ~(SECURE_ALL | SECURE_LOCKS)) !== 0 || !capableHere(cred, CAP.SETPCAP)) return -E.PERM;
  t.cred = { ...cred, securebits: bits };
  return 0;
};

const setKeepCaps: Option = (t, on) => {
  if (on > 1) return -E.INVAL;
  const { securebits } = t.cred;
  if ((securebits & SECBIT.KEEP_CAPS_LOCKED) !== 0) return -E.PERM;
  t.cred = { ...t.cred, securebits: on === 1 ? securebits | SECBIT.KEEP_CAPS : securebits & ~SECBIT.KEEP_CAPS };
  return 0;
};

/** All by option number. An option that is not here is EINVAL. */
export const prctlOptions: Readonly<Record<number, Option>> = {
  [PR.SET_PDEATHSIG](t, sig) {
    if (sig > 64) return -E.INVAL;
    t.pdeathSignal = sig;
    return 0;
  },
  [PR.GET_PDEATHSIG](t, at) {
    t.mem.setU32(at, t.pdeathSignal);
    return 0;
  },
  [PR.GET_DUMPABLE]: (t) => t.vm.dumpable,
  [PR.SET_DUMPABLE](t, value) {
    if (value > 1) return -E.INVAL;
    t.vm.dumpable = value;
    return 0;
  },
  [PR.GET_KEEPCAPS]: (t) => (t.cred.securebits & SECBIT.KEEP_CAPS) !== 0 ? 1 : 0,
  [PR.SET_KEEPCAPS]: setKeepCaps,
  // PR_TIMING_STATISTICAL is all there is.
  [PR.GET_TIMING]: () => 0,
  [PR.SET_TIMING]: (_t, how) => how === 0 ? 0 : -E.INVAL,
  [PR.SET_NAME](t, at) {
    t.comm = readName(t, at);
    return 0;
  },
  [PR.GET_NAME](t, at) {
    const bytes = new Uint8Array(COMM_MAX + 1);
    bytes.set(bytesOf(t.comm));
    t.mem.write(at, bytes);
    return 0;
  },
  [PR.CAPBSET_READ]: (t, cap) => !isCap(cap) ? -E.INVAL : (t.cred.capBounding & bit(cap)) !== 0n ? 1 : 0,
  [PR.CAPBSET_DROP](t, cap) {
    if (!capableHere(t.cred, CAP.SETPCAP)) return -E.PERM;
    if (!isCap(cap)) return -E.INVAL;
    t.cred = { ...t.cred, capBounding: t.cred.capBounding & ~bit(cap) };
    return 0;
  },
  [PR.GET_SECUREBITS]: (t) => t.cred.securebits,
  [PR.SET_SECUREBITS]: setSecurebits,
  [PR.GET_SECCOMP]: (t) => t.seccomp?.mode ?? 0,
  [PR.SET_TIMERSLACK](t, ns) {
    t.timerSlack = ns === 0 || ns >= 2 ** 63 ? TIMER_SLACK : ns;
    return 0;
  },
  [PR.GET_TIMERSLACK]: (t) => t.timerSlack,
  [PR.SET_MM]: (t) => capable(t.cred, CAP.SYS_RESOURCE) ? -E.INVAL : -E.PERM,
  [PR.SET_CHILD_SUBREAPER](t, on) {
    t.group.childSubreaper = on !== 0;
    if (on !== 0) markDescendants(t.group);
    return 0;
  },
  [PR.GET_CHILD_SUBREAPER](t, at) {
    t.mem.setU32(at, t.group.childSubreaper ? 1 : 0);
    return 0;
  },
  [PR.SET_NO_NEW_PRIVS](t, on, b, c, d) {
    if (on !== 1 || b !== 0 || c !== 0 || d !== 0) return -E.INVAL;
    t.noNewPrivs = true;
    return 0;
  },
  [PR.GET_NO_NEW_PRIVS]: (t, a, b, c, d) => a !== 0 || b !== 0 || c !== 0 || d !== 0 ? -E.INVAL : t.noNewPrivs ? 1 : 0,
  [PR.GET_TID_ADDRESS](t, at) {
    t.mem.setU64(at, t.clearTid);
    return 0;
  },
  [PR.SET_THP_DISABLE](t, on, flags, c, d) {
    if (flags !== 0 || c !== 0 || d !== 0) return -E.INVAL;
    t.vm.hugePagesDisabled = on !== 0;
    return 0;
  },
  [PR.GET_THP_DISABLE]: (t, a, b, c, d) =>
    a !== 0 || b !== 0 || c !== 0 || d !== 0 ? -E.INVAL : t.vm.hugePagesDisabled ? 1 : 0,
  [PR.CAP_AMBIENT]: ambient,
  // Code pages drop what was decoded of them by themselves: any context will do.
  [PR.RISCV_SET_ICACHE_FLUSH_CTX]: (_t, context, scope) => context > 1 || scope > 1 ? -E.INVAL : 0,
  // Names of anonymous mappings are not shown.
  [PR.SET_VMA]: (_t, what) => what === 0 ? 0 : -E.INVAL,
};
