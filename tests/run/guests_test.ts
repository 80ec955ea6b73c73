/** Every program of tests/guests prints under Dolly what it prints natively. */
import assert from "node:assert/strict";
import { expected, runGuest } from "./harness.ts";

const names = [...Deno.readDirSync(new URL("../guests/expected/", import.meta.url))].map((e) =>
  e.name.replace(/\.txt$/, "")
).sort();

for (const name of names) {
  Deno.test(`guest ${name} prints what it prints on Linux`, async () => {
    const run = await runGuest(name);
    assert.equal(run.stdout, expected(name));
    assert.equal(run.status, 0, run.report.message);
  });
}
