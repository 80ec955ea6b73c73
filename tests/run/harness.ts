/** Runs guest programs inside the test's own process and says how they ended. After every run nothing may be left: no CPU, fiber or VM group. */
import assert from "node:assert/strict";
import { boot, type BootOptions, type ExitReport, MemoryStdio } from "../../mod.ts";

export interface GuestRun {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number;
  readonly report: ExitReport;
}

/** DOLLY_JIT=always runs every program of every test through the translator. */
const jit = Deno.env.get("DOLLY_JIT") as BootOptions["jit"];

const GUESTS = new URL("../guests/", import.meta.url).pathname;

/** Path of a built guest program. */
export const guestPath = (name: string): string => `${GUESTS}bin/${name}`;

/** What the same program printed natively. */
export const expected = (name: string): string => Deno.readTextFileSync(`${GUESTS}expected/${name}.txt`);

export interface RunOptions extends Partial<BootOptions> {
  readonly stdin?: string | Uint8Array;
}

/** Runs a program with its streams in memory. */
export const runGuest = async (
  guest: string,
  args: readonly string[] = [],
  options: RunOptions = {},
): Promise<GuestRun> => {
  const out: Uint8Array[] = [], err: Uint8Array[] = [];
  const { stdin, ...rest } = options;
  const stdio = new MemoryStdio({
    stdin: typeof stdin === "string" ? new TextEncoder().encode(stdin) : stdin ?? new Uint8Array(0),
    stdout: (bytes) => void out.push(bytes.slice()),
    stderr: (bytes) => void err.push(bytes.slice()),
  });
  const report = await boot({
    jit,
    env: ["PATH=/usr/bin:/bin", "HOME=/", "LANG=C"],
    ...rest,
    guest: guest.includes("/") ? guest : guestPath(guest),
    args,
    stdio,
  });
  assert.equal(report.stats.live_cpus, 0, "a CPU is left");
  assert.equal(report.stats.live_fibers, 0, "a fiber is left");
  assert.equal(report.stats.live_vm_groups, 0, "a VM group is left");
  return { stdout: text(out), stderr: text(err), status: report.status, report };
};

const text = (parts: readonly Uint8Array[]): string => {
  const all = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const p of parts) {
    all.set(p, at);
    at += p.length;
  }
  return new TextDecoder().decode(all);
};
