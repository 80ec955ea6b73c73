/**
 * execve (fs/exec.c, SEMANTICS section 5): find and check the program, build its memory aside, then commit. Up to the commit every failure leaves the process,
 * all threads included, as it was; the commit cannot fail.
 */
import { E, errno } from "../../syscalls/abi/errno.ts";
import { SI, SIG } from "../../syscalls/abi/signals.ts";
import { BLOCKED, NO_RESULT, type Wait } from "../blocking.ts";
import { moveTo } from "../namespaces/enter.ts";
import { doomed, endOther, exitGroup, forget, noteMemoryPeak, releaseMemory } from "../task/exit.ts";
import { NO_ALT_STACK, type Task } from "../task/task.ts";
import type { VmGroup } from "../vm_group.ts";
import { applyMemoryLimits } from "../resource_limits.ts";
import { findProgram, type Strings } from "./find.ts";
import { adopt, type ExecCredentials, execCredentials } from "./set_ids.ts";
import { loadProgram, UnusableImage } from "./load.ts";

/** Steps of an exec that other actors own: POSIX timers, shared memory segments. */
export const execHooks: ((task: Task) => void)[] = [];

/** NO_RESULT when the new program runs; throws Errno with nothing changed. */
export const execProgram = (
  t: Task,
  dirfd: number,
  path: string,
  flags: number,
  strings: Strings,
): number => {
  if (t.group.groupExit !== undefined) throw errno(E.AGAIN);
  const program = findProgram(t, dirfd, path, flags, strings);
  let loaded: ReturnType<typeof loadProgram>, credentials: ExecCredentials;
  try {
    credentials = execCredentials(t, program.file);
    loaded = loadProgram(t, program, credentials);
  } catch (error) {
    program.file.release();
    if (!(error instanceof UnusableImage) || !error.late || !t.holdings.vm) throw error;
    dieOfExec(t, error.reason);
    return NO_RESULT;
  }
  const goAhead = (): number => {
    commit(t, loaded.vm, loaded.sp, loaded.entry, program.comm);
    adopt(t, credentials);
    return NO_RESULT;
  };
  endSiblings(t);
  return alone(t) ? goAhead() : t.block(untilAlone(t, loaded.vm, goAhead));
};

/** A traced sibling leaves in its own time: it stops at its exit, and what is left of it stays until its tracer has waited. */
const untilAlone = (t: Task, vm: VmGroup, goAhead: () => number): Wait => {
  let waiting = true;
  return {
    what: "its threads to be gone (execve)",
    queues: [],
    killable: true,
    poll() {
      // Killed meanwhile: the gate sees to it.
      if (!alone(t) || doomed(t)) return BLOCKED;
      waiting = false;
      return goAhead();
    },
    finish: () => waiting ? vm.release() : undefined,
  };
};

/** A failure past the point of no return: the process, by then a single thread, dies of SIGSEGV. */
const dieOfExec = (t: Task, reason: string): void => {
  endSiblings(t);
  t.lastTrap = `execve: ${reason}`;
  t.machine.reportFatal(t, { signo: SIG.SEGV, code: SI.KERNEL, addr: 0n });
  exitGroup(t, SIG.SEGV);
};

const commit = (t: Task, vm: VmGroup, sp: number, entry: number, comm: string): void => {
  const { group, machine } = t;
  const formerTid = t.tid;
  takeOverLeader(t);
  if (t.files.users > 1) {
    const own = t.files.fork();
    t.files.release();
    t.files = own;
  }
  t.files.closeOnExec();
  if (t.handlers.users > 1) {
    const own = t.handlers.fork();
    t.handlers.release();
    t.handlers = own;
  }
  t.handlers.resetForExec();
  noteMemoryPeak(t);
  releaseMemory(t);
  for (const hook of execHooks) hook(t);
  t.vm = vm;
  applyMemoryLimits(t);
  t.cpu = vm.space.newCpu();
  t.holdings.vm = t.holdings.cpu = true;
  machine.counters.liveCpus++;
  machine.counters.peakCpus = Math.max(machine.counters.peakCpus, machine.counters.liveCpus);
  const { time, timeForChildren } = t.namespaces.of;
  if (time !== timeForChildren) moveTo(t, { time: timeForChildren.settle() });
  t.altStack = { ...NO_ALT_STACK, flags: t.altStack.flags };
  t.clearTid = 0;
  t.robustList = 0;
  t.comm = comm;
  group.hasExeced = true;
  group.exitSignal = group.exitSignal === 0 && group.parent === undefined ? 0 : 17;
  t.cpu.pc = entry;
  t.cpu.setNumber(2, sp);
  t.trace?.execed(formerTid);
};

/** Ends all siblings (zap_other_threads). */
const endSiblings = (t: Task): void => {
  t.group.execing = t;
  for (const other of [...t.group.tasks]) if (other !== t) endOther(other, SIG.KILL);
};
const alone = (t: Task): boolean =>
  t.group.tasks.every((other) => other === t || (other === t.group.leader && other.state === "zombie"));

/** A thread that is not the leader takes over the leader's number (de_thread). */
const takeOverLeader = (t: Task): void => {
  const { group, machine } = t;
  group.execing = undefined;
  const leader = group.leader;
  if (leader === t) return;
  leader.pending.clear();
  leader.trace?.tracer.group.childEvents.wake();
  forget(leader);
  machine.tasks.delete(t.tid);
  t.tid = leader.tid;
  machine.tasks.set(t.tid, t);
  group.leader = t;
  for (const child of group.children) if (child.parent === leader) child.parent = t;
};
