/** The `run` command: options to a boot, the report to stderr and an exit status. */
import { boot, type BootOptions, type ExitReport } from "../boot.ts";
import type { Machine, Observer } from "../actors/mod.ts";
import { hostEnvironment } from "../actors/world/identity.ts";
import { both } from "../actors/observers.ts";
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

/** Runs and writes the recording. */
const recorded = async (options: RunArguments & BootOptions, file: string): Promise<ExitReport> => {
  const { recordRun } = await import("./record.ts");
  const { hostDirectory } = await import("../actors/world/identity.ts");
  const cwd = options.cwd ?? (options.root === undefined ? hostDirectory() : undefined);
  const { report, recording } = await recordRun({ ...options, env: options.env, cwd }, options);
  Deno.writeFileSync(file, recording);
  return report;
};

interface Writers {
  strace?: (text: string) => void;
  stats?: (text: string) => void;
  trace?: (text: string) => void;
}

/** Who looks at the run, made with the machine, and what is to be done when it is over. */
interface Watching {
  readonly observers: ((machine: Machine) => Observer)[];
  readonly atEnd: (() => void)[];
}

/** Those the options ask for. Throws why a debugger cannot be waited for. */
const watchers = async (a: RunArguments, { strace, trace }: Writers): Promise<Watching> => {
  const observers: Watching["observers"] = [], atEnd: Watching["atEnd"] = [];
  const add = (make: (machine: Machine) => { readonly observer: Observer; finish(): void }) =>
    observers.push((machine) => {
      const watcher = make(machine);
      atEnd.push(() => watcher.finish());
      return watcher.observer;
    });
  if (strace !== undefined) {
    const { straceObserver } = await import("./strace/observer.ts");
    add((machine) => straceObserver(machine, strace, a.strace !== ""));
  }
  if (trace !== undefined) {
    const { traceObserver } = await import("./trace.ts");
    add((machine) => traceObserver(machine, trace));
  }
  if (a.gdb !== undefined) {
    const gdb = await (await import("./gdb.ts")).attachGdb(a.gdb);
    observers.push(gdb.observer);
    atEnd.push(gdb.close);
  }
  return { observers, atEnd };
};

/** What there is to say about how a run ended. */
export const tell = ({ message }: ExitReport): void => {
  if (message !== undefined) console.error(message.startsWith("dolly:") ? message : `dolly: ${message}`);
};

/** Runs a guest; the exit status. */
export const runCommand = async (words: readonly string[]): Promise<number> => {
  let a: RunArguments;
  try {
    a = parseRun(words);
  } catch (error) {
    if (error instanceof HelpWanted) return await (await import("./main.ts")).main(["--help", "run"]);
    if (!(error instanceof UsageError)) throw error;
    console.error(`dolly run: ${error.message} (see: dolly run --help)`);
    return 2;
  }
  if (a.record !== undefined && a.publish.length > 0) {
    console.error("dolly run: --record does not cover the host's network: not with --publish");
    return 2;
  }
  const writers: Writers = {};
  try {
    if (a.strace !== undefined) writers.strace = sink(a.strace);
    if (a.stats !== undefined) writers.stats = sink(a.stats);
    if (a.trace !== undefined) writers.trace = sink(a.trace);
    if (a.record !== undefined) Deno.writeFileSync(a.record, new Uint8Array(0));
  } catch (error) {
    console.error(`dolly run: ${(error as Error).message}`);
    return 2;
  }
  let watching: Watching;
  try {
    watching = await watchers(a, writers);
  } catch (error) {
    console.error(`dolly run: --gdb ${a.gdb}: ${(error as Error).message}`);
    return 2;
  }
  const { observers, atEnd } = watching;
  const options = {
    ...a,
    env: environment(a),
    observe: observers.length === 0 ? undefined : (machine: Machine) => both(observers.map((make) => make(machine))),
  };
  const report = a.record === undefined ? await boot(options) : await recorded(options, a.record);
  for (const end of atEnd) end();
  tell(report);
  writers.stats?.(JSON.stringify(report.stats, null, 2) + "\n");
  return report.status;
};
