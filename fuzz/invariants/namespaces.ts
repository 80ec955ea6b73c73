/**
 * Namespaces (SEMANTICS 1.9, 1.11, 1.22, 2.1, 3.14): sets and members count their holders; each pid namespace has one number for each that lives in it; where the
 * first process has died nobody is born and nobody is left alone.
 */
import { sigBit } from "../../actors/signals/pending.ts";
import type { NamespaceSet } from "../../actors/namespaces/set.ts";
import type { Task } from "../../actors/task/task.ts";
import type { ThreadGroup } from "../../actors/task/thread_group.ts";
import { hold, isLive, type Watch } from "./watch.ts";

const KILL = sigBit(9);

/** `sets`: the sets that live tasks hold, and the machine's own. */
export const checkNamespaces = (w: Watch, sets: readonly NamespaceSet[]): void => {
  if (sets.length > 1) {
    const held = new Map<{ readonly kind: string; readonly users: number }, number>();
    for (const set of sets) for (const ns of Object.values(set.of)) held.set(ns, (held.get(ns) ?? 0) + 1);
    for (const [ns, n] of held) {
      hold(ns.users === n, "N1", () => `a ${ns.kind} namespace counts ${ns.users} users, ${n} sets hold it`);
    }
  }
  if (w.machine.nestedNumbers.size > 0) { for (const t of w.machine.tasks.values()) checkNumbers(t); }
};

/** Numbers lead from and to the task in every namespace it is seen in. */
const checkNumbers = (t: Task): void => {
  const { group } = t, { pidNamespace: home } = group;
  for (const ns of home.chain) {
    const number = ns.numberOf(t.tid);
    hold(number > 0, "N2", () => `task ${t.tid} has no number at level ${ns.level}`);
    hold(ns.named(number) === t.tid, "N2", () => `${number} of level ${ns.level} is ${ns.named(number)}, not ${t.tid}`);
    if (ns.level > 0) {
      const first = number === 1;
      hold(
        first === (ns.init?.tgid === t.tid),
        "N3",
        () => `task ${t.tid} is ${number}, the first is ${ns.init?.tgid}`,
      );
    }
    hold(ns.init === group || ns.init?.zombie !== true, "N4", () => `the first has died before ${t.tid} has gone`);
    if (ns.closed && isLive(t) && ns.init !== group) {
      hold(group.groupExit !== undefined || told(group), "N4", () => `task ${t.tid} outlives its namespace`);
    }
  }
  const parent = group.parent?.group;
  hold(
    parent === undefined || home.within(parent.pidNamespace),
    "N5",
    () => `the parent of ${group.tgid}, ${parent!.tgid}, lives in another pid namespace`,
  );
};
const told = (g: ThreadGroup): boolean => ((g.pending.mask | g.leader.pending.mask) & KILL) !== 0n;

/** Nobody lives where the first process has died, once nothing can run, but who tells a tracer of its exit (Linux 6.18: the first waits for it, killed or not). */
export const checkNoneOrphaned = (w: Watch): void => {
  for (const t of w.machine.tasks.values()) {
    const closed = t.group.pidNamespace.chain.find((ns) => ns.closed);
    const tells = t.state === "traced" && t.afterStop?.kind === "exit";
    hold(
      closed === undefined || !isLive(t) || tells,
      "N4",
      () => `task ${t.tid} (${t.state}) lives where the first has died`,
    );
  }
};

/** A child is born into a namespace that has a first process, or as it. */
export const checkBirth = (child: Task): void => {
  for (const ns of child.group.pidNamespace.chain) {
    hold(!ns.closed, "N4", () => `task ${child.tid} is born where the first process has died`);
    hold(ns.level === 0 || ns.init !== undefined, "N3", () => `task ${child.tid} is born where nobody is the first`);
  }
};
