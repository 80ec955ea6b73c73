/** --mmap-base: where mappings that the guest does not place begin, in the first program and in those it starts. */
import assert from "node:assert/strict";
import { parseRun } from "../../cli/parse_run.ts";
import { runGuest } from "./harness.ts";

/** Lowest address that mmap gave without being told where, over all programs of a run. */
const lowest = async (mmapBase?: number): Promise<number> => {
  let least = Infinity;
  await runGuest("mmaps", [], {
    mmapBase,
    observe: () => ({
      callReturned(task, result) {
        const placed = task.callNumber === 222 && result > 0 && task.originalA0Lo === 0 && task.originalA0Hi === 0;
        if (placed) least = Math.min(least, result);
      },
    }),
  });
  return least;
};

Deno.test("mappings begin low unless --mmap-base says more", async () => {
  assert.ok(await lowest() < 1 << 28);
  assert.ok(await lowest(1 << 30) >= 1 << 30);
});

Deno.test("--mmap-base takes sizes of whole pages up to 3G", () => {
  const parsed = (text: string) => parseRun(["--mmap-base", text, "guest"]);
  assert.match(JSON.stringify(parsed("1G")), /"mmapBase":1073741824/);
  for (const text of ["4G", "1000", "high"]) assert.throws(() => parsed(text), /--mmap-base/);
});
