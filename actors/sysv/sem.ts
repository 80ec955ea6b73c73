/**
 * Semaphore sets (ipc/sem.c). An operation that cannot go on waits in the set's list; whoever changes a value performs for the waiters, oldest first, what has become
 * possible, so a value is never seen free by a latecomer before the one who waited.
 */
import { E, fail } from "../../syscalls/abi/errno.ts";
import { IPC, SEM, SEM_LIMITS } from "../../syscalls/abi/ipc.ts";
import { BLOCKED } from "../blocking.ts";
import type { Task } from "../task/task.ts";
import { checkAccess, checkOwner, type IpcObject, type NewObject, perNamespace, seconds } from "./registry.ts";
import { UndoList } from "./undo_list.ts";

export interface SemOperation {
  readonly num: number;
  readonly op: number;
  readonly flags: number;
}

interface Pending {
  readonly t: Task;
  readonly operations: readonly SemOperation[];
  /** The semaphore it waits for. */
  blockedBy: SemOperation;
  result: number | undefined;
}

export class SemaphoreSet implements IpcObject {
  readonly key: number;
  readonly id: number;
  uid: number;
  gid: number;
  readonly cuid: number;
  readonly cgid: number;
  mode: number;
  removed = false;
  readonly values: Int32Array;
  readonly pids: Int32Array;
  operatedAt = 0;
  readonly waiting: Pending[] = [];
  /** Lists with adjustments for this set. */
  readonly undoers = new Set<UndoList>();
  constructor(base: NewObject, readonly count: number, public changedAt: number) {
    ({ key: this.key, id: this.id, uid: this.uid, gid: this.gid, cuid: this.cuid, cgid: this.cgid, mode: this.mode } =
      base);
    this.values = new Int32Array(count);
    this.pids = new Int32Array(count);
  }
}

export const semaphoreSets = perNamespace<SemaphoreSet>(SEM_LIMITS.mni);

/** semget(2). */
export const getSemaphores = (t: Task, key: number, count: number, flags: number): number => {
  if (count < 0 || count > SEM_LIMITS.msl) return -E.INVAL;
  return semaphoreSets(t).get(
    t,
    key,
    flags,
    (base) => count === 0 ? fail(E.INVAL) : new SemaphoreSet(base, count, seconds(t.machine)),
    (found) => {
      if (count > found.count) fail(E.INVAL);
    },
  );
};

const undoFor = (list: UndoList, set: SemaphoreSet): Int32Array => {
  let adjust = list.adjustments.get(set);
  if (adjust === undefined) {
    list.adjustments.set(set, adjust = new Int32Array(set.count));
    set.undoers.add(list);
  }
  return adjust;
};
/** The task's list, made when first needed. */
const listOf = (t: Task): UndoList => t.semUndo ??= new UndoList();

/** Performs all operations or none: 0, a negative errno, or the operation that must wait. */
const perform = (set: SemaphoreSet, t: Task, operations: readonly SemOperation[]): number | SemOperation => {
  const values = set.values.slice();
  const adjust = operations.some((o) => (o.flags & SEM.UNDO) !== 0) ? undoFor(listOf(t), set).slice() : undefined;
  for (const operation of operations) {
    const { num, op, flags } = operation;
    if (op === 0 ? values[num] !== 0 : values[num] + op < 0) return (flags & IPC.NOWAIT) !== 0 ? -E.AGAIN : operation;
    values[num] += op;
    if (values[num] > SEM_LIMITS.vmx) return -E.RANGE;
    if ((flags & SEM.UNDO) !== 0) {
      adjust![num] -= op;
      if (adjust![num] < -SEM_LIMITS.aem - 1 || adjust![num] > SEM_LIMITS.aem) return -E.RANGE;
    }
  }
  set.values.set(values);
  if (adjust !== undefined) undoFor(listOf(t), set).set(adjust);
  for (const { num } of operations) set.pids[num] = t.pid;
  set.operatedAt = seconds(t.machine);
  return 0;
};

/** Lets the waiters go on that can, oldest first, until none can. */
const serveWaiting = (set: SemaphoreSet): void => {
  for (let i = 0; i < set.waiting.length;) {
    const pending = set.waiting[i];
    const outcome = perform(set, pending.t, pending.operations);
    if (typeof outcome !== "number") {
      pending.blockedBy = outcome;
      i++;
      continue;
    }
    finish(set, pending, outcome);
    // A change may free an older one.
    i = 0;
  }
};

const finish = (set: SemaphoreSet, pending: Pending, result: number): void => {
  set.waiting.splice(set.waiting.indexOf(pending), 1);
  pending.result = result;
  pending.t.notify();
};

/** semop(2) and semtimedop(2); `deadline` in monotonic ns. */
export const operateSemaphores = (
  t: Task,
  id: number,
  operations: readonly SemOperation[],
  deadline: number | undefined,
): number => {
  const set = semaphoreSets(t).find(id);
  if (operations.some(({ num }) => num >= set.count)) return -E.FBIG;
  checkAccess(t, set, operations.some(({ op }) => op !== 0) ? 0o222 : 0o444);
  const outcome = perform(set, t, operations);
  if (typeof outcome === "number") {
    if (outcome === 0) serveWaiting(set);
    return outcome;
  }
  const pending: Pending = { t, operations, blockedBy: outcome, result: undefined };
  set.waiting.push(pending);
  return t.block({
    what: `semaphore ${outcome.num} of set ${id}`,
    queues: [],
    poll: () => pending.result ?? BLOCKED,
    deadline,
    timedOut: () => -E.AGAIN,
    restart: "eintr",
    finish() {
      if (pending.result === undefined) set.waiting.splice(set.waiting.indexOf(pending), 1);
    },
  });
};

/** SETVAL and SETALL: new values; adjustments of the changed semaphores are forgotten. */
export const setSemaphores = (t: Task, set: SemaphoreSet, from: number, values: readonly number[]): number => {
  if (values.some((value) => value < 0 || value > SEM_LIMITS.vmx)) return -E.RANGE;
  checkAccess(t, set, 0o222);
  values.forEach((value, i) => {
    set.values[from + i] = value;
    set.pids[from + i] = t.pid;
    for (const list of set.undoers) undoFor(list, set)[from + i] = 0;
  });
  set.changedAt = seconds(t.machine);
  serveWaiting(set);
  return 0;
};

/** Waiters for an increase (GETNCNT) or for zero (GETZCNT) of one semaphore. */
export const countWaiting = (set: SemaphoreSet, num: number, forZero: boolean): number =>
  set.waiting.filter(({ blockedBy: b }) => b.num === num && (b.op === 0) === forZero).length;

/** IPC_RMID: all waiters get EIDRM. */
export const removeSemaphores = (t: Task, set: SemaphoreSet): void => {
  checkOwner(t, set);
  semaphoreSets(t).remove(set);
  for (const list of set.undoers) list.adjustments.delete(set);
  for (const pending of [...set.waiting]) finish(set, pending, -E.IDRM);
};

UndoList.apply = (list, last) => {
  for (const [object, adjust] of list.adjustments) {
    const set = object as SemaphoreSet;
    set.undoers.delete(list);
    adjust.forEach((by, num) => {
      if (by === 0) return;
      set.values[num] = Math.max(0, Math.min(SEM_LIMITS.vmx, set.values[num] + by));
      set.pids[num] = last.pid;
    });
    set.operatedAt = seconds(last.machine);
    serveWaiting(set);
  }
  list.adjustments.clear();
};
