/**
 * Leaving: one task, a whole group, and what happens to its children (kernel/exit.c do_exit, exit_notify, SEMANTICS section 3). Every step runs to completion, so an
 * exit is one transition for everybody else; the fiber ends in its next turn.
 */
import { SI, SIG } from "../../syscalls/abi/signals.ts";
import { SIG_IGN } from "../signal_handlers.ts";
import { retargetShared } from "../signals/generate.ts";
import { fromKernel } from "../signals/sender.ts";
import { isOrphanedPgrp, rouse, threadParked } from "../signals/stop.ts";
import { leaveUndoList } from "../sysv/undo_list.ts";
import { alive } from "./states.ts";
import type { Task } from "./task.ts";
import type { ThreadGroup } from "./thread_group.ts";
import { endWait } from "./waiting.ts";

/** Steps of an exit that other actors own; each registers itself (futex, timers, sysv, tty). */
export interface ExitHooks {
  /** Robust list, then clear_child_tid; while the memory is still there. `soleUser`: no other task uses the memory. */
  memory: ((task: Task, soleUser: boolean) => void)[];
  /** Last task of a group: interval timers, POSIX timers, terminals. */
  group: ((group: ThreadGroup) => void)[];
  /** Any task: semaphore undo and the like. */
  task: ((task: Task) => void)[];
}
export const exitHooks: ExitHooks = { memory: [], group: [], task: [] };

/** Lets go of memory: hooks, CPU, VM group, and the vfork parent that waits for it (mm_release). Also the execve step. */
export const releaseMemory = (task: Task): void => {
  if (!task.holdings.vm) return;
  for (const hook of exitHooks.memory) hook(task, task.vm.users === 1);
  if (task.holdings.cpu) {
    task.holdings.cpu = false;
    task.machine.counters.instructions += task.cpu.retired;
    task.cpu.release();
    task.machine.counters.liveCpus--;
  }
  task.holdings.vm = false;
  task.vm.release();
  releaseVforkParent(task);
};

/** The vfork parent goes on. */
export const releaseVforkParent = (task: Task): void => {
  const parent = task.vforkParent;
  task.vforkParent = undefined;
  if (parent === undefined || parent.vforkChild !== task) return;
  parent.vforkChild = undefined;
  parent.notify();
};

/** Ends one task with a wait status. */
export const exitTask = (task: Task, status: number): void => {
  if (!alive(task)) return;
  if (task.trace?.stopsAtExit(status)) return;
  const { group, machine } = task;
  endWait(task);
  if (task.vforkChild !== undefined) task.vforkChild = undefined;
  const countsForStop = task.trace === undefined ? task.state !== "stopped" : task.trace.stopPending;
  task.state = "exiting";
  task.exitStatus = status;
  group.live--;
  retargetShared(task, ~task.blocked);
  if (countsForStop) threadParked(group);
  const last = group.live === 0;
  if (last) {
    if (group.groupExit === undefined) group.groupExit = status;
    for (const hook of exitHooks.group) hook(group);
  }
  machine.observer.exited?.(task, last ? group.groupExit! : status, last);
  noteMemoryPeak(task);
  releaseMemory(task);
  leaveUndoList(task);
  for (const hook of exitHooks.task) hook(task);
  releaseTables(task);
  group.used.utime += task.cpuTime;
  if (task.tracees !== undefined) letTraceesGo(task);
  reparentChildren(task);
  task.pending.clear();
  becomeZombie(task);
  machine.endFiber(task);
};

/** A thread leaves no zombie, unless it is traced: then its tracer waits for it first, and so does its group's end. */
const becomeZombie = (task: Task): void => {
  const { group, trace } = task;
  if (task === group.leader || (trace !== undefined && !trace.autoreaps)) task.state = "zombie";
  else forget(task);
  if (group.live === 0 && group.tasks.length === 1) groupDied(group);
  else trace?.tellDeath(group.groupExit ?? task.exitStatus);
  if (trace !== undefined) group.execing?.notify();
};

/** A thread that its tracer kept is let go: the last one makes the group's end known (release_task). */
export const reapThread = (task: Task): void => {
  const { group } = task;
  forget(task);
  if (group.live === 0 && group.tasks.length === 1) groupDied(group);
  group.execing?.notify();
};

/** The exit of a tracer: tracees go on untraced, dead ones become their parents' business (exit_ptrace). */
const letTraceesGo = (tracer: Task): void => {
  for (const task of [...tracer.tracees!]) {
    const { byParent } = task.trace!;
    task.trace!.tracerLeft();
    if (task.state !== "zombie") continue;
    if (task !== task.group.leader) reapThread(task);
    else if (task.group.zombie && !byParent) notifyDeath(task.group);
  }
};

