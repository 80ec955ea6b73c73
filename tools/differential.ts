/**
 * `deno task differential [--programs N] [--seed N] [--steps N]`: small kernel programs run natively, many times under the host's real scheduling; what they came to must
 * be among what they come to here under many orders. Needs gcc and the right to make pid namespaces.
 */
import { compile, TooLarge } from "../fuzz/compile.ts";
import { emitNative } from "../fuzz/emit_native.ts";
import { generate } from "../fuzz/generate.ts";
import { runProgram } from "../fuzz/machine.ts";
import { type Program, showProgram, showStep, type Step } from "../fuzz/program.ts";
import { UNWRITTEN } from "../fuzz/layout.ts";

const option = (name: string, missing: number): number => {
  const at = Deno.args.indexOf(`--${name}`);
  return at < 0 ? missing : Number(Deno.args[at + 1]);
};
const NATIVE_RUNS = option("runs", 30), ORDERS = option("orders", 3000), MS = option("ms", 120);

const run = (dir: string, command: string, ...args: string[]): string => {
  const { success, stdout, stderr } = new Deno.Command(command, { args, cwd: dir }).outputSync();
  if (!success) throw new Error(`${command}: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
};

/** What a run came to, without the numbers that pids happen to have. */
const outcome = (
  status: number | undefined,
  results: readonly (number | undefined)[],
  tids: readonly number[],
  steps: readonly Step[],
): string => {
  const shown = results.map((r, i) => {
    if (r === undefined) return "-";
    const step = steps[i];
    const site = r > 0 ? tids.indexOf(r) : -1;
    const name = "call" in step ? step.call : "clone" in step ? "clone" : "exec";
    const givesId = ["wait4", "getppid", "getpgid", "getsid", "set_tid_address", "setsid", "clone"].includes(name);
    if (name === "getppid" && r === 0) return "someone";
    // Which of two different things comes first is the kernel's secret.
    if (name === "kcmp" && (r === 1 || r === 2)) return "differ";
    // How long the first task stays a zombie is the business of who takes it in.
    const toFirst = "call" in step && /kill|setpgid|pidfd/.test(name) &&
      JSON.stringify(step.args).includes('{"tid":0}');
    if (toFirst && (r === 0 || r === -3)) return "sent";
    if (givesId && r > 0) return name === "clone" ? "child" : site >= 0 ? `task ${site}` : "someone";
    return `${r}`;
  });
  return `${status === undefined ? "alive" : "0x" + status.toString(16)} ${shown.join(" ")}`;
};

/** Outcomes of native runs, and how often each came. */
const native = (dir: string, program: Program): Map<string, number> => {
  const c = compile(program, "x86_64");
  Deno.writeTextFileSync(`${dir}/program.S`, emitNative(c));
  run(dir, "gcc", "-c", "program.S", "-o", "program.o");
  for (const name of ["p", ...c.entries.map((_, k) => `x${k}`)]) {
    run(
      dir,
      "ld",
      "-static",
      "-e",
      `entry_${name}`,
      "--section-start=.ktext=0x60000000",
      "--section-start=.kdata=0x100000",
      "program.o",
      "-o",
      name,
    );
  }
  Deno.writeFileSync(`${dir}/shared`, new Uint8Array(4096));
  const found = new Map<string, number>();
  for (const line of run(dir, "./native_runner", `${NATIVE_RUNS}`, `${c.steps.length}`, `${MS}`).trim().split("\n")) {
    const [, status, ...words] = line.split(" ").map(Number);
    const results = words.slice(128, 128 + c.steps.length).map((w) => w === UNWRITTEN ? undefined : w);
    const o = outcome(status === UNWRITTEN ? undefined : status, results, words.slice(0, 64), c.steps);
    found.set(o, (found.get(o) ?? 0) + 1);
  }
  return found;
};

/** The native outcomes that no order leads to here. */
const missing = async (
  program: Program,
  wanted: ReadonlySet<string>,
): Promise<{ left: Set<string>; seen: Map<string, number> }> => {
  const c = compile(program);
  const left = new Set(wanted), seen = new Map<string, number>();
  for (let seed = 0; seed < ORDERS && left.size > 0; seed++) {
    const r = await runProgram(c, seed === 0 ? [] : seed);
    const o = r.failure ?? outcome(r.status, r.results, r.tids, c.steps);
    left.delete(o);
    seen.set(o, (seen.get(o) ?? 0) + 1);
  }
  return { left, seen };
};

const dir = Deno.makeTempDirSync({ prefix: "differential-" });
try {
  run(dir, "gcc", "-O1", "-o", "native_runner", new URL("differential/native_runner.c", import.meta.url).pathname);
  const programs = option("programs", 100), first = option("seed", 1), steps = option("steps", 10);
  let differ = 0, outcomes = 0;
  for (let seed = first; seed < first + programs; seed++) {
    const program = generate(seed, { steps, tame: true });
    let wanted;
    try {
      wanted = native(dir, program);
    } catch (error) {
      if (error instanceof TooLarge) continue;
      throw error;
    }
    outcomes += wanted.size;
    // What came once may be a child not yet taken in by the first process, or a time that was up.
    const often = [...wanted].filter(([, n]) => n > 1).map(([o]) => o);
    const { left, seen } = await missing(program, new Set(often));
    if (left.size === 0) continue;
    differ++;
    const here = [...seen].sort((a, b) => b[1] - a[1]).slice(0, 3);
    console.log(`--- program ${seed}\n${showProgram(program)}`);
    console.log(compile(program).steps.map((s, i) => `${i}: ${showStep(s)}`).join("; "));
    for (const o of left) console.log(`only natively (${wanted.get(o)} of ${NATIVE_RUNS}): ${o}`);
    for (const [o, n] of here) console.log(`here (${n}): ${o}`);
  }
  console.log(
    `${programs} programs, ${outcomes} native outcomes, ${differ} programs with an outcome that no order gives here`,
  );
  Deno.exitCode = differ === 0 ? 0 : 1;
} finally {
  Deno.removeSync(dir, { recursive: true });
}
