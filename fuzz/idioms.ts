/**
 * Short sequences in which tasks meet on one object: what chance seldom puts together. The generator mixes them with its other steps, whole or with steps between.
 */
import type { Arg, CloneStep, Step } from "./program.ts";
import { namespaced } from "./namespaced.ts";
import { tracing } from "./tracing.ts";

/** What an idiom may ask of the generator. */
export interface Maker {
  upTo(n: number): number;
  pick<T>(of: readonly T[]): T;
  chance(percent: number): boolean;
  /** Number of the next clone site. */
  site(): number;
  /** Index of a handler, or what stands for none. */
  handler(): number | "ignore" | "default";
  /** Only what may run natively too. */
  readonly tame: boolean;
}

const THREAD = 0x10d00;
const MAIN: Arg = { tid: 0 };
const call = (name: string, ...args: Arg[]): Step => ({ call: name, args });
const made = (m: Maker, clone: number, child: Step[], exit = (clone & 0x10000) !== 0 ? 0 : 17): CloneStep => ({
  clone,
  site: m.site(),
  exit,
  child,
});
const sleep = (m: Maker): Step => call("nanosleep", { ns: m.pick([100, 1000, 5000]) }, 0);
const asleep = (m: Maker): Step => m.chance(50) ? sleep(m) : call("rt_sigsuspend", { set: [] }, 8);

const word = (m: Maker): Arg => m.chance(60) ? { word: m.upTo(4) } : { ownAt: 8 + m.upTo(4) };

/** Sleepers of one word are moved to another and woken there. */
const requeue = (m: Maker): Step[] => {
  const from = word(m), to = word(m), shared = m.chance(50) ? 0 : 128;
  const steps: Step[] = [];
  for (let n = 1 + m.upTo(3); n > 0; n--) {
    steps.push(made(m, THREAD, [call("futex", from, shared, 0, m.chance(30) ? { ns: 3000 } : 0, 0, 0)]));
  }
  steps.push(sleep(m), call("futex", from, 3 | shared, m.upTo(2), 1 + m.upTo(2), to, 0));
  if (m.chance(60)) steps.push(sleep(m));
  steps.push(call("futex", m.chance(70) ? to : from, 1 | shared, 1 + m.upTo(2), 0, 0, 0));
  return steps;
};

/** A child is stopped, looked at, continued. */
const stopped = (m: Maker): Step[] => {
  const body = made(m, m.pick([0, 0x100]), [asleep(m), sleep(m)]);
  const child: Arg = { tid: body.site };
  const steps: Step[] = [body, call("kill", child, m.pick([19, 20]))];
  for (let n = 1 + m.upTo(3); n > 0; n--) {
    const options = m.pick([2, 2, 6, 10]) | m.pick([0x01000000, 0x01000000, 0]) | (m.chance(30) ? 1 : 0);
    steps.push(call("waitid", 1, child, { buf: 1 }, options, 0));
    if (m.chance(30)) steps.push(sleep(m));
  }
  steps.push(
    call("kill", child, m.pick([18, 18, 9])),
    call("waitid", 1, child, 0, 12 | (m.chance(50) ? 0x01000000 : 0), 0),
  );
  return steps;
};

/** A stop signal waits, blocked, in one thread; the group is continued. */
const blockedStop = (m: Maker): Step[] => {
  const thread = made(m, THREAD, [
    call("rt_sigprocmask", 0, { set: [20, 21] }, 0, 8),
    sleep(m),
    sleep(m),
    call("rt_sigprocmask", 1, { set: [20] }, 0, 8),
  ]);
  return [
    thread,
    sleep(m),
    call("tgkill", MAIN, { tid: thread.site }, m.pick([20, 21])),
    call("kill", MAIN, 18),
    sleep(m),
  ];
};

/** A thread executes another program while signals wait for the leader. */
const threadExec = (m: Maker): Step[] => {
  const sig = m.pick([10, 12, 34]);
  const next: Step[] = [call("getppid"), sleep(m), call("rt_sigpending", { buf: 0 }, 8)];
  return [
    call("rt_sigprocmask", 0, { set: [10, 12, 34] }, 0, 8),
    made(m, THREAD, [sleep(m), call("tgkill", MAIN, MAIN, sig), { exec: next }]),
    ...(m.chance(50) ? [call("tgkill", MAIN, MAIN, m.pick([10, 12]))] : []),
    ...(m.chance(30) ? [call("exit", 3)] : [sleep(m), sleep(m)]),
  ];
};

