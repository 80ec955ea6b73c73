/**
 * Puts a machine together and runs one guest program in it: clock and entropy by the seed, file systems, standard streams, system calls, the first task. The public
 * library (`mod.ts`) and the command line both come through here.
 */
import {
  alive,
  defectText,
  execProgram,
  firstProcess,
  HostFs,
  type Inode,
  type Location,
  Machine,
  type Observer,
  openStdio,
  S_IFDIR,
  Signals,
  type Stats,
  statsOf,
  type Task,
  turn,
  UnusableImage,
  Vfs,
} from "./actors/mod.ts";
import type { overRoot as OverRoot } from "./actors/vfs/mod.ts";
import { HostClock, type MachineClock, VirtualClock } from "./actors/world/clock.ts";
import { HostEntropy, SeededEntropy } from "./actors/world/entropy.ts";
import { hostDirectory, hostEnvironment, hostIdentity } from "./actors/world/identity.ts";
import { type EventLoop, pause } from "./actors/world/event_loop.ts";
import { type HostFiles, hostFs } from "./actors/world/host_fs.ts";
import { readOnly } from "./actors/world/read_only.ts";
import { POLICIES, type SchedulePolicy } from "./actors/world/order.ts";
import { HostStdio, type StdioDoor } from "./actors/world/stdio.ts";
import { installExtras } from "./actors/extras.ts";
import { E, Errno, errno, ERRNO_TEXT } from "./syscalls/abi/errno.ts";
import { loadLateCalls, makeDispatch } from "./syscalls/mod.ts";

/** What to run and how. Everything but `guest` may be left out. */
export interface BootOptions {
  /** Path of the program as the guest sees it; without a slash it is also looked up in PATH. */
  readonly guest: string;
  /** Arguments after argv[0]. */
  readonly args?: readonly string[];
  /** K=V strings; default: the host's environment. */
  readonly env?: readonly string[];
  /** Host directory that becomes the guest's root. */
  readonly root?: string;
  /** Host directory searched before the root for every path. */
  readonly sysroot?: string;
  /** Nothing under `root` is changed: changes go to this host directory, or for "" to memory. */
  readonly overlay?: string;
  /** Directories and files of the host that the guest sees at places of its own. */
  readonly binds?: readonly Bind[];
  /** Guest path; default: the host's working directory, or "/" with `root`. */
  readonly cwd?: string;
  /** Makes clock, entropy and order deterministic. */
  readonly seed?: number;
  readonly schedule?: "fair" | "random" | "pct";
  /** Ports of the host that lead to ports of the guest. Not with `seed`. */
  readonly publish?: readonly Published[];
  readonly maxTasks?: number;
  /** Bytes over all VM groups, files in memory, pipes and sockets. */
  readonly maxMemory?: number;
  /** Open file descriptions at once. */
  readonly maxFiles?: number;
  /** ns after which everything is killed and the status is 124; of the virtual clock with `seed`. */
  readonly timeout?: number;
  /** Lowest address of mappings that are not placed by the guest; by default right above its image and stack. */
  readonly mmapBase?: number;
  /** Translation of hot code to WebAssembly: when it pays, never, or of everything that runs twice. Default "auto". */
  readonly jit?: "auto" | "off" | "always";
  readonly stdio?: StdioDoor;
  /** The doors to the host, when they are not the host's own: a recorder's or a replayer's. */
  readonly world?: World;
  /** Decides the order instead of `schedule`. */
  readonly policy?: SchedulePolicy;
  /** Makes an observer once the machine is there. */
  readonly observe?: (machine: Machine) => Observer;
}

/** What a run learns of its host, through a journal (`actors/world/journal/`). */
export interface World {
  /** Of an unseeded run. */
  readonly clock: MachineClock;
  /** Stands for the host's randomness. */
  readonly entropySeed: number;
  readonly files: HostFiles;
  readonly loop: EventLoop;
  readonly identity: { readonly uid: number; readonly gid: number; readonly hostname: string };
  stdio(inner: StdioDoor): StdioDoor;
  /** The run is over. */
  end(report: ExitReport): ExitReport;
}

/** A port of the host whose connections come to a listener in the machine. */
export interface Published {
  /** Address of the host; usually 127.0.0.1. */
  readonly hostname: string;
  readonly hostPort: number;
  readonly guestPort: number;
}

/** A directory or file of the host at a place of the guest. */
export interface Bind {
  readonly host: string;
  /** Absolute path; made when it is not there and `overlay` is given. */
  readonly guest: string;
  readonly readOnly: boolean;
}

