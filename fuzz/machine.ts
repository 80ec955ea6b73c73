/**
 * Runs a kernel program on the real kernel: a fresh machine, script CPUs, a virtual clock, an order. Invariants are checked before each slice and when nothing can
 * run; afterwards everything must be gone.
 */
import { defectText } from "../actors/deadlock.ts";
import { execProgram } from "../actors/exec/exec.ts";
import { Machine, type Observer } from "../actors/machine.ts";
import { openPidfd } from "../actors/poll/pidfd.ts";
import { Runtime } from "../actors/runtime.ts";
import { Signals } from "../actors/signals/generate.ts";
import { firstProcess } from "../actors/task/first.ts";
import type { Task } from "../actors/task/task.ts";
import { Vfs } from "../actors/vfs/vfs.ts";
import { VirtualClock } from "../actors/world/clock.ts";
import { SeededEntropy } from "../actors/world/entropy.ts";
import { AnonymousShared } from "../cpu/memory/shared.ts";
import { ScriptSpace } from "../cpu/script/space.ts";
import { loadLateCalls, makeDispatch } from "../syscalls/mod.ts";
import { type Compiled } from "./compile.ts";
import type { Assembled } from "./assemble.ts";
import { ImageDirectory, SharedInode } from "./files.ts";
import { elfImage } from "./image.ts";
import { checkEnd, checkQuiet, countBefore, forgetRun, handlersStartAt, hookUp, Watch } from "./invariants/mod.ts";
import { CODE, RESULTS, SHARED, TIDS, UNWRITTEN } from "./layout.ts";
import { Order } from "./order.ts";

export interface RunResult {
  /** Wait status of the first process; undefined when it never ended by itself. */
  readonly status: number | undefined;
  /** What each step returned; undefined when it was not reached. */
  readonly results: readonly (number | undefined)[];
  readonly tids: readonly number[];
  /** Nothing could run although tasks were left: what they waited for. */
  readonly stuck: string | undefined;
  /** A broken invariant or a defect of the kernel. */
  readonly failure: string | undefined;
  /** The schedule as it was. */
  readonly choices: readonly number[];
  /** The program went on and on. */
  readonly endless: boolean;
}

const MAX_TURNS = 6000;
const calls = makeDispatch();

class Endless extends Error {}

/** A machine whose programs are scripts. */
class ScriptMachine extends Machine {
  constructor(order: Order, readonly program: Compiled, readonly shared: AnonymousShared) {
    super(new VirtualClock(), new SeededEntropy(7), order);
  }
  override newAddressSpace(): ScriptSpace {
    const space = new ScriptSpace(this.program.script);
    space.share(SHARED, 4096, this.shared);
    return space;
  }
}

/** Makes the machine and its first task, the program loaded. */
const prepare = (
  program: Compiled,
  order: Order,
  shared: AnonymousShared,
  real?: Assembled,
): { machine: Machine; first: Task } => {
  const machine = real === undefined
    ? new ScriptMachine(order, program, shared)
    : new Machine(new VirtualClock(), new SeededEntropy(7), order);
  machine.signals = new Signals(machine);
  machine.calls = calls;
  machine.openPidfd = openPidfd;
  machine.vfs = Vfs.of(
    new ImageDirectory((name) => {
      if (real !== undefined) return real.images.get(name);
      const k = name === "p" ? 0 : program.entries[Number(name.slice(1))];
      return k === undefined ? undefined : elfImage(CODE + 4 * k, program.data);
    }, new SharedInode(shared.page(0))),
  );
  const first = firstProcess(machine, 0, 0);
  // No group is the machine's first process: its end would end the run.
  execProgram(first, -100, "/p", 0, () => ({ argv: [], envp: [] }));
  return { machine, first };
};

const wordsOf = (
  page: Uint8Array,
  at: number,
  n: number,
): number[] => [...new Int32Array(page.buffer, page.byteOffset + at, n)];

/** One run. `schedule`: a seed or choices. `real`: the assembled program runs, on guest CPUs. */
export const runProgram = async (
  program: Compiled,
  schedule: number | readonly number[],
  observe?: (machine: Machine) => Observer,
  real?: Assembled,
): Promise<RunResult> => {
  await loadLateCalls();
  const order = new Order(schedule);
  const shared = new AnonymousShared(4096);
  const page = shared.page(0);
  new Int32Array(page.buffer, page.byteOffset + RESULTS - SHARED).fill(UNWRITTEN);
  const before = countBefore();
  const { machine, first } = prepare(program, order, shared, real);

  order.clock = machine.clock;
  const watch = new Watch(machine);
  const runtime = new Runtime(machine);
  let turns = 0;
  hookUp(watch, () => {
    if (++turns <= MAX_TURNS || watch.off) return;
    watch.off = true;
    throw new Endless();
  }, observe === undefined ? [] : [observe(machine)]);
  handlersStartAt(real?.handlersFrom ?? CODE + 4 * Math.min(Infinity, ...program.handlers));
  let failure: string | undefined, stuck: string | undefined, endless = false;
  const attempt = async (run: () => Promise<void>): Promise<boolean> => {
    try {
      await run();
      if (machine.broken !== undefined) failure ??= defectText(machine.broken.cause);
      return true;
    } catch (error) {
      if ((error as Error).name === "Deadlock") stuck ??= (error as Error).message;
      else if (error instanceof Endless) endless = true;
      else failure ??= defectText(error);
      return false;
    }
  };
  machine.spawn(first);
  const over = () => machine.tasks.size === 0 || (!machine.contended && machine.timers.size === 0);
  await attempt(() => machine.run(over));
  if (failure === undefined && !endless && machine.tasks.size > 0) stuck ??= sleepers(machine);
  const status = first.group.zombie ? first.group.exitStatus : undefined;
  if (failure === undefined && !endless) {
    failure = checked(() => checkQuiet(watch));
  }
  if (failure === undefined && machine.tasks.size > 0) {
    turns = 0;
    machine.killAll();
    await attempt(() => machine.run(() => runtime.fibers === 0));
  }
  if (failure === undefined && !endless) failure = checked(() => checkEnd(watch, before));
  if (failure !== undefined || endless) {
    runtime.interruptAll();
    forgetRun(before);
  }
  const results = wordsOf(page, RESULTS - SHARED, program.steps.length).map((n) => n === UNWRITTEN ? undefined : n);
  return { status, results, tids: wordsOf(page, TIDS - SHARED, 64), stuck, failure, choices: order.drawn, endless };
};

/** Who is left when nothing can run. */
const sleepers = (machine: Machine): string =>
  [...machine.tasks.values()].map((t) => `task ${t.tid} ${t.state}: ${t.wait?.what ?? ""}`).join("\n");

const checked = (check: () => void): string | undefined => {
  try {
    check();
    return undefined;
  } catch (error) {
    return defectText(error);
  }
};
