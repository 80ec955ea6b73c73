/** /proc/pid/{stat,statm,status}: what a task is doing, in Linux's exact formats (fs/proc/array.c). */
import { clockOffset } from "../clocks.ts";
import type { Vma } from "../../cpu/types.ts";
import { seenGid, seenUid } from "../credentials.ts";
import { RLIMIT } from "../limits.ts";
import type { Machine } from "../machine.ts";
import { SIG_DFL, SIG_IGN } from "../signal_handlers.ts";
import { sigBit } from "../signals/pending.ts";
import type { Task } from "../task/task.ts";
import { Tty } from "../tty/tty.ts";
import { kB, mask16, orInfinity, ticks } from "./numbers.ts";
import type { ProcTask } from "./subject.ts";

const LETTERS = {
  new: "R",
  runnable: "R",
  running: "R",
  blocked: "S",
  vfork: "D",
  stopped: "T",
  traced: "t",
  exiting: "Z",
  zombie: "Z",
  dead: "X",
} as const;
const NAMES: Readonly<Record<string, string>> = {
  R: "running",
  S: "sleeping",
  D: "disk sleep",
  T: "stopped",
  t: "tracing stop",
  Z: "zombie",
  X: "dead",
};

export const stateLetter = (task: Task): string => LETTERS[task.state];

/** Id of the parent process, 0 when there is none in the machine. */
export const parentOf = (s: ProcTask): number => s.number(s.task.group.parent?.group.tgid ?? 1);

/** CPU time in ns: the thread's, or that of all threads that are or were. */
const cpuTime = ({ task, whole }: ProcTask): number => {
  if (!whole) return task.cpuTime;
  let sum = task.group.used.utime;
  for (const t of task.group.tasks) if (t.state !== "zombie" && t.state !== "dead") sum += t.cpuTime;
  return sum;
};

/** Signals ignored and caught, as masks. */
const dispositions = (task: Task): { ignored: bigint; caught: bigint } => {
  let ignored = 0n, caught = 0n;
  if (!task.holdings.handlers) return { ignored, caught };
  for (let sig = 1; sig <= 64; sig++) {
    const { handler } = task.handlers.get(sig);
    if (handler === SIG_IGN) ignored |= sigBit(sig);
    else if (handler !== SIG_DFL) caught |= sigBit(sig);
  }
  return { ignored, caught };
};

/** Bytes by use: code, libraries' code, data, stack. */
const memoryByUse = (task: Task): { text: number; library: number; data: number; stack: number; size: number } => {
  const { space, image } = task.vm;
  const sum = { text: 0, library: 0, data: 0, stack: 0, size: 0 };
  for (const vma of space.vmas()) {
    const bytes = vma.end - vma.start;
    sum.size += bytes;
    if (vma.name === "[stack]" || vma.growsDown) sum.stack += bytes;
    else if ((vma.prot & 2) !== 0 && !vma.shared) sum.data += bytes;
    else if ((vma.prot & 4) !== 0) {
      if (isMainImage(vma, image.exe)) sum.text += bytes;
      else sum.library += bytes;
    }
  }
  return sum;
};
const isMainImage = (vma: Vma, exe: string): boolean => vma.backing?.path === exe;

/** Where the image's code and data lie. */
const imageRanges = (task: Task) => {
  const { image, space } = task.vm;
  const ranges = { startCode: 0, endCode: 0, startData: 0, endData: 0, startBreak: 0 };
  for (const vma of space.vmas()) {
    if (vma.name === "[heap]" && ranges.startBreak === 0) ranges.startBreak = vma.start;
    if (!isMainImage(vma, image.exe)) continue;
    if ((vma.prot & 4) !== 0 && ranges.endCode === 0) {
      ranges.startCode = vma.start;
      ranges.endCode = vma.end;
    } else if ((vma.prot & 2) !== 0) {
      if (ranges.startData === 0) ranges.startData = vma.start;
      ranges.endData = vma.end;
    }
  }
  return ranges;
};

const NO_RANGES = { startCode: 0, endCode: 0, startData: 0, endData: 0, startBreak: 0 };
/** PF_RANDOMIZE and, for one that forked and did not exec, PF_FORKNOEXEC. */
const FLAG_RANDOMIZE = 0x400000, FLAG_FORKED = 0x40, FLAG_EXITING = 4;

