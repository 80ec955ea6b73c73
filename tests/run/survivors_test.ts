/**
 * CLONE_VM children with threads of their own outlive their leader's group, whichever way it leaves (tests/guests/src/survivors.c): under random schedules the outcome
 * is Linux's, and nothing is left. SURVIVORS=1000 runs a thousand variants instead of a hundred.
 */
import assert from "node:assert/strict";
import { FileTable } from "../../actors/file_table.ts";
import { FsContext } from "../../actors/fs_context.ts";
import { SignalHandlers } from "../../actors/signal_handlers.ts";
import { expected, runGuest } from "./harness.ts";

const variants = Number(Deno.env.get("SURVIVORS") ?? 100);
/** The hash after 1,000 variants of seed 3, run natively. */
const NATIVE_1000 = "1000 variants: d6bb399b";

for (const schedule of ["fair", "random", "pct"] as const) {
  Deno.test(`children outlive the leader's group under the ${schedule} schedule, nothing is left`, async () => {
    const before = [FileTable.live, FsContext.live, SignalHandlers.live];
    const thousand = variants >= 1000;
    const run = await runGuest("survivors", thousand ? ["3", "1000"] : [], { seed: 7, schedule });
    assert.equal(run.status, 0, run.report.message);
    if (thousand) assert.equal(run.stdout.trim().split("\n").pop(), NATIVE_1000);
    else assert.equal(run.stdout, expected("survivors"));
    assert.deepEqual([FileTable.live, FsContext.live, SignalHandlers.live], before, "a table is left");
  });
}
