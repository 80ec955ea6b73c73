/** `fuzz kernel`: random kernel programs under random orders; a failure is made small, written to a file, and told with the one command that replays it. */
import { compile } from "../fuzz/compile.ts";
import { runCampaign, type Totals } from "../fuzz/campaign.ts";
import { runProgram } from "../fuzz/machine.ts";
import { type Program, showProgram } from "../fuzz/program.ts";
import { shrink } from "../fuzz/shrink.ts";
import { inOwnProcess, isOrphan } from "./own_process.ts";

export interface FuzzOptions {
  readonly runs: number;
  readonly seed: number;
  /** Most steps of a program. */
  readonly steps: number;
  /** A file of an earlier failure to run again. */
  readonly replay?: string;
  /** Stop at the first failure without making it small. */
  readonly raw?: boolean;
}

/** What is written of a failure. */
interface FailureFile {
  readonly program: Program;
  readonly choices: readonly number[];
  readonly failure: string;
}

const BATCH = 50;

/** V8 learns from what lives through its first collections that runs' objects grow old, and then collects little of them: docs/ARCHITECTURE.md, Random programs. */
const FLAGS = "--no-allocation-site-pretenuring";
/** Programs from which on a process of one's own pays. */
const LONG = 2000;

/** The `fuzz kernel` command: its exit status. */
export const fuzzKernelCommand = async (o: FuzzOptions): Promise<number> => {
  if (o.replay !== undefined) return await replay(o.replay);
  return (o.runs >= LONG ? await inOwnProcess(FLAGS) : undefined) ?? await fuzzKernel(o);
};

/** The exit status: 0 nothing found, 1 a failure. */
const fuzzKernel = async (o: FuzzOptions): Promise<number> => {
  const parent = Deno.ppid;
  const totals: Totals = { programs: 0, steps: 0, reached: 0, stuck: 0, endless: 0 };
  const began = performance.now();
  let said = began;
  const line = (): string => {
    const seconds = (performance.now() - began) / 1000;
    return `${totals.programs} programs, ${totals.steps} steps (${totals.reached} reached), ${
      (totals.programs / seconds).toFixed(0)
    } programs/s, ${totals.stuck} ended asleep, ${totals.endless} endless`;
  };
  for (let n = 0; n < o.runs; n += BATCH) {
    const found = await runCampaign(o.seed, n, Math.min(n + BATCH, o.runs), totals, { steps: o.steps });
    if (performance.now() - said > 1000) {
      console.error(line());
      said = performance.now();
      if (isOrphan(parent)) return 1;
    }
    if (found === undefined) continue;
    console.log(`run ${totals.programs} (seed ${found.seed}) fails:\n${found.result.failure}`);
    if (o.raw) return 1;
    const small = await shrink(
      { program: found.program, choices: found.result.choices, result: found.result },
      (steps) => console.error(`shrunk to ${steps} steps`),
    );
    const file = `kernel-failure-${found.seed}.json`;
    const { program, choices } = small, failure = small.result.failure!;
    Deno.writeTextFileSync(
      file,
      JSON.stringify({ failure, choices, program } satisfies FailureFile, undefined, 1) + "\n",
    );
    console.log(`\n${showProgram(program)}\n\norder ${choices}\n${failure}\n`);
    console.log(`replay: deno run -A mod.ts fuzz kernel --replay ${file}`);
    return 1;
  }
  console.log(line());
  return 0;
};

/** Runs a written failure again, telling each call. */
const replay = async (file: string): Promise<number> => {
  const { program, choices } = JSON.parse(Deno.readTextFileSync(file)) as FailureFile;
  console.log(showProgram(program));
  const result = await runProgram(compile(program), choices, (machine) => ({
    callEntered: (t) => {
      const args = [10, 11, 12, 13].map((i) => t.cpu.hi(i) < 0 ? t.cpu.lo(i) | 0 : `0x${t.cpu.lo(i).toString(16)}`);
      console.log(`[${t.tid}] ${machine.calls.name(t.callNumber)}(${args.join(", ")})`);
    },
    callReturned: (t, r) => console.log(`[${t.tid}] ${machine.calls.name(t.callNumber)} = ${r}`),
    signalDelivered: (t, info) => console.log(`[${t.tid}] --- signal ${info.signo} ---`),
    exited: (t, status, last) =>
      console.log(`[${t.tid}] +++ exits, status 0x${status.toString(16)}${last ? ", last" : ""} +++`),
  }));
  console.log(result.failure ?? result.stuck ?? "no failure");
  return result.failure === undefined ? 0 : 1;
};
