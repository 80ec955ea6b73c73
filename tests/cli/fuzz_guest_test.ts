/** fuzz guest finds a lost update, says how to run it again, and the same seed gives the same outcome. */
import assert from "node:assert/strict";
import { fuzzGuest } from "../../cli/fuzz_guest.ts";
import { guestPath, runGuest } from "../run/harness.ts";

const fuzz = async (args: string[], more: { all?: boolean; runs?: number } = {}) => {
  const lines: string[] = [];
  const result = await fuzzGuest({
    guest: guestPath("orders"),
    args,
    runs: 30,
    seed: 1,
    print: (line) => void lines.push(line),
    ...more,
  });
  return { result, text: lines.join("\n") };
};

Deno.test("a race that loses updates is found, with the command that shows it again", async () => {
  const { result, text } = await fuzz(["lost", "20000"]);
  assert.equal(result.failures, 1);
  const m = /replay: deno run -A mod.ts run --seed (\d+) --schedule (random|pct) -- .*orders lost 20000/.exec(text);
  assert.ok(m, text);
  const again = await runGuest("orders", ["lost", "20000"], { seed: Number(m[1]), schedule: m[2] as "random" | "pct" });
  assert.equal(again.status, 1);
});
Deno.test("every run is made with --all, and outcomes are counted", async () => {
  const { result } = await fuzz(["race", "3000"], { all: true, runs: 12 });
  assert.equal(result.outcomes.reduce((n, o) => n + o.count, 0), 12);
  assert.ok(result.outcomes.length > 1);
});
Deno.test("a program that depends on no order has one outcome", async () => {
  const { result } = await fuzz([], { runs: 6 });
  assert.equal(result.failures, 0);
  assert.equal(result.outcomes.length, 1);
});
