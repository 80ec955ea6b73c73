/**
 * What the invariants look at: the machine, and what was seen of it before. Hooks are put on the machine from outside (its observer, its turn counter, its spawn), so
 * the kernel carries nothing for them.
 */
import type { PidNamespace } from "../../actors/namespaces/pid.ts";
import type { Machine } from "../../actors/machine.ts";
import type { Task } from "../../actors/task/task.ts";
import type { ThreadGroup } from "../../actors/task/thread_group.ts";

export class BrokenInvariant extends Error {
  constructor(name: string, what: string) {
    super(`${name}: ${what}`);
    this.name = "BrokenInvariant";
  }
}

/** Throws unless it holds. */
export const hold = (fact: boolean, name: string, what: () => string): void => {
  if (!fact) throw new BrokenInvariant(name, what());
};

export const isLive = (t: Task): boolean => t.state !== "exiting" && t.state !== "zombie" && t.state !== "dead";

export class Watch {
  /** Group codes once seen set. */
  readonly codes = new Map<ThreadGroup, number>();
  /** Groups that had a stop or an exit to report when last looked at, by parent group. */
  readonly events = new Map<ThreadGroup, number>();
  /** A number made of the arguments of calls, by task and pc, for restarts. */
  readonly entered = new Map<Task, Map<number, number>>();
  /** What the last exit must have led to; checked at the next hook. */
  owed: (() => void)[] = [];
  /** Tasks that are or were traced: their calls may begin again where others' do not. */
  readonly traced = new WeakSet<Task>();
  anyTraced = false;
  /** Groups that trace or traced: their waits take events of others' children too. */
  readonly tracers = new WeakSet<ThreadGroup>();
  readonly groupsSeen = new Set<ThreadGroup>();
  failed: unknown;
  /** A requeue moved sleepers to a word of its caller's memory, where those of other memories are not looked for. */
  movedAway = false;
  /** The run was given up: nothing is checked any more. */
  off = false;
  /** Something was done since the state was last checked. */
  dirty = true;

  constructor(readonly machine: Machine) {}

  /** Checks what is owed. */
  settle(): void {
    const owed = this.owed;
    if (owed.length === 0) return;
    this.owed = [];
    for (const check of owed) check();
  }
}

/** Children's events a wait could take, now or, for the first process of a namespace, when all others there have been reaped (which a wait may do). */
export const eventsOf = (group: ThreadGroup): number =>
  group.children.reduce(
    (n, c) =>
      n +
      (c.zombie || waitsForOthers(c) ? (hidden(c) ? 0 : 1) : (c.stopReport !== 0 ? 1 : 0) + (c.continueReport ? 1 : 0)),
    0,
  );

/** Its tracer, a stranger, hears of its death first. */
const hidden = (g: ThreadGroup): boolean => g.leader.trace !== undefined && !g.leader.trace.byParent;

/** Some thread of the group traces. */
export const traces = (group: ThreadGroup): boolean => group.tasks.some((t) => (t.tracees?.size ?? 0) > 0);

/** The first process of a pid namespace has ended and waits until all others in it have gone. */
export const waitsForOthers = (g: ThreadGroup): boolean => {
  const ns: PidNamespace = g.pidNamespace;
  return ns.init === g && ns.closed && ns.others().length > 0;
};