/** Two signals come together; the handler of one blocks the other, which another thread could take. */
const masked = (m: Maker): Step[] => {
  const act = (sig: number, mask: number[]) =>
    call("rt_sigaction", sig, { act: { handler: m.handler(), flags: 0x10000000, mask } }, 0, 8);
  return [
    act(10, [12, 34]),
    act(12, [10]),
    made(m, THREAD, [sleep(m), sleep(m)]),
    made(m, 0, [call("kill", MAIN, 12), call("kill", MAIN, 10), call("kill", MAIN, 34)]),
    ...(m.chance(50) ? [sleep(m)] : [call("sched_yield"), call("sched_yield")]),
  ];
};

/** Grandchildren are left behind to a subreaper, whose leader may have gone. */
const orphans = (m: Maker): Step[] => {
  const thread = m.chance(60);
  const told = m.chance(40) ? [call("prctl", 1, m.pick([10, 12]), 0, 0, 0)] : [];
  return [
    call("prctl", 36, 1, 0, 0, 0),
    ...(thread ? [made(m, THREAD, [sleep(m), sleep(m), call("wait4", -1, 0, 0x40000000, 0)])] : []),
    made(m, m.pick([0, 0x100, 0x900]), [
      made(m, m.pick([0, 0x100]), [...told, sleep(m), asleep(m)]),
      ...(m.chance(50) ? [sleep(m)] : []),
    ]),
    ...(thread && m.chance(50) ? [call("exit", 1)] : [sleep(m), call("wait4", -1, 0, 1, 0)]),
  ];
};

/** The thread that made a child ends before its group does. */
const parentDeath = (m: Maker): Step[] => {
  return [
    made(m, THREAD, [
      made(m, m.pick([0, 0x100]), [call("prctl", 1, m.pick([10, 12, 34]), 0, 0, 0), asleep(m)]),
      sleep(m),
    ]),
    sleep(m),
  ];
};

/** Several threads end their group at once. */
const exits = (m: Maker): Step[] => {
  const steps: Step[] = [];
  for (let n = 1 + m.upTo(2); n > 0; n--) {
    steps.push(
      made(m, THREAD, [...(m.chance(50) ? [sleep(m)] : []), call(m.pick(["exit", "exit_group"]), m.upTo(256))]),
    );
  }
  const kills = () => call("kill", MAIN, m.pick([9, 15]));
  steps.push(m.chance(50) ? call("exit", m.upTo(256)) : m.chance(50) ? kills() : sleep(m));
  return m.chance(50) ? [wrapped(m, steps)] : steps;
};

/** In a process of its own, so that the rest goes on. */
const wrapped = (m: Maker, steps: Step[]): Step => {
  return made(m, 0, steps);
};

/** A vfork child signals its parent, then executes or ends. */
const vforked = (m: Maker): Step[] => {
  const ending: Step = m.chance(60) ? { exec: [sleep(m)] } : call("exit", 1);
  return [
    made(m, 0x4100, [call("kill", MAIN, m.pick([10, 19, 18, 12])), ...(m.chance(30) ? [sleep(m)] : []), ending]),
    call("wait4", -1, 0, 1, 0),
  ];
};

/** Children with all exit signals meet all dispositions of SIGCHLD. */
const reaping = (m: Maker): Step[] => {
  const act = { handler: m.pick(["ignore", "default", m.handler()] as const), flags: m.pick([0, 2, 1]), mask: [] };
  return [
    call("rt_sigaction", 17, { act }, 0, 8),
    made(m, m.pick([0, 0x100]), m.chance(50) ? [] : [sleep(m)], m.pick([17, 17, 0, 10, 34])),
    call("wait4", -1, m.chance(20) ? 0x00c00000 : 0, m.pick([0, 1]) | m.pick([0, 0x40000000, 0x80000000 | 0]), 0),
  ];
};

/** A lock with its owner in the word, left locked. */
const locks = (m: Maker): Step[] => {
  const at: Arg = m.chance(50) ? { word: m.upTo(2) } : { ownAt: m.pick([12, 16]) };
  const lock = call("futex", at, 6, 0, 0, 0, 0), unlock = call("futex", at, 7, 0, 0, 0, 0);
  const robust = call("set_robust_list", { robust: m.pick([12, 16]) }, 24);
  return [
    made(m, THREAD | (m.chance(50) ? 0x200000 : 0), [
      ...(m.chance(50) ? [robust] : []),
      lock,
      sleep(m),
      ...(m.chance(50) ? [unlock] : []),
    ]),
    sleep(m),
    lock,
    ...(m.chance(50) ? [unlock] : []),
  ];
};

const ALL = [
  ...tracing,
  requeue,
  stopped,
  blockedStop,
  threadExec,
  masked,
  orphans,
  parentDeath,
  exits,
  vforked,
  reaping,
  locks,
];

/** One idiom. */
export const idiom = (m: Maker): Step[] => m.pick(!m.tame && m.chance(15) ? namespaced : ALL)(m);
