/**
 * Dolly: runs riscv64 Linux programs inside Deno, every guest task an actor. As a library: `boot` runs a program and tells how it ended; as the main module: the
 * command line.
 *
 * @example Run a program with its output in memory
 * ```ts
 * import { boot, MemoryStdio } from "./mod.ts";
 *
 * const stdio = new MemoryStdio();
 * const report = await boot({ guest: "tests/guests/bin/hello", env: [], stdio });
 * console.log(report.status);
 * ```
 * @module
 */
export { boot, type BootOptions, type ExitReport } from "./boot.ts";
export { HostStdio, MemoryStdio, type StdioDoor } from "./actors/world/stdio.ts";
export type { Stats } from "./actors/stats.ts";

if (import.meta.main) {
  const [command, ...rest] = Deno.args;
  Deno.exit(
    command === "run"
      ? await (await import("./cli/run.ts")).runCommand(rest)
      : await (await import("./cli/full.ts")).full(Deno.args),
  );
}
