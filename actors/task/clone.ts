/**
 * Making tasks: clone, clone3, fork, vfork are one operation (kernel/fork.c). Normalise the arguments, check every rule, acquire everything with undo, then
 * commit in one step that cannot fail; nothing is visible before the commit.
 */
import { armCpuLimit } from "../cpu_timers.ts";
import { resetScheduling } from "../scheduling.ts";
import { E, errno } from "../../syscalls/abi/errno.ts";
import { CLONE } from "../../syscalls/abi/clone.ts";
import { BadAddress } from "../../cpu/types.ts";
import { CAP, capable, type Credentials, nsCapable } from "../credentials.ts";
import { RLIMIT } from "../limits.ts";
import { inNewUserNamespace } from "../namespaces/enter.ts";
import type { PidNamespace } from "../namespaces/pid.ts";
import { type NamespaceSet, newMembers, SET_FLAGS } from "../namespaces/set.ts";
import type { UserNamespace } from "../namespaces/user.ts";
import { UndoList } from "../sysv/undo_list.ts";
import { PendingSet } from "../signals/pending.ts";
import { NO_ALT_STACK, Task } from "./task.ts";
import { ThreadGroup } from "./thread_group.ts";

/** Arguments of any clone call in one form. `flags` has the low 32 bits without the exit signal. */
export interface CloneRequest {
  readonly flags: number;
  readonly clearSighand: boolean;
  readonly exitSignal: number;
  /** Stack pointer of the child, 0 to keep the parent's. */
  readonly stack: number;
  readonly tls: bigint;
  /** Where PARENT_SETTID, CHILD_SETTID/CLEARTID and PIDFD write. */
  readonly parentTid: number;
  readonly childTid: number;
  readonly pidfd: number;
  /** set_tid: wanted numbers, the innermost pid namespace first. */
  readonly wantedTids: readonly number[];
  /** CLONE_INTO_CGROUP. There is no cgroup2 directory a descriptor could name: EBADF. */
  readonly intoCgroup: boolean;
}

const has = (r: CloneRequest, bit: number): boolean => (r.flags & bit) !== 0;

/** The rules of copy_process, in its order: 0 or a negative errno. */
export const checkRules = (t: Task, r: CloneRequest): number => {
  if (has(r, CLONE.NEWNS) && has(r, CLONE.FS)) return -E.INVAL;
  if (has(r, CLONE.NEWUSER) && has(r, CLONE.FS)) return -E.INVAL;
  if (has(r, CLONE.THREAD) && !has(r, CLONE.SIGHAND)) return -E.INVAL;
  if (has(r, CLONE.SIGHAND) && !has(r, CLONE.VM)) return -E.INVAL;
  if (has(r, CLONE.PARENT) && t.group.unkillable) return -E.INVAL;
  if (!has(r, CLONE.THREAD)) return 0;
  const elsewhere = has(r, CLONE.NEWUSER) || has(r, CLONE.NEWPID) ||
    t.namespaces.of.pidForChildren !== t.group.pidNamespace;
  return elsewhere ? -E.INVAL : 0;
};

const checkLimits = (t: Task): void => {
  const { machine } = t;
  if (machine.tasks.size >= machine.maxTasks) throw errno(E.AGAIN);
  const limit = t.group.limits[RLIMIT.NPROC].soft;
  if (limit === Infinity || t.cred.ruid === 0 || capable(t.cred, CAP.SYS_RESOURCE) || capable(t.cred, CAP.SYS_ADMIN)) {
    return;
  }
  let mine = 0;
  for (const other of machine.tasks.values()) if (other.cred.ruid === t.cred.ruid) mine++;
  if (mine >= limit) throw errno(E.AGAIN);
};

