/** /proc: the machine's files, the settings under sys, and a directory per process (proc(5)). */
import { E, fail } from "../../syscalls/abi/errno.ts";
import type { Machine } from "../machine.ts";
import type { PidNamespace } from "../namespaces/pid.ts";
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
const taskByNumber = (machine: Machine, pids: PidNamespace, name: string): Task | undefined => {
  if (!/^[1-9][0-9]{0,9}$/.test(name)) return undefined;
  const id = pids.named(Number(name));
  const task = machine.groups.get(id)?.leader ?? machine.tasks.get(id);
  return task === undefined || task.state === "dead" ? undefined : task;
};

const processes = (pids: PidNamespace): DynamicEntry<Machine> => ({
  is: "dynamic",
  mode: 0o555,
  names: (machine) =>
    [...machine.groups.keys()].map((tgid) => pids.numberOf(tgid)).filter((number) => number > 0).sort((a, b) => a - b)
      .map((number) => ({ name: String(number), type: S_IFDIR })),
  find(machine, _t, name) {
    const task = taskByNumber(machine, pids, name);
    return task && { entry: processFiles, subject: new ProcTask(task, true, pids) };
  },
});

const root = (pids: PidNamespace): DirectoryEntry<Machine> =>
  directory<Machine>({
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
    self: link((_machine, t) => String(pids.numberOf(t.pid) || fail(E.NOENT))),
    "thread-self": link((_machine, t) => `${pids.numberOf(t.pid) || fail(E.NOENT)}/task/${pids.numberOf(t.tid)}`),
  }, processes(pids));

/** The root of a /proc that shows the processes of a pid namespace. */
export const makeProcfs = (machine: Machine, pids: PidNamespace = machine.namespaces.of.pidForChildren): Inode =>
  new TreeNode({ machine, dev: PROCFS }, root(pids), machine, "");
