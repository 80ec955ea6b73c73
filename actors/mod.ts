/** What system call handlers may import of the kernel: the protocol of every actor, never its inner state. */
export { BLOCKED, NO_RESULT, type Wait } from "./blocking.ts";
export { ALL_CAPS, CAP, capable, type Credentials, credentialsOf } from "./credentials.ts";
export { FileTable } from "./file_table.ts";
export { FsContext, type Location } from "./fs_context.ts";
export { defaultLimits, type Limit, RLIMIT } from "./limits.ts";
export { Machine } from "./machine.ts";
export { type Disposition, SIG_DFL, SIG_IGN, SignalHandlers } from "./signal_handlers.ts";
export { PendingSet, sigBit, type SigInfo, SIGRTMIN } from "./signals/pending.ts";
export type { SignalService } from "./signals/service.ts";
export { type AltStack, NO_ALT_STACK, Task, type TaskState } from "./task/task.ts";
export { ThreadGroup } from "./task/thread_group.ts";
export { Timer, Timers } from "./timers.ts";
export { VmGroup } from "./vm_group.ts";
export { type Listener, WaitQueue } from "./wait_queue.ts";
export * from "./vfs/open_file.ts";
export * from "./vfs/inode.ts";
