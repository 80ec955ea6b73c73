/**
 * Runs a list of random calls on a whole machine: real CPU and memory, tmpfs or a host directory as root, /dev, /proc, /sys, sockets. Nothing may escape but errors that
 * Linux has; every line of strace can be made; afterwards nothing is left.
 */
import { defectText } from "../../actors/deadlock.ts";
import { execProgram } from "../../actors/exec/exec.ts";
import { installExtras } from "../../actors/extras.ts";
import { FileTable } from "../../actors/file_table.ts";
import { FsContext } from "../../actors/fs_context.ts";
import { Machine } from "../../actors/machine.ts";
import { NamespaceSet } from "../../actors/namespaces/set.ts";
import { both } from "../../actors/observers.ts";
import { Runtime } from "../../actors/runtime.ts";
import { SignalHandlers } from "../../actors/signal_handlers.ts";
import { Signals } from "../../actors/signals/generate.ts";
import { firstProcess } from "../../actors/task/first.ts";
import type { Task } from "../../actors/task/task.ts";
import { HostFs } from "../../actors/vfs/hostfs.ts";
import { S_IFDIR, S_IFREG } from "../../actors/vfs/inode.ts";
import { O_RDWR } from "../../actors/vfs/open_file.ts";
import { TmpFs } from "../../actors/vfs/tmpfs.ts";
import { Vfs } from "../../actors/vfs/vfs.ts";
import { VirtualClock } from "../../actors/world/clock.ts";
import { SeededEntropy } from "../../actors/world/entropy.ts";
import { random } from "../../actors/world/order/random.ts";
import { straceObserver } from "../../cli/strace/observer.ts";
import { loadLateCalls, makeDispatch } from "../../syscalls/mod.ts";
import type { CallProgram } from "./generate.ts";
import type { HostRoot } from "../../cli/host_root.ts";
import { callImage } from "./image.ts";

export interface CallRun {
  /** What escaped or was left; undefined: all is well. */
  readonly failure: string | undefined;
  /** Calls made by all tasks. */
  readonly calls: number;
  /** strace's lines, where they were asked for. */
  readonly log: string;
}

const MAX_TURNS = 3000, MAX_TASKS = 40;
/** 64 MiB for all of the guest's memory. */
const MEMORY = 1 << 26;

const makeRoot = (machine: Machine, host: HostRoot | undefined): Vfs =>
  Vfs.of(host === undefined ? new TmpFs(machine, 40, 0o755, 2048).root : new HostFs(host.root, "").rootInode());

/** The program and the directories that its paths name. */
const furnish = (t: Task, image: Uint8Array): void => {
  const { root } = t.vfs;
  const directory = (name: string) => {
    try {
      return root.inode.lookup(t, name);
    } catch {
      return root.inode.create(t, name, S_IFDIR | 0o1777);
    }
  };
  for (const name of ["tmp", "dev", "proc", "sys"]) directory(name);
  const file = t.vfs.open(t, -100, "/p", O_RDWR | 0o1100, 0o755);
  file.inode.setAttributes(t, { mode: 0o755 });
  file.write(t, image);
  file.release();
  if (directory("tmp").type !== S_IFREG) t.fs.cwd = t.vfs.find(t, -100, "/tmp");
};

/** What exists in this process besides machines. */
const living = () => [FileTable.live, FsContext.live, SignalHandlers.live, NamespaceSet.live];

/** One run. @param host a directory of the host, instead of memory */
export const runCalls = async (program: CallProgram, host?: HostRoot, keepLog = false): Promise<CallRun> => {
  await loadLateCalls();
  host?.fresh();
  const machine = new Machine(
    new VirtualClock(),
    new SeededEntropy(program.seed),
    random(new SeededEntropy(program.seed + 1)),
  );
  machine.signals = new Signals(machine);
  machine.calls = makeDispatch();
  machine.maxTasks = MAX_TASKS;
  machine.maxMemory = MEMORY;
  const before = living();
  machine.vfs = makeRoot(machine, host);
  installExtras(machine);
  const runtime = new Runtime(machine);
  const first = firstProcess(machine, 0, 0);
  furnish(first, callImage(program));
  for (let fd = 0; fd < 3; fd++) first.files.add(first.vfs.open(first, -100, "/dev/null", O_RDWR, 0), false, 1024);
  let log = "", turns = 0;
  /** A program that starts itself again and again never ends, nor does a stopped one that has an interval timer. */
  const goesOn = (): void => {
    if (++turns > MAX_TURNS && !machine.ending) machine.killAll();
  };
  const strace = straceObserver(machine, (text) => keepLog && (log += text), true);
  machine.observer = both([strace.observer, { turnBegins: goesOn }]);
  let failure: string | undefined;
  const attempt = async (done: () => boolean): Promise<void> => {
    try {
      await machine.run(done);
      if (machine.broken !== undefined) failure ??= defectText(machine.broken.cause);
    } catch (error) {
      if ((error as Error).name !== "Deadlock") failure ??= defectText(error);
    }
  };
  execProgram(first, -100, "/p", 0, () => ({ argv: [], envp: [] }));
  machine.spawn(first);
  await attempt(() => {
    goesOn();
    return machine.tasks.size === 0 || (!machine.contended && machine.timers.size === 0);
  });
  if (failure === undefined) {
    machine.killAll();
    await attempt(() => runtime.fibers === 0);
  }
  const { liveCpus, liveVmGroups } = machine.counters;
  const left = living().map((n, i) => n - before[i]);
  if (failure === undefined && (liveCpus !== 0 || liveVmGroups !== 0 || left.some((n) => n !== 0))) {
    failure = `left at the end: ${liveCpus} CPUs, ${liveVmGroups} VM groups, tables ${left}, tasks ${
      [...machine.tasks.values()].map((t) => `${t.tid} ${t.state}`)
    }`;
  }
  failure ??= host?.touched();
  if (failure !== undefined) runtime.interruptAll();
  strace.finish();
  const calls = machine.counters.syscalls.reduce((a, b) => a + b, 0);
  return { failure, calls, log };
};
