/** `fuzz calls`: random system calls by the million; a failure is made small, written to a file, and told with the one command that replays it. */
import { breathe } from "../actors/world/event_loop.ts";
import { type CallProgram, generateCalls } from "../fuzz/calls/generate.ts";
import { HostRoot } from "./host_root.ts";
import { runCalls } from "../fuzz/calls/machine.ts";
import { seedOf } from "../fuzz/campaign.ts";

export interface FuzzCallsOptions {
  /** Calls in all. */
  readonly runs: number;
  readonly seed: number;
  /** A directory of the host in which each program's root is made, instead of one in memory. */
  readonly root?: string;
  readonly replay?: string;
}

/** Calls of one program. */
const PROGRAM = 60;
interface FailureFile {
  readonly failure: string;
  readonly program: CallProgram;
}

/** The kind of a failure: its first line, without numbers. */
const kindOf = (failure: string): string => failure.split("\n")[0].replaceAll(/\d+/g, "N");

/** The same failure with as few calls as leaving some out can reach. */
const shrink = async (program: CallProgram, failure: string, host?: HostRoot): Promise<FailureFile> => {
  let best: FailureFile = { program, failure };
  for (let size = program.calls.length >> 1; size >= 1; size >>= 1) {
    for (let at = 0; at < best.program.calls.length;) {
      const calls = best.program.calls.toSpliced(at, size);
      const found = (await runCalls({ ...program, calls }, host)).failure;
      if (found !== undefined && kindOf(found) === kindOf(failure)) {
        best = { program: { ...program, calls }, failure: found };
      } else at += size;
    }
  }
  return best;
};

const replay = async (file: string, host?: HostRoot): Promise<number> => {
  const { program } = JSON.parse(Deno.readTextFileSync(file)) as FailureFile;
  const { failure, log } = await runCalls(program, host, true);
  console.log(log + (failure ?? "no failure"));
  return failure === undefined ? 0 : 1;
};

/** The exit status: 0 nothing found, 1 a failure. */
export const fuzzCalls = async (o: FuzzCallsOptions): Promise<number> => {
  const host = o.root === undefined ? undefined : new HostRoot(o.root);
  try {
    return await (o.replay === undefined ? campaign(o, host) : replay(o.replay, host));
  } finally {
    host?.end();
  }
};

const campaign = async (o: FuzzCallsOptions, host?: HostRoot): Promise<number> => {
  const began = performance.now();
  let said = began, calls = 0, programs = 0;
  const line = (): string => {
    const seconds = (performance.now() - began) / 1000, mib = (n: number) => (n / 2 ** 20).toFixed(0);
    const { heapUsed, rss } = Deno.memoryUsage();
    return `${calls} calls, ${programs} programs, ${(calls / seconds).toFixed(0)} calls/s, heap ${
      mib(heapUsed)
    } MiB, resident ${mib(rss)} MiB`;
  };
  while (calls < o.runs) {
    const program = generateCalls(seedOf(o.seed, programs++), PROGRAM);
    const run = await runCalls(program, host);
    calls += run.calls;
    // What a WeakRef was asked about lives until the host's event loop turns.
    if (programs % 64 === 0) await breathe();
    if (run.failure !== undefined) {
      console.log(`program ${program.seed} fails:\n${run.failure}`);
      const small = await shrink(program, run.failure, host);
      const file = `calls-failure-${program.seed}.json`;
      Deno.writeTextFileSync(file, JSON.stringify(small, undefined, 1) + "\n");
      console.log(
        small.program.calls.map(({ name, args }) => `${name}(${args.map((a) => `0x${a}`).join(", ")})`).join("\n"),
      );
      console.log(
        `replay: deno run -A mod.ts fuzz calls --replay ${file}${o.root === undefined ? "" : ` --root ${o.root}`}`,
      );
      return 1;
    }
    if (performance.now() - said > 1000) {
      console.error(line());
      said = performance.now();
    }
  }
  console.log(line());
  return 0;
};
