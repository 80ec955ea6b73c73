/** Random kernel programs: a few hundred of fixed seeds, both ways to run them, replay, and that the known mistakes still have their places in the kernel's text. */
import assert from "node:assert/strict";
import { assemble } from "../../fuzz/assemble.ts";
import { runCampaign } from "../../fuzz/campaign.ts";
import { compile } from "../../fuzz/compile.ts";
import { generate } from "../../fuzz/generate.ts";
import { runProgram } from "../../fuzz/machine.ts";
import { type Program, showProgram, type Step } from "../../fuzz/program.ts";
import { shrink } from "../../fuzz/shrink.ts";
import { CANARIES } from "../../tools/canaries/list.ts";

Deno.test("300 random kernel programs break no invariant", async () => {
  const totals = { programs: 0, steps: 0, reached: 0, stuck: 0, endless: 0 };
  const found = await runCampaign(2024, 0, 300, totals, { steps: 50 });
  assert.equal(found && `${found.seed}\n${showProgram(found.program)}\n${found.result.failure}`, undefined);
  assert.ok(totals.reached > 3000, `only ${totals.reached} steps were reached`);
});

Deno.test("a program of 200 steps runs to its end", async () => {
  for (let seed = 0; seed < 10; seed++) {
    const result = await runProgram(compile(generate(seed, { steps: 200 })), seed);
    assert.equal(result.failure, undefined);
  }
});

Deno.test("script and assembled image of a program come to the same under the same order", async () => {
  for (let seed = 0; seed < 25; seed++) {
    const c = compile(generate(seed, { steps: 30 }));
    const script = await runProgram(c, []);
    const real = await runProgram(c, [], undefined, assemble(c));
    assert.equal(real.failure, undefined);
    assert.deepEqual([script.status, script.results], [real.status, real.results], `program ${seed}`);
  }
});

Deno.test("the choices of a run give the same run again", async () => {
  for (let seed = 0; seed < 40; seed++) {
    const c = compile(generate(seed));
    const first = await runProgram(c, seed), again = await runProgram(c, first.choices);
    assert.deepEqual(again, first, `program ${seed}`);
  }
});

Deno.test("a program goes through JSON unchanged", () => {
  for (let seed = 0; seed < 40; seed++) {
    const p = generate(seed);
    assert.deepEqual(JSON.parse(JSON.stringify(p)), p);
  }
});

Deno.test("every canary mutation has its place in the kernel, once", () => {
  for (const c of CANARIES) {
    const text = Deno.readTextFileSync(new URL(`../../${c.file}`, import.meta.url));
    assert.equal(text.split(c.find).length, 2, `${c.id}: ${c.file}`);
  }
});

Deno.test("shrinking leaves the steps a failure needs", async () => {
  // Not a mistake of the kernel: a hook that fails when a task calls getsid, put in the place of an invariant.
  const steps: Step[] = [
    ...generate(7).steps.slice(0, 6),
    { call: "getsid", args: [0] },
    ...generate(8).steps.slice(0, 3),
  ];
  const program: Program = { steps, handlers: generate(7).handlers };
  const fails = (c: ReturnType<typeof compile>, order: number | readonly number[]) =>
    runProgram(c, order, (machine) => ({
      callEntered: (t) => {
        if (machine.calls.name(t.callNumber) === "getsid") throw new Error("planted");
      },
    }));
  const result = await fails(compile(program), 1);
  assert.match(result.failure ?? "", /planted/);
  const small = await shrink({ program, choices: result.choices, result }, () => {}, fails);
  assert.deepEqual(small.program.steps, [{ call: "getsid", args: [0] }]);
});
