/** What one exit must lead to, worked out beforehand by itself and compared afterwards (I19, I43–I45, I54, I55, 3.3, 3.12, 3.16; C01, C02, C06, C07, C09, C10, C18). */
import { findWord } from "../../actors/futex/words.ts";
import { sigBit } from "../../actors/signals/pending.ts";
import type { Task } from "../../actors/task/task.ts";
import type { ThreadGroup } from "../../actors/task/thread_group.ts";
import { hold, isLive, waitsForOthers, type Watch } from "./watch.ts";

const CHLD = 17, SIG_IGN = 1, NOCLDWAIT = 2;

/** Called while the task is exiting and still holds everything. */
export const exitBegins = (w: Watch, t: Task, last: boolean): void => {
  w.settle();
  const { group } = t;
  const code = w.codes.get(group);
  if (last) {
    const expected = code ?? t.exitStatus;
    // What kills a task while it stands before its exit decides the status.
    hold(
      group.groupExit === expected || w.traced.has(t),
      "I19",
      () => `group ${group.tgid} ends with ${group.groupExit}, not ${expected}`,
    );
    hold(!group.zombie, "I14", () => `group ${group.tgid} dies twice`);
  } else if (group.groupExit !== undefined && code === undefined) w.codes.set(group, group.groupExit);
  oweClearTid(w, t);
  oweRobust(w, t);
  oweChildren(w, t);
  if (last) oweReaping(w, group);
  if (t.trace !== undefined && t !== group.leader && !t.trace.autoreaps) {
    w.owed.push(() =>
      hold(t.state === "zombie", "9.23", () => `traced thread ${t.tid} is ${t.state}, not yet waited for`)
    );
  }
  const parent = t.vforkParent;
  if (parent !== undefined && parent.vforkChild === t) {
    w.owed.push(() =>
      hold(parent.vforkChild !== t, "I10", () => `vfork parent ${parent.tid} is still held by ${t.tid}`)
    );
  }
};

const read = (t: Task, addr: number): number | undefined => {
  try {
    return addr % 4 === 0 ? t.vm.space.u32(addr) : undefined;
  } catch {
    return undefined;
  }
};

/** A priority-inheritance lock with waiters: the exit hands it on. */
const isLock = (t: Task, addr: number): boolean =>
  [true, false].some((shared) => findWord(t, addr, shared)?.owner !== undefined);

const oweClearTid = (w: Watch, t: Task): void => {
  const addr = t.clearTid, before = addr === 0 ? undefined : read(t, addr);
  if (before === undefined || robustWord(t) === addr || isLock(t, addr)) return;
  const { space } = t.vm;
  if (t.vm.users === 1) {
    const key = space.futexKey(addr, true);
    if (key === undefined || key.object === space) return;
    // Nobody else has the memory, but others have the page.
    const others = [...w.machine.tasks.values()].filter((o) => isLive(o) && o.vm !== t.vm), other = others[0];
    // Whoever waits for it as a private lock of its own memory gets it by the owner's death.
    if (other === undefined || others.some((o) => isLock(o, addr))) return;
    w.owed.push(() => {
      if (!isLive(other)) return;
      hold(read(other, addr) === before, "I45", () => `clear word of ${t.tid}, sole user of its memory, was written`);
    });
    return;
  }
  const sleepers = findWord(t, addr, true)?.waiters.filter((x) => (x.bitset & -1) !== 0) ?? [];
  const first = sleepers.find((s) => s.task.vm === t.vm && s.task !== t);
  const queued = sleepers.length;
  w.owed.push(() => {
    const sharer = [...w.machine.tasks.values()].find((o) => isLive(o) && o.vm === t.vm);
    if (sharer === undefined) return;
    hold(read(sharer, addr) === 0, "I44", () => `clear word of ${t.tid} is ${read(sharer, addr)}`);
    const now = findWord(sharer, addr, true)?.waiters.length ?? 0;
    hold(
      queued === 0 || now < queued || first === undefined,
      "I44",
      () => `nobody was woken at the clear word of ${t.tid}`,
    );
  });
};

