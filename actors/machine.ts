/**
 * The machine: one kernel, one clock, one run queue. Registries of tasks and groups; the loop that hands turns to tasks by the policy, fires timers, and waits
 * for the host when nothing can run. Tasks run as Effect fibers (`task/life.ts`); a turn is one resumption of a fiber, on the loop's stack.
 */
import type { MachineClock } from "./world/clock.ts";
import type { Entropy } from "./world/entropy.ts";
import { type EventLoop, hostLoop } from "./world/event_loop.ts";
import type { SchedulePolicy } from "./world/order.ts";
import type { Trap } from "../cpu/types.ts";
import { type AddressSpace, CodeMemory, createAddressSpace, MemoryAccount } from "../cpu/mod.ts";
import { describeDeadlock } from "./deadlock.ts";
import { LATER_NUMBERS } from "./namespaces/namespace.ts";
import { type NestedNumbers, PID_MAX, RESERVED_PIDS } from "./namespaces/pid.ts";
import { firstNamespaces, type NamespaceSet } from "./namespaces/set.ts";
import { TraceHash } from "./trace_hash.ts";
import { Timers } from "./timers.ts";
import type { Task } from "./task/task.ts";
import type { ThreadGroup } from "./task/thread_group.ts";
import { roomFor } from "./vm_group.ts";
import type { SignalService } from "./signals/service.ts";
import type { Vfs } from "./vfs/vfs.ts";
import type { Restart } from "../syscalls/abi/call.ts";
import { E, errno } from "../syscalls/abi/errno.ts";
import { SI, SIG, signalName } from "../syscalls/abi/signals.ts";
import type { SigInfo } from "./signals/pending.ts";
import { forceSignal } from "./signals/generate.ts";
import { rouse } from "./signals/stop.ts";
import { FileAccount } from "./vfs/open_file.ts";
import { WaitQueue } from "./wait_queue.ts";

/** Counters of a run, for --stats. */
export interface Counters {
  instructions: number;
  tasksCreated: number;
  liveCpus: number;
  peakCpus: number;
  liveFibers: number;
  liveVmGroups: number;
  turns: number;
  contextSwitches: number;
  /** Calls made, indexed by number; numbers from 1023 up share the last slot. */
  readonly syscalls: Float64Array;
  /** Calls that have no handler, by number. */
  unknown: Map<number, number>;
}

/** How the system calls reach the kernel: `syscalls/mod.ts` supplies it. */
export interface CallTable {
  /** Runs the call in the task's registers: a result, BLOCKED or NO_RESULT. */
  dispatch(t: Task): number;
  name(nr: number): string;
  /** The call a task is in, as one line. */
  describe(t: Task): string;
  /** The negative result of a failure thrown while a waiting call looked again; a defect is thrown on. */
  failure(t: Task, error: unknown): number;
}

/** Gives tasks their fibers. */
export interface Runner {
  start(task: Task): void;
}

/** Observers of a run (--strace, --trace). They only look. */
export interface Observer {
  /** A task is there. */
  made?(t: Task): void;
  turnBegins?(t: Task): void;
  turnEnds?(t: Task): void;
  /** Somebody's turn made it runnable. */
  woken?(t: Task, by: Task | undefined): void;
  callEntered?(t: Task): void;
  callReturned?(t: Task, result: number): void;
  /** A signal ends the call; it may be made again. A handler that forbids that has -EINTR returned afterwards. */
  callInterrupted?(t: Task, restart: Restart): void;
  signalDelivered?(t: Task, info: SigInfo): void;
  /** A signal is taken from its set, whatever it will do. */
  signalTaken?(t: Task, info: SigInfo): void;
  /** A signal that does nothing, or just ends its process, was not even kept. */
  signalDropped?(t: Task, info: SigInfo): void;
  /** The task stands still with its group. */
  stopped?(t: Task, signo: number): void;
  exited?(t: Task, status: number, groupDied: boolean): void;
  fatal?(t: Task, line: string): void;
}

/** A debugger of guest code (--gdb). It may stop the machine where it is called, in the middle of a turn. */
export interface Debugger {
  /** Before guest code of a task runs. */
  attend(t: Task): void;
  /** Whether the task is to run one instruction. */
  steps(t: Task): boolean;
  /** A trap that is no call; true when it was the debugger's own, and guest code goes on. */
  trapped(t: Task, trap: Trap): boolean;
  /** A signal about to act: what acts instead, undefined for nothing. */
  signal(t: Task, info: SigInfo): SigInfo | undefined;
}

/**
 * With a virtual clock and timers pending, how long the host has to answer a read of standard input before virtual time goes on without it. Long enough for what is in a
 * pipe or file already, so that such runs do not depend on the host's speed.
 */
const INPUT_GRACE_MS = 1000;

