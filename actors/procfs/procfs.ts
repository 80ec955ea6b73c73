/** /proc: the machine's files, the settings under sys, and a directory per process (proc(5)). */
import type { Machine } from "../machine.ts";
import type { Task } from "../task/task.ts";
import { type Inode, S_IFDIR } from "../vfs/inode.ts";
import { processFiles } from "./process_files.ts";
import { ProcTask } from "./subject.ts";
import { sysctl } from "./sysctl.ts";
import { systemFiles } from "./system_files.ts";
import { directory, type DirectoryEntry, type DynamicEntry, link, TreeNode } from "./tree.ts";

/** st_dev of procfs. */
export const PROCFS = 22;

/** The process or, by its own number, the thread. Threads are found but not listed. */
const taskByNumber = (machine: Machine, name: string): Task | undefined => {
  if (!/^[1-9][0-9]{0,9}$/.test(name)) return undefined;
  const id = Number(name);
  const task = machine.groups.get(id)?.leader ?? machine.tasks.get(id);
  return task === undefined || task.state === "dead" ? undefined : task;
};

const processes: DynamicEntry<Machine> = {
  is: "dynamic",
  mode: 0o555,
  names: (machine) =>
    [...machine.groups.keys()].sort((a, b) => a - b).map((tgid) => ({ name: String(tgid), type: S_IFDIR })),
  find(machine, _t, name) {
    const task = taskByNumber(machine, name);
    return task && { entry: processFiles, subject: new ProcTask(task, true) };
  },
};

const root: DirectoryEntry<Machine> = directory<Machine>({
  ...systemFiles,
  bus: directory<Machine>({}),
  driver: directory<Machine>({}),
  fs: directory<Machine>({}),
  irq: directory<Machine>({}),
  mounts: link(() => "self/mounts"),
  net: link(() => "self/net"),
  sys: sysctl,
  sysvipc: directory<Machine>({}),
  tty: directory<Machine>({}),
  self: link((_machine, t) => String(t.pid)),
  "thread-self": link((_machine, t) => `${t.pid}/task/${t.tid}`),
}, processes);

/** The root of a machine's /proc. */
export const makeProcfs = (machine: Machine): Inode => new TreeNode({ machine, dev: PROCFS }, root, machine, "");
