/** What single calls must and must not do: clone's inheritance, exec, wait, kill, restarts (I11, I16, I17, I35, I47, I49, I51, P3, P4; C08, C12–C15, C19, C20). */
import { sigBit } from "../../actors/signals/pending.ts";
import type { Task } from "../../actors/task/task.ts";
import { SHARED } from "../layout.ts";
import { checkBirth } from "./namespaces.ts";
import { eventsOf, hold, isLive, traces, type Watch } from "./watch.ts";

const NR = {
  futex: 98,
  clone: 220,
  clone3: 435,
  execve: 221,
  kill: 129,
  wait4: 260,
  waitid: 95,
  fork: 0,
  nanosleep: 101,
  ppoll: 73,
} as const;
const VM = 0x100, FS = 0x200, FILES = 0x400, SIGHAND = 0x800, VFORK = 0x4000, PARENT = 0x8000, THREAD = 0x10000;
const CLEARTID = 0x200000;
/** Never begun again once a handler has run: sigtimedwait, sigsuspend, ppoll, nanosleep, pselect, epoll_pwait, semop. */
const NEVER_AGAIN = new Set([137, 133, 73, 101, 72, 22, 193]);
const WNOWAIT = 0x01000000;
const STOPS = sigBit(19) | sigBit(20) | sigBit(21) | sigBit(22);

/** A child was committed by the task whose turn it is. */
export const childMade = (w: Watch, child: Task): void => {
  const t = w.machine.current;
  if (t === undefined || t === child) return;
  const three = t.callNumber === NR.clone3;
  const args = t.originalA0Lo;
  const flags = three ? t.mem.u32(args) : args & ~0xff;
  const has = (bit: number) => (flags & bit) !== 0;
  const same = (bit: number, equal: boolean, what: string) =>
    hold(equal === has(bit), "I06", () => `clone 0x${flags.toString(16)}: ${what} ${equal ? "shared" : "not shared"}`);
  same(VM, child.vm === t.vm, "memory");
  same(FILES, child.files === t.files, "file table");
  same(FS, child.fs === t.fs, "fs");
  same(SIGHAND, child.handlers === t.handlers, "handlers");
  same(THREAD, child.group === t.group, "group");
  hold(child.blocked === t.blocked, "1.37", () => "the mask is not inherited");
  hold(child.pending.mask === 0n || child.trace !== undefined, "1.38", () => "a child begins with pending signals");
  hold(child.pdeathSignal === 0, "1.38", () => "pdeathsig is inherited");
  hold(child.robustList === 0, "1.38", () => "the robust list is inherited");
  const keeps = !has(VM) || has(VFORK);
  hold(
    (child.altStack.size === 0) === (keeps ? t.altStack.size === 0 : true),
    "1.39",
    () => `alternate stack after 0x${flags.toString(16)}`,
  );
  hold(
    (child.clearTid !== 0) === (has(CLEARTID) && child.clearTid !== 0),
    "1.38",
    () => "clear_child_tid without its flag",
  );
  checkBirth(child);
  hold(t.group.groupExit === undefined, "I21", () => `clone in dying group ${t.group.tgid}`);
  if (has(THREAD)) return;
  const exit = three ? t.mem.u32(args + 32) : args & 0xff;
  const { group } = child;
  if (has(PARENT)) {
    hold(group.parent === t.group.parent, "1.6", () => "CLONE_PARENT: another parent");
    hold(group.exitSignal === t.group.exitSignal, "1.6", () => "CLONE_PARENT: another exit signal");
  } else {
    hold(group.parent === t, "I12", () => "the parent is not the caller");
    hold(group.exitSignal === exit, "1.5", () => `exit signal ${group.exitSignal}, not ${exit}`);
  }
  hold(group.pending.mask === 0n, "1.38", () => "a child group begins with pending signals");
};

/** State a failing call must leave alone. */
const before = new WeakMap<Task, { files: number; tasks: number }>();
const execs = new WeakMap<Task, { tid: number; own: bigint; tables: Map<object, string> }>();

export const callBegins = (w: Watch, t: Task): void => {
  w.settle();
  const nr = t.callNumber;
  if (nr === NR.clone || nr === NR.clone3) {
    before.set(t, { files: t.files.descriptors().length, tasks: w.machine.tasks.size });
  }
  if (nr === NR.execve) {
    const tables = new Map<object, string>();
    for (const o of w.machine.tasks.values()) {
      if (o !== t && isLive(o) && o.group !== t.group) tables.set(o.files, o.files.descriptors().join());
    }
    execs.set(t, { tid: t.tid, own: t.pending.mask, tables });
    w.entered.delete(t);
    return;
  }
  if (nr === 139) return;
  let args = t.originalA0Lo | 0;
  for (let i = 11; i < 16; i++) args = (Math.imul(args, 31) + t.cpu.lo(i)) | 0;
  let calls = w.entered.get(t);
  if (calls === undefined) w.entered.set(t, calls = new Map());
  const key = t.cpu.pc, seen = calls.get(key);
  if (seen === undefined || inHandler(t)) {
    calls.set(key, args);
    return;
  }
  hold(seen === args, "I35", () => `call ${nr} of ${t.tid} begins again with other arguments`);
  if (t.trace !== undefined) w.traced.add(t);
  hold(!NEVER_AGAIN.has(nr) || w.traced.has(t), "I35", () => `call ${nr} of ${t.tid} begins again`);
};