/** What a clone has acquired so far and how to give it back. */
class Acquired {
  #undo: (() => void)[] = [];
  take<T>(value: T, undo: () => void): T {
    this.#undo.push(undo);
    return value;
  }
  rollback(): void {
    for (let undo = this.#undo.pop(); undo !== undefined; undo = this.#undo.pop()) undo();
  }
}

/** Makes the child: it, or a negative errno with nothing changed. */
export const cloneTask = (t: Task, r: CloneRequest): Task | number => {
  const refused = checkRules(t, r);
  if (refused !== 0) return refused;
  const acquired = new Acquired();
  try {
    const cred = has(r, CLONE.NEWUSER) ? inNewUserNamespace(t) : t.cred;
    checkLimits(t);
    const child = acquire(t, r, cred, acquired);
    commit(t, child, r);
    return child;
  } catch (error) {
    acquired.rollback();
    if (error instanceof BadAddress) return -E.FAULT;
    throw error;
  }
};

const acquire = (t: Task, r: CloneRequest, cred: Credentials, acquired: Acquired): Task => {
  const { machine } = t;
  const vm = has(r, CLONE.VM) ? t.vm.share() : t.vm.fork();
  acquired.take(vm, () => vm.release());
  const cpu = vm.space.newCpu();
  acquired.take(cpu, () => cpu.release());
  const files = has(r, CLONE.FILES) ? t.files.share() : t.files.fork();
  acquired.take(files, () => files.release());
  const fs = has(r, CLONE.FS) ? t.fs.share() : t.fs.fork();
  acquired.take(fs, () => fs.release());
  const handlers = has(r, CLONE.SIGHAND) ? t.handlers.share() : t.handlers.fork();
  acquired.take(handlers, () => handlers.release());
  if (r.clearSighand) handlers.clearHandlers();
  const namespaces = acquired.take(namespacesOf(t, r, cred.userNamespace), () => namespaces.release());
  const home = namespaces.of.pidForChildren;
  const tid = home.take(r.wantedTids, (ns) => mayChooseIn(t.cred, ns));
  acquired.take(tid, () => home.giveBack(tid));
  const group = has(r, CLONE.THREAD)
    ? t.group
    : new ThreadGroup(tid, t.group.pgid, t.group.sid, home, [...t.group.limits]);
  const child = new Task(machine, tid, group, vm, cpu, files, fs, handlers, namespaces, cred, new PendingSet());
  if (has(r, CLONE.SYSVSEM)) {
    t.semUndo ??= new UndoList();
    child.semUndo = acquired.take(t.semUndo.share(), () => t.semUndo!.release(t));
  }
  if (has(r, CLONE.PIDFD)) {
    const fd = machine.openPidfd(t, child, has(r, CLONE.THREAD));
    acquired.take(fd, () => t.files.close(fd));
    t.mem.setU32(r.pidfd, fd);
  }
  if (r.intoCgroup) throw errno(E.BADF);
  return child;
};

/** Whose numbers one may choose: checkpoint_restore_ns_capable. */
const mayChooseIn = (cred: Credentials, ns: PidNamespace): boolean =>
  nsCapable(cred, ns.owner, CAP.SYS_ADMIN) || nsCapable(cred, ns.owner, CAP.CHECKPOINT_RESTORE);

/** The child's namespaces (copy_namespaces): the caller's set, or one with new members. */
const namespacesOf = (t: Task, r: CloneRequest, owner: UserNamespace): NamespaceSet => {
  const { namespaces } = t, { time, timeForChildren } = namespaces.of;
  const newTime = timeForChildren !== time && !has(r, CLONE.VM);
  if ((r.flags & SET_FLAGS) === 0 && !newTime) return namespaces.share();
  if ((r.flags & SET_FLAGS) !== 0) {
    if (!nsCapable(t.cred, owner, CAP.SYS_ADMIN)) throw errno(E.PERM);
    if (has(r, CLONE.NEWIPC) && has(r, CLONE.SYSVSEM)) throw errno(E.INVAL);
  }
  const made = newMembers(t.machine, namespaces, r.flags, owner, t.group.pidNamespace);
  const future = made.timeForChildren ?? timeForChildren;
  return namespaces.with(has(r, CLONE.VM) ? made : { ...made, time: future.settle() });
};

/** Cannot fail: every word of it is assignment to what was acquired. */
const commit = (t: Task, child: Task, r: CloneRequest): void => {
  inherit(t, child, r);
  child.cpu.copyRegistersFrom(t.cpu);
  child.cpu.clearReservation();
  child.cpu.setNumber(10, 0);
  if (r.stack !== 0) child.cpu.setNumber(2, r.stack);
  if (has(r, CLONE.SETTLS)) child.cpu.setX(4, r.tls);
  const { group, machine } = t;
  if (has(r, CLONE.THREAD)) {
    group.tasks.push(child);
    child.attention = group.job !== "running";
    if (group.job === "stopping") group.stopsOutstanding++;
  } else {
    joinFamily(t, child, r);
    machine.groups.set(child.group.tgid, child.group);
    const home = child.group.pidNamespace;
    if (home.level > 0 && home.init === undefined) {
      home.init = child.group;
      child.group.unkillable = true;
    }
    armCpuLimit(child.group);
  }
  child.group.live++;
  machine.tasks.set(child.tid, child);
  const { counters } = machine;
  counters.tasksCreated++;
  counters.liveCpus++;
  counters.peakCpus = Math.max(counters.peakCpus, counters.liveCpus);
  if (has(r, CLONE.PARENT_SETTID)) quietly(() => t.mem.setU32(r.parentTid, t.sees(child.tid)));
  if (has(r, CLONE.CHILD_SETTID)) quietly(() => child.mem.setU32(r.childTid, child.sees(child.tid)));
  if (has(r, CLONE.CHILD_CLEARTID)) child.clearTid = r.childTid;
  if (has(r, CLONE.VFORK)) {
    t.vforkChild = child;
    child.vforkParent = t;
  }
  t.trace?.cloned(child, r);
  machine.spawn(child);
};

const inherit = (t: Task, child: Task, r: CloneRequest): void => {
  child.comm = t.comm;
  child.blocked = t.blocked;
  child.altStack = has(r, CLONE.VM) && !has(r, CLONE.VFORK) ? NO_ALT_STACK : t.altStack;
  child.noNewPrivs = t.noNewPrivs;
  child.seccomp = t.seccomp;
  child.nice = t.nice;
  child.policy = t.policy;
  child.rtPriority = t.rtPriority;
  if (t.resetOnFork) resetScheduling(child);
  child.affinity = t.affinity;
  child.timerSlack = t.timerSlack;
  if (t.io !== undefined) child.io = has(r, CLONE.IO) ? t.io : { ...t.io };
  child.personality = t.personality;
};

const joinFamily = (t: Task, child: Task, r: CloneRequest): void => {
  const { group } = child;
  group.leader = child;
  group.tasks.push(child);
  group.tty = t.group.tty;
  group.oomScoreAdj = t.group.oomScoreAdj;
  group.hasChildSubreaper = t.group.hasChildSubreaper || t.group.childSubreaper;
  if (has(r, CLONE.PARENT)) {
    group.parent = t.group.parent;
    group.exitSignal = t.group.exitSignal;
  } else {
    group.parent = t;
    group.exitSignal = r.exitSignal;
  }
  group.parent?.group.children.push(group);
};

/** Words the kernel writes for the guest's convenience: a bad address is ignored. */
const quietly = (write: () => void): void => {
  try {
    write();
  } catch (error) {
    if (!(error instanceof BadAddress)) throw error;
  }
};
