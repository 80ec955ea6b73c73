/** The host's standard streams as a fresh process finds them: files, pipes, offsets. */
import { deepStrictEqual as equal } from "node:assert/strict";

const probe = new URL("./stdio_probe.ts", import.meta.url).pathname;

/** Runs the probe under a shell line where $P is the probe's command; its report and what standard output got. */
const run = (line: string, dir: string) => {
  const command = new Deno.Command("sh", {
    args: ["-c", line],
    cwd: dir,
    env: { P: `${Deno.execPath()} run -A --no-check ${probe}` },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
  const { stdout, stderr } = command.outputSync();
  return { report: JSON.parse(new TextDecoder().decode(stderr)), out: new TextDecoder().decode(stdout) };
};
const inDirectory = (test: (dir: string) => void): void => {
  const dir = Deno.makeTempDirSync();
  try {
    Deno.writeTextFileSync(`${dir}/in`, "0123456789abcdef");
    test(dir);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
};

Deno.test("a file on standard input is read where it is asked, from the offset it was handed over at", () => {
  inDirectory((dir) => {
    const { report, out } = run("(head -c 0; dd bs=1 count=2 status=none >/dev/null; $P) < in", dir);
    equal(report.kinds, ["file", "pipe", "pipe"]);
    equal(report.reads, ["2345", "6789", "2345", "0123", "abcd"]);
    equal(out, "abcdef");
  });
});

Deno.test("a file on standard output is written where it is asked and goes on after what was there", () => {
  inDirectory((dir) => {
    const { report } = run("(echo first; $P; echo last) > out", dir);
    equal(report.kinds, ["character", "file", "pipe"]);
    equal(report.writes, [3, 1, 3]);
    equal(Deno.readTextFileSync(`${dir}/out`), "first\naXcdeflast\n");
  });
});

Deno.test("appending is known and kept", () => {
  inDirectory((dir) => {
    Deno.writeTextFileSync(`${dir}/out`, "old\n");
    const { report } = run("$P >> out", dir);
    equal(report.append, true);
    equal(Deno.readTextFileSync(`${dir}/out`), "old\nabcXdef");
  });
});

Deno.test("a pipe that nobody reads is EPIPE", () => {
  inDirectory((dir) => {
    const { report } = run("mkfifo f; exec 3<>f 4>f 3<&-; $P >&4", dir);
    equal(report.kinds[1], "pipe");
    equal(report.writes, [-32, 0, -32]);
  });
});