/** How a run ended. */
export interface ExitReport {
  /** 0–255 as a shell would see it: the guest's status, 128+N for signal N, 126/127 when it could not be started. */
  readonly status: number;
  /** What to tell the user on stderr: why it could not start, which signal killed it, a deadlock, a defect of Dolly. */
  readonly message?: string;
  readonly stats: Stats;
}

const encoder = new TextEncoder();

/** Runs a program to its end. */
export const boot = async (options: BootOptions): Promise<ExitReport> => {
  const { world } = options;
  if (world === undefined) return await run(options, options.stdio ?? new HostStdio());
  return world.end(await run(options, world.stdio(options.stdio ?? new HostStdio())));
};

const run = async (options: BootOptions, stdio: StdioDoor): Promise<ExitReport> => {
  // What is loaded in the middle of a run takes as long as the host takes.
  if (options.seed !== undefined || options.observe !== undefined || options.world !== undefined) await loadLateCalls();
  const overRoot = options.overlay === undefined ? undefined : (await import("./actors/vfs/mod.ts")).overRoot;
  const machine = makeMachine(options, overRoot);
  const mode = options.jit ?? "auto";
  if (mode === "always") await loadTranslator(machine, mode);
  else if (mode === "auto") {
    machine.translateAfter = TRANSLATE_AFTER;
    machine.loadTranslator = () => loadTranslator(machine, mode);
  }
  if (options.observe !== undefined) machine.observer = options.observe(machine);
  const published: (() => void)[] = [];
  try {
    const shut = await openPorts(machine, options, published);
    if (shut !== undefined) return { status: 125, message: shut, stats: statsOf(machine) };
    const task = firstTask(machine, options, stdio);
    const unbound = bindHostFiles(task, options);
    if (unbound !== undefined) return { status: 125, message: unbound, stats: statsOf(machine) };
    task.fs.cwd = workingDirectory(task, options) ?? machine.vfs.root;
    const refused = start(machine, task, options);
    if (refused !== undefined) return { ...refused, stats: statsOf(machine) };
    await drive(machine, task);
    return { ...outcome(machine), stats: statsOf(machine) };
  } catch (error) {
    if (error instanceof Errno) {
      return {
        status: 126,
        message: `${options.root ?? options.guest}: ${ERRNO_TEXT[error.no]}`,
        stats: statsOf(machine),
      };
    }
    if ((error as Error)?.name === "Deadlock") {
      return { status: 125, message: (error as Error).message, stats: statsOf(machine) };
    }
    throw error;
  } finally {
    for (const close of published) close();
    if (machine.leaving.size > 0) await lastBytes(machine);
    stdio.close();
  }
};

/** Instructions after which a program is no short one: 10 ms of interpreting. */
const TRANSLATE_AFTER = 3_000_000;
/** A first turn this long means the program computes. */
const FIRST_TURN = 900_000;

/** From then on what is hot is translated. When that is makes no difference to what the guest does. */
const loadTranslator = async (machine: Machine, mode: "auto" | "always"): Promise<void> => {
  const { ALWAYS, AUTO, Translator } = await import("./cpu/jit/mod.ts");
  const translator = new Translator(mode === "always" ? ALWAYS : AUTO);
  machine.code.coldInstructions = translator.eagerness.coldInstructions;
  machine.code.translate = (host) => translator.attach(host);
};

/** Opens the ports of `publish`; why one could not be opened. */
const openPorts = async (
  machine: Machine,
  { publish = [], seed }: BootOptions,
  opened: (() => void)[],
): Promise<string | undefined> => {
  if (publish.length === 0) return undefined;
  if (seed !== undefined) return "the host's network cannot be published to a run with a seed";
  const net = await import("./actors/net/publish.ts");
  for (const port of publish) {
    try {
      opened.push(net.publish(machine, port));
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
      return `cannot publish ${port.hostname}:${port.hostPort}: ${ERRNO_TEXT[error.no]}`;
    }
  }
  return undefined;
};

/** Longest wait for a host that does not take what the guest has sent. */
const LAST_WAIT_MS = 10_000;
const lastBytes = (machine: Machine): Promise<void> =>
  pause(LAST_WAIT_MS, (poke) => void Promise.all(machine.leaving).then(poke));

