/** The tree under /proc/pid and /proc/pid/task/tid, as data (proc(5)). */
import { E, fail } from "../../syscalls/abi/errno.ts";
import { clipped } from "../../syscalls/abi/text.ts";
import { CAP, capable } from "../credentials.ts";
import type { Location } from "../fs_context.ts";
import type { Task } from "../task/task.ts";
import { S_IFDIR } from "../vfs/inode.ts";
import { fdDirectory, fdInfoDirectory, namespaceLinks } from "./descriptors.ts";
import { auxv, cmdline, environ, mapsText, MemoryFile, smapsRollup, smapsText } from "./memory_map.ts";
import { mountInfoText, mountStatsText, mountsText } from "./mounts.ts";
import { namespaceFiles } from "./namespace_files.ts";
import { netDirectory } from "./net_files.ts";
import { statLine, statmLine, statusText } from "./process_state.ts";
import { onlyTracers, ProcTask } from "./subject.ts";
import { directory, type DirectoryEntry, type DynamicEntry, type Entry, link, text, writtenNumber } from "./tree.ts";

type Files = Readonly<Record<string, Entry<ProcTask>>>;

/** A path as a reader with its own root sees it. */
const seenFrom = (t: Task, path: string): string => {
  const root = t.fs.root.path;
  if (root === "/" || !(path + "/").startsWith(root + "/")) return path;
  return path.slice(root.length) || "/";
};

const placeLink = (place: (s: ProcTask) => Location | undefined): Entry<ProcTask> =>
  link<ProcTask>((s, t) => {
    onlyTracers(s, t);
    return seenFrom(t, (place(s) ?? fail(E.NOENT)).path);
  }, (s, t) => {
    onlyTracers(s, t);
    const location = place(s);
    return location && { inode: location.inode, path: location.path, location };
  });

const exe: Entry<ProcTask> = link<ProcTask>((s, t) => {
  onlyTracers(s, t);
  return s.hasMemory ? seenFrom(t, s.task.vm.image.exe) : fail(E.NOENT);
}, (s, t) => {
  onlyTracers(s, t);
  const file = s.hasMemory ? s.task.vm.image.exeFile : undefined;
  return file && { inode: file.inode, path: file.path, location: file.location };
});

const COMM_MAX = 15;
const sameGroupOnly = (s: ProcTask, t: Task): void => {
  if (s.task.group !== t.group) fail(E.INVAL);
};

const LIMITS = [
  ["cpu time", "seconds"],
  ["file size", "bytes"],
  ["data size", "bytes"],
  ["stack size", "bytes"],
  ["core file size", "bytes"],
  ["resident set", "bytes"],
  ["processes", "processes"],
  ["open files", "files"],
  ["locked memory", "bytes"],
  ["address space", "bytes"],
  ["file locks", "locks"],
  ["pending signals", "signals"],
  ["msgqueue size", "bytes"],
  ["nice priority", ""],
  ["realtime priority", ""],
  ["realtime timeout", "us"],
] as const;

const limitsText = ({ task }: ProcTask): string => {
  const shown = (value: number) => (Number.isFinite(value) ? String(value) : "unlimited").padEnd(20);
  const rows = LIMITS.map(([name, unit], i) => {
    const { soft, hard } = task.group.limits[i];
    return `${("Max " + name).padEnd(25)} ${shown(soft)} ${shown(hard)} ${unit === "" ? "" : unit.padEnd(10)}\n`;
  });
  return `${"Limit".padEnd(25)} ${"Soft Limit".padEnd(20)} ${"Hard Limit".padEnd(20)} ${"Units".padEnd(10)}\n${
    rows.join("")
  }`;
};

const setOomScoreAdj = (s: ProcTask, t: Task, written: string): void => {
  const value = writtenNumber(written, -1000, 1000);
  if (value < s.task.group.oomScoreAdj && !capable(t.cred, CAP.SYS_RESOURCE)) fail(E.ACCES);
  s.task.group.oomScoreAdj = value;
};

/** /proc/pid/syscall: the call a task waits in, its arguments, stack pointer and pc. */
const syscallText = ({ task }: ProcTask): string => {
  if (task.state !== "blocked" && task.state !== "vfork") return "running\n";
  const { cpu } = task;
  const args = [10, 11, 12, 13, 14, 15].map((i) => `0x${cpu.x(i).toString(16)}`).join(" ");
  return `${task.callNumber} ${args} 0x${cpu.x(2).toString(16)} 0x${cpu.pc.toString(16)}\n`;
};

