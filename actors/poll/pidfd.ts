/** pidfds: a description that names a thread group for ever, whatever becomes of its number (pidfd_open(2), SEMANTICS 9.7–9.12). */
import { errno } from "../../syscalls/abi/errno.ts";
import { RLIMIT } from "../limits.ts";
import type { Machine } from "../machine.ts";
import type { PidNamespace } from "../namespaces/pid.ts";
import type { NamesGroup } from "../task/pidfds.ts";
import type { Task } from "../task/task.ts";
import type { ThreadGroup } from "../task/thread_group.ts";
import { AnonymousInode } from "../vfs/anonymous.ts";
import { O_RDWR, OpenFile, POLLHUP, POLLIN, POLLRDNORM } from "../vfs/open_file.ts";

export class PidFd extends OpenFile implements NamesGroup {
  readonly pidfdGroup: ThreadGroup;
  readonly #hear = { notify: () => this.queue.wake() };

  /** @param thread PIDFD_THREAD: names the task rather than its group */
  constructor(machine: Machine, t: Task, readonly target: Task, readonly thread: boolean, flags: number) {
    super(new AnonymousInode(machine, 0, 0o600, t.cred), "anon_inode:[pidfd]", O_RDWR | flags);
    this.pidfdGroup = target.group;
    this.pidfdGroup.deathEvents.add(this.#hear);
  }
  /** Still to be found by its number. */
  get present(): boolean {
    return this.target.state !== "dead";
  }
  override poll(): number {
    const gone = this.target.machine.groups.get(this.pidfdGroup.tgid) !== this.pidfdGroup;
    return this.pidfdGroup.live > 0 ? 0 : POLLIN | POLLRDNORM | (gone ? POLLHUP : 0);
  }
  /** As the /proc shows it that it is read through. */
  fdinfo(pids: PidNamespace): string {
    const { tid } = this.target, number = this.present ? pids.numberOf(tid) : -1;
    const all = number > 0 ? this.pidfdGroup.pidNamespace.numbersFrom(pids, tid) : [number];
    return `Pid:\t${number}\nNSpid:\t${all.join("\t")}\n`;
  }
  protected closed(): void {
    this.pidfdGroup.deathEvents.remove(this.#hear);
  }
}

/** A descriptor, close-on-exec; throws EMFILE. */
export const openPidfd = (t: Task, target: Task, thread: boolean, flags = 0): number => {
  const file = new PidFd(t.machine, t, target, thread, flags);
  const fd = t.files.add(file, true, t.group.limits[RLIMIT.NOFILE].soft);
  if (fd < 0) {
    file.release();
    throw errno(-fd);
  }
  return fd;
};
