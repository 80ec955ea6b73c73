/** The first process of a machine: nobody's child, before it has a program. Every other task comes from `clone.ts`. */
import type { Cpu } from "../../cpu/types.ts";
import { credentialsOf } from "../credentials.ts";
import { FileTable } from "../file_table.ts";
import { FsContext } from "../fs_context.ts";
import type { Machine } from "../machine.ts";
import { SignalHandlers } from "../signal_handlers.ts";
import { PendingSet } from "../signals/pending.ts";
import type { VmGroup } from "../vm_group.ts";
import { Task } from "./task.ts";
import { ThreadGroup } from "./thread_group.ts";

const FIRST_PID = 1000;

/** Before execve the task holds neither memory nor CPU (`holdings` says so); nothing looks at these. */
const NO_MEMORY = { space: undefined } as unknown as VmGroup;
const NO_CPU = undefined as unknown as Cpu;

/** Makes it, its root and working directory the machine's root. Whether its end ends the run is the caller's to say (`machine.init`). */
export const firstProcess = (machine: Machine, uid: number, gid: number): Task => {
  machine.startIdsAt(FIRST_PID);
  const tid = machine.allocateId();
  const group = new ThreadGroup(tid, tid, tid, machine.namespaces.of.pidForChildren);
  const { root } = machine.vfs;
  const task = new Task(
    machine,
    tid,
    group,
    NO_MEMORY,
    NO_CPU,
    new FileTable(machine.files),
    new FsContext(root, root, 0o22),
    new SignalHandlers(),
    machine.namespaces.share(),
    credentialsOf(uid, gid),
    new PendingSet(),
  );
  task.holdings.vm = task.holdings.cpu = false;
  group.leader = task;
  group.tasks.push(task);
  group.live = 1;
  machine.tasks.set(tid, task);
  machine.groups.set(tid, group);
  machine.counters.tasksCreated++;
  return task;
};
