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
import { launch } from "./cli/launch.ts";
import type { BootOptions, ExitReport } from "./boot.ts";

export type { BootOptions, ExitReport };
export { MemoryStdio } from "./actors/world/memory_stdio.ts";
export type { StdioDoor } from "./actors/world/stdio_door.ts";
export type { Stats } from "./actors/stats.ts";

/** Runs a program to its end. The emulator is loaded at the first call, so that the command line can come from its launch image instead. */
export const boot = async (options: BootOptions): Promise<ExitReport> => {
  const name = "./boot.ts";
  const emulator: typeof import("./boot.ts") = await import(name);
  return await emulator.boot(options);
};

if (import.meta.main) Deno.exit(await launch(import.meta.dirname, Deno.args));
