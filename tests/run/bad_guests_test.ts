/** Guests that cannot be run: one clear line and 126, or 127 for what is not there; never a stack trace, a hang or memory without bound. */
import assert from "node:assert/strict";
import { guestPath, runGuest } from "./harness.ts";

const MOD = new URL("../../mod.ts", import.meta.url).pathname;
const HELLO = Deno.readFileSync(guestPath("hello"));

interface Bad {
  readonly name: string;
  readonly status: 126 | 127;
  readonly says: RegExp;
  /** Makes it in `dir`; its path. */
  readonly make: (dir: string) => string;
}

const file = (name: string, content: Uint8Array | string, mode = 0o755) => (dir: string): string => {
  const path = `${dir}/${name.replaceAll(/[^a-z0-9]/g, "_")}`;
  if (typeof content === "string") Deno.writeTextFileSync(path, content);
  else Deno.writeFileSync(path, content);
  Deno.chmodSync(path, mode);
  return path;
};
const edited = (edit: (view: DataView, bytes: Uint8Array) => void): Uint8Array => {
  const bytes = HELLO.slice();
  edit(new DataView(bytes.buffer), bytes);
  return bytes;
};
/** Hello whose first program header (of attributes) names `interpreter`. */
const dynamic = (interpreter: string): Uint8Array => {
  const bytes = new Uint8Array(HELLO.length + 4096);
  bytes.set(HELLO);
  bytes.set(new TextEncoder().encode(interpreter + "\0"), HELLO.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(64, 3, true);
  view.setBigUint64(64 + 8, BigInt(HELLO.length), true);
  view.setBigUint64(64 + 32, BigInt(interpreter.length + 1), true);
  return bytes;
};
const link = (name: string, to: string) => (dir: string): string => {
  Deno.symlinkSync(to, `${dir}/${name}`);
  return `${dir}/${name}`;
};
const bad = (name: string, status: 126 | 127, says: RegExp, make: Bad["make"]): Bad => ({ name, status, says, make });

const BAD: Bad[] = [
  bad("an empty file", 126, /empty file/, file("empty", "")),
  bad("hello cut off in its header", 126, /cut off/, file("cut", HELLO.subarray(0, 40))),
  bad("hello cut off in its program headers", 126, /cut off/, file("cut2", HELLO.subarray(0, 200))),
  bad("hello cut off in the middle", 126, /cut off/, file("cut3", HELLO.subarray(0, 100_000))),
  bad("32-bit", 126, /32-bit/, file("class", edited((_, b) => b[4] = 1))),
  bad("big-endian", 126, /big-endian/, file("endian", edited((_, b) => b[5] = 2))),
  bad("x86-64", 126, /x86-64/, file("machine", edited((v) => v.setUint16(18, 62, true)))),
  bad("a segment of 2^60 bytes", 126, /4 GiB/, file("huge", edited((v) => v.setBigUint64(160, 1n << 60n, true)))),
  bad(
    "a bss of nearly 4 GiB",
    126,
    /Cannot allocate memory/,
    file("bss", edited((v) => v.setBigUint64(176 + 40, 0xff000000n, true))),
  ),
  bad("a directory", 126, /directory|denied/i, (dir) => dir),
  bad("a text file", 126, /not an ELF file/, file("text", "Hello, I am text.\n")),
  bad("mode 0644", 126, /Permission denied/, file("mode", HELLO, 0o644)),
  bad("mode 0", 126, /Permission denied/, file("none", HELLO, 0)),
  bad("a missing file", 127, /No such file/, (dir) => `${dir}/missing`),
  bad("a name under a file", 126, /Not a directory/, (dir) => `${file("f", HELLO)(dir)}/x`),
  bad("a dangling symlink", 127, /No such file/, link("dangling", "nowhere")),
  bad("a symlink to itself", 126, /Too many levels/, link("circle", "circle")),
  bad("a name of 300 letters", 126, /name too long/i, (dir) => `${dir}/${"x".repeat(300)}`),
  bad("a name with a newline", 127, /a\?b: No such file/, (dir) => `${dir}/a\nb`),
  bad("a device", 126, /Permission denied/, () => "/dev/null"),
  bad("a missing interpreter", 127, /\/lib\/nowhere\.so.*No such file/, file("interp", dynamic("/lib/nowhere.so"))),
  bad("a directory as interpreter", 126, /\/tmp.*denied/i, file("interp2", dynamic("/tmp"))),
  bad(
    "a text file as interpreter",
    126,
    /loader.*not an ELF file/,
    (dir) => file("i", dynamic(file("loader", "text\n")(dir)))(dir),
  ),
  bad(
    "a foreign file as interpreter",
    126,
    /loader.*x86-64/,
    (dir) => file("i", dynamic(file("loader", edited((v) => v.setUint16(18, 62, true)))(dir)))(dir),
  ),
  bad("#! without a name", 126, /script|#!/, file("sh0", "#!\necho\n")),
  bad("#! with blanks only", 126, /script|#!/, file("sh1", "#!   \t\necho\n")),
  bad("#! with a name that is missing", 127, /\/no\/such\/sh.*No such file/, file("sh2", "#!/no/such/sh -x\n")),
  bad("#! with a name too long", 126, /script|#!/, file("sh3", `#!/${"x".repeat(400)}\n`)),
  bad("#! a directory", 126, /\/tmp.*denied/i, file("sh4", "#!/tmp\n")),
  bad("#! itself", 126, /Too many levels/, (dir) => file("loop", `#!${dir}/loop\n`)(dir)),
];

const oneLine = (text: string, b: Bad): void => {
  assert.match(text, /^[^\n]+$/, `${b.name}: not one line: ${text}`);
  assert.match(text, b.says, b.name);
  assert.doesNotMatch(text, /\.ts\b|Error:/);
};

const withDirectory = async (use: (dir: string) => Promise<void>): Promise<void> => {
  const dir = Deno.makeTempDirSync();
  try {
    await use(dir);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
};

for (const b of BAD) {
  Deno.test(`${b.name} gives one line and ${b.status}`, () =>
    withDirectory(async (dir) => {
      const run = await runGuest(b.make(dir));
      oneLine(run.report.message ?? "", b);
      assert.equal(run.status, b.status, run.report.message);
      assert.equal(run.stdout + run.stderr, "");
    }));
}

Deno.test("a FIFO is no program and nobody waits for its writer", () =>
  withDirectory(async (dir) => {
    assert.ok(new Deno.Command("mkfifo", { args: [`${dir}/pipe`] }).outputSync().success);
    Deno.chmodSync(`${dir}/pipe`, 0o755);
    const run = await runGuest(`${dir}/pipe`);
    assert.equal(run.status, 126);
    assert.match(run.report.message!, /Permission denied/);
  }));

Deno.test("ten megabytes of arguments are too many", async () => {
  for (const args of [["x".repeat(10 << 20)], Array.from({ length: 1 << 18 }, () => "123456789")]) {
    const run = await runGuest("hello", args);
    assert.equal(run.status, 126);
    assert.match(run.report.message!, /Argument list too long/);
  }
});

Deno.test("the command line says it on stderr in one line", () =>
  withDirectory(async (dir) => {
    const cases = BAD.filter((b) => /^(an empty|x86|a directory$|a missing|a text file$|#! itself)/.test(b.name));
    for (const b of cases) {
      const path = b.make(dir);
      const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", MOD, "run", path],
        stdin: "null",
      }).output();
      const text = new TextDecoder().decode(stderr);
      assert.equal(code, b.status, text);
      assert.equal(stdout.length, 0);
      assert.ok(text.endsWith("\n") && text.startsWith("dolly: "), text);
      oneLine(text.trimEnd(), b);
    }
  }));
