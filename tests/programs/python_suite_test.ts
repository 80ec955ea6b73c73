/**
 * Python's own test modules. What fails here and not natively is listed with the reason; anything else fails the test.
 */
import assert from "node:assert/strict";
import { dolly, ignore, inFolder, note, sysroot } from "./harness.ts";

/** Test ids that cannot pass, by module. */
const MODULES: Readonly<Record<string, readonly string[]>> = {
  test_threading: [],
  test_subprocess: [],
  test_signal: [],
  // Names that are no UTF-8 cannot be made on host files: the host's interface has strings for names.
  test_os: ["test.test_os.Pep383Tests.*"],
  // Files above 4 GiB cannot be mapped whole.
  test_mmap: ["test.test_mmap.LargeMmapTests.test_around_4GB"],
  // As test_os.
  test_socket: ["test.test_socket.TestUnixDomain.testUnencodableAddr"],
  test_multiprocessing_fork: [],
};

for (const [module, cannot] of Object.entries(MODULES)) {
  Deno.test({ name: `python3 -m test ${module}`, ignore }, async () => {
    const found = sysroot(["python3", "libpython3.14-testsuite", "coreutils", "dash"]);
    if ("reason" in found) return console.log(`skipped: ${found.reason}`);
    await inFolder(found.root, async (cwd) => {
      const ignored = cannot.flatMap((pattern) => ["-i", pattern]);
      const { stdout, stderr, status, ms } = await dolly(
        found.root,
        ["python3", "-m", "test", ...ignored, module],
        { cwd, seconds: 1800, env: [`TMPDIR=${cwd}`] },
      );
      const total = /Total tests: (.*)/.exec(stdout)?.[1] ?? "none";
      note({ name: `python3 -m test ${module}`, dolly: Math.round(ms), total, status });
      assert.equal(status, 0, stdout.slice(-4000) + stderr.slice(-2000));
    });
  });
}
