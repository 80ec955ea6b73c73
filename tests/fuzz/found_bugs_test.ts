/** What random programs found: each program with what Linux makes of it (run natively by `deno task differential`). */
import assert from "node:assert/strict";
import { compile } from "../../fuzz/compile.ts";
import { runProgram } from "../../fuzz/machine.ts";
import type { Step } from "../../fuzz/program.ts";

const call = (name: string, ...args: (number | object)[]): Step => ({ call: name, args: args as never });
const run = (steps: Step[], order: number | number[] = [], handlers: Step[][] = []) =>
  runProgram(compile({ steps, handlers }), order);
const CHILD = { tid: 1 }, ECHILD = -10, WSTOPPED = 2, WNOWAIT = 0x01000000;

Deno.test("clone with CLONE_IO in a sign-extended int keeps its other flags", async () => {
  // The invariants compare what is shared with the low 32 bits of the register.
  const { failure, results } = await run([
    { clone: 0x80000500, site: 1, exit: 17, child: [] },
    call("wait4", -1, 0, 0, 0),
  ]);
  assert.equal(failure, undefined);
  assert.equal(results[1], results[0]);
});

Deno.test("waiting for a stop of a child that is dead is ECHILD, not sleep", async () => {
  const child: Step = { clone: 0, site: 1, exit: 17, child: [] };
  const { results, stuck } = await run([
    child,
    call("nanosleep", { ns: 5000 }, 0),
    call("waitid", 1, CHILD, 0, WSTOPPED | WNOWAIT, 0),
    call("waitid", 1, CHILD, 0, 4, 0),
  ]);
  assert.equal(stuck, undefined);
  assert.deepEqual(results.slice(1), [0, ECHILD, 0]);
});

Deno.test("a child's end in a process group that was orphaned before hangs nobody up", async () => {
  // The first task stops itself through its vfork child; nobody continues it. SIGHUP would kill it.
  const { status, stuck } = await run([
    {
      clone: 0x4100,
      site: 1,
      exit: 17,
      child: [call("kill", { tid: 0 }, 19), { exec: [call("nanosleep", { ns: 5000 }, 0)] }],
    },
    call("exit", 3),
  ]);
  assert.equal(status, undefined);
  assert.match(stuck ?? "", /stopped/);
});

Deno.test("a second signal to a group can wake a second sleeper", async () => {
  const asleep = call("rt_sigsuspend", { set: [] }, 8);
  const act = (sig: number) => call("rt_sigaction", sig, { act: { handler: 0, flags: 0, mask: [] } }, 0, 8);
  const signals = [call("nanosleep", { ns: 5000 }, 0), call("kill", { tid: 0 }, 10), call("kill", { tid: 0 }, 12)];
  const steps: Step[] = [
    act(10),
    act(12),
    { clone: 0x10d00, site: 1, exit: 0, child: [asleep, call("exit", 0)] },
    { clone: 0, site: 2, exit: 17, child: signals },
    asleep,
  ];
  const EINTR = -4;
  let both = 0;
  for (let order = 0; order < 40; order++) {
    const { results, failure } = await run(steps, order, [[]]);
    assert.equal(failure, undefined);
    if (results[4] === EINTR && results[5] === EINTR) both++;
  }
  assert.ok(both > 0, "no order wakes both sleepers, each by one signal");
});
