/**
 * Makes the launch image: `deno bundle` of `cli/main.ts` into a directory of its own under `.launch/`, then the manifest, by rename. Run by `launch.ts` behind the first
 * start; by hand: `deno run -A cli/launch_image.ts`. `deno bundle` fetches its bundler from the npm registry once; where that fails, it is tried again after an hour.
 */
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import type { LaunchManifest } from "./launch.ts";

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const HOUR = 3_600_000;

/** Milliseconds since `path` was written; Infinity if it is not there. */
const age = (path: string): number => {
  try {
    return Date.now() - Deno.statSync(path).mtime!.getTime();
  } catch {
    return Infinity;
  }
};

const deno = (...args: string[]): Uint8Array => {
  const { success, stdout, stderr } = new Deno.Command(Deno.execPath(), { args, cwd: ROOT, stdin: "null" })
    .outputSync();
  if (!success) throw new Error(`deno ${args[0]}: ${new TextDecoder().decode(stderr)}`);
  return stdout;
};

/** The sources of the command line as they are now. */
const sourcesNow = (): LaunchManifest["sources"] => {
  const { modules } = JSON.parse(new TextDecoder().decode(deno("info", "--json", "cli/main.ts")));
  const paths: string[] = modules.map(({ local }: { local?: string }) => local ?? "");
  return paths.filter((p) => p.startsWith(`${ROOT}/`)).concat(`${ROOT}/deno.lock`).map((p) => {
    const { mtime, size } = Deno.statSync(p);
    return [p.slice(ROOT.length + 1), mtime!.getTime(), size];
  });
};

/** Images that a program still running may load from are kept for a while. */
const removeOld = (directory: string, keep: string): void => {
  for (const { name, isDirectory } of Deno.readDirSync(directory)) {
    if (isDirectory && name !== keep && age(`${directory}/${name}`) > 6 * HOUR) {
      Deno.removeSync(`${directory}/${name}`, { recursive: true });
    }
  }
};

/** Of a literal Deno loads the whole graph at the start (4 ms), wanted or not; a computed name it loads when asked. */
const loadWhenAsked = (text: string): string => text.replaceAll(/\bimport\("(\.\/[\w.-]+)"\)/g, 'import("" + "$1")');

/** A function in parentheses is compiled with its module, so that it is in Deno's code cache (4 ms of the first run of a program). */
const compileEarly = (text: string): string =>
  text.replaceAll(/^(var [\w$]+ = )((?:async )?\([^\n]*\) => \{\n(?:(?:[^}\n][^\n]*)?\n)*\});$/gm, "$1($2);");

/** One character beyond ASCII makes V8 keep a whole module in two bytes each. */
const inAscii = (text: string): string =>
  text.replaceAll(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);

/** The command line, and its one command that is loaded without it. */
const ENTRIES = ["cli/main.ts", "cli/run.ts"];

/** Makes the image in `directory`; the main module's path. */
export const makeLaunchImage = (directory: string): string => {
  const sources = sourcesNow();
  const name = `${Date.now().toString(36)}-${Deno.pid}`;
  deno("bundle", "--platform", "deno", "--code-splitting", "--outdir", `${directory}/${name}`, ...ENTRIES);
  for (const { name: file } of Deno.readDirSync(`${directory}/${name}`)) {
    const path = `${directory}/${name}/${file}`;
    Deno.writeTextFileSync(path, inAscii(compileEarly(loadWhenAsked(Deno.readTextFileSync(path)))));
  }
  const manifest: LaunchManifest = { deno: Deno.version.deno, entry: name, sources };
  Deno.writeTextFileSync(`${directory}/${name}.json`, JSON.stringify(manifest));
  Deno.renameSync(`${directory}/${name}.json`, `${directory}/manifest.json`);
  removeOld(directory, name);
  return `${directory}/${name}/main.js`;
};

if (import.meta.main) {
  const directory = `${ROOT}/.launch`;
  Deno.mkdirSync(directory, { recursive: true });
  if (age(`${directory}/failed`) < HOUR) Deno.exit(1);
  // One at a time; a lock left by a killed process ages.
  const lock = `${directory}/lock`;
  if (age(lock) > HOUR / 30) await Deno.remove(lock).catch(() => {});
  try {
    Deno.openSync(lock, { write: true, createNew: true }).close();
  } catch {
    Deno.exit(0);
  }
  try {
    makeLaunchImage(directory);
    await Deno.remove(`${directory}/failed`).catch(() => {});
  } catch (error) {
    Deno.writeTextFileSync(`${directory}/failed`, String(error));
    console.error(String(error));
  } finally {
    Deno.removeSync(lock);
  }
}