const ioText = "rchar: 0\nwchar: 0\nsyscr: 0\nsyscw: 0\nread_bytes: 0\nwrite_bytes: 0\ncancelled_write_bytes: 0\n";
const private_ = { mode: 0o400, mayOpen: onlyTracers } as const;

/** Files that a process and each of its threads have. */
const both: Files = {
  attr: directory<ProcTask>({}),
  auxv: text(auxv, private_),
  cgroup: text(() => "0::/\n"),
  cmdline: text(cmdline),
  comm: text(({ task }) => task.comm + "\n", {
    mode: 0o644,
    write: (s, t, written) => {
      sameGroupOnly(s, t);
      s.task.comm = clipped(written.split("\0")[0].replace(/\n$/, ""), COMM_MAX);
    },
  }),
  cpuset: text(() => "/\n"),
  cwd: placeLink((s) => s.task.holdings.fs ? s.task.fs.cwd : undefined),
  environ: text(environ, private_),
  exe,
  fd: fdDirectory,
  fdinfo: fdInfoDirectory,
  io: text(() => ioText, private_),
  limits: text(limitsText),
  loginuid: text(() => "4294967295", { mode: 0o644 }),
  maps: text(mapsText, { mayOpen: onlyTracers }),
  mem: {
    is: "file",
    mode: 0o600,
    open(s, t, inode, path, flags) {
      onlyTracers(s, t);
      return new MemoryFile(inode, path, flags, s);
    },
  },
  mountinfo: text(mountInfoText),
  mounts: text(mountsText),
  net: netDirectory,
  ns: directory<ProcTask>(namespaceLinks),
  ...namespaceFiles,
  oom_adj: text(({ task }) => `${Math.trunc(task.group.oomScoreAdj * 17 / 1000)}\n`, { mode: 0o644 }),
  oom_score: text(({ task }) => `${Math.max(0, Math.round(666 + task.group.oomScoreAdj * 2 / 3))}\n`),
  oom_score_adj: text(({ task }) => `${task.group.oomScoreAdj}\n`, { mode: 0o644, write: setOomScoreAdj }),
  personality: text(({ task }) => `${(task.personality >>> 0).toString(16).padStart(8, "0")}\n`, private_),
  root: placeLink((s) => s.task.holdings.fs ? s.task.fs.root : undefined),
  schedstat: text(({ task }) => `${Math.round(task.cpuTime)} 0 ${task.group.used.nvcsw + task.group.used.nivcsw}\n`),
  sessionid: text(() => "4294967295"),
  smaps: text(smapsText, { mayOpen: onlyTracers }),
  smaps_rollup: text(smapsRollup, { mayOpen: onlyTracers }),
  stack: text(() => "", private_),
  stat: text(statLine),
  statm: text(statmLine),
  status: text(statusText),
  syscall: text(syscallText, private_),
  wchan: text(() => "0"),
};

/** /proc/pid/task/tid. */
const threadFiles: DirectoryEntry<ProcTask> = directory<ProcTask>({
  ...both,
  children: text((s) =>
    s.task.group.children.filter((c) => c.parent === s.task && !c.zombie).map((c) => `${s.number(c.tgid)} `).join("")
  ),
});

const threads: DynamicEntry<ProcTask> = {
  is: "dynamic",
  mode: 0o555,
  names: (s) =>
    s.task.group.tasks.map((t) => s.number(t.tid)).sort((a, b) => a - b).map((tid) => ({
      name: String(tid),
      type: S_IFDIR,
    })),
  find(s, _t, name) {
    const thread = s.task.group.tasks.find((other) => String(s.number(other.tid)) === name);
    return thread && { entry: threadFiles, subject: new ProcTask(thread, false, s.pids) };
  },
};

/** /proc/pid. */
const wholeProcess = directory<ProcTask>({
  task: threads,
  ...both,
  autogroup: text(() => "/autogroup-0 nice 0\n", { mode: 0o644 }),
  clear_refs: text(() => "", { mode: 0o200, write: () => {} }),
  coredump_filter: text(() => "00000033\n", { mode: 0o644 }),
  mountstats: text(mountStatsText, private_),
  timerslack_ns: text(({ task }) => `${task.timerSlack}\n`, {
    mode: 0o666,
    write: (s, _t, written) => void (s.task.timerSlack = writtenNumber(written, 0, Number.MAX_SAFE_INTEGER) || 50000),
  }),
});
export const processFiles: DirectoryEntry<ProcTask> = { ...wholeProcess, group: ({ task }) => task.group };
