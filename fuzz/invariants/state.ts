/** Invariants of the state between two turns: identity, families, reference counts, live counts (SEMANTICS P1, I01–I06, I12–I14, I18, I22, I52, I53, C00, C17). */
import type { ScriptSpace } from "../../cpu/script/space.ts";
import type { Task } from "../../actors/task/task.ts";
import type { ThreadGroup } from "../../actors/task/thread_group.ts";
import type { NamespaceSet } from "../../actors/namespaces/set.ts";
import { checkNamespaces } from "./namespaces.ts";
import { hold, isLive, waitsForOthers, type Watch } from "./watch.ts";

const count = (map: Map<object, number>, key: object): void => void map.set(key, (map.get(key) ?? 0) + 1);

export const checkState = (w: Watch): void => {
  const { machine } = w;
  let live = 0;
  const own = machine.namespaces, sets: NamespaceSet[] = [own];
  const holders = new Map<object, number>([[own, 1]]), cpus = new Map<object, number>();
  for (const [tid, t] of machine.tasks) {
    hold(t.tid === tid, "I01", () => `task ${t.tid} is listed as ${tid}`);
    hold(machine.groups.get(t.group.tgid) === t.group, "I12", () => `task ${tid} (${t.state}) of a released group`);
    hold(t.group.tasks.includes(t), "I04", () => `task ${tid} is not in its group`);
    if (!isLive(t)) continue;
    live++;
    hold(t.vm === t.group.tasks.find(isLive)!.vm, "I04", () => `task ${tid} has another memory than its group`);
    hold(
      t.handlers === t.group.tasks.find(isLive)!.handlers,
      "I05",
      () => `task ${tid} has other handlers than its group`,
    );
    if (t.namespaces !== own && !holders.has(t.namespaces)) sets.push(t.namespaces);
    for (const thing of [t.vm, t.files, t.fs, t.handlers, t.namespaces]) count(holders, thing);
    count(cpus, t.vm.space);
  }
  const { liveCpus } = machine.counters;
  hold(liveCpus === live, "P1", () => `${liveCpus} CPUs for ${live} live tasks`);
  for (const [thing, n] of holders) {
    const users = (thing as { users: number }).users;
    if (users === undefined) continue;
    hold(users === n, "I06", () => `${thing.constructor.name} counts ${users} users, ${n} tasks hold it`);
  }
  for (const [space, n] of cpus) {
    const s = space as ScriptSpace;
    hold(s.liveCpus === n, "P1", () => `an address space counts ${s.liveCpus} CPUs, ${n} tasks run in it`);
  }
  checkNamespaces(w, sets);
  checkGroups(w);
  checkTracing(w);
};

/** The list of a tracer and its tracees agree (I57). */
const checkTracing = (w: Watch): void => {
  for (const t of w.machine.tasks.values()) {
    const { trace } = t;
    if (trace !== undefined) {
      w.traced.add(t);
      w.anyTraced = true;
      const { tracer } = trace;
      hold(trace.task === t, "I57", () => `the trace of task ${t.tid} is another's`);
      hold(tracer.tracees?.has(t) === true, "I57", () => `task ${t.tid} is on no list of ${tracer.tid}`);
      hold(isLive(tracer), "I57", () => `tracer ${tracer.tid} of ${t.tid} is ${tracer.state}`);
      hold(tracer.group !== t.group, "I57", () => `task ${t.tid} is traced by its own group`);
    } else hold(t.state !== "traced", "I57", () => `task ${t.tid} stands in a stop and nobody traces it`);
    for (const tracee of t.tracees ?? []) {
      w.tracers.add(t.group);
      hold(tracee.trace?.tracer === t, "I57", () => `tracee ${tracee.tid} of ${t.tid} has another tracer`);
      hold(w.machine.tasks.get(tracee.tid) === tracee, "I57", () => `tracee ${tracee.tid} of ${t.tid} is gone`);
    }
  }
};

/** Dead threads that their tracers have not waited for hold back the end of their group, and others in the pid namespace that of its first process. */
const heldBack = (g: ThreadGroup): boolean =>
  g.tasks.some((t) => t !== g.leader && t.trace !== undefined) || waitsForOthers(g);

const checkGroups = (w: Watch): void => {
  for (const [tgid, g] of w.machine.groups) {
    w.groupsSeen.add(g);
    hold(g.tgid === tgid && g.leader.tid === tgid, "I03", () => `group ${tgid} is led by ${g.leader.tid}`);
    const live = g.tasks.filter(isLive).length;
    hold(g.live === live, "I22", () => `group ${tgid} counts ${g.live} live tasks, has ${live}`);
    hold(g.live > 0 || g.zombie || heldBack(g), "I22", () => `group ${tgid} without a live task is no zombie`);
    const code = w.codes.get(g);
    if (code === undefined) {
      if (g.groupExit !== undefined) w.codes.set(g, g.groupExit);
    } else hold(code === g.groupExit, "I18", () => `code of group ${tgid} changed from ${code} to ${g.groupExit}`);
    if (g.parent !== undefined) checkParent(g.parent, tgid, g);
    for (const c of g.children) {
      hold(c.parent?.group === g, "I13", () => `group ${c.tgid} is a child of ${tgid}, its parent is ${c.parent?.tid}`);
      hold(w.machine.groups.get(c.tgid) === c, "I13", () => `released group ${c.tgid} is a child of ${tgid}`);
    }
    if (g.sid === tgid) hold(g.pgid === tgid, "I53", () => `session leader ${tgid} is in process group ${g.pgid}`);
    if (g.live === 0 && g.parent === undefined && g !== w.machine.init && !heldBack(g)) {
      hold(g.leader.trace !== undefined, "I14", () => `zombie ${tgid} has no parent to reap it`);
    }
  }
};

const checkParent = (parent: Task, tgid: number, g: object): void => {
  hold(isLive(parent), "I12", () => `parent ${parent.tid} of group ${tgid} is ${parent.state}`);
  hold(parent.group.children.includes(g as never), "I13", () => `group ${tgid} is on no list of children`);
};
