/** The `run` command: options to a boot, the report to stderr and an exit status. */
import { boot } from "../boot.ts";
import type { Machine, Observer } from "../actors/mod.ts";
import { hostEnvironment } from "../actors/world/identity.ts";
import { both } from "./observers.ts";
import { HelpWanted, parseRun, type RunArguments, UsageError } from "./parse_run.ts";

const environment = (a: RunArguments): string[] => {
  const vars = new Map<string, string>();
  for (const e of [...(a.clearEnv ? [] : hostEnvironment()), ...a.env]) vars.set(e.slice(0, e.indexOf("=")), e);
  return [...vars.values()];
};

/** Where --strace and --stats write: a file, or stderr for "". */
const sink = (file: string): (text: string) => void => {
  const encoder = new TextEncoder();
  const out = file === "" ? Deno.stderr : Deno.openSync(file, { write: true, create: true, truncate: true });
  return (text) => {
    const bytes = encoder.encode(text);
    for (let done = 0; done < bytes.length;) done += out.writeSync(bytes.subarray(done));
  };
};

/** Runs a guest; the exit status. */
export const runCommand = async (words: readonly string[]): Promise<number> => {
  let a: RunArguments;
  try {
    a = parseRun(words);
  } catch (error) {
    if (error instanceof HelpWanted) return (await import("./full.ts")).full(["run", "--help"]);
    if (!(error instanceof UsageError)) throw error;
    console.error(`dolly run: ${error.message} (see: dolly run --help)`);
    return 2;
  }
  const writers: { strace?: (s: string) => void; stats?: (s: string) => void } = {};
  try {
    if (a.strace !== undefined) writers.strace = sink(a.strace);
    if (a.stats !== undefined) writers.stats = sink(a.stats);
  } catch (error) {
    console.error(`dolly run: ${(error as Error).message}`);
    return 2;
  }
  const observers: ((machine: Machine) => Observer)[] = [];
  if (writers.strace !== undefined) {
    const { straceObserver } = await import("./strace.ts");
    observers.push((machine) => straceObserver(machine, writers.strace!));
  }
  let finishTrace: (() => void) | undefined;
  if (a.trace !== undefined) {
    const { traceObserver } = await import("./trace.ts");
    const file = a.trace;
    observers.push((machine) => {
      const trace = traceObserver(machine);
      finishTrace = () => Deno.writeTextFileSync(file, trace.json());
      return trace.observer;
    });
  }
  const report = await boot({
    ...a,
    env: environment(a),
    observe: observers.length === 0 ? undefined : (machine) => both(observers.map((make) => make(machine))),
  });
  finishTrace?.();
  if (report.message !== undefined) {
    console.error(report.message.startsWith("dolly:") ? report.message : `dolly: ${report.message}`);
  }
  writers.stats?.(JSON.stringify(report.stats, null, 2) + "\n");
  return report.status;
};
