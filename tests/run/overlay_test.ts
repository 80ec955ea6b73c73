/** `overlay` and `binds`: a root is used without being changed, changes are kept where asked, host directories show at places of the guest. */
import assert from "node:assert/strict";
import { recordRun, replayRun } from "../../cli/record.ts";
import { parseRun, UsageError } from "../../cli/parse_run.ts";
import { MemoryStdio } from "../../mod.ts";
import { guestPath, runGuest, type RunOptions } from "./harness.ts";

const silent = (out: number[]) => new MemoryStdio({ stdin: "", stdout: (bytes) => void out.push(...bytes) });

/** A host root with the guest in it, and directories beside. */
const withRoot = (name: string, use: (dir: string, steps: Steps) => Promise<void>): void =>
  Deno.test(name, async () => {
    const dir = Deno.makeTempDirSync();
    try {
      Deno.mkdirSync(`${dir}/root/etc`, { recursive: true });
      Deno.writeTextFileSync(`${dir}/root/etc/name`, "first");
      Deno.writeTextFileSync(`${dir}/root/etc/gone`, "there");
      Deno.copyFileSync(guestPath("file_steps"), `${dir}/root/steps`);
      await use(dir, async (words, options) => {
        const { stdout, report } = await runGuest("/steps", words.split(" "), { root: `${dir}/root`, ...options });
        return stdout + (report.message ?? "");
      });
    } finally {
      Deno.removeSync(dir, { recursive: true });
    }
  });
type Steps = (words: string, options?: RunOptions) => Promise<string>;

const below = (dir: string): string[] => [
  ...[...Deno.readDirSync(`${dir}/root`), ...Deno.readDirSync(`${dir}/root/etc`)].map((e) => e.name).sort(),
  Deno.readTextFileSync(`${dir}/root/etc/name`),
];
const CHANGES = "write /etc/name second remove /etc/gone make /new write /new/file text owner /etc/name 1234";
const DONE =
  "write /etc/name: ok\nremove /etc/gone: ok\nmake /new: ok\nwrite /new/file: ok\nowner /etc/name: ok\n/etc/name: uid 1234\n";

withRoot("with an overlay in memory the guest sees its changes and the host has none", async (dir, steps) => {
  const before = below(dir);
  assert.equal(
    await steps(`${CHANGES} read /etc/name list /etc list /new`, { overlay: "" }),
    DONE + "/etc/name: second\n/etc: name\n/new: file\n",
  );
  assert.deepEqual(below(dir), before);
  assert.equal(await steps("read /etc/name", { overlay: "" }), "/etc/name: first\n");
});

withRoot("an overlay in a directory keeps the changes for the next run", async (dir, steps) => {
  const before = below(dir), overlay = `${dir}/kept`;
  await steps(CHANGES.replace(/ owner.*/, ""), { overlay });
  assert.deepEqual(below(dir), before);
  assert.equal(
    await steps("read /etc/name list /etc read /new/file write /etc/.wh.x y", { overlay }),
    "/etc/name: second\n/etc: name\n/new/file: text\nwrite /etc/.wh.x: Operation not permitted\n",
  );
  assert.equal(await steps("read /etc/name", {}), "/etc/name: first\n");
});

withRoot(
  "a bound directory is the host's, read-only if asked; its mount point is made in an overlay",
  async (dir, steps) => {
    Deno.mkdirSync(`${dir}/shared`);
    Deno.writeTextFileSync(`${dir}/shared/in`, "in");
    const host = `${dir}/shared`;
    const bound = (guest: string, readOnly = false) => ({ binds: [{ host, guest, readOnly }] });
    assert.equal(
      await steps("read /a/b/in write /a/b/out out read /etc/name", { overlay: "", ...bound("/a/b") }),
      "/a/b/in: in\nwrite /a/b/out: ok\n/etc/name: first\n",
    );
    assert.equal(Deno.readTextFileSync(`${host}/out`), "out");
    assert.equal(
      await steps("read /etc/in write /etc/no no remove /etc/in", bound("/etc", true)),
      "/etc/in: in\nwrite /etc/no: Read-only file system\nremove /etc/in: Read-only file system\n",
    );
    assert.equal(
      await steps("read /etc/name", { binds: [{ host: `${host}/in`, guest: "/etc/name", readOnly: false }] }),
      "/etc/name: in\n",
    );
    const refused = `cannot bind ${host} to /nowhere: No such file or directory`;
    assert.equal(await steps("read /etc/name", bound("/nowhere")), refused);
  },
);

withRoot("links in a bound directory lead into the guest's tree, not the host's", async (dir, steps) => {
  Deno.mkdirSync(`${dir}/shared`);
  Deno.writeTextFileSync(`${dir}/secret`, "secret");
  Deno.symlinkSync(`${dir}/secret`, `${dir}/shared/absolute`);
  Deno.symlinkSync("../secret", `${dir}/shared/up`);
  Deno.symlinkSync("/etc/name", `${dir}/shared/name`);
  const binds = [{ host: `${dir}/shared`, guest: "/mnt", readOnly: false }];
  assert.equal(
    await steps("read /mnt/absolute read /mnt/up read /mnt/name read /mnt/../../secret", { overlay: "", binds }),
    "read /mnt/absolute: No such file or directory\nread /mnt/up: No such file or directory\n/mnt/name: first\n" +
      "read /mnt/../../secret: No such file or directory\n",
  );
});

withRoot("a run with an overlay is recorded and replayed", async (dir) => {
  const out: number[] = [];
  const options = { root: `${dir}/root`, overlay: "", env: [], guest: "/steps", args: CHANGES.split(" ") };
  const { recording } = await recordRun(options, { stdio: silent(out) });
  const replay = await replayRun(recording, { stdio: silent(out) });
  assert.equal(replay.problem, undefined);
  assert.equal(replay.report?.status, 0);
  assert.equal(new TextDecoder().decode(new Uint8Array(out)), DONE + DONE);
});

Deno.test("--overlay and --bind are read as documented", () => {
  const { overlay, binds } = parseRun(["--overlay", "--bind", "/h:/g:ro", "--bind=h:/x", "guest"]);
  assert.equal(overlay, "");
  assert.deepEqual(binds, [{ host: "/h", guest: "/g", readOnly: true }, { host: "h", guest: "/x", readOnly: false }]);
  assert.equal(parseRun(["--overlay=/up", "guest"]).overlay, "/up");
  assert.equal(parseRun(["guest"]).overlay, undefined);
  for (const bad of ["/h", "/h:g", ":/g", "/h:/g:no"]) {
    assert.throws(() => parseRun(["--bind", bad, "guest"]), UsageError);
  }
});
