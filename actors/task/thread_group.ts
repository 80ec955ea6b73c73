/**
 * The thread group: what CLONE_THREAD shares (struct signal_struct): group-wide pending signals, limits, exit status, children, process group and session,
 * interval timers, accounting of threads already gone.
 */
import type { Credentials } from "../credentials.ts";
import { defaultLimits, type Limit } from "../limits.ts";
import type { PidNamespace } from "../namespaces/pid.ts";
import { PendingSet } from "../signals/pending.ts";
import type { Timer } from "../timers.ts";
import { WaitQueue } from "../wait_queue.ts";
import type { Task } from "./task.ts";

/** A started interval timer (ITIMER_REAL) or POSIX timer keeps its own armed Timer. */
export interface Accounting {
  /** ns of guest CPU time. */
  utime: number;
  stime: number;
  /** Largest resident set in KiB. */
  maxrss: number;
  minflt: number;
  majflt: number;
  nvcsw: number;
  nivcsw: number;
}
export const noAccounting = (): Accounting => ({
  utime: 0,
  stime: 0,
  maxrss: 0,
  minflt: 0,
  majflt: 0,
  nvcsw: 0,
  nivcsw: 0,
});

export type JobState = "running" | "stopping" | "stopped";

export class ThreadGroup {
  /** Live and exiting tasks by age; the leader stays first until released. */
  readonly tasks: Task[] = [];
  leader!: Task;
  readonly pending = new PendingSet();
  limits: Limit[];
  /** The parent *task* (real_parent); undefined for the machine's first process. */
  parent: Task | undefined;
  /** Signal sent to the parent at death. */
  exitSignal = 17;
  /** Children groups of each of our tasks, in order of birth. */
  readonly children: ThreadGroup[] = [];
  pgid: number;
  sid: number;
  /** Has execve succeeded since fork (setpgid's EACCES). */
  hasExeced = false;
  /** Set once by exit_group or a fatal signal: the wait status all tasks leave with. */
  groupExit: number | undefined;
  /** The task doing execve, while it waits for its siblings to leave. */
  execing: Task | undefined;
  /** Tasks that have not passed the exiting mark. */
  live = 0;
  zombie = false;
  exitStatus = 0;
  job: JobState = "running";
  stopSignal = 0;
  /** Threads that still have to park before the stop is complete. */
  stopsOutstanding = 0;
  /** Unreported events for wait: a stop, a continue. */
  stopReport = 0;
  continueReport = false;
  /** Woken when a child of this group changes state. */
  readonly childEvents = new WaitQueue();
  /** Woken when this group itself dies (pidfd poll) . */
  readonly deathEvents = new WaitQueue();
  childSubreaper = false;
  hasChildSubreaper = false;
  /** Never dies from default-action signals sent from within (pid 1). */
  unkillable = false;
  realTimer: { timer: Timer | undefined; interval: number } = { timer: undefined, interval: 0 };
  /** CPU-time timers of the group (ITIMER_VIRTUAL, RLIMIT_CPU…) are charged here while any is armed. */
  chargeCpu: ((ns: number) => void) | undefined;
  readonly used = noAccounting();
  readonly childrenUsed = noAccounting();
  /** The controlling terminal, as an opaque object of the tty actor. */
  tty: object | undefined;
  oomScoreAdj = 0;

  /** @param pidNamespace where its tasks live, for ever */
  constructor(
    public tgid: number,
    pgid: number,
    sid: number,
    readonly pidNamespace: PidNamespace,
    limits: Limit[] = defaultLimits(),
  ) {
    this.pgid = pgid;
    this.sid = sid;
    this.limits = limits;
  }

  /** Credentials shown for the process: the leader's. */
  get cred(): Credentials {
    return this.leader.cred;
  }
}
