/**
 * Random kernel programs from a seed. What an argument may be comes from the call's declaration; the calls where chance alone would seldom say anything sensible
 * (futex, sigaction, clone) have rules of their own. Weights lean to what races: tasks, signals, waits, sleeps on the same few words.
 */
import { SeededEntropy } from "../actors/world/entropy.ts";
import type { Arg as Declared, Call } from "../syscalls/abi/call.ts";
import { FAMILIES } from "../syscalls/mod.ts";
import { MAX_SITES } from "./layout.ts";
import { idiom, type Maker } from "./idioms.ts";
import { ptraceArguments } from "./tracing.ts";
import type { Arg, CloneStep, Program, Step } from "./program.ts";

const ROWS: Readonly<Record<string, Call>> = Object.assign({}, ...Object.values(FAMILIES));

/** Calls and how often they come. */
const WEIGHTS: Readonly<Record<string, number>> = {
  kill: 7,
  tgkill: 4,
  tkill: 1,
  rt_sigaction: 7,
  rt_sigprocmask: 5,
  wait4: 8,
  waitid: 6,
  futex: 9,
  sched_yield: 4,
  nanosleep: 3,
  rt_sigtimedwait: 2,
  rt_sigsuspend: 1,
  rt_sigpending: 1,
  ppoll: 1,
  pipe2: 3,
  read: 2,
  write: 2,
  close: 2,
  dup: 2,
  fcntl: 2,
  close_range: 1,
  unshare: 3,
  setns: 1,
  prctl: 4,
  setpgid: 4,
  setsid: 1,
  getppid: 1,
  getpgid: 1,
  getsid: 1,
  exit: 1,
  exit_group: 1,
  set_tid_address: 1,
  set_robust_list: 2,
  sigaltstack: 2,
  pidfd_open: 1,
  kcmp: 1,
  ptrace: 2,
};
const WEIGHTED = Object.entries(WEIGHTS);
const SIGNALS = [10, 12, 15, 17, 18, 19, 20, 9, 34, 35, 14, 1, 10, 12, 18, 10, 12, 34, 17, 18];
const VM = 0x100, FILES = 0x400, SIGHAND = 0x800, PIDFD = 0x1000, VFORK = 0x4000, THREAD = 0x10000, SYSVSEM = 0x40000;
const PTRACE = 0x2000, UNTRACED = 0x800000;
const PARENT_SETTID = 0x100000, CLEARTID = 0x200000, SETTID = 0x1000000;
const SHARING = [
  VM,
  0x200,
  FILES,
  SIGHAND,
  VFORK,
  0x8000,
  THREAD,
  SYSVSEM,
  PARENT_SETTID,
  CLEARTID,
  SETTID,
  PIDFD,
  0x80000000,
];
const NEWTIME = 0x80, NEWPID = 0x20000000;
/** Flags of new namespaces; those that change most come most often. NEWTIME is clone3's and unshare's only. */
const NEW = [NEWPID, NEWPID, NEWPID, 0x40000000, 0x04000000, 0x08000000, 0x02000000, 0x10000000, 0x20000];
const BAD = 0x00c00000;

export interface Limits {
  /** Most steps, children included. */
  readonly steps: number;
  /** Without what needs privilege or would reach beyond the program: for native runs. */
  readonly tame?: boolean;
}

class Generator implements Maker {
  readonly #e: SeededEntropy;
  #left: number;
  #sites = 0;
  readonly #bag: readonly string[];
  #handlers = 0;
  constructor(seed: number, readonly limits: Limits) {
    this.#e = new SeededEntropy(seed);
    this.#left = limits.steps;
    // Each program has its own taste: some calls come more often, some not at all.
    const bag: string[] = [];
    for (const [name, n] of WEIGHTED) {
      const taste = this.upTo(4);
      for (let i = taste === 0 ? 0 : taste === 3 ? n * 3 : n; i > 0; i--) bag.push(name);
    }
    this.#bag = bag;
  }

