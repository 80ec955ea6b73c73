/**
 * `fuzz guest`: one guest under many seeds and schedules in one process. Tells the distinct outcomes, the first seed of each, and the command that runs a failing one again.
 */
import { MemoryStdio } from "../actors/world/stdio.ts";
import { boot, type ExitReport } from "../boot.ts";
import { hostEnvironment } from "../actors/world/identity.ts";

export interface GuestFuzzOptions {
  readonly guest: string;
  readonly args: readonly string[];
  readonly runs: number;
  /** The first seed. */
  readonly seed: number;
  readonly root?: string;
  readonly sysroot?: string;
  /** Only this policy; default: random and PCT in turn. */
  readonly schedule?: "random" | "pct";
  /** Go on after the first failure. */
  readonly all?: boolean;
  readonly print?: (line: string) => void;
}

type Policy = "random" | "pct";

/** What runs may have in common. */
interface Outcome {
  readonly status: number;
  readonly output: string;
  readonly message: string | undefined;
  readonly seed: number;
  readonly schedule: Policy;
  readonly text: string;
  count: number;
}

export interface GuestFuzzResult {
  readonly outcomes: readonly Outcome[];
  /** Distinct traces seen. */
  readonly traces: number;
  /** Runs that failed. */
  readonly failures: number;
}

const HASH_SHOWN = 12, TEXT_SHOWN = 60;

const hashed = async (parts: readonly Uint8Array<ArrayBuffer>[]): Promise<string> => {
  const bytes = new Uint8Array(await new Blob([...parts]).arrayBuffer());
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return [...digest].map((b) => b.toString(16).padStart(2, "0")).join("").slice(0, HASH_SHOWN);
};

/** A run that was not what it should be: the guest failed, died, deadlocked, or Dolly did. */
const failed = (o: { readonly status: number }): boolean => o.status !== 0;

const once = async (o: GuestFuzzOptions, seed: number, schedule: Policy): Promise<Outcome & { report: ExitReport }> => {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const keep = (bytes: Uint8Array) => void parts.push(bytes.slice());
  const report = await boot({
    guest: o.guest,
    args: o.args,
    env: hostEnvironment(),
    root: o.root,
    sysroot: o.sysroot,
    seed,
    schedule,
    jit: "auto",
    stdio: new MemoryStdio({ stdout: keep, stderr: keep }),
  });
  const text = new TextDecoder().decode(parts[0]?.subarray(0, 4 * TEXT_SHOWN)).split("\n")[0].slice(0, TEXT_SHOWN);
  const { status, message } = report;
  return { status, output: await hashed(parts), message, seed, schedule, text, count: 1, report };
};

const quoted = (word: string): string => /^[\w./:=,+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;

/** The command that makes the same run again. */
export const replayCommandOf = (o: GuestFuzzOptions, seed: number, schedule: Policy): string =>
  [
    "deno run -A mod.ts run",
    `--seed ${seed} --schedule ${schedule}`,
    ...(o.root === undefined ? [] : [`--root ${quoted(o.root)}`]),
    ...(o.sysroot === undefined ? [] : [`--sysroot ${quoted(o.sysroot)}`]),
    ...["--", o.guest, ...o.args].map(quoted),
    "</dev/null",
  ].join(" ");

/** Runs until all runs are made or one fails. */
export const fuzzGuest = async (o: GuestFuzzOptions): Promise<GuestFuzzResult> => {
  const print = o.print ?? console.log;
  const outcomes = new Map<string, Outcome>(), traces = new Set<string>();
  const began = performance.now();
  let failures = 0, said = began, made = 0;
  for (let i = 0; i < o.runs; i++) {
    const schedule = o.schedule ?? (i % 2 === 0 ? "random" : "pct"), seed = o.seed + (o.schedule ? i : i >> 1);
    const run = await once(o, seed, schedule);
    made++;
    traces.add(run.report.stats.traceHash);
    const key = `${run.status} ${run.output} ${run.message?.split("\n")[0]}`, known = outcomes.get(key);
    if (known === undefined) outcomes.set(key, run);
    else known.count++;
    if (failed(run) && failures++ === 0) {
      print(`run ${i + 1} fails with status ${run.status}${run.message === undefined ? "" : `: ${run.message}`}`);
      print(`replay: ${replayCommandOf(o, seed, schedule)}`);
    }
    if (failures > 0 && !o.all) break;
    if (performance.now() - said > 1000) {
      said = performance.now();
      console.error(`${made} of ${o.runs} runs, ${outcomes.size} outcomes`);
    }
  }
  const rate = made / ((performance.now() - began) / 1000);
  print(`${made} runs, ${traces.size} distinct traces, ${outcomes.size} distinct outcomes, ${rate.toFixed(0)} runs/s`);
  for (const out of [...outcomes.values()].sort((a, b) => b.count - a.count)) {
    const where = `first seed ${out.seed} ${out.schedule}`;
    print(`  ${out.count} × status ${out.status}, output ${out.output} ${JSON.stringify(out.text)} (${where})`);
  }
  return { outcomes: [...outcomes.values()], traces: traces.size, failures };
};

/** The command: exit status 0 when no run failed, 1 when one did, 2 when it could not begin. */
export const fuzzGuestCommand = async (o: GuestFuzzOptions): Promise<number> => {
  const whole = (n: number) => Number.isSafeInteger(n) && n >= 0;
  if (!whole(o.runs) || o.runs === 0 || !whole(o.seed)) {
    console.error("dolly fuzz guest: --runs and --seed are whole numbers");
    return 2;
  }
  return (await fuzzGuest(o)).failures > 0 ? 1 : 0;
};
