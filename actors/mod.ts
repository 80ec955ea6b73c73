/** What system call handlers may import of the kernel: the protocol of every actor, never its inner state. */
export { BLOCKED, NO_RESULT, type Wait } from "./blocking.ts";
export {
  ALL_CAPS,
  CAP,
  capable,
  capableHere,
  capableOver,
  type Credentials,
  credentialsOf,
  KEEP,
  nsCapable,
  rootUid,
  saidGid,
  saidUid,
  seenGid,
  seenUid,
} from "./credentials.ts";
export { toKernel } from "./namespaces/user.ts";
export { FileTable } from "./file_table.ts";
export { FsContext, type Location } from "./fs_context.ts";
export { defaultLimits, type Limit, RLIMIT } from "./limits.ts";
export { Machine } from "./machine.ts";
export { type Disposition, SIG_DFL, SIG_IGN, SignalHandlers } from "./signal_handlers.ts";
export { PendingSet, sigBit, type SigInfo, SIGRTMIN } from "./signals/pending.ts";
export type { SignalService } from "./signals/service.ts";
export { type AltStack, NO_ALT_STACK, Task } from "./task/task.ts";
export type { TaskState } from "./task/states.ts";
export { ThreadGroup } from "./task/thread_group.ts";
export { Timer, Timers } from "./timers.ts";
export { VmGroup } from "./vm_group.ts";
export { type Listener, WaitQueue } from "./wait_queue.ts";
export { asyncChanged } from "./async_signals.ts";
export * from "./vfs/open_file.ts";
export * from "./vfs/inode.ts";
export { altStackFlags, popFrame, setAltStack } from "./signals/frame.ts";
export { forceSignal, recalculate, setBlocked, Signals } from "./signals/generate.ts";
export { fromKernel, fromTask, queuedBy } from "./signals/sender.ts";
export { dequeue } from "./signals/deliver.ts";
export { continueBlocked } from "./signals/sigwait.ts";
export { decodeSigInfo, encodeSigInfo } from "./signals/siginfo.ts";
export { type CloneRequest, cloneTask } from "./task/clone.ts";
export { exitGroup, exitHooks, exitTask } from "./task/exit.ts";
export { scanChildren, W, type WaitEvent, type WaitResult, type Who } from "./task/wait.ts";
export { ENTERABLE, enterNamespace, enterThoseOf } from "./namespaces/enter.ts";
export { FLAG_OF } from "./namespaces/namespace.ts";
export { NamespaceFile } from "./namespaces/nsfs.ts";
export { unshare } from "./task/unshare.ts";
export { type NamesGroup, pidfdTarget, signalTarget } from "./task/pidfds.ts";
export type { CallTable, Counters, Observer } from "./machine.ts";
export * from "./futex.ts";
export { readTimespec, realtimeDeadline } from "./deadline.ts";
export * from "./credential_changes.ts";
export { newSession, setProcessGroup } from "./process_groups.ts";
export { execHooks, execProgram } from "./exec/exec.ts";
export type { Strings } from "./exec/find.ts";
export { UnusableImage } from "./exec/load.ts";
export { firstProcess } from "./task/first.ts";
export { defectText } from "./deadlock.ts";
export { IOV_MAX, MAX_TRANSFER, type Piece, readVector } from "./io_vector.ts";
export { type Stats, statsOf } from "./stats.ts";
export { alive } from "./task/states.ts";
export { turn } from "./task/turn.ts";
export { applyMemoryLimits, groupUsage, setLimit } from "./resource_limits.ts";
export { armCpuLimit, armCpuTimer, cancelCpuTimer, type CpuTimer, groupCpuTime } from "./cpu_timers.ts";
export {
  type Clock,
  clockOf,
  clockOffset,
  deadlineOn,
  isReadOnly,
  readCpuClock,
  writeClock,
  writeTimespec,
} from "./clocks.ts";
export { sleepOnCpuClock, sleepUntil } from "./sleep.ts";
export { getIntervalTimer, type IntervalValue, setIntervalTimer } from "./interval_timers.ts";
export * from "./posix_timers.ts";
export { prctlOptions } from "./prctl.ts";
export { copyAcross, mayTrace } from "./cross_memory.ts";
export * from "./scheduling.ts";
export * from "./vfs/notify.ts";
export { readPath } from "./user_strings.ts";
export { conflicting, dropRecords, type Lock, locksOf, placeFlock, placeRecord } from "./file_locks.ts";
export type { Mount } from "./vfs/mount_table.ts";
export { Vfs, type WalkRules } from "./vfs/vfs.ts";
export { HostFs } from "./vfs/hostfs.ts";
export type { HostFsFacts } from "./world/host_fs.ts";
export { makeMemfd, makeShm, TmpFs } from "./vfs/tmpfs.ts";
export { MAY_EXEC, MAY_READ, MAY_WRITE, mayAccess, mayRemove } from "./vfs/access.ts";
export { openStdio } from "./devfs/stdio_files.ts";
export { makeDevfs } from "./devfs/devfs.ts";
export { Deadlock } from "./machine.ts";
export * from "./sysv.ts";
export { makePipe, openFifo, Pipe, PipeEnd } from "./pipe.ts";
export { AnonymousInode } from "./vfs/anonymous.ts";
export { compareTasks } from "./kcmp.ts";
export { Epoll, EPOLLEXCLUSIVE } from "./poll/epoll.ts";
export { EventFd } from "./poll/eventfd.ts";
export { openPidfd, PidFd } from "./poll/pidfd.ts";
export { SignalFd } from "./poll/signalfd.ts";
export { TimerFd } from "./poll/timerfd.ts";
export { beginCallAgain } from "./task/waiting.ts";
export { rouse } from "./signals/stop.ts";
export { lateCalls } from "./late_calls.ts";
