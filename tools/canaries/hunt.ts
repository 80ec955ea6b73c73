/** Runs inside a mutated copy: fuzzes until something fails. Prints "found N KIND" or "none N", and a dot of progress every 100 runs on stderr. */
import { runCampaign } from "../../fuzz/campaign.ts";
import { kindOf } from "../../fuzz/shrink.ts";

const [limit, seed] = Deno.args.map(Number);
const totals = { programs: 0, steps: 0, reached: 0, stuck: 0, endless: 0 };
let found;
for (let n = 0; n < limit && found === undefined; n += 100) {
  found = await runCampaign(seed, n, Math.min(limit, n + 100), totals, { steps: 50 });
  Deno.stderr.writeSync(new TextEncoder().encode("."));
}
const line = found === undefined ? "none" : kindOf(found.result.failure!).split("\n")[0];
console.log(`${found === undefined ? "none" : "found"} ${totals.programs} ${line}`);
