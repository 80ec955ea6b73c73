/**
 * Which system calls a task may make (kernel/seccomp.c). The state is a value: clone hands it on, exec keeps it, and only a longer chain of filters takes its place. The
 * core asks `refuse` before each call of a task that has one.
 */
import { E } from "../../syscalls/abi/errno.ts";
import { AUDIT_ARCH_RISCV64 } from "../../syscalls/abi/ptrace.ts";
import {
  SECCOMP_FLAG,
  SECCOMP_MODE,
  SECCOMP_RET,
  SECCOMP_RET_ACTION,
  SECCOMP_RET_DATA,
  SYS_SECCOMP,
} from "../../syscalls/abi/seccomp.ts";
import { SIG } from "../../syscalls/abi/signals.ts";
import { NO_RESULT } from "../blocking.ts";
import { CAP, nsCapable } from "../credentials.ts";
import { SIG_DFL } from "../signal_handlers.ts";
import { forceSignal } from "../signals/generate.ts";
import { exitTask } from "../task/exit.ts";
import { alive } from "../task/states.ts";
import type { CallFilter, Task } from "../task/task.ts";
import { type Filter, INSTRUCTION, MAX_INSTRUCTIONS, readFilter, runFilter } from "./filter.ts";

/** Most instructions along a chain; each filter counts four more than it has. */
const MAX_PATH = 32768, PENALTY = 4;
const MAX_ERRNO = 4095;
/** read, write, exit, rt_sigreturn. */
const STRICT_CALLS = [63, 64, 93, 139];

const chain = function* (newest: Filter | undefined): Generator<Filter> {
  for (let f = newest; f !== undefined; f = f.previous) yield f;
};

/** struct seccomp_data of the call a task is about to make, as words. */
const dataOf = (task: Task): Uint32Array => {
  const { cpu } = task;
  const data = new Uint32Array(16);
  data[0] = task.callNumber;
  data[1] = AUDIT_ARCH_RISCV64;
  data[2] = cpu.pc;
  for (let i = 0; i < 6; i++) {
    data[4 + 2 * i] = cpu.lo(10 + i);
    data[5 + 2 * i] = cpu.hi(10 + i);
  }
  return data;
};

const sigsys = (task: Task, data: number) => ({
  signo: SIG.SYS,
  errno: data,
  code: SYS_SECCOMP,
  addr: BigInt(task.cpu.pc),
  syscall: task.callNumber,
  arch: AUDIT_ARCH_RISCV64,
});

/** Ends the thread, or the process when it is its last one or all are meant. */
const kill = (task: Task, whole: boolean): number => {
  if (!whole && task.group.tasks.filter(alive).length > 1) {
    exitTask(task, SIG.SYS);
    return NO_RESULT;
  }
  task.handlers.set(SIG.SYS, { handler: SIG_DFL, flags: 0, mask: 0n });
  forceSignal(task, sigsys(task, 0));
  return NO_RESULT;
};

export class Seccomp implements CallFilter {
  constructor(readonly mode: number, readonly newest: Filter | undefined) {}

  get filters(): number {
    return [...chain(this.newest)].length;
  }

  refuse(task: Task, asked: boolean): number | undefined {
    if (this.mode === SECCOMP_MODE.STRICT) {
      if (STRICT_CALLS.includes(task.callNumber)) return undefined;
      exitTask(task, SIG.KILL);
      return NO_RESULT;
    }
    const answer = this.#answer(task), data = answer & SECCOMP_RET_DATA;
    switch (answer & SECCOMP_RET_ACTION) {
      case SECCOMP_RET.ALLOW:
      case SECCOMP_RET.LOG:
        return undefined;
      case SECCOMP_RET.ERRNO:
        return -Math.min(data, MAX_ERRNO);
      case SECCOMP_RET.TRAP:
        forceSignal(task, sigsys(task, data));
        return NO_RESULT;
      case SECCOMP_RET.TRACE:
        if (asked) return undefined;
        return task.trace !== undefined && task.trace.stopForFilter(data) ? NO_RESULT : -E.NOSYS;
      case SECCOMP_RET.USER_NOTIF:
        return -E.NOSYS;
      case SECCOMP_RET.KILL_THREAD:
        return kill(task, false);
      default:
        return kill(task, true);
    }
  }

  /** Of all filters' answers the strictest, that of the newest among equals. */
  #answer(task: Task): number {
    const data = dataOf(task);
    let strictest: number = SECCOMP_RET.ALLOW;
    for (const filter of chain(this.newest)) {
      const answer = runFilter(filter, data) | 0;
      if ((answer & SECCOMP_RET_ACTION) < (strictest & SECCOMP_RET_ACTION)) strictest = answer;
    }
    return strictest;
  }
}

const stateOf = (t: Task): Seccomp | undefined => t.seccomp as Seccomp | undefined;

export const setStrict = (t: Task): number => {
  if (t.seccomp !== undefined && t.seccomp.mode !== SECCOMP_MODE.STRICT) return -E.INVAL;
  t.seccomp = new Seccomp(SECCOMP_MODE.STRICT, undefined);
  return 0;
};

/** Adds the filter that struct sock_fprog at `at` describes; with TSYNC to all threads. */
export const setFilter = (t: Task, flags: number, at: number): number => {
  const length = t.mem.u16(at), code = t.mem.u64(at + 8);
  if (length === 0 || length > MAX_INSTRUCTIONS) return -E.INVAL;
  if (!t.noNewPrivs && !nsCapable(t.cred, t.cred.userNamespace, CAP.SYS_ADMIN)) return -E.ACCES;
  if (code === 0) return -E.INVAL;
  const before = stateOf(t);
  const filter = readFilter(t.mem.read(code, length * INSTRUCTION), before?.newest);
  if (filter === undefined) return -E.INVAL;
  if (before !== undefined && before.mode !== SECCOMP_MODE.FILTER) return -E.INVAL;
  let total = filter.code.length;
  for (const f of chain(before?.newest)) total += f.code.length + PENALTY;
  if (total > MAX_PATH) return -E.NOMEM;
  const others = (flags & SECCOMP_FLAG.TSYNC) === 0 ? [] : t.group.tasks.filter((o) => o !== t && alive(o));
  const astray = others.find((other) => !canFollow(other, before));
  if (astray !== undefined) return (flags & SECCOMP_FLAG.TSYNC_ESRCH) !== 0 ? -E.SRCH : t.sees(astray.tid);
  t.seccomp = new Seccomp(SECCOMP_MODE.FILTER, filter);
  for (const other of others) {
    other.seccomp = t.seccomp;
    if (t.noNewPrivs) other.noNewPrivs = true;
  }
  return 0;
};

/** A thread may take over a chain that its own is a part of. */
const canFollow = (other: Task, before: Seccomp | undefined): boolean => {
  const theirs = stateOf(other);
  if (theirs === undefined) return true;
  return theirs.mode === SECCOMP_MODE.FILTER && [...chain(before?.newest)].includes(theirs.newest!);
};
