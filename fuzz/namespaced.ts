/** Sequences in which tasks live in pid namespaces: their first processes end, orphans go to them, others go in, numbers are chosen. */
import type { Maker } from "./idioms.ts";
import type { Arg, CloneStep, Step } from "./program.ts";

const NEWPID = 0x20000000, NEWTIME = 0x80, PIDFD = 0x1000, VM = 0x100, THREAD = 0x10d00;
/** uts, ipc, cgroup, mnt, user, net. */
const OTHERS = [0x04000000, 0x08000000, 0x02000000, 0x20000, 0x10000000, 0x40000000];

const call = (name: string, ...args: Arg[]): Step => ({ call: name, args });
const made = (m: Maker, clone: number, child: Step[], more: Partial<CloneStep> = {}): CloneStep => ({
  clone,
  site: m.site(),
  exit: (clone & 0x10000) !== 0 ? 0 : 17,
  child,
  ...more,
});
const sleep = (m: Maker): Step => call("nanosleep", { ns: m.pick([100, 1000, 5000]) }, 0);
const asleep = (m: Maker): Step => m.chance(50) ? sleep(m) : call("rt_sigsuspend", { set: [] }, 8);
const wait = (m: Maker): Step => call("wait4", -1, 0, m.pick([0, 0, 1, 0x40000000]), 0);

/** What lives beside the first process: children, their children left behind, threads, a namespace within. */
const inhabitants = (m: Maker): Step[] => {
  const steps: Step[] = [];
  for (let n = 1 + m.upTo(2); n > 0; n--) {
    const kind = m.upTo(4);
    if (kind === 0) steps.push(made(m, 0, [made(m, m.pick([0, VM]), [sleep(m), asleep(m)])]));
    else if (kind === 1) steps.push(made(m, THREAD, [asleep(m), ...(m.chance(30) ? [call("exit_group", 5)] : [])]));
    else if (kind === 2) steps.push(made(m, NEWPID, [made(m, 0, [asleep(m)]), asleep(m)]));
    else steps.push(made(m, m.pick([0, VM, 0x8000]), [call("kill", 1, m.pick([9, 10, 19])), asleep(m)]));
  }
  return steps;
};

/** The first process of a new namespace ends in one way or another, with everybody. */
const world = (m: Maker): Step[] => {
  const ending: Step[] = [sleep(m), call("exit", 4), call("exit_group", 4), { exec: [asleep(m)] }, wait(m)];
  const flags = NEWPID | (m.chance(30) ? m.pick(OTHERS) : 0);
  const first = made(m, flags, [...inhabitants(m), m.pick(ending), ...(m.chance(50) ? [asleep(m)] : [])]);
  return [first, sleep(m), call("kill", { tid: first.site }, m.pick([9, 9, 10, 15, 19, 18])), wait(m)];
};

/** Children go to a namespace that their parent does not live in; then nobody can be born there. */
const unshared = (m: Maker): Step[] => {
  const first = made(m, m.pick([0, VM, 0x8000]), [...(m.chance(50) ? inhabitants(m) : []), asleep(m)]);
  const steps: Step[] = [
    call("unshare", NEWPID | (m.chance(30) ? m.pick([...OTHERS, NEWTIME]) : 0)),
    first,
    made(m, 0, [asleep(m)]),
  ];
  if (m.chance(40)) steps.push(made(m, THREAD, [sleep(m)]));
  if (m.chance(70)) steps.push(call("kill", { tid: first.site }, 9));
  if (m.chance(50)) steps.push(wait(m));
  steps.push(made(m, 0, [sleep(m)]), ...(m.chance(40) ? [{ exec: [made(m, 0, []), sleep(m)] }] : []), wait(m));
  return m.chance(80) ? [made(m, 0, steps)] : steps;
};

/** Another goes into the namespaces of a process, or its children do. */
const entered = (m: Maker): Step[] => {
  const own = m.pick([OTHERS[0], OTHERS[1], OTHERS[2], OTHERS[3]]);
  const flags = NEWPID | own | PIDFD;
  const first = made(m, flags, [...inhabitants(m), asleep(m)], { parentTid: { ownAt: 5 } });
  return [
    first,
    made(m, 0, [
      call("setns", { own: 5 }, m.pick([NEWPID, NEWPID | own, own, flags & ~PIDFD])),
      made(m, 0, [asleep(m)]),
      ...(m.chance(50) ? [call("kill", { tid: first.site }, 9)] : []),
      made(m, m.pick([0, VM]), [sleep(m)]),
      ...(m.chance(50) ? [wait(m)] : []),
    ]),
    ...(m.chance(50) ? [sleep(m), call("kill", { tid: first.site }, m.pick([9, 19]))] : []),
    wait(m),
  ];
};

/** Numbers are chosen, the innermost first. */
const chosen = (m: Maker): Step[] => {
  const numbers = () => m.pick([[1], [7], [2, 1009], [1, 1007], [1006], [1, 1]]);
  return [
    made(m, m.pick([0, NEWPID]), [made(m, 0, [sleep(m)], { three: true, chosen: numbers() }), wait(m)], {
      three: true,
      chosen: numbers(),
    }),
    wait(m),
  ];
};

/** Not for native runs: all need privilege. */
export const namespaced: readonly ((m: Maker) => Step[])[] = [world, world, unshared, entered, chosen];