export const noteMemoryPeak = (task: Task): void => {
  if (!task.holdings.vm) return;
  const kib = task.vm.space.peakResidentPages * 4;
  if (kib > task.group.used.maxrss) task.group.used.maxrss = kib;
};

const releaseTables = (task: Task): void => {
  const { holdings } = task;
  if (holdings.files) {
    holdings.files = false;
    task.files.release();
  }
  if (holdings.fs) {
    holdings.fs = false;
    task.fs.release();
  }
  if (holdings.namespaces) {
    holdings.namespaces = false;
    task.namespaces.release();
  }
  if (holdings.handlers) {
    holdings.handlers = false;
    task.handlers.release();
  }
};

/** Takes a task off every list (release_task). */
export const forget = (task: Task): void => {
  task.trace?.unlink();
  task.state = "dead";
  if (task.machine.tasks.get(task.tid) === task) task.machine.tasks.delete(task.tid);
  const at = task.group.tasks.indexOf(task);
  if (at >= 0) task.group.tasks.splice(at, 1);
};

/** exit_group(2) or a fatal signal: the first status wins; every task leaves. */
export const exitGroup = (task: Task, status: number): void => {
  const { group } = task;
  if (group.groupExit === undefined) group.groupExit = status;
  for (const other of [...group.tasks]) if (other !== task) endOther(other, group.groupExit);
  exitTask(task, group.groupExit);
};

/** Ends a sibling: at once, or in its own turn when its tracer wants to see it go. */
export const endOther = (task: Task, status: number): void => {
  if (task.afterStop?.kind === "exit") return;
  if (!task.trace?.wantsExitStop || !alive(task)) {
    exitTask(task, status);
    return;
  }
  task.pending.add(SIG.KILL, undefined);
  task.attention = true;
  task.notify();
  rouse(task);
};

/** Its group leaves, or it is killed itself (by an execve of a sibling): it does nothing more than exit. */
export const doomed = (task: Task): boolean => task.group.groupExit !== undefined || task.pending.has(SIG.KILL);

/** The end of a doomed task. */
export const dieByGroupExit = (task: Task): void => {
  if (task.group.groupExit !== undefined) exitGroup(task, task.group.groupExit);
  else exitTask(task, SIG.KILL);
};

/** A live thread of the same group, else the nearest live subreaper ancestor in the pid namespace, else that one's first process; undefined: the machine's init. */
const newParentOf = (task: Task): Task | undefined => {
  const { group } = task, { level, init } = group.pidNamespace;
  const sibling = group.tasks.find((t) => t !== task && alive(t));
  if (sibling !== undefined) return sibling;
  if (group.hasChildSubreaper) {
    for (let g = group.parent?.group; g !== undefined && g.pidNamespace.level === level; g = g.parent?.group) {
      if (g === init) break;
      if (!g.childSubreaper) continue;
      const live = g.tasks.find(alive);
      if (live !== undefined) return live;
    }
  }
  return init?.tasks.find(alive);
};

const reparentChildren = (task: Task): void => {
  const mine = task.group.children.filter((c) => c.parent === task);
  if (mine.length === 0) return;
  const parent = newParentOf(task);
  for (const child of mine) {
    for (const t of [...child.tasks]) {
      if (t.pdeathSignal !== 0) {
        task.machine.signals.sendToGroup(child, { signo: t.pdeathSignal, code: SI.USER, pid: 0, uid: 0 });
      }
    }
    child.parent = parent;
    if (parent?.group === task.group) continue;
    task.group.children.splice(task.group.children.indexOf(child), 1);
    parent?.group.children.push(child);
    child.exitSignal = SIG.CHLD;
    if (child.zombie) {
      if (child.leader.trace === undefined) notifyDeath(child);
    } else hangUpIfOrphaned(child, task.group);
  }
};

/**
 * SIGHUP then SIGCONT to a process group with stopped members that became orphaned: `member` left it or lost `link`, which was in another process group of the session
 * (kernel/exit.c kill_orphaned_pgrp). `leaving` counts as gone.
 */
const hangUpIfOrphaned = (member: ThreadGroup, link: ThreadGroup | undefined, leaving?: ThreadGroup): void => {
  if (link === undefined || link.pgid === member.pgid || link.sid !== member.sid) return;
  const { machine } = member.leader;
  const members = [...machine.groups.values()].filter((g) => g.pgid === member.pgid && g !== leaving && g.live > 0);
  if (!members.some((g) => g.job === "stopped") || !isOrphanedPgrp(member, leaving)) return;
  for (const g of members) {
    machine.signals.sendToGroup(g, fromKernel(SIG.HUP));
    machine.signals.sendToGroup(g, fromKernel(SIG.CONT));
  }
};

