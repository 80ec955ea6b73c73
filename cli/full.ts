/** The whole command line through effect/cli: help, version, completions, and the commands that are no hot path. */
import { Effect } from "../actors/effect.ts"; // first: it decides how effect is loaded
import * as NodeServices from "@effect/platform-node/NodeServices";
import * as Argument from "effect/cli/Argument";
import * as Command from "effect/cli/Command";
import * as Flag from "effect/cli/Flag";
import * as Exit from "effect/Exit";
import config from "../deno.json" with { type: "json" };
import { RUN_OPTIONS, type RunOption } from "./run_options.ts";

const flagOf = (o: RunOption) => {
  const { doc } = o;
  if (o.takes === "nothing") return Flag.Boolean(o.name).pipe(Flag.withDescription(doc), Flag.withDefault(false));
  return Flag.String(o.name).pipe(Flag.withMetavar(o.value ?? "VALUE"), Flag.withDescription(doc), Flag.optional);
};

/** Handlers set the exit status and say on stderr what is missing. */
let status = 0;
const notYet = (what: string) => () =>
  Effect.sync(() => {
    console.error(`dolly: ${what} is not built yet`);
    status = 2;
  });

const run = Command.make("run", {
  ...Object.fromEntries(RUN_OPTIONS.map((o) => [o.name, flagOf(o)])),
  guest: Argument.String("GUEST").pipe(Argument.withDescription("the riscv64 Linux program to run")),
  args: Argument.String("ARGS").pipe(
    Argument.withDescription("its arguments, with or without -- before the program"),
    Argument.variadic(),
  ),
}, notYet("running through the option library")).pipe(Command.withDescription("run a riscv64 Linux program"));

const replay = Command.make(
  "replay",
  { file: Argument.String("FILE") },
  ({ file }) =>
    Effect.promise(async () => {
      const { replayCommand } = await import("./record.ts");
      status = await replayCommand(file);
    }),
).pipe(Command.withDescription("replay a recorded run: same order, same input, same output"));
const number = (name: string, missing: number, doc: string) =>
  Flag.String(name).pipe(Flag.withMetavar("N"), Flag.withDescription(doc), Flag.withDefault(`${missing}`));
const kernel = Command.make("kernel", {
  runs: number("runs", 10000, "how many programs"),
  seed: number("seed", 1, "which ones"),
  steps: number("steps", 50, "most steps of a program, up to 200"),
  replay: Flag.String("replay").pipe(
    Flag.withMetavar("FILE"),
    Flag.withDescription("run a written failure again"),
    Flag.withDefault(""),
  ),
}, ({ runs, seed, steps, replay }) =>
  Effect.promise(async () => {
    const { fuzzKernelCommand } = await import("./fuzz_kernel.ts");
    const asked = { runs: Number(runs), seed: Number(seed), steps: Number(steps) };
    status = await fuzzKernelCommand(replay === "" ? asked : { ...asked, replay });
  })).pipe(Command.withDescription("random programs of system calls against the kernel's invariants"));
const calls = Command.make("calls", {
  runs: number("runs", 100000, "how many calls"),
  seed: number("seed", 1, "which ones"),
  root: Flag.String("root").pipe(
    Flag.withMetavar("DIR"),
    Flag.withDescription("a directory of the host in which each program's root is made; default: in memory"),
    Flag.withDefault(""),
  ),
  replay: Flag.String("replay").pipe(
    Flag.withMetavar("FILE"),
    Flag.withDescription("run a written failure again, with strace's lines"),
    Flag.withDefault(""),
  ),
}, ({ runs, seed, root, replay }) =>
  Effect.promise(async () => {
    const { fuzzCalls } = await import("./fuzz_calls.ts");
    status = await fuzzCalls({
      runs: Number(runs),
      seed: Number(seed),
      root: root || undefined,
      replay: replay || undefined,
    });
  })).pipe(Command.withDescription("random system calls with random arguments: nothing may escape"));
const optional = (name: string, metavar: string, doc: string) =>
  Flag.String(name).pipe(Flag.withMetavar(metavar), Flag.withDescription(doc), Flag.withDefault(""));
const guest = Command.make("guest", {
  runs: number("runs", 100, "how many runs"),
  seed: number("seed", 1, "the first seed"),
  schedule: optional("schedule", "POLICY", "random or pct; default: both in turn"),
  root: optional("root", "DIR", "make DIR of the host the guest's root directory"),
  sysroot: optional("sysroot", "DIR", "look every path up under DIR first"),
  all: Flag.Boolean("all").pipe(Flag.withDescription("go on after a failure"), Flag.withDefault(false)),
  guest: Argument.String("GUEST").pipe(Argument.withDescription("the riscv64 Linux program to run")),
  args: Argument.String("ARGS").pipe(Argument.variadic()),
}, ({ runs, seed, schedule, root, sysroot, all, guest, args }) =>
  Effect.promise(async () => {
    const { fuzzGuestCommand } = await import("./fuzz_guest.ts");
    if (!["", "random", "pct"].includes(schedule)) {
      console.error(`dolly fuzz guest: --schedule: ${schedule} is none of random, pct`);
      status = 2;
      return;
    }
    status = await fuzzGuestCommand({
      guest,
      args,
      runs: Number(runs),
      seed: Number(seed),
      all,
      root: root || undefined,
      sysroot: sysroot || undefined,
      schedule: (schedule || undefined) as "random" | "pct" | undefined,
    });
  })).pipe(Command.withDescription("search schedules of a guest for other outcomes and failures"));
const fuzz = Command.make("fuzz").pipe(
  Command.withDescription("search schedules, kernel programs or calls for failures"),
  Command.withSubcommands([kernel, calls, guest]),
);
const scenario = Command.make(
  "scenario",
  {
    file: Argument.String("FILE"),
    more: Argument.String("FILES").pipe(Argument.variadic()),
  },
  ({ file, more }) =>
    Effect.promise(async () => {
      const { scenarioCommand } = await import("./scenario.ts");
      status = await scenarioCommand([file, ...more]);
    }),
).pipe(Command.withDescription("run scripted scenarios (docs/SCENARIOS.md)"));

const dolly = Command.make("dolly").pipe(
  Command.withDescription("Linux guest binaries on Deno, every guest task an actor"),
  Command.withSubcommands([run, replay, fuzz, scenario]),
);

/** Runs the command line; the exit status. `completions SHELL` is the built-in flag --completions. */
export const full = async (words: readonly string[]): Promise<number> => {
  const input = words[0] === "completions"
    ? ["--completions", words[1] ?? "bash"]
    : words.length === 0
    ? ["--help"]
    : words;
  const program = Command.runWith(dolly, { version: config.version })(input).pipe(Effect.provide(NodeServices.layer));
  const exit = await Effect.runPromiseExit(program as Effect.Effect<void>);
  return Exit.isSuccess(exit) ? status : 2;
};
