/**
 * `deno task bench`: the kernels interpreted and translated, and start-up of the whole program, as ratios taken in one run. The machine line comes first; nothing here is a test.
 */
const here = new URL(".", import.meta.url).pathname;
const deno = Deno.execPath();

const run = (args: readonly string[]): Promise<Deno.CommandStatus> =>
  new Deno.Command(deno, { args: [...args] }).spawn().status;

/** Median wall time in ms of a command over several runs, the first not counted. */
const median = (command: string, args: readonly string[], runs = 9): number | undefined => {
  const times: number[] = [];
  for (let i = 0; i <= runs; i++) {
    const start = performance.now();
    try {
      new Deno.Command(command, { args: [...args], stdout: "null", stderr: "null" }).outputSync();
    } catch {
      return undefined;
    }
    if (i > 0) times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[runs >> 1];
};

const startup = (): void => {
  const empty = Deno.makeTempFileSync({ suffix: ".ts" });
  Deno.writeTextFileSync(empty, "");
  const hello = `${here}../tests/guests/bin/hello`;
  const base = median(deno, ["run", "-A", empty])!;
  const rows: [string, number | undefined][] = [
    ["empty deno run script", base],
    ["dolly run hello (static glibc)", median(deno, ["run", "-A", `${here}../mod.ts`, "run", hello])],
    ["qemu-riscv64 hello", median("qemu-riscv64", [hello])],
  ];
  Deno.removeSync(empty);
  console.log("\nstart-up, whole process, median of 9");
  for (const [name, ms] of rows) {
    console.log(
      `  ${name.padEnd(34)} ${
        ms === undefined ? "not here" : `${ms.toFixed(1).padStart(8)} ms ${(ms / base).toFixed(2).padStart(6)} x empty`
      }`,
    );
  }
};

console.log(`machine: ${navigator.hardwareConcurrency} CPUs, Deno ${Deno.version.deno}, V8 ${Deno.version.v8}`);
await run(["run", "-A", `${here}kernels.ts`, ...Deno.args]);
startup();
await run(["run", "-A", `${here}operations.ts`]);
await run(["run", "-A", `${here}tasks.ts`]);