const groupDied = (group: ThreadGroup): void => {
  if (group.pidNamespace.init === group && !emptied(group)) return;
  group.zombie = true;
  group.exitStatus = group.groupExit!;
  hangUpIfOrphaned(group, group.parent?.group, group);
  group.deathEvents.wake();
  notifyDeath(group);
  group.leader.machine.groupEnded(group);
};

/**
 * The first process of a pid namespace ends with everybody in it (zap_pid_ns_processes): the others are killed, and its own end is known when the last of them is
 * reaped. True when nobody is left.
 */
const emptied = (init: ThreadGroup): boolean => {
  const { pidNamespace } = init;
  const others = pidNamespace.others();
  if (!pidNamespace.closed) {
    pidNamespace.closed = true;
    // So that nobody's end needs it; whoever shares its handlers (CLONE_SIGHAND) comes to ignore SIGCHLD too.
    const { handlers } = init.leader;
    handlers.set(SIG.CHLD, { ...handlers.get(SIG.CHLD), handler: SIG_IGN });
    for (const g of others) g.leader.machine.signals.sendToGroup(g, fromKernel(SIG.KILL));
  }
  return others.every((g) => g.leader.machine.groups.get(g.tgid) !== g);
};

/** Tells the parent, or the tracer, whose it is until it has waited; reaps at once when nobody will (SEMANTICS 3.16–3.20, 9.22). */
export const notifyDeath = (group: ThreadGroup): void => {
  const { trace } = group.leader;
  const parent = trace === undefined ? group.parent : trace.tracer;
  if (parent === undefined || parent.group.live === 0) {
    if (parent === undefined) reap(group);
    return;
  }
  const sig = trace === undefined || trace.byParent ? group.exitSignal : SIG.CHLD;
  let autoreap = false;
  let send = sig > 0 && sig <= 64;
  if (sig === SIG.CHLD) {
    const d = parent.handlers.get(SIG.CHLD);
    autoreap = parent.handlers.autoreaps;
    if (d.handler === SIG_IGN) send = false;
  }
  if (send) parent.machine.signals.sendToGroup(parent.group, deathInfo(group, sig));
  if (autoreap) reap(group);
  parent.group.childEvents.wake();
};

/** What SIGCHLD and waitid say of a wait status: CLD_* and the signal or the exit status. */
export const causeOfDeath = (status: number): { readonly code: number; readonly status: number } => {
  if ((status & 0x7f) === 0) return { code: SI.CLD_EXITED, status: (status >> 8) & 0xff };
  return { code: (status & 0x80) !== 0 ? SI.CLD_DUMPED : SI.CLD_KILLED, status: status & 0x7f };
};

/** siginfo of a death, as SIGCHLD carries it and waitid reports it. */
export const deathInfo = (group: ThreadGroup, signo: number = SIG.CHLD) => ({
  signo,
  pid: group.tgid,
  uid: group.leader.cred.ruid,
  ...causeOfDeath(group.exitStatus),
  utime: Math.round(group.used.utime / 1e7),
  stime: Math.round(group.used.stime / 1e7),
});

/** Releases a dead group: its number is free again. */
export const reap = (group: ThreadGroup): void => {
  const { machine } = group.leader;
  forget(group.leader);
  machine.groups.delete(group.tgid);
  const parent = group.parent;
  if (parent !== undefined) {
    const list = parent.group.children;
    const at = list.indexOf(group);
    if (at >= 0) list.splice(at, 1);
  }
  if (group.pidNamespace.level === 0) return;
  for (const { init, closed } of group.pidNamespace.chain) {
    if (closed && init !== undefined && init !== group && !init.zombie && init.tasks.length === 1) groupDied(init);
  }
};

/** Adds a waited-for child's times to the waiter's group. */
export const accountChild = (waiter: ThreadGroup, child: ThreadGroup): void => {
  const sum = waiter.childrenUsed;
  sum.utime += child.used.utime + child.childrenUsed.utime;
  sum.stime += child.used.stime + child.childrenUsed.stime;
  sum.maxrss = Math.max(sum.maxrss, child.used.maxrss, child.childrenUsed.maxrss);
  sum.minflt += child.used.minflt + child.childrenUsed.minflt;
  sum.nvcsw += child.used.nvcsw + child.childrenUsed.nvcsw;
};
