/**
 * A guest task: one schedulable actor. Owns its CPU, mask, private pending signals and current wait; points at the groups it shares (VM, files, fs,
 * handlers, thread group). Handlers receive it as `t`. Its life is the fiber in `life.ts`; how it is scheduled is `machine.ts`.
 */
import type { Cpu, UserMemory } from "../../cpu/types.ts";
import { BLOCKED, type Wait } from "../blocking.ts";
import type { Credentials } from "../credentials.ts";
import type { FileTable } from "../file_table.ts";
import type { FsContext } from "../fs_context.ts";
import type { Machine } from "../machine.ts";
import type { SignalHandlers } from "../signal_handlers.ts";
import type { NamespaceSet } from "../namespaces/set.ts";
import type { UndoList } from "../sysv/undo_list.ts";
import type { Timer } from "../timers.ts";
import type { Vfs } from "../vfs/vfs.ts";
import type { VmGroup } from "../vm_group.ts";
import type { Listener } from "../wait_queue.ts";
import type { PendingSet } from "../signals/pending.ts";
import type { AfterStop, Traced } from "../ptrace/traced.ts";
import type { Restarting } from "./waiting.ts";
import { checkTransition, type TaskState } from "./states.ts";
import type { ThreadGroup } from "./thread_group.ts";

/** States a task can be in; legal transitions are the data in `states.ts`. */

export interface AltStack {
  readonly sp: number;
  readonly size: number;
  /** As sigaltstack was given them: SS_ONSTACK 1, SS_DISABLE 2, SS_AUTODISARM 1<<31. */
  readonly flags: number;
}
export const NO_ALT_STACK: AltStack = { sp: 0, size: 0, flags: 2 };
/** Of the first process, which never called sigaltstack. */
const FIRST_ALT_STACK: AltStack = { sp: 0, size: 0, flags: 0 };

/** What a task still holds of the things clone shares. */
export interface Holdings {
  cpu: boolean;
  vm: boolean;
  files: boolean;
  fs: boolean;
  handlers: boolean;
  namespaces: boolean;
}

/** What seccomp(2) set for a task. */
export interface CallFilter {
  readonly mode: number;
  /** How many programs judge each call. */
  readonly filters: number;
  /**
   * Judges the call the task is about to make: undefined when it may be made, otherwise its result; what a refusal does to the task has been done. `asked`: its tracer has
   * already seen it.
   */
  refuse(task: Task, asked: boolean): number | undefined;
}

