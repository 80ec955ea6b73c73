/** What becomes of processes that outlive the first one. */
import assert from "node:assert/strict";
import { runGuest } from "./harness.ts";

for (const schedule of ["fair", "random"] as const) {
  Deno.test(`a first process killed by a signal takes busy children along (${schedule})`, async () => {
    const run = await runGuest("found_by_programs", ["busy child"], { seed: 1, schedule });
    assert.equal(run.status, 128 + 15);
  });
}
