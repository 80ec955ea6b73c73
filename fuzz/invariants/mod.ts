/** The invariants of SEMANTICS section 11 as a whole: hooked onto a machine, checked between turns, when nothing can run, and at the end. */
import { FileTable } from "../../actors/file_table.ts";
import type { Observer } from "../../actors/machine.ts";
import { both } from "../../actors/observers.ts";
import { SignalHandlers } from "../../actors/signal_handlers.ts";
import type { Task } from "../../actors/task/task.ts";
import { callBegins, callEnds, childMade } from "./calls.ts";
import { exitBegins } from "./exits.ts";
import { NamespaceSet } from "../../actors/namespaces/set.ts";
import { checkNoneOrphaned } from "./namespaces.ts";
import { checkParked } from "./parked.ts";
import { checkState } from "./state.ts";
import { eventsOf, hold, Watch } from "./watch.ts";

export { BrokenInvariant, Watch } from "./watch.ts";
export { handlersStartAt } from "./calls.ts";

/**
 * Looks at every turn, call and exit. A class, not an object of closures: docs/ARCHITECTURE.md, Random programs.
 */
class Hooks implements Observer {
  #timers = 0;
  constructor(readonly w: Watch, readonly eachTurn: () => void) {}

  made(t: Task): void {
    childMade(this.w, t);
  }
  turnBegins(): void {
    const { w } = this;
    this.eachTurn();
    if (w.off) return;
    if (w.failed !== undefined) throw w.failed;
    w.settle();
    // A turn in which no call was made changes nothing; timers fire between turns.
    const fired = w.machine.timers.size;
    if (!w.dirty && fired === this.#timers) return;
    w.dirty = false;
    this.#timers = fired;
    checkState(w);
    checkParked(w);
    this.#note();
  }
  callEntered(t: Task): void {
    this.w.dirty = true;
    callBegins(this.w, t);
  }
  callReturned(t: Task, result: number): void {
    callEnds(this.w, t, result);
    this.w.dirty = true;
    this.#note();
  }
  stopped(): void {
    this.w.dirty = true;
  }
  signalDelivered(): void {
    this.w.dirty = true;
  }
  exited(t: Task, _status: number, last: boolean): void {
    this.w.dirty = true;
    guarded(this.w, () => exitBegins(this.w, t, last));
  }
  #note(): void {
    const { events, machine } = this.w;
    for (const g of machine.groups.values()) events.set(g, eventsOf(g));
  }
}

/** Puts the hooks on; `others` look first. A broken invariant inside a turn is a defect and ends the run. */
export const hookUp = (w: Watch, eachTurn: () => void, others: readonly Observer[] = []): void => {
  w.machine.observer = both([...others, new Hooks(w, eachTurn)]);
};

/** An exit must go through whatever is found: the finding is thrown at the next turn. */
const guarded = (w: Watch, check: () => void): void => {
  try {
    check();
  } catch (error) {
    w.failed ??= error;
  }
};

/** Nothing can run. */
export const checkQuiet = (w: Watch): void => {
  if (w.failed !== undefined) throw w.failed;
  w.settle();
  checkState(w);
  checkParked(w);
  checkNoneOrphaned(w);
};

/** What exists in this process whatever the machine. */
export interface Before {
  readonly tables: number;
  readonly handlers: number;
  readonly sets: number;
}
export const countBefore = (): Before => ({
  tables: FileTable.live,
  handlers: SignalHandlers.live,
  sets: NamespaceSet.live,
});
/** After a run that was given up: as if its machine had ended. */
export const forgetRun = (before: Before): void => {
  FileTable.live = before.tables;
  SignalHandlers.live = before.handlers;
  NamespaceSet.live = before.sets + 1;
};

/** Everybody has been killed: nothing is left (I60). */
export const checkEnd = (w: Watch, before: Before): void => {
  const { machine } = w;
  if (w.failed !== undefined) throw w.failed;
  w.settle();
  const { counters } = machine;
  hold(
    machine.tasks.size === 0 || [...machine.tasks.values()].every((t) => t.group === machine.init),
    "I60",
    () => `tasks left: ${[...machine.tasks.values()].map((t) => `${t.tid} ${t.state}`)}`,
  );
  hold(counters.liveCpus === 0, "I60", () => `${counters.liveCpus} CPUs left`);
  hold(counters.liveFibers === 0, "I60", () => `${counters.liveFibers} fibers left`);
  hold(counters.liveVmGroups === 0, "I60", () => `${counters.liveVmGroups} VM groups left`);
  hold(FileTable.live === before.tables, "I60", () => `${FileTable.live - before.tables} file tables left`);
  hold(
    SignalHandlers.live === before.handlers,
    "I60",
    () => `${SignalHandlers.live - before.handlers} handler tables left`,
  );
  const sets = NamespaceSet.live - before.sets;
  hold(sets === 1 && machine.namespaces.users === 1, "I60", () => `${sets - 1} sets of namespaces left`);
  hold(machine.timers.size === 0, "I60", () => `${machine.timers.size} timers left`);
  for (const g of w.groupsSeen) {
    hold(g.live === 0, "I60", () => `group ${g.tgid} counts ${g.live} live tasks at the end`);
  }
};
