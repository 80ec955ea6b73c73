/** Translation changes nothing that a guest or a seed can see: same output, same counters. */
import assert from "node:assert/strict";
import { runGuest } from "./harness.ts";

const names = [...Deno.readDirSync(new URL("../guests/expected/", import.meta.url))].map((e) =>
  e.name.replace(/\.txt$/, "")
).sort();

for (const name of names) {
  Deno.test(`guest ${name} runs the same instructions with a seed, interpreted and translated`, async () => {
    const run = async (jit: "off" | "always") => {
      const { report, ...rest } = await runGuest(name, [], { seed: 11, jit });
      return { ...rest, stats: report.stats, message: report.message };
    };
    assert.deepEqual(await run("always"), await run("off"));
  });
}
