/** --publish as it is written. */
import assert from "node:assert/strict";
import { parseRun, UsageError } from "../../cli/parse_run.ts";

const published = (...values: string[]) =>
  parseRun([...values.flatMap((v) => ["--publish", v]), "guest"]).publish.map((p) =>
    `${p.hostname} ${p.hostPort} ${p.guestPort}`
  );

Deno.test("--publish takes ports and addresses, and may be repeated", () => {
  assert.deepEqual(published(), []);
  assert.deepEqual(published("8080:80", "0.0.0.0:8443:443", "[::1]:90:91"), [
    "127.0.0.1 8080 80",
    "0.0.0.0 8443 443",
    "::1 90 91",
  ]);
});

Deno.test("--publish refuses what names no two ports", () => {
  for (const wrong of ["80", "80:", ":80", "0:80", "80:0", "80:70000", "a:b", "1:2:3:4", "::1:80:80", ""]) {
    assert.throws(() => published(wrong), UsageError, wrong);
  }
});
