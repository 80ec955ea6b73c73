/** --max-files and --timeout: the machine's own ends, whatever the guest's limits are. */
import assert from "node:assert/strict";
import { parseRun } from "../../cli/parse_run.ts";
import { recordRun, replayRun } from "../../cli/record.ts";
import { MemoryStdio } from "../../mod.ts";
import { guestPath, runGuest } from "./harness.ts";

Deno.test("when the machine has enough open files, ENFILE comes before anything is made", async () => {
  const run = await runGuest("hog", ["files"], { maxFiles: 100 });
  assert.equal(
    run.stdout,
    `open: Too many open files in system, after 97
pipe -1 Too many open files in system
dup 1
socket -1 Too many open files in system
create -1 Too many open files in system, there -1
file-max 100
file-nr 4\t0\t100
`,
  );
});

for (const [what, args] of [["sleeps", ["sleep"]], ["computes", ["spin"]], ["is many processes", ["crowd"]]] as const) {
  for (const seed of [undefined, 1]) {
    Deno.test(`a guest that ${what} is ended by the timeout${seed === undefined ? "" : ", with a seed"}`, async () => {
      const run = await runGuest("endless", args, { timeout: 300e6, seed });
      assert.equal(run.status, 124);
      assert.equal(run.report.message, "dolly: killed: the time of --timeout is over");
      assert.equal(run.stdout, "begun\n");
    });
  }
}

Deno.test("a guest that is over before its time ends as ever, and a deadlock is still told at once", async () => {
  assert.equal((await runGuest("hello", [], { timeout: 60e9 })).status, 0);
  const stuck = await runGuest("endless", ["deadlock"], { timeout: 3600e9 });
  assert.equal(stuck.status, 125);
  assert.match(stuck.report.message!, /deadlock/);
});

Deno.test("a seeded run ends at the same instruction each time, and a recorded one is replayed to its end", async () => {
  const hashes = new Set<string>();
  for (let i = 0; i < 3; i++) {
    hashes.add((await runGuest("endless", ["crowd"], { timeout: 5e6, seed: 4 })).report.stats.traceHash);
  }
  assert.equal(hashes.size, 1);
  const stdio = () => new MemoryStdio({ stdin: new Uint8Array(0), stdout: () => {}, stderr: () => {} });
  const { report, recording } = await recordRun(
    { guest: guestPath("endless"), args: ["crowd"], env: [], timeout: 50e6 },
    { stdio: stdio() },
  );
  assert.equal(report.status, 124);
  const replay = await replayRun(recording, { stdio: stdio() });
  assert.equal(replay.problem, undefined);
  assert.equal(replay.report!.status, 124);
});

Deno.test("times are written as for timeout(1)", () => {
  const timeout = (text: string) => parseRun(["--timeout", text, "x"]).timeout;
  assert.deepEqual(["10", "1.5s", "250ms", "2m", "1h", "1d", ".5"].map(timeout), [
    10e9,
    1.5e9,
    250e6,
    120e9,
    3600e9,
    86400e9,
    0.5e9,
  ]);
  for (const bad of ["", "0", "-1", "5x", "1e3", "s", "5 s"]) assert.throws(() => timeout(bad), /--timeout/);
  assert.throws(() => parseRun(["--max-files", "0", "x"]), /--max-files/);
});
