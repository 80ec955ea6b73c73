/** Runs one scenario: a machine of scripted tasks, the conductor in front of it, the kernel's invariants checked after every turn, and afterwards nothing may be left. */
import {
  defectText,
  execProgram,
  firstProcess,
  Machine,
  openPidfd,
  openStdio,
  Signals,
  type Task,
  Vfs,
} from "../actors/mod.ts";
import { Runtime } from "../actors/runtime.ts";
import { VirtualClock } from "../actors/world/clock.ts";
import { SeededEntropy } from "../actors/world/entropy.ts";
import { MemoryStdio } from "../actors/world/stdio.ts";
import { ImageDirectory, SharedInode } from "../fuzz/files.ts";
import { elfImage } from "../fuzz/image.ts";
import { checkEnd, countBefore, forgetRun, handlersStartAt, hookUp, Watch } from "../fuzz/invariants/mod.ts";
import { makeDispatch } from "../syscalls/mod.ts";
import { Conductor } from "./conductor.ts";
import { conductedSpace } from "./cpu.ts";
import { parseScenario, type Scenario, ScenarioError } from "./parse.ts";
import { HANDLERS, RESTING } from "./places.ts";

/** How a scenario went. */
export interface Outcome {
  readonly title: string;
  /** What did not hold, with its line; undefined when all did. */
  readonly failure: { readonly line: number; readonly message: string } | undefined;
}

const prepareMachine = (conductor: Conductor): { machine: Machine; first: Task } => {
  const machine = conductor.machine = new Machine(new VirtualClock(), new SeededEntropy(1), conductor.policy);
  machine.signals = new Signals(machine);
  const calls = makeDispatch(), dispatch = calls.dispatch.bind(calls);
  calls.dispatch = (t) => {
    const result = dispatch(t);
    conductor.dispatched(t, result);
    return result;
  };
  machine.calls = calls;
  machine.openPidfd = openPidfd;
  machine.newAddressSpace = () => conductedSpace(conductor);
  machine.vfs = Vfs.of(
    new ImageDirectory(
      (name) => name === "x" ? elfImage(RESTING, new Uint8Array(0)) : undefined,
      new SharedInode(new Uint8Array(4096)),
    ),
  );
  const first = firstProcess(machine, 0, 0);
  const decoder = new TextDecoder();
  const stdio = new MemoryStdio({ stdout: (b) => void (conductor.output += decoder.decode(b)) });
  for (const file of openStdio(machine, stdio)) first.files.add(file, false, 1024);
  execProgram(first, -100, "/x", 0, () => ({ argv: [], envp: [] }));
  return { machine, first };
};

/** Runs a parsed scenario. Throws what is no failure of the scenario but a defect of the kernel. */
const perform = async (scenario: Scenario): Promise<Outcome["failure"]> => {
  const conductor = new Conductor(scenario);
  const before = countBefore();
  const { machine, first } = prepareMachine(conductor);
  const watch = new Watch(machine), runtime = new Runtime(machine);
  // Where the fuzzer's programs keep their futex words is not where scenarios do.
  watch.movedAway = true;
  hookUp(watch, () => {}, [{ made: (child) => child === first || conductor.made(child) }]);
  handlersStartAt(HANDLERS);
  conductor.begin(first);
  machine.spawn(first);
  let stuck = "";
  try {
    await machine.run(() => {
      if (!conductor.finished) conductor.quiet();
      return conductor.finished;
    });
  } catch (error) {
    if ((error as Error).name !== "Deadlock") throw error;
    stuck = (error as Error).message;
  }
  if (machine.broken !== undefined) {
    runtime.interruptAll();
    forgetRun(before);
    return { line: 0, message: `the kernel broke: ${defectText(machine.broken.cause)}` };
  }
  if (conductor.failure === undefined && stuck !== "" && !conductor.finished) {
    conductor.failure = new ScenarioError(0, stuck);
  }
  if (machine.tasks.size > 0) {
    machine.killAll();
    await machine.run(() => runtime.fibers === 0);
  }
  if (conductor.failure !== undefined) return { line: conductor.failure.line, message: conductor.failure.message };
  checkEnd(watch, before);
};

/** Reads and runs the text of a scenario. */
export const runScenario = async (text: string): Promise<Outcome> => {
  let scenario: Scenario;
  try {
    scenario = parseScenario(text);
  } catch (error) {
    if (!(error instanceof ScenarioError)) throw error;
    return { title: "", failure: { line: error.line, message: error.message } };
  }
  return { title: scenario.title, failure: await perform(scenario) };
};