/** The 52 fields of /proc/pid/stat, as `t` reads them. */
export const statLine = (s: ProcTask, t: Task): string => {
  const { task, whole } = s;
  const { group } = task;
  const { used, childrenUsed } = group;
  const memory = s.hasMemory;
  const ranges = memory ? imageRanges(task) : NO_RANGES;
  const image = memory ? task.vm.image : undefined;
  const tty = group.tty instanceof Tty ? group.tty : undefined;
  const { ignored, caught } = dispositions(task);
  const low = (mask: bigint) => mask & 0x7fffffffn;
  const fields: (string | number | bigint)[] = [
    s.number(task.tid),
    `(${task.comm})`,
    stateLetter(task),
    parentOf(s),
    s.number(group.pgid),
    s.number(group.sid),
    tty?.rdev ?? 0,
    tty === undefined ? -1 : s.number(tty.foreground),
    FLAG_RANDOMIZE | (group.hasExeced ? 0 : FLAG_FORKED) |
    (task.state === "exiting" || task.state === "zombie" ? FLAG_EXITING : 0),
    used.minflt,
    childrenUsed.minflt,
    used.majflt,
    childrenUsed.majflt,
    ticks(cpuTime(s)),
    ticks(whole ? used.stime : 0),
    ticks(childrenUsed.utime),
    ticks(childrenUsed.stime),
    task.rtPriority > 0 ? -1 - task.rtPriority : 20 + task.nice,
    task.nice,
    group.live === 0 ? 1 : group.live,
    0,
    ticks(task.startedAt + clockOffset(t, "boottime")),
    memory ? task.vm.space.mappedBytes : 0,
    memory ? task.vm.space.residentPages : 0,
    orInfinity(group.limits[RLIMIT.RSS].soft),
    ranges.startCode,
    ranges.endCode,
    image === undefined ? 0 : image.argStart & ~15,
    0,
    0,
    low(task.pending.mask),
    low(task.blocked),
    low(ignored),
    low(caught),
    task.state === "blocked" ? 1 : 0,
    0,
    0,
    task === group.leader ? group.exitSignal : -1,
    0,
    task.rtPriority,
    task.policy,
    0,
    0,
    0,
    ranges.startData,
    ranges.endData,
    ranges.startBreak,
    image?.argStart ?? 0,
    image?.argEnd ?? 0,
    image?.envStart ?? 0,
    image?.envEnd ?? 0,
    task === group.leader && group.zombie ? group.exitStatus : task.exitStatus,
  ];
  return fields.join(" ") + "\n";
};

/** /proc/pid/statm: pages in all, resident, shared, text, 0, data with stack, 0. */
export const statmLine = (s: ProcTask): string => {
  if (!s.hasMemory) return "0 0 0 0 0 0 0\n";
  const { space } = s.task.vm;
  const use = memoryByUse(s.task);
  const pages = (bytes: number) => Math.ceil(bytes / 4096);
  const shared = Math.min(space.residentPages, pages(use.text + use.library));
  return `${pages(space.mappedBytes)} ${space.residentPages} ${shared} ${pages(use.text)} 0 ${
    pages(use.data + use.stack)
  } 0\n`;
};

const memoryLines = (task: Task): string => {
  const { space } = task.vm;
  const use = memoryByUse(task);
  const resident = space.residentPages * 4096, peak = space.peakResidentPages * 4096;
  const file = Math.min(resident, use.text + use.library);
  const rows: readonly (readonly [string, number])[] = [
    ["VmPeak", Math.max(space.mappedBytes, peak)],
    ["VmSize", space.mappedBytes],
    ["VmLck", space.vmas().reduce((sum, v) => v.locked === true ? sum + v.end - v.start : sum, 0)],
    ["VmPin", 0],
    ["VmHWM", Math.max(peak, resident)],
    ["VmRSS", resident],
    ["RssAnon", resident - file],
    ["RssFile", file],
    ["RssShmem", 0],
    ["VmData", use.data],
    ["VmStk", use.stack],
    ["VmExe", use.text],
    ["VmLib", use.library],
    ["VmPTE", Math.ceil(space.mappedBytes / 2 ** 21) * 4096 + 8192],
    ["VmSwap", 0],
  ];
  return rows.map(([name, bytes]) => `${name}:\t${kB(bytes)}\n`).join("") +
    "HugetlbPages:\t       0 kB\nCoreDumping:\t0\nTHP_enabled:\t1\nuntag_mask:\t0xffffffffffffffff\n";
};

