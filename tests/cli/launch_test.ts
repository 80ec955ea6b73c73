import assert from "node:assert/strict";
import { launch, type LaunchManifest } from "../../cli/launch.ts";
import { makeLaunchImage } from "../../cli/launch_image.ts";

const ROOT = new URL("../..", import.meta.url).pathname;

const run = (program: string, ...args: string[]) => {
  const { code, stdout, stderr } = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--config", `${ROOT}/deno.json`, program, ...args],
    env: { DOLLY_LAUNCH: "sources" },
  }).outputSync();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
};

Deno.test("a launch image does what its sources do, to the same trace, and suspends as cheaply", () => {
  const directory = Deno.makeTempDirSync();
  try {
    const entry = makeLaunchImage(directory);
    const starter = `${directory}/start.ts`;
    Deno.writeTextFileSync(
      starter,
      `import process from "node:process";
      const hooks = process.getBuiltinModule("node:async_hooks");
      let made = 0;
      hooks.AsyncResource = class extends hooks.AsyncResource {
        constructor(...args) {
          super(...args);
          made++;
        }
      };
      const status = await (await import("file://${entry}")).main(Deno.args);
      if (made > 0) console.error(made, "suspensions with an AsyncResource");
      Deno.exit(status);`,
    );
    for (const guest of ["hello", "threads", "sockets"]) {
      const words = ["run", "--seed", "5", "--stats", `${ROOT}/tests/guests/bin/${guest}`];
      const [image, sources] = [run(starter, ...words), run(`${ROOT}/mod.ts`, ...words)];
      assert.equal(image.code, sources.code, image.stderr);
      assert.equal(image.stdout, sources.stdout);
      assert.equal(image.stderr, sources.stderr);
    }
    assert.equal(run(starter, "--version").stdout, run(`${ROOT}/mod.ts`, "--version").stdout);
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
});

Deno.test({
  name: "an image is used until one of its sources changes",
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async () => {
    const root = Deno.makeTempDirSync();
    try {
      Deno.mkdirSync(`${root}/.launch`);
      Deno.mkdirSync(`${root}/.launch/image`);
      Deno.writeTextFileSync(`${root}/.launch/image/run.js`, "export const runCommand = async () => 42;");
      Deno.writeTextFileSync(`${root}/source.ts`, "1");
      const { mtime, size } = Deno.statSync(`${root}/source.ts`);
      const manifest = (deno: string): LaunchManifest => ({
        deno,
        entry: "image",
        sources: [["source.ts", mtime!.getTime(), size]],
      });
      const bad = ["run", `${root}/no_such_guest`];
      const write = (m: LaunchManifest) => Deno.writeTextFileSync(`${root}/.launch/manifest.json`, JSON.stringify(m));

      write(manifest(Deno.version.deno));
      assert.equal(await launch(root, bad), 42);
      write(manifest("0.0.0"));
      assert.equal(await launch(root, bad), 127);
      write(manifest(Deno.version.deno));
      Deno.writeTextFileSync(`${root}/source.ts`, "22");
      assert.equal(await launch(root, bad), 127);
      Deno.removeSync(`${root}/source.ts`);
      assert.equal(await launch(root, bad), 127);
      Deno.writeTextFileSync(`${root}/.launch/manifest.json`, "{");
      assert.equal(await launch(root, bad), 127);
    } finally {
      Deno.removeSync(root, { recursive: true });
    }
  },
});