/** @param overRoot puts an overlay over the root, for `overlay` */
const makeMachine = (options: BootOptions, overRoot?: typeof OverRoot): Machine => {
  const seeded = options.seed !== undefined, { world } = options;
  const clock = seeded ? new VirtualClock() : world?.clock ?? new HostClock();
  const seed = options.seed ?? world?.entropySeed;
  const entropy = seed !== undefined ? new SeededEntropy(seed) : new HostEntropy();
  const policy = options.policy ?? POLICIES[options.schedule ?? (seeded ? "random" : "fair")](
    seed !== undefined ? new SeededEntropy(seed ^ 0x5eed) : entropy,
  );
  const machine = new Machine(clock, entropy, policy);
  if (world !== undefined) {
    machine.host = world.loop;
    machine.hostNetwork = false;
  }
  machine.signals = new Signals(machine);
  machine.calls = makeDispatch();
  machine.namespaces.of.uts.hostname = seeded ? "dolly" : (world?.identity ?? hostIdentity()).hostname;
  if (options.maxTasks !== undefined) machine.maxTasks = options.maxTasks;
  if (options.maxMemory !== undefined) machine.maxMemory = options.maxMemory;
  if (options.maxFiles !== undefined) machine.files.limit = options.maxFiles;
  if (options.timeout !== undefined) machine.endsAt = machine.bootedAt + options.timeout;
  machine.mmapBase = options.mmapBase ?? 0;
  const [root, sysroot] = [options.root ?? "", options.sysroot ?? ""].map((dir) => dir.replace(/\/+$/, ""));
  const files = world?.files ?? hostFs;
  const fs = new HostFs(root, sysroot, options.overlay === undefined ? files : readOnly(files));
  const below = fs.rootInode();
  if (overRoot === undefined) machine.vfs = Vfs.of(below);
  else machine.vfs = Vfs.of(overRoot(machine, below, upperLayer(options)), "overlay", "overlay");
  installExtras(machine);
  return machine;
};

/** The host directory of `overlay`; undefined for memory. */
const upperLayer = ({ overlay = "", world }: BootOptions): Inode | undefined => {
  if (overlay === "") return undefined;
  const files = world?.files ?? hostFs;
  if (files.find(overlay) === undefined) files.mkdir(overlay, 0o755);
  return new HostFs(files.realPath(overlay), "", world?.files).rootInode();
};

/** The first process, before it has a program. */
const firstTask = (machine: Machine, options: BootOptions, stdio: StdioDoor): Task => {
  const { uid, gid } = options.world?.identity ?? hostIdentity();
  const task = firstProcess(machine, uid, gid);
  machine.init = task.group;
  for (const file of openStdio(machine, stdio)) task.files.add(file, false, 1024);
  return task;
};

/** Mounts `binds`; why one could not be. */
const bindHostFiles = (task: Task, { binds = [], overlay, world }: BootOptions): string | undefined => {
  const { vfs } = task.machine;
  for (const { host, guest, readOnly: only } of binds) {
    try {
      const files = world?.files ?? hostFs;
      const root = new HostFs(files.realPath(host), "", only ? readOnly(files) : files).rootInode();
      if (overlay !== undefined && root.type === S_IFDIR) makeDirectories(task, guest);
      const at = vfs.find(task, -100, guest);
      if ((at.inode.type === S_IFDIR) !== (root.type === S_IFDIR)) throw errno(E.NOTDIR);
      vfs.mount(at.path, root, "/dev/root", "ext4", only ? "ro,nosuid,nodev,relatime" : "rw,nosuid,nodev,relatime");
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
      return oneLine(`cannot bind ${host} to ${guest}: ${ERRNO_TEXT[error.no]}`);
    }
  }
  return undefined;
};

const makeDirectories = (task: Task, path: string): void => {
  const names = path.split("/").filter((name) => name !== "");
  for (let n = 1; n <= names.length; n++) {
    const { dir, name, at } = task.machine.vfs.walk(task, -100, "/" + names.slice(0, n).join("/"), { follow: true });
    if (at === undefined) dir.inode.create(task, name, S_IFDIR | 0o755);
  }
};

const workingDirectory = (task: Task, options: BootOptions): Location | undefined => {
  const path = options.cwd ?? (options.root === undefined ? hostDirectory() : "/");
  try {
    return task.machine.vfs.find(task, -100, path);
  } catch (error) {
    if (error instanceof Errno && options.cwd === undefined) return undefined;
    throw error;
  }
};