export class Task implements Listener {
  #state: TaskState = "new";
  comm = "";
  /** Blocked signals, bit n-1 for signal n. */
  blocked = 0n;
  /** The mask as it was before sigtimedwait opened what it waits for; those signals count as blocked for dropping and killing. */
  realBlocked = 0n;
  /** Mask to restore when no handler frame saved it (sigsuspend, ppoll). */
  savedMask: bigint | undefined;
  altStack = FIRST_ALT_STACK;
  /** CLONE_CHILD_CLEARTID / set_tid_address word. */
  clearTid = 0;
  robustList = 0;
  pdeathSignal = 0;
  noNewPrivs = false;
  /** Which system calls it may make; undefined: all. */
  seccomp: CallFilter | undefined;
  nice = 0;
  policy = 0;
  rtPriority = 0;
  /** SCHED_RESET_ON_FORK: children begin with the default policy. */
  resetOnFork = false;
  /** CPUs the task may run on, as sched_setaffinity stored it. */
  affinity: Uint8Array | undefined;
  timerSlack = 50000;
  /** What CLONE_IO shares: made by the first ioprio_set (struct io_context). */
  io: { priority: number } | undefined;
  /** What CLONE_SYSVSEM shares: made by the first operation with SEM_UNDO, or by sharing. */
  semUndo: UndoList | undefined;
  personality = 0;
  /** A wait with a temporary mask ended in EINTR: the mask goes back only after the handler's frame has saved it. */
  interruptedWithMask = false;
  /** What a blocked task waits for. */
  wait: Wait | undefined;
  waitTimer: Timer | undefined;
  /** Time of creation, monotonic ns. */
  readonly startedAt: number;
  /** Time on the CPU, ns (from instructions and turns). */
  cpuTime = 0;
  /** Set when a wake, signal, kill, stop or timeout arrived since the task last looked. */
  notified = false;
  exitStatus = 0;
  /** The gate must look at signals, kills and stops before guest code goes on (TIF_SIGPENDING). */
  attention = false;
  /** a0 at the entry of the current system call, as unsigned low and signed high halves, for restarts. */
  originalA0Lo = 0;
  originalA0Hi = 0;
  /** Number of the current or last system call. */
  callNumber = -1;
  /** sched_yield asked to let others run. */
  yieldRequested = false;
  /** The vfork child this task waits for; undefined otherwise. */
  vforkChild: Task | undefined;
  /** For a vfork child: the parent to release when the VM is released. */
  vforkParent: Task | undefined;
  /** The tracer's hold on this task; undefined while nobody traces it. */
  trace: Traced | undefined;
  /** The tasks this one traces. */
  tracees: Set<Task> | undefined;
  /** What a ptrace stop interrupted; done when the task goes on, traced or not. */
  afterStop: AfterStop | undefined;
  /** A call that was ended for a signal a tracer hears of first: the gate decides what becomes of it (waiting.ts). */
  restarting: Restarting | undefined;
  /** What restart_syscall does (struct restart_block). */
  restartBlock: (() => number) | undefined;
  /** On the run queue. */
  queued = false;
  /** Hands the task's fiber its next turn; set while it is parked. */
  resume: (() => void) | undefined;
  /** Gives back what the task holds, in exit order; each at most once. */
  readonly holdings: Holdings = { cpu: true, vm: true, files: true, fs: true, handlers: true, namespaces: true };
  /** Scratch of the fatal-signal report: what the task did last. */
  lastTrap = "";

  constructor(
    readonly machine: Machine,
    public tid: number,
    public group: ThreadGroup,
    public vm: VmGroup,
    public cpu: Cpu,
    public files: FileTable,
    public fs: FsContext,
    public handlers: SignalHandlers,
    public namespaces: NamespaceSet,
    public cred: Credentials,
    readonly pending: PendingSet,
  ) {
    this.startedAt = machine.clock.monotonic();
  }

  get state(): TaskState {
    return this.#state;
  }
  set state(next: TaskState) {
    checkTransition(this.tid, this.#state, next);
    this.#state = next;
  }

  /** Guest memory. */
  get mem(): UserMemory {
    return this.vm.space;
  }
  /** The tree of files of its mount namespace. */
  get vfs(): Vfs {
    return this.namespaces.of.mnt.vfs;
  }
  /** Thread group id: what getpid gives. */
  get pid(): number {
    return this.group.tgid;
  }

  /** A kernel's number of a task, process group or session as this task sees it; 0: not in its pid namespace. */
  sees(id: number): number {
    return this.group.pidNamespace.numberOf(id);
  }
  /** The kernel's number for what the task calls so; 0: nobody. */
  means(number: number): number {
    return this.group.pidNamespace.named(number);
  }
  /** The task it calls by a number. */
  named(number: number): Task | undefined {
    return this.machine.tasks.get(this.means(number));
  }

  /** Makes the current call wait; returns the sentinel the handler returns. */
  block(wait: Wait): number {
    this.wait = wait;
    return BLOCKED;
  }

  /** A queue it waits on was woken. */
  notify(): void {
    if (this.notified) return;
    this.notified = true;
    if (this.state === "blocked" || this.state === "vfork") this.machine.makeRunnable(this);
  }

  /** I/O priority as ioprio_set stored it, 0 when none. */
  get ioPriority(): number {
    return this.io?.priority ?? 0;
  }
  set ioPriority(priority: number) {
    if (this.io === undefined) this.io = { priority };
    else this.io.priority = priority;
  }

  /** Whether a signal would interrupt a wait now. */
  get signalPending(): boolean {
    return this.machine.signals.deliverable(this);
  }
}
