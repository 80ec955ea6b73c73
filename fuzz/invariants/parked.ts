/** Nothing that could run is parked: signals, stops, vfork, futexes, exec and exit in progress (I10, I11, I20, I24, I26–I30, I38, I58, C02–C05, C11, C12). */
import { findWord } from "../../actors/futex/words.ts";
import { sigBit } from "../../actors/signals/pending.ts";
import type { PendingSet } from "../../actors/signals/pending.ts";
import type { Task } from "../../actors/task/task.ts";
import type { ThreadGroup } from "../../actors/task/thread_group.ts";
import { OWN_WORDS, WORDS } from "../layout.ts";
import { hold, isLive, type Watch } from "./watch.ts";

const KILL = sigBit(9), STOPS = sigBit(19) | sigBit(20) | sigBit(21) | sigBit(22), CONT = sigBit(18);
const FUTEX = 98;

/** It will get a turn without anybody's help, or is stopped with its group. */
const willLook = (t: Task): boolean =>
  t.queued || t.state === "runnable" || t.notified || t.state === "running" || t.state === "new";

export const checkParked = (w: Watch): void => {
  let off = 0;
  for (const t of w.machine.tasks.values()) {
    if (!isLive(t)) continue;
    hold((t.blocked & (KILL | sigBit(19))) === 0n, "I26", () => `task ${t.tid} blocks SIGKILL or SIGSTOP`);
    // One is off the queue because its turn begins.
    if (t.state === "runnable" && !t.queued) hold(++off <= 1, "I58", () => `task ${t.tid} is runnable and on no queue`);
    if (t.state === "stopped") {
      hold(t.group.job !== "running", "I30", () => `task ${t.tid} is stopped in a running group`);
      hold(t.group.groupExit === undefined, "I20", () => `task ${t.tid} is stopped in a dying group`);
    }
    if (t.state === "blocked" || t.state === "vfork") checkWaiting(w, t);
  }
  for (const g of w.machine.groups.values()) if (g.live > 0) checkSets(w, g);
};

const checkWaiting = (w: Watch, t: Task): void => {
  if (willLook(t)) return;
  hold(t.group.groupExit === undefined, "I20", () => `task ${t.tid} sleeps in a dying group`);
  if (t.group.execing === t) return;
  if (t.state === "vfork") {
    const child = t.vforkChild;
    hold(child !== undefined, "I10", () => `task ${t.tid} waits for no vfork child`);
    hold(isLive(child!), "I10", () => `task ${t.tid} waits for vfork child ${child!.tid}, which is ${child!.state}`);
    hold(
      !child!.group.hasExeced || child!.group === t.group,
      "I10",
      () => `task ${t.tid} waits for ${child!.tid}, which has exec'd`,
    );
    return;
  }
  const open = ~t.blocked & t.pending.mask;
  hold(open === 0n, "I27", () => `task ${t.tid} sleeps with signals 0x${open.toString(16)} to take`);
  hold(t.group.job === "running" || w.traced.has(t), "I30", () => `task ${t.tid} sleeps in a stopping group`);
  if (t.callNumber === FUTEX && !w.movedAway) checkFutex(t);
};

const checkSets = (w: Watch, g: ThreadGroup): void => {
  const live = g.tasks.filter(isLive);
  const sets: PendingSet[] = [g.pending, ...live.map((t) => t.pending)];
  for (const set of sets) {
    for (const info of set.entries()) {
      hold(
        (set.mask & sigBit(info.signo)) !== 0n,
        "I24",
        () => `group ${g.tgid} has signal ${info.signo} queued, not pending`,
      );
    }
    const standard = set.entries().filter((i) => i.signo < 32).map((i) => i.signo);
    hold(new Set(standard).size === standard.length, "I25", () => `group ${g.tgid} has a standard signal twice`);
    hold(
      (set.mask & STOPS) === 0n || (set.mask & CONT) === 0n,
      "I29",
      () => `group ${g.tgid}: stop and continue pending`,
    );
  }
  // A tracer lets its tracee run while the rest of the group is stopped.
  if (g.job === "stopped" && g.groupExit === undefined && !g.tasks.some((t) => w.traced.has(t))) {
    const running = live.find((t) => t.state !== "stopped" && t.state !== "vfork" && t.state !== "new");
    hold(running === undefined, "I30", () => `group ${g.tgid} is stopped, task ${running?.tid} is ${running?.state}`);
  }
  if (g.job !== "running") return;
  // A thread that waits for a vfork child may have been chosen, as on Linux: it takes the signal when the child lets it go.
  const takers = (bit: bigint) => live.filter((t) => (t.blocked & bit) === 0n);
  for (const info of g.pending.entries()) {
    const able = takers(sigBit(info.signo));
    hold(
      able.length === 0 ||
        able.some((t) => t.trace !== undefined || (t.attention && (willLook(t) || t.state === "vfork"))),
      "I28",
      () => `signal ${info.signo} of group ${g.tgid} waits although task ${able[0].tid} would take it`,
    );
  }
};

/** A sleeper on a plain futex word is on exactly one word's list, and the list and it agree. */
const checkFutex = (t: Task): void => {
  const op = t.cpu.lo(11) & 127;
  if (op !== 0 && op !== 9) return;
  const shared = (t.cpu.lo(11) & 128) === 0;
  let found = 0;
  const look = (addr: number, asShared: boolean): void => {
    const word = findWord(t, addr, asShared);
    for (const waiter of word?.waiters ?? []) {
      hold(
        waiter.word === word,
        "I38",
        () => `a waiter of task ${waiter.task.tid} is listed on another word than its own`,
      );
      if (waiter.task === t) found++;
    }
  };
  for (let i = 0; i < 16; i++) {
    for (const base of [WORDS, OWN_WORDS]) {
      look(base + 4 * i, shared);
      look(base + 4 * i, !shared);
    }
  }
  hold(found === 1, "I38", () => `task ${t.tid} sleeps on a futex and is on ${found} words' lists`);
};