/** Handlers may run more than once. */
let handlersFrom = Infinity;
export const handlersStartAt = (pc: number): void => void (handlersFrom = pc);
const inHandler = (t: Task): boolean => t.cpu.pc >= handlersFrom;

const BLOCKED_FILES = -14;

export const callEnds = (w: Watch, t: Task, result: number): void => {
  w.settle();
  const nr = t.callNumber;
  for (const tracee of t.tracees ?? []) w.traced.add(tracee);
  if ((nr === NR.clone || nr === NR.clone3) && result < 0) checkFailedClone(w, t, nr, result);
  else if (nr === NR.futex && result > 0 && [3, 4].includes(t.cpu.lo(11) & 127) && t.cpu.lo(14) < SHARED) {
    w.movedAway = true;
  } else if (nr === NR.execve) checkExec(w, t, result);
  else if (nr === NR.wait4 || nr === NR.waitid) checkWait(w, t, nr, result);
  else if (nr === NR.kill && result === 0 && t.cpu.lo(11) === 18 && t.originalA0Lo > 0) {
    checkContinued(w, t.means(t.originalA0Lo));
  }
};

const checkFailedClone = (w: Watch, t: Task, nr: number, result: number): void => {
  const was = before.get(t);
  if (was === undefined || result < -4095) return;
  const now = t.files.descriptors().length;
  hold(was.files === now, "P4", () => `failed clone (${nr}: ${result}) left ${now - was.files} descriptors`);
  hold(was.tasks === w.machine.tasks.size, "P4", () => `failed clone left a task`);
};

const checkExec = (w: Watch, t: Task, result: number): void => {
  const was = execs.get(t);
  if (was === undefined || (result < 0 && result > -4096)) return;
  const { group } = t;
  hold(
    group.tasks.length === 1 && group.leader === t && t.tid === group.tgid,
    "I47",
    () => `after exec ${group.tasks.length} tasks, leader ${group.leader.tid}`,
  );
  hold(
    t.files.users === 1 && t.handlers.users === 1 && t.vm.users === 1,
    "I47",
    () => "after exec something is still shared",
  );
  // An exec that waits for a tracer lets others run meanwhile.
  if (w.anyTraced || t.trace !== undefined) return;
  hold(t.pending.mask === was.own, "I51", () => `private pending was ${was.own}, is ${t.pending.mask} after exec`);
  hold(
    was.tid === t.tid || w.machine.tasks.get(was.tid) === undefined,
    "I49",
    () => `tid ${was.tid} is still there after exec`,
  );
  hold(
    group.exitSignal === 17 || group.parent === undefined,
    "4.3",
    () => `exit signal ${group.exitSignal} after exec`,
  );
  for (const o of w.machine.tasks.values()) {
    if (!isLive(o) || o.group === group) continue;
    const held = was.tables.get(o.files);
    hold(
      held === undefined || held === o.files.descriptors().join(),
      "5.16",
      () => `exec of ${t.tid} changed the table of ${o.tid}`,
    );
  }
};

const checkWait = (w: Watch, t: Task, nr: number, result: number): void => {
  if (traces(t.group) || w.tracers.has(t.group)) return;
  const had = w.events.get(t.group) ?? 0, has = eventsOf(t.group);
  const options = nr === NR.wait4 ? t.cpu.lo(12) : t.cpu.lo(13);
  if ((options & WNOWAIT) !== 0 && nr === NR.waitid) {
    if (result === 0) hold(has >= had, "4.11", () => `waitid with WNOWAIT took an event of ${t.tid}`);
  } else if (nr === NR.wait4 && result === BLOCKED_FILES) {
    hold(has < had, "4.9", () => `wait4 with a bad address left the event of ${t.tid}`);
  }
};

const checkContinued = (w: Watch, pid: number): void => {
  const group = w.machine.tasks.get(pid)?.group;
  if (group === undefined || group.live === 0) return;
  const stops = (mask: bigint) => (mask & STOPS) !== 0n;
  hold(
    !stops(group.pending.mask) && !group.tasks.some((x) => stops(x.pending.mask)),
    "6.17",
    () => `stop signals are pending in ${pid} after SIGCONT`,
  );
  hold(group.job === "running", "6.17", () => `group ${pid} is ${group.job} after SIGCONT`);
};
