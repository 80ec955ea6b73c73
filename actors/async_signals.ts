/**
 * Signal-driven I/O (fcntl(2) F_SETFL O_ASYNC, F_SETOWN, F_SETSIG; fs/fcntl.c send_sigio): a description that hears of readiness signals its owner. It listens on the
 * description's own queue, so a wake that changed nothing for this end may send one SIGIO more than Linux would, never one less.
 */
import { SI, SIG } from "../syscalls/abi/signals.ts";
import type { Machine } from "./machine.ts";
import type { SigInfo } from "./signals/pending.ts";
import type { Task } from "./task/task.ts";
import { S_IFDIR, S_IFREG } from "./vfs/inode.ts";
import { O_ASYNC, type OpenFile, POLLERR, POLLHUP, POLLIN, POLLOUT } from "./vfs/open_file.ts";
import type { Listener } from "./wait_queue.ts";

export const F_OWNER_TID = 0, F_OWNER_PID = 1, F_OWNER_PGRP = 2;

/** si_code of SIGIO and the poll events it stands for (include/uapi/asm-generic/siginfo.h). */
const POLL_CODES: readonly (readonly [events: number, code: number])[] = [
  [POLLIN, 1],
  [POLLOUT, 2],
  [POLLERR, 4],
  [POLLHUP, 6],
];

const listeners = new WeakMap<OpenFile, Listener>();

/** Whom the description signals now (send_sigio): a task, a process or a process group. */
const owners = (machine: Machine, file: OpenFile): Task[] => {
  if (file.owner === 0) return [];
  if (file.ownerType !== F_OWNER_PGRP) return [machine.tasks.get(file.owner)].filter((t) => t !== undefined);
  return [...machine.groups.values()].filter((g) => g.pgid === file.owner).map((g) => g.leader);
};

/** sigio_perm: who set the owner must be allowed to signal it. */
const allowed = ({ ownerCredentials: by }: OpenFile, { cred }: Task): boolean =>
  by === undefined || by.euid === 0 || [by.euid, by.ruid].some((id) => id === cred.suid || id === cred.ruid);

const tell = (machine: Machine, file: OpenFile, fd: number): void => {
  const ready = file.poll();
  const [band, code] = POLL_CODES.find(([events]) => (ready & events) !== 0) ?? [0, 0];
  if (band === 0) return;
  const info: SigInfo = file.ownerSignal === 0
    ? { signo: SIG.IO, code: SI.KERNEL }
    : { signo: file.ownerSignal, code, band: ready, fd };
  for (const task of owners(machine, file)) {
    if (!allowed(file, task)) continue;
    if (file.ownerType === F_OWNER_TID) machine.signals.sendToTask(task, info);
    else machine.signals.sendToGroup(task.group, info);
  }
};

/** O_ASYNC of the description was set or cleared through descriptor `fd`, which siginfo will name. Files without readiness keep the flag and say nothing. */
export const asyncChanged = (machine: Machine, file: OpenFile, fd: number): void => {
  const before = listeners.get(file), wanted = (file.flags & O_ASYNC) !== 0;
  if (wanted === (before !== undefined)) return;
  if (before !== undefined) {
    file.queue.remove(before);
    listeners.delete(file);
  } else if (file.inode.type !== S_IFREG && file.inode.type !== S_IFDIR) {
    const listener = { notify: () => tell(machine, file, fd) };
    listeners.set(file, listener);
    file.queue.add(listener);
  }
};
