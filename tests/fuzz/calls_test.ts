/** Random calls: nothing escapes, nothing is left, the host's files outside of the root stay as they were. */
import assert from "node:assert/strict";
import { generateCalls, type RandomCall } from "../../fuzz/calls/generate.ts";
import { addressOf } from "../../fuzz/calls/image.ts";
import { HostRoot } from "../../cli/host_root.ts";
import { runCalls } from "../../fuzz/calls/machine.ts";
import { NUMBERS } from "../../fuzz/compile.ts";

const call = (name: string, ...args: number[]): RandomCall => ({
  name,
  nr: NUMBERS[name],
  args: args.map((n) => BigInt.asUintN(64, BigInt(n)).toString(16)),
});

Deno.test("random calls by the thousand escape nowhere and leave nothing", async () => {
  for (let seed = 1; seed <= 150; seed++) {
    const { failure } = await runCalls(generateCalls(seed, 60));
    assert.equal(failure, undefined, `seed ${seed}`);
  }
});

Deno.test("on a directory of the host nothing outside of it is touched", async () => {
  const dir = Deno.makeTempDirSync(), host = new HostRoot(dir);
  try {
    for (let seed = 500; seed < 540; seed++) {
      const { failure } = await runCalls(generateCalls(seed, 60), host);
      assert.equal(failure, undefined, `seed ${seed}`);
    }
    Deno.writeTextFileSync(`${dir}/fuzz-outside/secret`, "changed");
    assert.match(host.touched()!, /^outside the root/);
    host.end();
    assert.deepEqual([...Deno.readDirSync(dir)], []);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});

Deno.test("a wait whose time is over and that cannot write its answer ends with EFAULT", async () => {
  const PAGE = 0x600000, READ_ONLY = PAGE + 4096;
  const { failure, log } = await runCalls(
    {
      seed: 1,
      calls: [
        call("mmap", PAGE, 8192, 3, 0x32, -1, 0),
        // One nanosecond.
        call("clock_getres", 1, PAGE),
        call("mprotect", READ_ONLY, 4096, 1),
        call("pselect6", 8, READ_ONLY, 0, 0, PAGE, 0),
      ],
    },
    undefined,
    true,
  );
  assert.equal(failure, undefined);
  assert.match(log, /pselect6\(8, .*\) = -1 EFAULT/);
});

Deno.test("an eventfd is not opened by its link", async () => {
  const calls = [call("eventfd2", 0, 0), call("openat", -100, addressOf("/proc/self/fd/3"), 0, 0)];
  const { failure, log } = await runCalls({ seed: 1, calls }, undefined, true);
  assert.equal(failure, undefined);
  assert.match(log, /openat\(.*"\/proc\/self\/fd\/3".*\) = -1 ENXIO/);
});
