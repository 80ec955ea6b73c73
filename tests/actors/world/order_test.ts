/** Scheduling policies, by themselves. */
import assert from "node:assert/strict";
import { SeededEntropy } from "../../../actors/world/entropy.ts";
import { POLICIES, type SchedulePolicy } from "../../../actors/world/order.ts";
import { Exhaustive } from "../../../actors/world/order/exhaustive.ts";
import { noting, OrderMismatch, written } from "../../../actors/world/order/written.ts";

/** Tasks of so many steps each under a policy: who made each step. */
const run = (policy: SchedulePolicy, steps: readonly number[]): string => {
  const left = [...steps], queue = steps.map((_, tid) => tid);
  let trace = "";
  policy.start?.();
  while (queue.length > 0) {
    if (queue.length === 1) policy.only?.(queue[0]);
    const index = queue.length === 1 ? 0 : policy.next(queue);
    const [tid] = queue.splice(index, 1);
    policy.slice();
    trace += "abc"[tid];
    if (--left[tid] > 0) queue.push(tid);
  }
  return trace;
};
const all = (preemptions: number, steps: readonly number[]): string[] => {
  const search = new Exhaustive(preemptions), found: string[] = [];
  for (let policy = search.nextRun(); policy !== undefined; policy = search.nextRun()) found.push(run(policy, steps));
  return found;
};

Deno.test("without preemptions the exhaustive policy runs every order of whole tasks", () => {
  assert.deepEqual(all(0, [2, 2]).sort(), ["aabb", "bbaa"]);
  assert.equal(all(0, [2, 2, 1]).length, 6);
});
Deno.test("with enough preemptions it runs every interleaving once", () => {
  const found = all(9, [3, 3]);
  assert.equal(found.length, 20);
  assert.equal(new Set(found).size, 20);
});
Deno.test("with one preemption it runs those with one preemption and no others", () => {
  assert.deepEqual(all(1, [2, 2]).sort(), ["aabb", "abba", "baab", "bbaa"]);
});
Deno.test("a written order goes the same way, and says when it does not fit", () => {
  const order = { choices: [], slices: [] };
  const trace = run(noting(POLICIES.random(new SeededEntropy(5)), order), [4, 4, 4]);
  assert.equal(run(written(order), [4, 4, 4]), trace);
  assert.throws(() => run(written({ choices: [7], slices: [] }), [1, 1]), OrderMismatch);
});
for (const name of ["random", "pct"] as const) {
  Deno.test(`${name}: the same seed gives the same order, other seeds give others`, () => {
    const of = (seed: number) => run(POLICIES[name](new SeededEntropy(seed)), [5, 5, 5]);
    assert.equal(of(3), of(3));
    assert.ok(new Set([1, 2, 3, 4, 5, 6, 7, 8].map(of)).size > 3);
  });
}