  upTo(n: number): number {
    return this.#e.next() % n;
  }
  pick<T>(of: readonly T[]): T {
    return of[this.upTo(of.length)];
  }
  site(): number {
    return ++this.#sites;
  }
  get tame(): boolean {
    return this.limits.tame === true;
  }
  handler(): number | "ignore" | "default" {
    return this.#handlers === 0 ? this.pick(["ignore", "default"] as const) : this.upTo(this.#handlers);
  }
  chance(percent: number): boolean {
    return this.upTo(100) < percent;
  }

  program(): Program {
    this.#handlers = this.upTo(4);
    const steps = [...this.#armour(), ...this.steps(2 + this.upTo(this.limits.steps), 0)];
    const handlers = Array.from({ length: this.#handlers }, () => this.#handler());
    return { steps, handlers };
  }

  /** Most programs begin by handling or ignoring what would otherwise soon kill them. */
  #armour(): Step[] {
    const out: Step[] = [];
    for (const sig of [10, 12, 15, 34, 35, 14, 1]) {
      if (this.chance(30)) continue;
      out.push({ call: "rt_sigaction", args: this.#special("rt_sigaction")!.with(0, sig) });
    }
    this.#left -= out.length;
    return out;
  }

  steps(most: number, depth: number): Step[] {
    const out: Step[] = [];
    for (let n = 0; n < most && this.#left > 0; n++) {
      this.#left--;
      const what = this.upTo(100);
      if (what < 4 && this.#sites < MAX_SITES - 6) {
        const steps = idiom(this);
        this.#left -= steps.length;
        if (this.chance(70)) out.push(...steps);
        else {
          for (const step of steps) {
            out.push(step);
            if (this.chance(30)) out.push(this.#call());
          }
        }
      } else if (what < 18 && this.#sites < MAX_SITES && depth < 5) out.push(this.#clone(depth));
      else if (what < 20 && depth < 5) out.push({ exec: this.steps(1 + this.upTo(6), depth + 1) });
      else if (what < 25) {
        out.push({ store: this.upTo(3), to: this.chance(60) ? { word: this.upTo(4) } : { ownAt: 8 + this.upTo(4) } });
      } else out.push(this.#call());
    }
    return out;
  }

  #handler(): Step[] {
    // No signal that a handler could take: programs end.
    const mild = ["sched_yield", "getppid", "futex", "rt_sigprocmask", "wait4", "dup", "futex"];
    return Array.from(
      { length: this.upTo(3) },
      () => this.chance(10) ? { call: "kill", args: [this.#tid(), this.pick([19, 9])] } : this.#call(this.pick(mild)),
    );
  }

  #clone(depth: number): CloneStep {
    const site = this.site();
    let flags = 0;
    const kind = this.upTo(10);
    if (kind < 3) {
      flags = VM | SIGHAND | THREAD | (this.chance(70) ? FILES | 0x200 : 0) | (this.chance(50) ? CLEARTID : 0);
    } else if (kind < 5) flags = 0;
    else if (kind === 5) flags = VM | VFORK;
    else if (kind < 8) flags = VM | (this.chance(40) ? CLEARTID | SETTID : 0) | (this.chance(50) ? FILES : 0);
    else for (const f of SHARING) if (this.chance(35)) flags |= f;
    if (this.chance(8)) flags |= this.pick([PTRACE, UNTRACED]);
    if (this.chance(95)) {
      if ((flags & THREAD) !== 0) flags |= SIGHAND;
      if ((flags & SIGHAND) !== 0) flags |= VM;
      if ((flags & PIDFD) !== 0) flags &= ~PARENT_SETTID;
    }
    const three = this.chance(25);
    if (!this.tame && this.chance(10)) flags |= this.#new() & (three ? -1 : ~NEWTIME);
    flags >>>= 0;
    const exit = (three && (flags & (THREAD | 0x8000)) !== 0)
      ? 0
      : this.pick([17, 17, 17, 17, 0, 10, 34, three ? 17 : 65]);
    if (three) flags = (flags & ~PIDFD) >>> 0;
    const where = (): Arg =>
      this.chance(5) ? BAD : this.chance(60) ? { word: this.upTo(4) } : { ownAt: 8 + this.upTo(4) };
    const child = this.steps(1 + this.upTo(10), depth + 1);
    const clearHandlers = three && (flags & SIGHAND) === 0 && this.chance(20);
    return {
      clone: flags,
      site,
      exit,
      ...(three ? { three, ...(clearHandlers ? { clearHandlers } : {}) } : {}),
      parentTid: (flags & PIDFD) !== 0 && this.chance(30) ? BAD : where(),
      childTid: where(),
      child,
    };
  }

  #new(): number {
    let flags = this.chance(10) ? NEWTIME : this.pick(NEW);
    while (this.chance(25)) flags |= this.pick(NEW);
    return flags;
  }

  #call(name = this.pick(this.#bag)): Step {
    const special = this.#special(name);
    if (special !== undefined) return { call: name, args: special };
    return { call: name, args: ROWS[name].args.map((a) => this.#argument(a)) };
  }

  #tid(): Arg {
    return this.chance(8) ? 0 : { tid: this.upTo(this.#sites + 1) };
  }
  #signal(): number {
    return this.pick(SIGNALS);
  }
  #set(): readonly number[] {
    return Array.from({ length: 1 + this.upTo(3) }, () => this.#signal());
  }
  /** Where a result goes; sometimes nowhere it can. */
  #out(): Arg {
    return this.chance(6) ? BAD : this.chance(50) ? 0 : { buf: this.upTo(2) };
  }
  #fd(): Arg {
    return this.chance(80) ? { own: this.upTo(6) } : this.upTo(6);
  }

  #special(name: string): Arg[] | undefined {
    switch (name) {
      case "kill":
        return [
          this.limits.tame ? { tid: 1 + this.upTo(this.#sites + 1) } : this.chance(3) ? -1 : this.#tid(),
          this.#signal(),
        ];
      case "tgkill": {
        const t = this.#tid();
        return [this.chance(80) ? t : this.#tid(), t, this.#signal()];
      }
      case "tkill":
        return [this.#tid(), this.#signal()];
      case "rt_sigaction": {
        const handler = this.#handlers === 0 || this.chance(30)
          ? this.pick(["ignore", "default"] as const)
          : this.upTo(this.#handlers);
        const flags = this.pick([0, 0x10000000, 0x10000000, 2, 1, 0x40000000, 0x80000000, 0x08000000]);
        return [this.#signal(), { act: { handler, flags, mask: this.chance(30) ? this.#set() : [] } }, 0, 8];
      }
      case "rt_sigprocmask":
        return [this.upTo(3), { set: this.#set() }, 0, 8];
      case "rt_sigtimedwait":
        return [{ set: this.#set() }, 0, this.chance(60) ? { ns: this.#ns() } : 0, 8];
      case "rt_sigsuspend":
        return [{ set: this.#set() }, 8];
      case "wait4":
        return [
          this.chance(50) ? -1 : this.#tid(),
          this.#out(),
          this.pick([0, 0, 1, 2, 3, 8, 10, 11]) | this.pick([0, 0, 0x40000000, 0x40000000, 0x80000000 | 0, 0x20000000]),
          0,
        ];
      case "waitid":
        return [
          this.chance(60) ? 0 : 1,
          this.#tid(),
          this.#out(),
          this.pick([4, 4, 5, 7, 2, 8, 14, 15]) | this.pick([0, 0, 0x01000000, 0x40000000, 0x41000000]),
          0,
        ];
      case "futex":
        return this.#futex();
      case "nanosleep":
        return [{ ns: this.#ns() }, 0];
      case "ppoll":
        return [0, 0, this.chance(70) ? { ns: this.#ns() } : 0, this.chance(60) ? { set: this.#set() } : 0, 8];
      case "pipe2":
        return [{ ownAt: 2 * this.upTo(3) }, this.pick([0, 0x80000, 0x800])];
      case "read":
      case "write":
        return [this.#fd(), { buf: 2 }, 1 + this.upTo(200)];
      case "fcntl":
        return [this.#fd(), 2, this.upTo(2)];
      case "close_range":
        return [this.upTo(4), this.pick([-1, 5, 3]), this.pick([0, 2, 4, 6])];
      case "setns":
        return [this.#fd(), this.chance(30) ? 0 : this.#new()];
      case "unshare":
        if (!this.tame && this.chance(30)) return [this.#new() | (this.chance(20) ? this.pick([FILES, THREAD]) : 0)];
        return [this.pick([FILES, 0x200, VM, SIGHAND, THREAD, SYSVSEM, FILES | 0x200, FILES | SYSVSEM, 0, 1])];
      case "prctl":
        return this.chance(70)
          ? [this.pick([1, 36]), this.chance(70) ? this.pick([10, 12, 15, 34, 1]) : 0, 0, 0, 0]
          : [this.pick([2, 37, 38, 39, 3]), { buf: 3 }, 0, 0, 0];
      case "setpgid":
        return [this.#tid(), this.chance(60) ? 0 : this.#tid()];
      case "exit":
      case "exit_group":
        return [this.upTo(256)];
      case "set_tid_address":
        return [this.chance(50) ? { word: this.upTo(4) } : { ownAt: 8 + this.upTo(4) }];
      case "set_robust_list":
        return [this.chance(10) ? { robust: 20, cyclic: true } : { robust: 8 + 4 * (1 + this.upTo(2)) }, 24];
      case "sigaltstack":
        return [{ stack: this.upTo(2) }, 0];
      case "kcmp":
        return [this.#tid(), this.#tid(), 1 + this.upTo(4), 0, 0];
      case "ptrace":
        return ptraceArguments(this, this.#tid(), this.#signal());
      case "pidfd_open":
        return [this.#tid(), this.pick([0, 0, 0x800])];
    }
  }

  #ns(): number {
    return this.pick([0, 50, 300, 2000, 20000]);
  }

  #futex(): Arg[] {
    const word = (): Arg => this.chance(60) ? { word: this.upTo(4) } : { ownAt: 8 + this.upTo(4) };
    const shared = this.chance(60) ? 0 : 128;
    const a = word();
    switch (this.upTo(8)) {
      case 0:
      case 1:
      case 2:
        return [a, 0 | shared, this.chance(70) ? 0 : this.upTo(3), this.chance(50) ? { ns: this.#ns() } : 0, 0, 0];
      case 3:
      case 4:
        return [a, 1 | shared, 1 + this.upTo(3), 0, 0, 0];
      case 5:
        return [a, 3 | shared, this.upTo(2), this.upTo(3), word(), 0];
      case 6:
        return [a, 4 | shared, this.upTo(2), this.upTo(3), word(), this.upTo(2)];
      default:
        return this.chance(50)
          ? [a, 9 | shared, 0, 0, 0, 1 + this.upTo(3)]
          : [a, this.pick([6, 8, 7]) | shared, 0, 0, 0, 0];
    }
  }

  /** An argument by its declaration. */
  #argument(a: Declared): Arg {
    switch (a.is) {
      case "pid":
        return this.#tid();
      case "signal":
        return this.#signal();
      case "fd":
        return this.#fd();
      case "sigset":
        return a.direction === "in" ? { set: this.#set() } : { buf: this.upTo(2) };
      case "struct":
        return a.direction === "in" ? { ns: this.#ns() } : this.#out();
      case "cell":
      case "address":
      case "bytes":
        return this.#out();
      case "size":
        return a.name === "sigsetsize" ? 8 : this.upTo(64);
      default:
        return this.upTo(3);
    }
  }
}

/** The program of a seed. */
export const generate = (seed: number, limits: Limits = { steps: 50 }): Program =>
  new Generator(seed, limits).program();
