/** A recorded run replays to the same output and trace hash without what it read; other bytes are answered with one line. */
import assert from "node:assert/strict";
import { DamagedRecording } from "../../actors/world/journal/recording.ts";
import { recordRun, replayRun } from "../../cli/record.ts";
import { MemoryStdio } from "../../mod.ts";
import { guestPath } from "../run/harness.ts";

const collected = (stdin = "") => {
  const out = { text: "", stdio: undefined as unknown as MemoryStdio };
  const decoder = new TextDecoder();
  out.stdio = new MemoryStdio({ stdin, stdout: (b) => void (out.text += decoder.decode(b)) });
  return out;
};
const record = async (args: string[], seed?: number, stdin = "", guest = guestPath("orders")) => {
  const first = collected(stdin);
  const { report, recording } = await recordRun({ guest, args, env: ["A=b"], seed, cwd: "/" }, { stdio: first.stdio });
  return { text: first.text, report, recording };
};

Deno.test("clocks, random bytes, input, files and directories come from the recording", async () => {
  const dir = Deno.makeTempDirSync();
  Deno.writeTextFileSync(`${dir}/f`, "content\n");
  Deno.copyFileSync(guestPath("orders"), `${dir}/guest`);
  const run = await record(["host", dir, `${dir}/f`, `${dir}/absent`], undefined, "x\ny\n", `${dir}/guest`);
  assert.match(run.text, /input x\ninput y\n/);
  assert.match(run.text, /content/);
  Deno.removeSync(dir, { recursive: true });
  const again = collected();
  const { report, problem } = await replayRun(run.recording, { stdio: again.stdio });
  assert.equal(problem, undefined);
  assert.equal(again.text, run.text);
  assert.equal(report!.stats.traceHash, run.report.stats.traceHash);
});
for (const seed of [undefined, 4]) {
  Deno.test(`a race recorded ${seed === undefined ? "without" : "with"} a seed replays`, async () => {
    const run = await record(["race", "3000"], seed);
    const again = collected();
    const { report, problem } = await replayRun(run.recording, { stdio: again.stdio });
    assert.equal(problem, undefined);
    assert.equal(again.text, run.text);
    assert.equal(report!.stats.traceHash, run.report.stats.traceHash);
  });
}
Deno.test("a damaged, cut, foreign or newer recording is refused", async () => {
  const { recording } = await record([]);
  const cut = recording.slice(0, recording.length / 2);
  const damaged = recording.slice();
  damaged[recording.length >> 1] ^= 0xff;
  const newer = recording.slice();
  newer[8] = 99;
  for (const bytes of [cut, damaged, newer, new TextEncoder().encode("hello"), new Uint8Array(0)]) {
    await assert.rejects(replayRun(bytes as Uint8Array<ArrayBuffer>, { stdio: collected().stdio }), DamagedRecording);
  }
});
Deno.test("what was recorded into a file is replayed into a pipe, and into a file behind what is there", () => {
  const dir = Deno.makeTempDirSync();
  const mod = new URL("../../mod.ts", import.meta.url).pathname;
  const dolly = `"$0" run -A ${mod}`;
  const shell = `(echo ahead; ${dolly} run --record ${dir}/r ${
    guestPath("hello")
  }) > ${dir}/out && ${dolly} replay ${dir}/r &&
    (echo much further ahead; ${dolly} replay ${dir}/r; echo behind) > ${dir}/again && ${dolly} replay ${dir}/r >> ${dir}/out`;
  const { stdout, stderr } = new Deno.Command("sh", { args: ["-c", shell, Deno.execPath()] }).outputSync();
  const text = new TextDecoder();
  assert.equal(text.decode(stdout), "hello, world\n", text.decode(stderr));
  assert.equal(Deno.readTextFileSync(`${dir}/out`), "ahead\nhello, world\nhello, world\n");
  assert.equal(Deno.readTextFileSync(`${dir}/again`), "much further ahead\nhello, world\nbehind\n");
  Deno.removeSync(dir, { recursive: true });
});