/** Everything is waiting and nothing can wake it. */
export class Deadlock extends Error {
  override name = "Deadlock";
}

const fatalLine = (task: Task, info: SigInfo): string => {
  const where = info.addr === undefined
    ? (info.pid ? ` sent by ${info.pid}` : "")
    : ` at address 0x${info.addr.toString(16)}`;
  return `task ${task.tid} (${task.comm}) killed by ${signalName(info.signo)}${where}, pc 0x${
    task.cpu.pc.toString(16)
  }`;
};

export class Machine {
  readonly timers = new Timers();
  /** Every task that is not released, by tid. */
  readonly tasks = new Map<number, Task>();
  /** Every thread group that is not released, by tgid. */
  readonly groups = new Map<number, ThreadGroup>();
  /** Numbers of those who live in nested pid namespaces. */
  readonly nestedNumbers: NestedNumbers = new Map();
  /** Number of the next namespace made. */
  nextNamespace = LATER_NUMBERS;
  /** What the first process lives in. */
  readonly namespaces: NamespaceSet = firstNamespaces(this);
  signals!: SignalService;
  /** The tree of the first mount namespace. */
  get vfs(): Vfs {
    return this.namespaces.of.mnt.vfs;
  }
  set vfs(vfs: Vfs) {
    this.namespaces.of.mnt.vfs = vfs;
  }
  calls!: CallTable;
  observer: Observer = {};
  debugger: Debugger | undefined;
  /** The first process. */
  init: ThreadGroup | undefined;
  readonly bootedAt: number;
  maxTasks = 32768;
  /** Pages of all address spaces together. */
  readonly memory = new MemoryAccount();
  /** Bytes they may have. */
  get maxMemory(): number {
    return this.memory.limit * 4096;
  }
  set maxMemory(bytes: number) {
    this.memory.limit = bytes / 4096;
  }
  /** Open file descriptions. */
  readonly files = new FileAccount();
  /** Least start of the mmap area of any program. */
  mmapBase = 0;
  /** Host operations under way that may wake a task (a read of stdin, a socket): while any is, an idle machine waits instead of reporting a deadlock. */
  hostPending = 0;
  /** The run is over then, whatever goes on: monotonic ns. */
  endsAt = Infinity;
  /** It was. */
  timedOut = false;
  /** How the loop lets callbacks of the host in. */
  host: EventLoop = hostLoop;
  /** The guest may reach the host's network. */
  hostNetwork = true;
  get reachesHost(): boolean {
    return this.hostNetwork && this.clock.real;
  }
  /** What this machine did, as a hash. */
  readonly trace = new TraceHash();
  /** Code that a call waits for, being loaded. */
  loading: Promise<void> | undefined;
  /** What the guest has sent and the host has not yet taken: the end of a run waits for it. */
  readonly leaving = new Set<Promise<void>>();
  /** A signal was generated somewhere (signalfd readiness). */
  readonly signalArrived = new WaitQueue();
  readonly counters: Counters = {
    instructions: 0,
    tasksCreated: 0,
    liveCpus: 0,
    peakCpus: 0,
    liveFibers: 0,
    liveVmGroups: 0,
    turns: 0,
    contextSwitches: 0,
    syscalls: new Float64Array(1024),
    unknown: new Map(),
  };
  /** The task whose turn it is. */
  current: Task | undefined;
  /** Task that ran last, per machine: a change ends load-reservations. */
  #last: Task | undefined;
  #queue: Task[] = [];
  #poke: (() => void) | undefined;
  #fiberStarts: (() => void)[] = [];
  #lastId = 0;
  /** What killed the first process, for the report. */
  fatalReport: string | undefined;

  /** Pre-decoded and translated code of all VM groups. */
  get code(): CodeMemory {
    if (this.#code === undefined) {
      this.#code = new CodeMemory();
      this.#code.clock = () => this.clock.monotonic();
    }
    return this.#code;
  }
  #code: CodeMemory | undefined;
  /** Instructions run so far, and how many it takes until the translator is worth loading. */
  executed = 0;
  translateAfter = Infinity;
  /** Fetches the translator; the boot code supplies it. The loop waits for it. */
  loadTranslator: () => Promise<void> = () => Promise.resolve();
  #loading: Promise<void> | undefined;
  charge(instructions: number): void {
    this.executed += instructions;
    if (this.executed < this.translateAfter) return;
    this.translateAfter = Infinity;
    this.#loading = this.loadTranslator();
  }
  /** An empty address space. Throws ENOMEM. */
  newAddressSpace(): AddressSpace {
    return roomFor(() => createAddressSpace(this.code, this.memory));
  }

  constructor(readonly clock: MachineClock, readonly entropy: Entropy, readonly policy: SchedulePolicy) {
    this.bootedAt = clock.monotonic();
    policy.start?.();
  }

