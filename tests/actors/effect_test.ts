import assert from "node:assert/strict";

Deno.test("effect loads without AsyncResource, and node:async_hooks is back afterwards", async () => {
  const script = `
    const { Effect } = await import("${new URL("../../actors/effect.ts", import.meta.url)}");
    const fiber = Effect.runFork(Effect.callback(() => {}));
    console.log(fiber._asyncContext === undefined, process.getBuiltinModule("node:async_hooks") !== undefined);
    Deno.exit(0);`;
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  await Deno.writeTextFile(file, script);
  const config = new URL("../../deno.json", import.meta.url).pathname;
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--config", config, file],
  }).output();
  await Deno.remove(file);
  assert.equal(new TextDecoder().decode(stdout).trim(), "true true");
});
