/** Deno's permissions are the guest's sandbox: what they do not cover is EACCES, what lies below it may still be reached. */
import assert from "node:assert/strict";

Deno.test("with --allow-read of one directory the guest reads that directory and nothing else", async () => {
  const dir = Deno.makeTempDirSync();
  try {
    Deno.writeTextFileSync(`${dir}/file`, "x");
    const here = new URL("../../../", import.meta.url).pathname;
    const paths = [`${dir}/file`, `${dir}/none`, "/etc/hostname", "/", "/no/such/place"];
    const run = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--no-prompt",
        `--allow-read=${dir},${here}`,
        new URL("denied_probe.ts", import.meta.url).pathname,
        ...paths,
      ],
    }).output();
    assert.equal(new TextDecoder().decode(run.stderr), "");
    assert.deepEqual(JSON.parse(new TextDecoder().decode(run.stdout)), [
      ["ok", "ok", "EACCES"],
      ["ENOENT", "ENOENT", "EACCES"],
      ["EACCES", "EACCES", "EACCES"],
      ["ok", "EACCES", "EACCES"],
      ["EACCES", "EACCES", "EACCES"],
    ]);
    assert.equal(Deno.readTextFileSync(`${dir}/file`), "x");
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});
