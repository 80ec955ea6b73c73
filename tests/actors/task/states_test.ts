import assert from "node:assert/strict";
import { checkTransition, statesAsDot, TRANSITIONS } from "../../../actors/task/states.ts";

Deno.test("docs/task_states.dot is the graph of the transitions", () => {
  assert.equal(Deno.readTextFileSync(new URL("../../../docs/task_states.dot", import.meta.url)), statesAsDot());
});

Deno.test("every state can be reached from new, and every state leads to dead", () => {
  const reach = (from: string, next: (s: string) => readonly string[]): Set<string> => {
    const seen = new Set([from]);
    for (const s of seen) for (const n of next(s)) seen.add(n);
    return seen;
  };
  const all = Object.keys(TRANSITIONS);
  assert.deepEqual([...reach("new", (s) => TRANSITIONS[s as keyof typeof TRANSITIONS])].sort(), [...all].sort());
  const back = (s: string) =>
    all.filter((f) => (TRANSITIONS[f as keyof typeof TRANSITIONS] as readonly string[]).includes(s));
  assert.deepEqual([...reach("dead", back)].sort(), [...all].sort());
});

Deno.test("a step that is not legal is a defect", () => {
  assert.throws(() => checkTransition(1, "dead", "running"), /no legal step/);
  checkTransition(1, "blocked", "running");
});
