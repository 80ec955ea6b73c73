/** Random ptrace calls, and sequences in which a task traces another: its child, a thread of a child, a sibling, its parent. */
import type { Maker } from "./idioms.ts";
import type { Arg, CloneStep, Step } from "./program.ts";

const TRACEME = 0,
  CONT = 7,
  KILL = 8,
  ATTACH = 16,
  DETACH = 17,
  SYSCALL = 24,
  SETOPTIONS = 0x4200,
  GETEVENTMSG = 0x4201;
const GETSIGINFO = 0x4202, SEIZE = 0x4206, INTERRUPT = 0x4207, LISTEN = 0x4208, GETSIGMASK = 0x420a;
const WALL = 0x40000000, NOHANG = 1;
const THREAD = 0x10d00;

const call = (name: string, ...args: Arg[]): Step => ({ call: name, args });
const ptrace = (request: number, who: Arg, addr: Arg = 0, data: Arg = 0): Step =>
  call("ptrace", request, who, addr, data);
const sleep = (m: Maker): Step => call("nanosleep", { ns: m.pick([100, 1000, 5000]) }, 0);
const made = (m: Maker, clone: number, child: Step[]): CloneStep => ({
  clone,
  site: m.site(),
  exit: (clone & 0x10000) !== 0 ? 0 : 17,
  child,
});
const OPTIONS = [0, 1, 2, 4, 8, 0x10, 0x20, 0x40, 0x7f, 0x10007f, 0x1e, 0x100000];
const SIGNAL = [0, 0, 0, 10, 12, 19, 18, 9, 15];

/** Arguments of one call out of the blue. */
export const ptraceArguments = (m: Maker, who: Arg, signal: number): Arg[] => {
  const sig = m.chance(70) ? 0 : signal;
  switch (m.upTo(m.tame ? 10 : 11)) {
    case 0:
      return [ATTACH, who, 0, 0];
    case 1:
      return [SEIZE, who, m.chance(95) ? 0 : 8, m.pick(OPTIONS)];
    case 2:
      return [INTERRUPT, who, 0, 0];
    case 3:
      return [CONT, who, 0, sig];
    case 4:
      return [SYSCALL, who, 0, sig];
    case 5:
      return [DETACH, who, 0, sig];
    case 6:
      return [LISTEN, who, 0, 0];
    case 7:
      return [SETOPTIONS, who, 0, m.pick(OPTIONS)];
    case 8:
      return [m.pick([GETSIGINFO, GETEVENTMSG]), who, 0, { buf: m.upTo(2) }];
    case 9:
      return m.chance(50) ? [KILL, who, 0, 0] : [GETSIGMASK, who, 8, { buf: m.upTo(2) }];
    default:
      return [TRACEME, 0, 0, 0];
  }
};

/** Looks at stops of a tracee and lets it go on, a few times. */
const steered = (m: Maker, who: Arg): Step[] => {
  const steps: Step[] = [];
  for (let n = 2 + m.upTo(4); n > 0; n--) {
    steps.push(call("wait4", m.chance(70) ? who : -1, { buf: 1 }, WALL | (m.chance(30) ? NOHANG : 0), 0));
    if (m.chance(20)) steps.push(ptrace(GETSIGINFO, who, 0, { buf: 0 }));
    steps.push(ptrace(m.pick([CONT, CONT, SYSCALL, SYSCALL, LISTEN, DETACH]), who, 0, m.pick(SIGNAL)));
    if (m.chance(20)) steps.push(call("kill", who, m.pick([10, 18, 19, 20, 9])));
    if (m.chance(20)) steps.push(ptrace(INTERRUPT, who));
  }
  if (m.chance(40)) steps.push(ptrace(DETACH, who, 0, m.pick(SIGNAL)));
  return steps;
};

/** What a tracee does: waits, makes a child or a thread, executes, signals itself, ends. */
const doings = (m: Maker): Step[] => {
  const steps: Step[] = [];
  for (let n = 1 + m.upTo(3); n > 0; n--) {
    switch (m.upTo(6)) {
      case 0:
        steps.push(made(m, m.pick([0, 0x100, 0x4100, THREAD, 0x2000, 0x800000]), [sleep(m)]));
        break;
      case 1:
        steps.push({ exec: [sleep(m)] });
        break;
      case 2:
        steps.push(call("rt_sigsuspend", { set: [] }, 8));
        break;
      case 3:
        steps.push(call(m.pick(["exit", "exit_group"]), m.upTo(256)));
        break;
      case 4:
        steps.push(call("wait4", -1, 0, WALL, 0));
        break;
      default:
        steps.push(sleep(m));
    }
  }
  return steps;
};

/** A child asks to be traced. */
const traceme = (m: Maker): Step[] => {
  if (m.tame) return seized(m);
  const child = made(m, m.pick([0, 0, 0x100]), []);
  const self: Arg = { tid: child.site };
  (child.child as Step[]).push(ptrace(TRACEME, 0), call("kill", self, m.pick([19, 10])), ...doings(m));
  return [
    child,
    call("wait4", self, 0, WALL, 0),
    ptrace(SETOPTIONS, self, 0, m.pick(OPTIONS)),
    ptrace(m.pick([CONT, SYSCALL]), self),
    ...steered(m, self),
  ];
};

/** A child is seized or attached to. */
const seized = (m: Maker): Step[] => {
  const child = made(m, m.pick([0, 0, 0x100]), [sleep(m), ...doings(m)]);
  const who: Arg = { tid: child.site };
  const take = m.chance(70) ? ptrace(SEIZE, who, 0, m.pick(OPTIONS)) : ptrace(ATTACH, who);
  return [
    child,
    ...(m.chance(20) ? [call("kill", who, 19), call("wait4", who, 0, 2, 0)] : []),
    take,
    ...(m.chance(60) ? [ptrace(INTERRUPT, who)] : []),
    ...steered(m, who),
  ];
};

/** A sibling traces, so that the parent has to wait for it. */
const stranger = (m: Maker): Step[] => {
  const child = made(m, m.pick([0, 0x100]), [sleep(m), sleep(m), ...doings(m)]);
  const who: Arg = { tid: child.site };
  const tracer = made(m, m.pick([0, 0x100]), [
    ptrace(SEIZE, who, 0, m.pick(OPTIONS)),
    ...(m.chance(50) ? [ptrace(INTERRUPT, who)] : []),
    ...steered(m, who),
  ]);
  return [child, tracer, call("wait4", who, 0, m.pick([0, WALL, 2]), 0), call("wait4", -1, 0, WALL | NOHANG, 0)];
};

/** Threads of a child are traced; one of them executes or ends. */
const threads = (m: Maker): Step[] => {
  const thread = made(m, THREAD, [sleep(m), ...doings(m)]);
  const child = made(m, 0, [thread, sleep(m), ...doings(m)]);
  const who: Arg = { tid: child.site }, part: Arg = { tid: thread.site };
  return [
    child,
    ptrace(SEIZE, who, 0, m.pick(OPTIONS)),
    ...(m.chance(60) ? [sleep(m), ptrace(SEIZE, part, 0, m.pick(OPTIONS))] : []),
    ...(m.chance(40) ? [call("kill", who, m.pick([19, 10, 9]))] : []),
    ...steered(m, part),
    ...steered(m, who),
  ];
};

export const tracing: readonly ((m: Maker) => Step[])[] = [traceme, seized, stranger, threads];