/** Executes the program; a report when it cannot be started. */
const start = (machine: Machine, task: Task, options: BootOptions): { status: number; message: string } | undefined => {
  const env = options.env ?? hostEnvironment();
  const argv = [options.guest, ...(options.args ?? [])].map((s) => encoder.encode(s));
  try {
    execProgram(
      task,
      -100,
      findGuest(task, options.guest, env),
      0,
      () => ({ argv, envp: env.map((s) => encoder.encode(s)) }),
    );
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    machine.init = undefined;
    exitQuietly(task);
    const reason = error instanceof UnusableImage
      ? error.reason
      : error.no === E.NOEXEC
      ? "not an ELF file or script that can be run"
      : ERRNO_TEXT[error.no];
    return { status: error.no === E.NOENT ? 127 : 126, message: oneLine(`${options.guest}: ${reason}`) };
  }
  return undefined;
};

/** A file's name may hold anything. */
const oneLine = (text: string): string => {
  const clean = text.replaceAll(/\p{Cc}/gu, "?");
  return clean.length <= 400 ? clean : `${clean.slice(0, 200)}…${clean.slice(-150)}`;
};

const exitQuietly = (task: Task): void => {
  task.files.release();
  task.machine.tasks.clear();
  task.machine.groups.clear();
};

/** A name without a slash that is no file here is looked up in PATH. */
const findGuest = (task: Task, guest: string, env: readonly string[]): string => {
  if (guest.includes("/")) return guest;
  const path = env.find((e) => e.startsWith("PATH="))?.slice(5) ?? "/usr/bin:/bin";
  for (const dir of ["", ...path.split(":")]) {
    const candidate = dir === "" ? guest : `${dir}/${guest}`;
    try {
      task.machine.vfs.openForExec(task, -100, candidate, 0).release();
      return candidate;
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
    }
  }
  return guest;
};

/**
 * Runs until nobody is left. The first turn of the first task comes before effect is loaded (60 ms): a program that never waits and makes no task needs no fiber.
 */
const drive = async (machine: Machine, first: Task): Promise<void> => {
  const made: Task[] = [first];
  machine.runner = { start: (task) => void made.push(task) };
  first.state = "runnable";
  machine.prelude(first, turn);
  while (machine.loading !== undefined) {
    await machine.loading;
    machine.loading = undefined;
    if (alive(first) && first.wait !== undefined) machine.prelude(first, turn);
  }
  if (machine.broken !== undefined || machine.tasks.size === 0) return;
  // A first turn that was cut by its slice: most likely the program computes. Nothing else can happen while both load.
  const busy = machine.translateAfter !== Infinity && (machine.executed >= FIRST_TURN || !machine.clock.real);
  if (busy) machine.translateAfter = Infinity;
  const [{ Runtime }] = await Promise.all([
    import("./actors/world/async_hooks_hidden.ts").then(() => import("./actors/runtime.ts")),
    busy ? loadTranslator(machine, "auto") : undefined,
  ]);
  const runtime = new Runtime(machine);
  for (const task of made) if (alive(task)) runtime.start(task);
  try {
    await machine.run(() => machine.tasks.size === 0 || (machine.initStatus !== undefined && !machine.outputHeld()));
  } catch (error) {
    if ((error as Error).name !== "Deadlock") throw error;
    // Of those the first process left behind nobody hears.
    if (machine.initStatus !== undefined) return await endAll(machine, runtime);
    // Everything waits: it is reported, and what is left ends as at any other end.
    await endAll(machine, runtime);
    throw error;
  }
  // What the first process left behind and now only waits is not waited for.
  if (machine.tasks.size > 0 && machine.broken === undefined) await endAll(machine, runtime);
  if (machine.broken !== undefined) runtime.interruptAll();
};

const endAll = async (machine: Machine, runtime: { readonly fibers: number }): Promise<void> => {
  machine.killAll();
  await machine.run(() => runtime.fibers === 0);
};

const outcome = (machine: Machine): { status: number; message?: string } => {
  if (machine.broken !== undefined) {
    return { status: 125, message: `dolly: internal error: ${defectText(machine.broken.cause)}` };
  }
  if (machine.timedOut) return { status: 124, message: "dolly: killed: the time of --timeout is over" };
  const status = machine.initStatus ?? 0;
  const signal = status & 0x7f;
  return signal === 0
    ? { status: (status >> 8) & 0xff }
    : { status: 128 + signal, message: `dolly: ${machine.fatalReport ?? `killed by signal ${signal}`}` };
};
