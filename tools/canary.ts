/**
 * `deno task canary [--only C05,C12] [--limit N] [--seed N]`: seeds each known mistake into a copy of the kernel and tells in how many runs the fuzzer finds it. A canary
 * that lives is a hole in the invariants or in what programs do. The kernel itself carries no switches for this.
 */
import { CANARIES, type Canary } from "./canaries/list.ts";

const ROOT = new URL("..", import.meta.url).pathname;
const PARTS = ["actors", "cpu", "syscalls", "fuzz", "tools/canaries", "deno.json", "deno.lock"];
/** A run without progress for so long hangs in the kernel. */
const HANG_MS = 30_000;

const option = (name: string): string | undefined => {
  const at = Deno.args.indexOf(`--${name}`);
  return at < 0 ? undefined : Deno.args[at + 1];
};

const copyTree = (from: string, to: string): void => {
  if (!Deno.statSync(from).isDirectory) return Deno.copyFileSync(from, to);
  Deno.mkdirSync(to, { recursive: true });
  for (const e of Deno.readDirSync(from)) copyTree(`${from}/${e.name}`, `${to}/${e.name}`);
};

/** Fuzzes the copy; the line of the outcome. */
const hunt = async (dir: string, limit: number, seed: number): Promise<string> => {
  const child = new Deno.Command("deno", {
    args: ["run", "-A", "--no-check", `${dir}/tools/canaries/hunt.ts`, `${limit}`, `${seed}`],
    cwd: dir,
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let dots = 0, hangs = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const rearm = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      hangs = true;
      child.kill("SIGKILL");
    }, HANG_MS);
  };
  rearm();
  const reading = (async () => {
    for await (const chunk of child.stderr) {
      dots += chunk.length;
      rearm();
    }
  })();
  const out = await new Response(child.stdout).text();
  await reading;
  clearTimeout(timer);
  await child.status;
  return hangs ? `found ${dots * 100} the kernel hangs` : out.trim();
};

const tryCanary = async (dir: string, c: Canary, limit: number, seed: number): Promise<boolean> => {
  const path = `${dir}/${c.file}`, text = Deno.readTextFileSync(path);
  if (text.split(c.find).length !== 2) {
    console.log(`${c.id.padEnd(5)} stale: its place in ${c.file} is gone   ${c.what}`);
    return false;
  }
  Deno.writeTextFileSync(path, text.replace(c.find, () => c.replace));
  try {
    const [found, runs, ...how] = (await hunt(dir, limit, seed)).split(" ");
    const verdict = found === "found"
      ? `found in run ${runs}`
      : found === "none"
      ? `ALIVE after ${runs}`
      : "did not start";
    console.log(`${c.id.padEnd(5)} ${verdict.padEnd(22)} ${c.what}   [${how.join(" ")}]`);
    return found === "found";
  } finally {
    Deno.writeTextFileSync(path, text);
  }
};

const dir = Deno.makeTempDirSync({ prefix: "canary-" });
try {
  Deno.mkdirSync(`${dir}/tools`);
  for (const part of PARTS) copyTree(ROOT + part, `${dir}/${part}`);
  const only = option("only")?.split(",");
  const chosen = CANARIES.filter((c) => only === undefined || only.some((o) => c.id.startsWith(o)));
  const limit = Number(option("limit") ?? 20000), seed = Number(option("seed") ?? 1);
  let dead = 0;
  for (const c of chosen) if (await tryCanary(dir, c, limit, seed)) dead++;
  console.log(`${dead} of ${chosen.length} canaries found`);
  Deno.exitCode = dead === chosen.length ? 0 : 1;
} finally {
  Deno.removeSync(dir, { recursive: true });
}