/** The word of the one entry of the robust lists that programs use. */
const robustWord = (t: Task): number | undefined => {
  if (t.robustList === 0) return undefined;
  const entry = read(t, t.robustList), offset = read(t, t.robustList + 8);
  return entry === undefined || offset === undefined || entry === t.robustList ? undefined : entry + offset;
};

const oweRobust = (w: Watch, t: Task): void => {
  const addr = robustWord(t);
  if (addr === undefined) return;
  const before = read(t, addr), number = t.sees(t.tid);
  if (before === undefined || (before & 0x3fffffff) !== number || t.clearTid === addr) return;
  w.owed.push(() => {
    const sharer = [...w.machine.tasks.values()].find((o) => isLive(o) && o.vm === t.vm);
    const now = sharer && read(sharer, addr);
    if (now === undefined) return;
    hold(
      (now & 0x3fffffff) !== number && (now & 0x40000000) !== 0,
      "I43",
      () => `robust word of dead ${t.tid} is 0x${now.toString(16)}`,
    );
  });
};

/** Who becomes the parent of what the task leaves behind, from scratch. */
export const reaperOf = (t: Task): Task | undefined => {
  const sibling = t.group.tasks.find((o) => o !== t && isLive(o));
  if (sibling !== undefined) return sibling;
  const { level, init } = t.group.pidNamespace;
  for (let g = t.group.parent?.group; g !== undefined; g = g.parent?.group) {
    if (g === init || g.pidNamespace.level !== level) break;
    const live = g.childSubreaper ? g.tasks.find(isLive) : undefined;
    if (live !== undefined) return live;
  }
  return init?.tasks.find(isLive);
};

const oweChildren = (w: Watch, t: Task): void => {
  const mine = [...w.machine.groups.values()].filter((g) => g.parent === t);
  if (mine.length === 0) return;
  const heir = reaperOf(t);
  const told = mine.flatMap((c) =>
    c.tasks.filter((x) => isLive(x) && x.pdeathSignal !== 0).map((x) => ({ c, sig: x.pdeathSignal }))
  );
  w.owed.push(() => {
    for (const c of mine) {
      if (w.machine.groups.get(c.tgid) !== c) continue;
      hold(c.parent === heir, "I55", () => `child ${c.tgid} of ${t.tid} went to ${c.parent?.tid}, not ${heir?.tid}`);
    }
    for (const { c, sig } of told) {
      if (c.groupExit !== undefined || c.live === 0) continue;
      const { handler } = c.tasks.find(isLive)!.handlers.get(sig);
      const silent = handler === SIG_IGN || (handler === 0 && [17, 18, 23, 28].includes(sig)) || sig === 18 ||
        (handler === 0 && c.unkillable);
      const there = (c.pending.mask & sigBit(sig)) !== 0n;
      hold(silent || there, "I54", () => `task of ${c.tgid} was not told of the death of ${t.tid}`);
    }
  });
};

const oweReaping = (w: Watch, g: ThreadGroup): void => {
  const { parent } = g;
  const d = parent?.handlers.get(CHLD);
  const alone = parent === undefined || !isLive(parent);
  // The first process of a pid namespace makes SIGCHLD ignored for all who share its handlers.
  const silenced = g.pidNamespace.init === g && parent?.handlers === g.leader.handlers;
  const auto = g.exitSignal === CHLD && d !== undefined &&
    (silenced || d.handler === SIG_IGN || (d.flags & NOCLDWAIT) !== 0);
  if (alone) return;
  w.owed.push(() => {
    if (g.leader.trace !== undefined || w.traced.has(g.leader)) return;
    if (waitsForOthers(g)) return;
    const there = w.machine.groups.get(g.tgid) === g;
    hold(
      there === !auto,
      "I15",
      () => `dead ${g.tgid} (exit signal ${g.exitSignal}) is ${there ? "kept" : "released"}`,
    );
  });
};
