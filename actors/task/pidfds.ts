/** What the task actors know of pidfds: a description that names a thread group for ever, whatever its number is used for later. */
import type { OpenFile } from "../vfs/open_file.ts";
import type { Inode } from "../vfs/inode.ts";
import type { ThreadGroup } from "./thread_group.ts";

/** Implemented by the pidfd description and by the inode of /proc/PID. */
export interface NamesGroup {
  readonly pidfdGroup: ThreadGroup;
}

/** The group a pidfd names; undefined when the description is no pidfd. */
export const pidfdTarget = (file: OpenFile): ThreadGroup | undefined =>
  (file as OpenFile & Partial<NamesGroup>).pidfdGroup;

/** As `pidfdTarget`, and for an open /proc/PID directory, which pidfd_send_signal takes as well (kernel/signal.c, pidfd_to_pid). */
export const signalTarget = (file: OpenFile): ThreadGroup | undefined =>
  pidfdTarget(file) ?? (file.inode as Inode & Partial<NamesGroup>).pidfdGroup;
