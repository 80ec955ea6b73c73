/**
 * Runs programs of Debian's riscv64 archive under Dolly with `--root` and compares what they print with the host's own program, with qemu-riscv64, or with text.
 * A test whose packages cannot be fetched is skipped with the reason. PROGRAMS_TIMES=FILE appends a line of JSON per run: docs/PROGRAMS.md is written from it.
 */
import assert from "node:assert/strict";
import { debianSysroot, Unavailable } from "../../tools/debian_sysroot.ts";

const MOD = new URL("../../mod.ts", import.meta.url).pathname;
const JIT = Deno.env.get("DOLLY_JIT");
const ENV = ["PATH=/usr/bin:/bin:/usr/sbin", "HOME=/root", "LC_ALL=C", "TZ=UTC", "TERM=dumb"];

export interface Output {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number;
  readonly ms: number;
}

/** What the output is held against. */
export type Expectation =
  | { readonly text: string }
  | { readonly matches: RegExp }
  /** The host's program of the same name prints it too. */
  | "native"
  /** qemu-riscv64 -L DIR runs the same file: programs that start no others. */
  | "qemu";

export interface ProgramCase {
  readonly name: string;
  readonly packages: readonly string[];
  /** Program and arguments; it runs in a fresh folder below the guest's /tmp. */
  readonly command: readonly string[];
  readonly expect: Expectation;
  /** Files made in the folder before. */
  readonly files?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  readonly status?: number;
  readonly seconds?: number;
  readonly env?: readonly string[];
  /** Dolly's own options. */
  readonly options?: readonly string[];
}

/** Runs a program of the host, killed after so many seconds. */
export const runHost = async (
  command: string,
  args: readonly string[],
  o: Partial<Deno.CommandOptions>,
  stdin: string,
  seconds: number,
) => {
  const started = performance.now();
  const child = new Deno.Command(command, {
    ...o,
    args: [...args],
    clearEnv: o.clearEnv ?? false,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const kill = setTimeout(() => child.kill("SIGKILL"), seconds * 1000);
  try {
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(stdin)).then(() => writer.close()).catch(() => {});
    const { stdout, stderr, code } = await child.output();
    const text = new TextDecoder();
    return { stdout: text.decode(stdout), stderr: text.decode(stderr), status: code, ms: performance.now() - started };
  } finally {
    clearTimeout(kill);
  }
};

/** One run under Dolly. `cwd` is a guest path. */
export const dolly = (
  root: string,
  command: readonly string[],
  o: { cwd?: string; stdin?: string; seconds?: number; env?: readonly string[]; options?: readonly string[] } = {},
): Promise<Output> => {
  const env = [...ENV, ...o.env ?? []].flatMap((e) => ["--env", e]);
  const jit = JIT === undefined ? [] : ["--jit", JIT];
  const args = ["run", "-A", MOD, "run", ...jit, "--root", root, "--clear-env", "--cwd", o.cwd ?? "/", ...env];
  return runHost(Deno.execPath(), [...args, ...o.options ?? [], "--", ...command], {}, o.stdin ?? "", o.seconds ?? 60);
};

/** A server inside: what runs, the guest port it listens on, what it says when it does, files made in its folder before. */
export interface Served {
  readonly command: readonly string[];
  readonly port: number;
  readonly ready: RegExp;
  readonly files?: Readonly<Record<string, string>>;
  /** Makes what else it needs, in its folder on the host. */
  readonly begin?: (dir: string) => void;
  readonly options?: readonly string[];
}

const freePort = (): number => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return (listener.addr as Deno.NetAddr).port;
};

/** Collects what a stream says. */
const listenTo = async (stream: ReadableStream<Uint8Array>, hear: (text: string) => void): Promise<void> => {
  for await (const text of stream.pipeThrough(new TextDecoderStream())) hear(text);
};

