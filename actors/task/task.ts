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
import type { Timer } from "../timers.ts";
import type { VmGroup } from "../vm_group.ts";
import type { Listener } from "../wait_queue.ts";
import type { PendingSet } from "../signals/pending.ts";
import type { ThreadGroup } from "./thread_group.ts";

/** States a task can be in; legal transitions are the data in `states.ts`. */
export type TaskState =
  | "new"
  | "runnable"
  | "running"
  | "blocked"
  | "vfork"
  | "stopped"
  | "exiting"
  | "zombie"
  | "dead";

export interface AltStack {
  readonly sp: number;
  readonly size: number;
  /** SS_DISABLE 2, SS_AUTODISARM 1<<31. */
  readonly flags: number;
}
export const NO_ALT_STACK: AltStack = { sp: 0, size: 0, flags: 2 };

export class Task implements Listener {
  state: TaskState = "new";
  comm = "";
  /** Blocked signals, bit n-1 for signal n. */
  blocked = 0n;
  /** Mask to restore when no handler frame saved it (sigsuspend, ppoll). */
  savedMask: bigint | undefined;
  altStack: AltStack = NO_ALT_STACK;
  /** CLONE_CHILD_CLEARTID / set_tid_address word. */
  clearTid = 0;
  robustList = 0;
  pdeathSignal = 0;
  noNewPrivs = false;
  nice = 0;
  policy = 0;
  rtPriority = 0;
  /** CPUs the task may run on, as sched_setaffinity stored it. */
  affinity: Uint8Array | undefined;
  timerSlack = 50000;
  ioPriority = 0;
  personality = 0;
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

  constructor(
    readonly machine: Machine,
    public tid: number,
    public group: ThreadGroup,
    public vm: VmGroup,
    public cpu: Cpu,
    public files: FileTable,
    public fs: FsContext,
    public handlers: SignalHandlers,
    public cred: Credentials,
    readonly pending: PendingSet,
  ) {
    this.startedAt = machine.clock.monotonic();
  }

  /** Guest memory. */
  get mem(): UserMemory {
    return this.vm.space;
  }
  /** Thread group id: what getpid gives. */
  get pid(): number {
    return this.group.tgid;
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

  /** Whether a signal would interrupt a wait now. */
  get signalPending(): boolean {
    return this.machine.signals.deliverable(this);
  }
}
