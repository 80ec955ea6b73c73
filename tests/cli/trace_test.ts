/** --trace writes JSON that Chrome and Perfetto take: slices nest on each track, waits begin and end, arrows have both ends. */
import assert from "node:assert/strict";
import { type TraceEvent, traceObserver } from "../../cli/trace.ts";
import { runGuest } from "../run/harness.ts";

const traced = async (
  guest: string,
  args: string[],
  seed?: number,
): Promise<{ events: TraceEvent[]; hash: string }> => {
  let text = "", finish = () => {};
  const { report } = await runGuest(guest, args, {
    seed,
    observe: (machine) => {
      const trace = traceObserver(machine, (s) => text += s);
      finish = trace.finish;
      return trace.observer;
    },
  });
  finish();
  return { events: JSON.parse(text).traceEvents, hash: report.stats.traceHash };
};

for (const [guest, args, seed] of [["threads", [], 1], ["orders", ["race"], undefined], ["pipes", [], 2]] as const) {
  Deno.test(`the trace of ${guest} ${seed ?? "without a seed"} is well formed`, async () => {
    const { events } = await traced(guest, [...args], seed);
    const tracks = Map.groupBy(events.filter((e) => e.ph === "X"), (e) => e.tid);
    assert.ok(tracks.size > 1);
    for (const slices of tracks.values()) {
      // Slices of one track lie beside or inside one another.
      const ends: number[] = [];
      for (const { ts, dur } of slices.sort((a, b) => a.ts - b.ts || b.dur! - a.dur!)) {
        assert.ok(dur! >= 0);
        while (ends.length > 0 && ends.at(-1)! <= ts) ends.pop();
        assert.ok(ends.length === 0 || ts + dur! <= ends.at(-1)! + 1e-6, `slice at ${ts} reaches over its parent`);
        ends.push(ts + dur!);
      }
    }
    const ids = (ph: string) => events.filter((e) => e.ph === ph).map((e) => e.id!).sort((a, b) => a - b);
    assert.deepEqual(ids("e"), ids("b"), "every wait that begins ends");
    const starts = new Set(ids("s"));
    assert.ok(starts.size > 0 && ids("f").every((id) => starts.has(id)));
    assert.ok(events.some((e) => e.ph === "M" && e.name === "thread_name"));
    assert.ok(events.some((e) => e.ph === "X" && e.name === "futex" || e.name === "wait4"));
  });
}
Deno.test("a trace does not change the run", async () => {
  const plain = await runGuest("threads", [], { seed: 5 });
  assert.equal((await traced("threads", [], 5)).hash, plain.report.stats.traceHash);
});
