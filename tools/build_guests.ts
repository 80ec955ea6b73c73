/**
 * Builds the guest programs of tests/guests/src with riscv64-linux-gnu-gcc into tests/guests/bin, and writes manifest.json: the hash of each source and binary,
 * and the compiler. `--check`: the sources must be those the committed binaries were built from; where the same compiler is present they are rebuilt and compared.
 */
const HERE = new URL("../tests/guests/", import.meta.url);
const COMPILER = "riscv64-linux-gnu-gcc";
const FLAGS = ["-O2", "-static", "-s", "-Wl,--gc-sections,--build-id=none", "-pthread"];

interface Entry {
  readonly source: string;
  readonly sourceHash: string;
  readonly binaryHash: string;
}
interface Manifest {
  readonly compiler: string;
  readonly flags: readonly string[];
  readonly guests: Readonly<Record<string, Entry>>;
}

const hash = async (bytes: Uint8Array<ArrayBuffer>): Promise<string> =>
  [...new Uint8Array(await crypto.subtle.digest("SHA-256", bytes))].map((b) => b.toString(16).padStart(2, "0")).join(
    "",
  );

const run = (command: string, args: readonly string[]): { ok: boolean; out: string } => {
  try {
    const { success, stdout, stderr } = new Deno.Command(command, { args: [...args] }).outputSync();
    return { ok: success, out: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
  } catch {
    return { ok: false, out: `${command} is not here` };
  }
};

const compilerVersion = (): string | undefined => {
  const { ok, out } = run(COMPILER, ["--version"]);
  return ok ? out.split("\n")[0] : undefined;
};

const sources = (): string[] =>
  [...Deno.readDirSync(new URL("src/", HERE))].map((e) => e.name).filter((n) => /\.[cS]$/.test(n)).sort();
const nameOf = (source: string): string => source.replace(/\.[cS]$/, "");

const build = (source: string, to: string): string | undefined => {
  const { ok, out } = run(COMPILER, [...FLAGS, new URL(`src/${source}`, HERE).pathname, "-o", to, "-lm"]);
  return ok ? undefined : out;
};

const writeAll = async (): Promise<number> => {
  const compiler = compilerVersion();
  if (compiler === undefined) {
    console.error(`${COMPILER} is not here`);
    return 1;
  }
  Deno.mkdirSync(new URL("bin/", HERE), { recursive: true });
  const guests: Record<string, Entry> = {};
  for (const source of sources()) {
    const to = new URL(`bin/${nameOf(source)}`, HERE).pathname;
    const wrong = build(source, to);
    if (wrong !== undefined) {
      console.error(`${source}: ${wrong}`);
      return 1;
    }
    guests[nameOf(source)] = {
      source,
      sourceHash: await hash(Deno.readFileSync(new URL(`src/${source}`, HERE))),
      binaryHash: await hash(Deno.readFileSync(to)),
    };
  }
  const manifest: Manifest = { compiler, flags: FLAGS, guests };
  Deno.writeTextFileSync(new URL("manifest.json", HERE), JSON.stringify(manifest, null, 2) + "\n");
  console.log(`${Object.keys(guests).length} guests built`);
  return 0;
};

const check = async (): Promise<number> => {
  const manifest = JSON.parse(Deno.readTextFileSync(new URL("manifest.json", HERE))) as Manifest;
  const same = compilerVersion() === manifest.compiler;
  let wrong = 0;
  const complain = (line: string): void => {
    console.error(line);
    wrong++;
  };
  for (const source of sources()) {
    const name = nameOf(source), entry = manifest.guests[name];
    if (entry === undefined || entry.sourceHash !== await hash(Deno.readFileSync(new URL(`src/${source}`, HERE)))) {
      complain(`${source} is newer than its binary: run \`deno task guests\``);
      continue;
    }
    if (entry.binaryHash !== await hash(Deno.readFileSync(new URL(`bin/${name}`, HERE)))) {
      complain(`bin/${name} is not what the manifest says`);
    }
    if (!same) continue;
    const to = Deno.makeTempFileSync();
    const failed = build(source, to);
    if (failed !== undefined) complain(`${source}: ${failed}`);
    else if (entry.binaryHash !== await hash(Deno.readFileSync(to))) {
      complain(`bin/${name} is not what ${source} builds to`);
    }
    Deno.removeSync(to);
  }
  console.log(
    wrong === 0
      ? `guests: all as the manifest says${
        same ? ", rebuilt and compared" : " (not rebuilt: another compiler or none)"
      }`
      : `guests: ${wrong} wrong`,
  );
  return wrong === 0 ? 0 : 1;
};

if (import.meta.main) Deno.exit(Deno.args.includes("--check") ? await check() : await writeAll());
