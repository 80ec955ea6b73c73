/**
 * Starts the command line from its launch image where there is one: the sources bundled as JavaScript in `.launch/`, which Deno loads in a fraction of the time that 240
 * TypeScript files take (docs/ARCHITECTURE.md, "Start-up"). The image is a cache as Deno's own is: made by the first run, made anew after a change of any source, never
 * needed. `DOLLY_LAUNCH=sources` leaves it alone. This file is all that a start loads beside the image, so it imports nothing.
 */

/** What `.launch/manifest.json` holds. */
export interface LaunchManifest {
  /** The version of Deno that bundled it. */
  readonly deno: string;
  /** The image's folder under `.launch/`: `main.js`, and `run.js` for the command that is to start quickly. */
  readonly entry: string;
  /** Each source: path from the root, modification time in milliseconds, size in bytes. */
  readonly sources: readonly (readonly [path: string, changed: number, size: number])[];
}

interface CommandLine {
  main(words: readonly string[]): Promise<number>;
}
interface RunCommand {
  runCommand(words: readonly string[]): Promise<number>;
}

/** URL of the image's folder if no source has changed since it was made. */
const freshImage = (root: string): string | undefined => {
  try {
    const manifest: LaunchManifest = JSON.parse(Deno.readTextFileSync(`${root}/.launch/manifest.json`));
    if (manifest.deno !== Deno.version.deno) return undefined;
    for (const [path, changed, size] of manifest.sources) {
      const now = Deno.statSync(`${root}/${path}`);
      if (now.size !== size || now.mtime?.getTime() !== changed) return undefined;
    }
    const url = new URL("file:///");
    url.pathname = `${root}/.launch/${manifest.entry}`.replaceAll("%", "%25");
    return url.href;
  } catch {
    return undefined;
  }
};

/** Bundles for the next start, in a process of its own that nobody waits for. */
const makeImage = (root: string): void => {
  try {
    const args = ["run", "-A", `${root}/cli/launch_image.ts`];
    new Deno.Command(Deno.execPath(), { args, stdin: "null", stdout: "null", stderr: "null", detached: true })
      .spawn().unref();
  } catch {
    // Without an image each start takes longer and nothing else.
  }
};

const granted = (name: "run" | "write" | "env" | "read"): boolean =>
  Deno.permissions.querySync({ name }).state === "granted";

/** Runs the command line; the exit status. */
export const launch = async (root: string | undefined, words: readonly string[]): Promise<number> => {
  const usesImage = root !== undefined && granted("read") && granted("env") &&
    Deno.env.get("DOLLY_LAUNCH") !== "sources";
  const image = usesImage ? freshImage(root) : undefined;
  // A variable: a literal would put the whole program into the module graph of every start.
  const sources = "./main.ts";
  let status: number;
  if (image !== undefined && words[0] === "run") {
    const { runCommand }: RunCommand = await import(`${image}/run.js`);
    status = await runCommand(words.slice(1));
  } else {
    const { main }: CommandLine = await import(image === undefined ? sources : `${image}/main.js`);
    status = await main(words);
  }
  if (usesImage && image === undefined && granted("run") && granted("write")) makeImage(root);
  return status;
};