  // ---- identifiers -----------------------------------------------------------------------------------------------
  /** The next free number, cyclic from the last one, wrapping at the end (kernel/pid.c alloc_pid). Throws EAGAIN when all are taken. */
  allocateId(): number {
    for (let tries = 0; tries < PID_MAX; tries++) {
      this.#lastId++;
      if (this.#lastId >= PID_MAX) {
        this.#lastId = RESERVED_PIDS;
        this.#mayBeTaken = true;
      }
      if (!this.#mayBeTaken || !this.idInUse(this.#lastId)) return this.#lastId;
    }
    throw errno(E.AGAIN);
  }
  /** Numbers ahead may be in use: they have wrapped, or one was chosen. */
  #mayBeTaken = false;
  /** A number ahead may have been chosen (clone3's set_tid). */
  idWasChosen(): void {
    this.#mayBeTaken = true;
  }
  /** Numbers from here on are handed out next. */
  startIdsAt(first: number): void {
    this.#lastId = first - 1;
  }
  /** A number stays taken while a task, group, process group or session names it. */
  idInUse(id: number): boolean {
    // 1 is the machine's init, which is nobody here.
    if (id === 1 || this.tasks.has(id) || this.groups.has(id)) return true;
    for (const g of this.groups.values()) if (g.pgid === id || g.sid === id) return true;
    return false;
  }

  // ---- run queue ---------------------------------------------------------------------------------------------------
  /** The task may run: puts it at the end of the run queue. Called by wakes. */
  makeRunnable(task: Task): void {
    if (task.queued || task.state === "dead" || task.state === "zombie") return;
    task.queued = true;
    this.#queue.push(task);
    if (task !== this.current) this.observer.woken?.(task, this.current);
  }
  /** Others wait for a turn. */
  get contended(): boolean {
    return this.#queue.length > 0 || this.#fiberStarts.length > 0;
  }
  /** Runs when the loop next comes round: starts of fibers (Effect's scheduler hands them here). */
  schedule(start: () => void): void {
    this.#fiberStarts.push(start);
  }

  /** A callback of the host arrived (outside the loop): runs it and pokes the loop. All completions of asynchronous host operations come through here. */
  fromHost(deliver: () => void): void {
    deliver();
    this.#poke?.();
  }

  /** An exited task's fiber gets a last turn, in which it ends. */
  endFiber(task: Task): void {
    const resume = task.resume;
    task.resume = undefined;
    if (resume !== undefined) this.schedule(resume);
  }

  /** SIGKILL to everything: the end of a run. */
  killAll(): void {
    this.#ending = true;
    for (const group of [...this.groups.values()]) {
      this.signals.sendToGroup(group, { signo: SIG.KILL, code: SI.KERNEL });
    }
    // Tracers that stop each other's exits would wait forever.
    for (const task of this.tasks.values()) if (task.state === "traced") rouse(task);
  }
  /** Everything has been killed. */
  get ending(): boolean {
    return this.#ending;
  }

  /** A group has died: the first process's death is the end of the run. */
  groupEnded(group: ThreadGroup): void {
    if (group === this.init) this.initStatus = group.exitStatus;
  }
  /** Wait status of the first process once it is dead. */
  initStatus: number | undefined;
  #ending = false;

  /**
   * The first process was killed: what it left behind ends with it, busy or not. When it just exited, others may go on for as long as they find something to do (a
   * background job, the last stage of a pipeline), until a signal of the host asks for the end. Its time may be over.
   */
  get #overAtOnce(): boolean {
    if (this.#ending) return false;
    return this.timedOut || (this.initStatus !== undefined && ((this.initStatus & 0x7f) !== 0 || this.endAsked));
  }
  /** Somebody can still write to a pipe or file that is our output; whoever reads it waits for its end, so we do too. A terminal's user does not. */
  outputHeld: () => boolean = () => false;
  /** The host asked for the end after the first process was gone. */
  endAsked = false;

  /** Who runs tasks: the Effect runtime, once there is one. */
  runner!: Runner;
  /** A task has been committed: it gets its fiber. */
  spawn(task: Task): void {
    this.observer.made?.(task);
    this.runner.start(task);
  }
  /** Opens a pidfd of a task in `t`'s table: the descriptor, close-on-exec. Supplied by the pidfd actor. */
  openPidfd: (t: Task, target: Task, thread: boolean) => number = () => {
    throw errno(E.INVAL);
  };

  /** A task's fiber failed with something that is no guest failure: the run stops with a report. */
  defect(task: Task, cause: unknown): void {
    this.broken ??= { task, cause };
  }
  broken: { readonly task: Task; readonly cause: unknown } | undefined;

  /** rt_sigreturn found no readable frame: SIGSEGV. */
  badFrame(task: Task): void {
    forceSignal(task, { signo: SIG.SEGV, code: SI.KERNEL, addr: 0n });
  }

  /** A task dies of a signal: the report is kept for the first process. */
  reportFatal(task: Task, info: SigInfo): void {
    const line = fatalLine(task, info);
    if (task.group === this.init) this.fatalReport = line;
    this.observer.fatal?.(task, line);
  }

  /** A task needs a page and none is left: it will be killed. */
  memoryUsedUp(task: Task): void {
    const line = `task ${task.tid} (${task.comm}) killed: the ${
      Math.round(this.maxMemory / 2 ** 20)
    } MiB of --max-memory are used up`;
    if (task.group === this.init) this.fatalReport = line;
    this.observer.fatal?.(task, line);
  }

  /** The first task's first turn, before there is a fiber for it. */
  prelude(task: Task, turn: (task: Task) => void): void {
    this.counters.turns++;
    this.current = task;
    try {
      turn(task);
    } catch (error) {
      this.broken = { task, cause: error };
    }
    this.current = undefined;
  }

  /** Runs until `done()` holds and nothing is left to do. */
  async run(done: () => boolean): Promise<void> {
    let sinceBreath = this.clock.monotonic();
    for (let turn = 0;; turn++) {
      if (this.#fiberStarts.length > 0) this.#startFibers();
      if (this.#loading !== undefined) {
        await this.#loading;
        this.#loading = undefined;
      }
      if (((turn & 7) === 0 || this.#queue.length === 0) && (this.timers.size > 0 || this.endsAt !== Infinity)) {
        this.#fireDue();
      }
      if (this.broken !== undefined || this.#overAtOnce) return;
      if (this.#queue.length > 0) {
        this.#turn();
        if ((turn & 15) === 0 && this.clock.real) {
          const now = this.clock.monotonic();
          if (now - sinceBreath > 20e6) {
            await this.host.breathe();
            sinceBreath = this.clock.monotonic();
          }
        }
      } else if (done()) {
        return;
      } else if (this.#fiberStarts.length === 0) {
        await this.#idle();
        sinceBreath = this.clock.monotonic();
      }
    }
  }

  #fireDue(): void {
    const now = this.clock.monotonic();
    this.timers.fireDue(now);
    if (now < this.endsAt) return;
    this.endsAt = Infinity;
    this.timedOut = !this.#ending;
  }

  #startFibers(): void {
    const starts = this.#fiberStarts;
    this.#fiberStarts = [];
    for (const start of starts) start();
  }

  #turn(): void {
    const queue = this.#queue;
    let index = 0;
    if (queue.length > 1 && this.policy.name !== "fair") index = this.policy.next(queue.map((t) => t.tid));
    else this.policy.only?.(queue[0].tid);
    const task = index === 0 ? queue.shift()! : queue.splice(index, 1)[0];
    task.queued = false;
    if (task !== this.#last) {
      this.counters.contextSwitches++;
      if (this.#last?.holdings.cpu && this.#last.cpu.hasReservation) this.#last.cpu.clearReservation();
      this.#last = task;
    }
    this.counters.turns++;
    this.trace.note(task.tid, this.executed);
    this.observer.turnBegins?.(task);
    const resume = task.resume;
    if (resume === undefined) return;
    task.resume = undefined;
    this.current = task;
    resume();
    this.current = undefined;
    this.observer.turnEnds?.(task);
  }

  async #idle(): Promise<void> {
    const next = Math.min(this.timers.next, this.endsAt);
    const now = this.clock.monotonic();
    if (this.hostPending === 0) {
      if (this.timers.next === Infinity) {
        if (!this.#mayHearFromOutside()) throw this.#deadlock();
      } else if (!this.clock.real) return this.#skipTo(next);
    }
    const ms = next === Infinity ? Infinity : Math.max(0, (next - now) / 1e6);
    let poked = false;
    await this.host.pause(this.clock.real ? ms : Math.max(ms, INPUT_GRACE_MS), (poke) => {
      this.#poke = () => {
        poked = true;
        poke();
      };
    });
    this.#poke = undefined;
    if (!this.clock.real && !poked && next !== Infinity) this.#skipTo(next);
  }
  /** Virtual time passes up to a deadline. */
  #skipTo(deadline: number): void {
    this.clock.advance(Math.max(0, deadline - this.clock.monotonic()));
    this.#fireDue();
  }

  /** A debugger may want to see a deadlock; a task that waits for any signal may get one from the host (Ctrl-C, kill), which in virtual time nobody waits for. */
  #mayHearFromOutside(): boolean {
    if (this.debugger !== undefined) return true;
    if (!this.clock.real) return false;
    for (const t of this.tasks.values()) if (t.wait?.restart === "nohand" && t.wait.queues.length === 0) return true;
    return false;
  }

  #deadlock(): Deadlock {
    return new Deadlock(describeDeadlock(this));
  }
}
