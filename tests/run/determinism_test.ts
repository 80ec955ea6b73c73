/** Seeded runs go the same way every time; other seeds go other ways; a deadlock says who waits for what. */
import assert from "node:assert/strict";
import { runGuest } from "./harness.ts";

const race = async (seed: number, schedule?: "pct") => {
  const { stdout, report } = await runGuest("orders", ["race", "6000"], { seed, schedule });
  return `${report.stats.traceHash} ${stdout}`;
};

Deno.test("the same seed gives the same trace hash every time", async () => {
  const first = await race(7);
  for (let i = 0; i < 8; i++) assert.equal(await race(7), first);
});
Deno.test("different seeds interleave a racy increment differently", async () => {
  const counts = new Set<string>();
  for (let seed = 1; seed <= 16; seed++) counts.add((await race(seed)).split(" ")[1]);
  assert.ok(counts.size >= 4, [...counts].join());
});
Deno.test("pct is as repeatable as random", async () => {
  assert.equal(await race(11, "pct"), await race(11, "pct"));
});
Deno.test("neither environment, nor argument order of the host, nor an observer changes a seeded run", async () => {
  const plain = await runGuest("orders", ["race"], { seed: 3 });
  const observed = await runGuest("orders", ["race"], { seed: 3, observe: () => ({ callEntered() {} }) });
  assert.equal(observed.report.stats.traceHash, plain.report.stats.traceHash);
});
Deno.test("input from a pipe is no chance in a seeded run", async () => {
  const of = async () => (await runGuest("orders", ["host"], { seed: 2, stdin: "one\ntwo\n" })).report.stats.traceHash;
  assert.equal(await of(), await of());
});
Deno.test("a deadlock is reported with process, thread, call, futex and its owner", async () => {
  const { status, report } = await runGuest("orders", ["dead"], { seed: 1 });
  assert.equal(status, 125);
  const text = report.message!;
  assert.match(text, /deadlock: no task can run and nothing is pending/);
  assert.match(text, /process 1000, thread 1001 \(orders\): futex 0x[0-9a-f]+; a mutex held by task 1002/);
  assert.match(text, /process 1000, thread 1002 \(orders\): futex 0x[0-9a-f]+; a mutex held by task 1001/);
  assert.match(text, /in futex\(0x[0-9a-f]+, FUTEX_WAIT\|FUTEX_PRIVATE_FLAG, 2/);
});