/** Runs a server in a fresh folder with its port published and lets `use` speak to the host's port. What still runs afterwards is killed. */
export const served = (
  root: string,
  s: Served,
  use: (hostPort: number, cwd: string) => Promise<void>,
): Promise<void> =>
  inFolder(root, async (cwd) => {
    write(root + cwd, s.files);
    s.begin?.(root + cwd);
    const host = freePort();
    const args = ["run", "-A", MOD, "run", "--root", root, "--clear-env", "--cwd", cwd];
    const env = ENV.flatMap((e) => ["--env", e]);
    const child = new Deno.Command(Deno.execPath(), {
      args: [...args, ...env, "--publish", `${host}:${s.port}`, ...s.options ?? [], "--", ...s.command],
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    let said = "";
    const ready = Promise.withResolvers<void>();
    const hear = (text: string) => {
      said += text;
      if (s.ready.test(said)) ready.resolve();
    };
    const ended = Promise.all([listenTo(child.stdout, hear), listenTo(child.stderr, hear), child.status]);
    const kill = setTimeout(() => child.kill("SIGKILL"), 120_000);
    try {
      await Promise.race([ready.promise, ended.then(() => Promise.reject(new Error("the server ended")))]);
      await use(host, cwd);
    } catch (error) {
      throw new Error(`the guest said: ${said}`, { cause: error });
    } finally {
      clearTimeout(kill);
      try {
        child.kill("SIGKILL");
      } catch { /* it has ended */ }
      await ended;
    }
  });

const variables = (more: readonly string[] = []): Record<string, string> =>
  Object.fromEntries([...ENV, ...more].map((e) => [e.slice(0, e.indexOf("=")), e.slice(e.indexOf("=") + 1)]));

const isHere = (command: string): boolean => {
  try {
    return new Deno.Command("sh", { args: ["-c", `command -v ${command}`], stdout: "null" }).outputSync().success;
  } catch {
    return false;
  }
};

const qemu = (root: string, c: ProgramCase, cwd: string): Promise<Output> => {
  const file = `${root}/usr/bin/${c.command[0]}`;
  const o = { cwd: root + cwd, env: variables(c.env), clearEnv: true };
  return runHost("qemu-riscv64", ["-L", root, "-0", c.command[0], file, ...c.command.slice(1)], o, c.stdin ?? "", 120);
};
const native = (root: string, c: ProgramCase, cwd: string): Promise<Output> => {
  const o = { cwd: root + cwd, env: variables(c.env), clearEnv: true };
  return runHost(c.command[0], c.command.slice(1), o, c.stdin ?? "", 120);
};

/** The sysroot of a test, or why there is none. */
export const sysroot = (packages: readonly string[]): { root: string } | { reason: string } => {
  try {
    return { root: debianSysroot(packages) };
  } catch (error) {
    if (error instanceof Unavailable) return { reason: error.message };
    throw error;
  }
};

/** Uses a fresh folder below the guest's /tmp. */
export const inFolder = async (root: string, use: (guestPath: string) => Promise<void>): Promise<void> => {
  const dir = Deno.makeTempDirSync({ dir: `${root}/tmp`, prefix: "t" });
  Deno.chmodSync(dir, 0o755);
  try {
    await use(dir.slice(root.length));
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
};

export const note = (line: Record<string, unknown>): void => {
  const file = Deno.env.get("PROGRAMS_TIMES");
  if (file !== undefined) Deno.writeTextFileSync(file, JSON.stringify(line) + "\n", { append: true });
};

const write = (dir: string, files: ProgramCase["files"]): void => {
  for (const [name, text] of Object.entries(files ?? {})) {
    const path = `${dir}/${name}`;
    Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    Deno.writeTextFileSync(path, text);
  }
};

const compare = async (root: string, c: ProgramCase): Promise<void> => {
  const times: Record<string, unknown> = { name: c.name };
  let got: Output | undefined, other: Output | undefined;
  await inFolder(root, async (cwd) => {
    write(root + cwd, c.files);
    got = await dolly(root, c.command, {
      cwd,
      stdin: c.stdin,
      seconds: c.seconds,
      env: c.env,
      options: c.options,
    });
  });
  const { stdout, stderr, status, ms } = got!;
  times.dolly = Math.round(ms);
  const said = `stdout: ${stdout}\nstderr: ${stderr}\n`;
  assert.equal(status, c.status ?? 0, said);
  if (c.expect === "native" || c.expect === "qemu") {
    const { expect } = c;
    await inFolder(root, async (cwd) => {
      write(root + cwd, c.files);
      other = await (expect === "native" ? native : qemu)(root, c, cwd);
    });
    assert.equal(stdout, other!.stdout, said);
    assert.equal(status, other!.status, said);
    times[expect] = Math.round(other!.ms);
  } else if ("text" in c.expect) assert.equal(stdout, c.expect.text, said);
  else assert.match(stdout, c.expect.matches, said);
  note(times);
};

/** These tests fetch packages and take minutes: only `deno task programs` runs them. */
export const ignore = Deno.env.get("DOLLY_PROGRAMS") === undefined;

/** Registers a test. Skipped when the packages, qemu or the host's program are not there. */
export const program = (c: ProgramCase): void => {
  Deno.test({ name: c.name, ignore }, async () => {
    const found = sysroot(c.packages);
    const needed = c.expect === "qemu" ? "qemu-riscv64" : c.expect === "native" ? c.command[0] : "sh";
    const reason = "reason" in found ? found.reason : isHere(needed) ? undefined : `${needed} is not here`;
    if (reason !== undefined) return console.log(`skipped: ${reason}`);
    await compare((found as { root: string }).root, c);
  });
};
