/** What becomes of processes that outlive the first one. */
import assert from "node:assert/strict";
import { runGuest } from "./harness.ts";

for (const schedule of ["fair", "random"] as const) {
  Deno.test(`a first process killed by a signal takes busy children along (${schedule})`, async () => {
    const run = await runGuest("found_by_programs", ["busy child"], { seed: 1, schedule });
    assert.equal(run.status, 128 + 15);
  });
}
for (const seed of [undefined, 2]) {
  Deno.test(`whoever can still write to the output is waited for (seed ${seed})`, async () => {
    const run = await runGuest("found_by_programs", ["late child"], { seed });
    assert.deepEqual([run.status, run.stdout], [3, "first\nlate\n"]);
  });
}
Deno.test("who cannot and only waits is not", async () => {
  const run = await runGuest("found_by_programs", ["silent child"]);
  assert.deepEqual([run.status, run.stdout], [3, "first\n"]);
});
