/** ptrace: finds the tracee, checks that it stands still, then does what is asked (kernel/ptrace.c). The requests are a table by number. */
import {
  attach,
  readSyscallInfo,
  type Resume,
  type Stop,
  Traced,
  traceMe,
  writeSyscallInfo,
} from "../../actors/ptrace/mod.ts";
import { BadAddress } from "../../cpu/types.ts";
import { recalculate, rouse, type Task } from "../../actors/mod.ts";
import type { Handlers } from "../abi/call.ts";
import { E } from "../abi/errno.ts";
import { PTRACE, PTRACE_EVENT, PTRACE_O, PTRACE_O_MASK } from "../abi/ptrace.ts";
import { SI, SIG, UNBLOCKABLE } from "../abi/signals.ts";
import type { ptrace } from "./declare.ts";
import { getRegisterSet, setRegisterSet } from "./register_sets.ts";
import { getSigInfo, peekSigInfo, setSigInfo } from "./signal_info.ts";

/** A request about a tracee that stands in `stop`. */
type Request = (t: Task, tracee: Task, addr: number, data: number, trace: Traced, stop: Stop) => number;

const resume = (mode: Resume): Request => (_t, _tracee, _addr, data, trace) => {
  if (data > 64) return -E.IO;
  trace.mode = mode;
  trace.resume(data);
  return 0;
};

/** What the tracee's memory cannot do is EIO. */
const inMemoryOf = (use: () => void): number => {
  try {
    use();
    return 0;
  } catch (error) {
    if (error instanceof BadAddress) return -E.IO;
    throw error;
  }
};

const peek: Request = (t, tracee, addr, data) => {
  let word = new Uint8Array(8);
  const failed = inMemoryOf(() => word = tracee.mem.readForced(addr, 8));
  if (failed === 0) t.mem.write(data, word);
  return failed;
};

const poke: Request = (t, tracee, addr) => {
  const word = new DataView(new ArrayBuffer(8));
  word.setBigUint64(0, t.cpu.x(13), true);
  return inMemoryOf(() => tracee.mem.writeForced(addr, new Uint8Array(word.buffer)));
};

const setOptions: Request = (_t, _tracee, _addr, data, trace) => {
  if (data > 0xffffffff || (data & ~PTRACE_O_MASK) !== 0) return -E.INVAL;
  // A kernel built without checkpoint and restore.
  if ((data & PTRACE_O.SUSPEND_SECCOMP) !== 0) return -E.INVAL;
  trace.options = data;
  return 0;
};

const listen: Request = (_t, tracee, _addr, _data, trace, stop) => {
  if (!trace.seized || stop.info === undefined || stop.info.code >> 8 !== PTRACE_EVENT.STOP) return -E.IO;
  stop.listening = true;
  // What happened since the stop is told by stopping again.
  if (trace.trapNotify) rouse(tracee);
  return 0;
};

const interrupt = (tracee: Task, trace: Traced): number => {
  if (!trace.seized || tracee.state === "zombie") return -E.IO;
  trace.interrupt();
  return 0;
};

const STANDING: Readonly<Record<number, Request>> = {
  [PTRACE.PEEKTEXT]: peek,
  [PTRACE.PEEKDATA]: peek,
  [PTRACE.POKETEXT]: poke,
  [PTRACE.POKEDATA]: poke,
  [PTRACE.CONT]: resume("cont"),
  [PTRACE.SYSCALL]: resume("syscall"),
  [PTRACE.SINGLESTEP]: resume("step"),
  [PTRACE.SETOPTIONS]: setOptions,
  [PTRACE.LISTEN]: listen,
  [PTRACE.GETREGSET]: getRegisterSet,
  [PTRACE.SETREGSET]: setRegisterSet,
  [PTRACE.GETSIGINFO]: getSigInfo,
  [PTRACE.SETSIGINFO]: setSigInfo,
  [PTRACE.PEEKSIGINFO]: peekSigInfo,
  [PTRACE.DETACH](_t, _tracee, _addr, data, trace) {
    if (data > 64) return -E.IO;
    trace.detach(data);
    return 0;
  },
  [PTRACE.GETEVENTMSG](t, _tracee, _addr, data, _trace, stop) {
    t.mem.setU64(data, stop.message);
    return 0;
  },
  [PTRACE.GETSIGMASK](t, tracee, addr, data) {
    if (addr !== 8) return -E.INVAL;
    t.mem.setBig(data, tracee.savedMask ?? tracee.blocked);
    return 0;
  },
  [PTRACE.SETSIGMASK](t, tracee, addr, data) {
    if (addr !== 8) return -E.INVAL;
    tracee.blocked = t.mem.big(data) & ~UNBLOCKABLE;
    tracee.savedMask = undefined;
    recalculate(tracee);
    return 0;
  },
  [PTRACE.GET_SYSCALL_INFO](t, tracee, addr, data) {
    const info = readSyscallInfo(tracee);
    t.mem.write(data, info.subarray(0, Math.min(addr, info.length)));
    return info.length;
  },
  [PTRACE.SET_SYSCALL_INFO]: (t, tracee, addr, data) =>
    addr < 88 ? -E.INVAL : writeSyscallInfo(tracee, t.mem.read(data, 88)),
};

export const calls: Handlers<Task, typeof ptrace> = {
  ptrace(t, request, pid, addr, data) {
    if (request === PTRACE.TRACEME) return traceMe(t);
    const tracee = t.named(pid);
    if (tracee === undefined) return -E.SRCH;
    if (request === PTRACE.ATTACH || request === PTRACE.SEIZE) {
      return attach(t, tracee, request === PTRACE.SEIZE, addr, data);
    }
    const { trace } = tracee;
    if (trace === undefined || trace.tracer !== t) return -E.SRCH;
    if (request === PTRACE.KILL) {
      t.machine.signals.sendToTask(tracee, { signo: SIG.KILL, code: SI.USER, pid: t.pid, uid: t.cred.ruid });
      return 0;
    }
    if (request === PTRACE.INTERRUPT) return interrupt(tracee, trace);
    const stop = trace.current;
    if (stop === undefined || stop.listening) return -E.SRCH;
    const serve = STANDING[request];
    return serve === undefined ? -E.IO : serve(t, tracee, addr, data, trace, stop);
  },
};