/** Slots of a file table as the kernel allocates them: a power of two from 64 up. */
const tableSize = (task: Task): number => {
  if (!task.holdings.files) return 0;
  const highest = task.files.descriptors().pop() ?? 0;
  let size = 64;
  while (size <= highest) size *= 2;
  return size;
};

const queuedSignals = (task: Task): number => {
  let sum = task.group.pending.count;
  for (const t of task.group.tasks) sum += t.pending.count;
  return sum;
};

/** /proc/pid/status. */
export const statusText = (s: ProcTask, t: Task): string => {
  const { task } = s;
  const { group, cred } = task;
  const uids = [cred.ruid, cred.euid, cred.suid, cred.fsuid], gids = [cred.rgid, cred.egid, cred.sgid, cred.fsgid];
  const all = (id: number): string => group.pidNamespace.numbersFrom(s.pids, id).join("\t");
  const letter = stateLetter(task);
  const { ignored, caught } = dispositions(task);
  const umask = task.holdings.fs ? `Umask:\t${task.fs.umask.toString(8).padStart(4, "0")}\n` : "";
  return `Name:\t${task.comm.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}\n${umask}` +
    `State:\t${letter} (${NAMES[letter]})\nTgid:\t${s.number(group.tgid)}\nNgid:\t0\nPid:\t${
      s.number(task.tid)
    }\nPPid:\t${parentOf(s)}\nTracerPid:\t${task.trace === undefined ? 0 : s.number(task.trace.tracer.tid)}\n` +
    `Uid:${uids.map((id) => `\t${seenUid(t.cred, id)}`).join("")}\nGid:${
      gids.map((id) => `\t${seenGid(t.cred, id)}`).join("")
    }\n` +
    `FDSize:\t${tableSize(task)}\nGroups:\t${cred.groups.map((g) => `${seenGid(t.cred, g)} `).join("")}\n` +
    `NStgid:\t${all(group.tgid)}\nNSpid:\t${all(task.tid)}\nNSpgid:\t${all(group.pgid)}\nNSsid:\t${all(group.sid)}\n` +
    "Kthread:\t0\n" +
    (s.hasMemory ? memoryLines(task) : "") +
    `Threads:\t${Math.max(1, group.live)}\nSigQ:\t${queuedSignals(task)}/${
      orInfinity(group.limits[RLIMIT.SIGPENDING].soft)
    }\n` +
    `SigPnd:\t${mask16(task.pending.mask)}\nShdPnd:\t${mask16(group.pending.mask)}\nSigBlk:\t${
      mask16(task.blocked)
    }\n` +
    `SigIgn:\t${mask16(ignored)}\nSigCgt:\t${mask16(caught)}\n` +
    `CapInh:\t${mask16(cred.capInheritable)}\nCapPrm:\t${mask16(cred.capPermitted)}\nCapEff:\t${
      mask16(cred.capEffective)
    }\n` +
    `CapBnd:\t${mask16(cred.capBounding)}\nCapAmb:\t${mask16(cred.capAmbient)}\n` +
    `NoNewPrivs:\t${task.noNewPrivs ? 1 : 0}\nSeccomp:\t${task.seccomp?.mode ?? 0}\nSeccomp_filters:\t${
      task.seccomp?.filters ?? 0
    }\n` +
    `Speculation_Store_Bypass:\tunknown\nSpeculationIndirectBranch:\tunsupported\n` +
    `Cpus_allowed:\t1\nCpus_allowed_list:\t0\nMems_allowed:\t1\nMems_allowed_list:\t0\n` +
    `voluntary_ctxt_switches:\t${group.used.nvcsw}\nnonvoluntary_ctxt_switches:\t${group.used.nivcsw}\n`;
};

/** Processes by what they do now, for /proc/stat and /proc/loadavg. */
export const census = (machine: Machine): { running: number; blocked: number; total: number } => {
  let running = 0, blocked = 0;
  for (const t of machine.tasks.values()) {
    const letter = stateLetter(t);
    if (letter === "R") running++;
    else if (letter === "D") blocked++;
  }
  return { running, blocked, total: machine.tasks.size };
};
