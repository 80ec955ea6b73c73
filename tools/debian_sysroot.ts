/**
 * Unpacks packages of Debian's riscv64 archive, with all they depend on, into a folder usable as `--root` or `--sysroot`. For trying programs by hand and for
 * tests/programs; nothing it fetches belongs in the repository. `deno run -A tools/debian_sysroot.ts [--dir DIR] PACKAGE...` prints the folder; without --dir it is
 * one in the user's cache. It needs apt-get and dpkg-deb, reads the mirror of this machine's apt and keeps apt's state inside the folder, so the machine's own is not
 * touched. DOLLY_DEBIAN_ARCH (riscv64), DOLLY_DEBIAN_SUITE (forky) and DOLLY_DEBIAN_MIRROR may be set.
 */

/** Why there is no sysroot: a test skips with this line. */
export class Unavailable extends Error {}

export interface SysrootOptions {
  /** Folder to unpack into; default `defaultDirectory()`. */
  readonly dir?: string;
  readonly arch?: string;
  readonly suite?: string;
  readonly mirror?: string;
}

/** The list of packages is asked for again after a day. */
const LISTS_AGE = 24 * 3600 * 1000;
const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";

/** Dolly's folder in the user's cache. */
export const cacheDirectory = (): string => {
  const base = Deno.env.get("XDG_CACHE_HOME") || `${Deno.env.get("HOME") || "/tmp"}/.cache`;
  return `${base}/dolly`;
};

const setting = (name: string, fallback: string): string => Deno.env.get(`DOLLY_DEBIAN_${name}`) || fallback;

/** Where packages go when no folder is named. */
export const defaultDirectory = (o: SysrootOptions = {}): string =>
  `${cacheDirectory()}/debian-${o.suite ?? setting("SUITE", "forky")}-${o.arch ?? setting("ARCH", "riscv64")}`;

/** The first Debian mirror in apt's own source lists (both formats), or undefined. */
export const mirrorIn = (sources: string): string | undefined => {
  for (const line of sources.split("\n")) {
    const words = line.trim().split(/\s+/);
    const uris = words[0] === "URIs:" ? words.slice(1) : words[0] === "deb" ? words.slice(1) : [];
    const found = uris.find((w) => /^https?:\/\/\S*\/debian\/?$/.test(w));
    if (found !== undefined) return found;
  }
  return undefined;
};

const machineMirror = (): string => {
  const files = ["/etc/apt/sources.list"];
  try {
    for (const e of Deno.readDirSync("/etc/apt/sources.list.d")) files.push(`/etc/apt/sources.list.d/${e.name}`);
  } catch { /* a machine without the folder */ }
  for (const file of files.sort()) {
    try {
      const mirror = mirrorIn(Deno.readTextFileSync(file));
      if (mirror !== undefined) return mirror;
    } catch { /* unreadable or absent */ }
  }
  return "http://deb.debian.org/debian";
};

/** apt's configuration for a state folder of its own (apt.conf(5)). */
export const aptConfiguration = (state: string, arch: string): string =>
  [
    `APT::Architecture "${arch}";`,
    `APT::Architectures "${arch}";`,
    `APT::Install-Recommends "false";`,
    `APT::Sandbox::User "root";`,
    `Dir::State::Lists "${state}/lists";`,
    `Dir::State::status "${state}/status";`,
    `Dir::Cache "${state}/cache";`,
    `Dir::Etc::SourceList "${state}/sources.list";`,
    `Dir::Etc::SourceParts "/dev/null";`,
    `Dir::Etc::Preferences "/dev/null";`,
    `Dir::Etc::PreferencesParts "/dev/null";`,
    `Acquire::Retries "1";`,
    `Acquire::http::Timeout "20";`,
    "",
  ].join("\n");

const exists = (path: string): boolean => {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
};

/** Runs a program of the host; `Unavailable` with its last words when it fails or is not there. */
const run = (command: string, ...args: string[]): void => {
  let out: Deno.CommandOutput;
  try {
    out = new Deno.Command(command, { args, env: { DEBIAN_FRONTEND: "noninteractive" }, stdin: "null" }).outputSync();
  } catch {
    throw new Unavailable(`${command} is not here`);
  }
  if (out.success) return;
  const words = new TextDecoder().decode(out.stderr).trim().split("\n").slice(-2).join("; ");
  throw new Unavailable(`${command} failed: ${words || `status ${out.code}`}`);
};

const listsAreFresh = (lists: string): boolean => {
  for (const e of Deno.readDirSync(lists)) {
    const changed = Deno.statSync(`${lists}/${e.name}`).mtime;
    if (/Packages/.test(e.name) && changed !== null && Date.now() - changed.getTime() < LISTS_AGE) return true;
  }
  return false;
};

/** usr-merged directories first: packages bring files below both names. */
const makeSkeleton = (dir: string): void => {
  for (const d of ["bin", "sbin", "lib"]) {
    Deno.mkdirSync(`${dir}/usr/${d}`, { recursive: true });
    if (!exists(`${dir}/${d}`)) Deno.symlinkSync(`usr/${d}`, `${dir}/${d}`);
  }
  for (const d of ["proc", "sys", "dev", "tmp", "root", "etc", "run", "var/tmp"]) {
    Deno.mkdirSync(`${dir}/${d}`, { recursive: true });
  }
  const files: [string, string][] = [
    ["passwd", "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/usr/sbin/nologin\n"],
    ["group", "root:x:0:\nnogroup:x:65534:\n"],
    ["hosts", "127.0.0.1 localhost\n::1 localhost\n"],
  ];
  for (const [name, text] of files) {
    if (!exists(`${dir}/etc/${name}`)) Deno.writeTextFileSync(`${dir}/etc/${name}`, text);
  }
};

const unpack = (dir: string, state: string): number => {
  const archives = `${state}/cache/archives`;
  let packages = 0;
  for (const { name } of Deno.readDirSync(archives)) {
    if (!name.endsWith(".deb")) continue;
    packages++;
    const done = `${state}/${name}.done`;
    if (exists(done)) continue;
    const tar = Deno.makeTempFileSync();
    try {
      run("sh", "-c", `dpkg-deb --fsys-tarfile "$1" >"$2"`, "sh", `${archives}/${name}`, tar);
      run("tar", "-x", "-f", tar, "-C", dir, "--keep-directory-symlink");
    } finally {
      Deno.removeSync(tar);
    }
    Deno.writeTextFileSync(done, "");
  }
  return packages;
};

/** Names that packages leave to their installation scripts, which nothing here runs: links of update-alternatives. */
const ALTERNATIVES: readonly (readonly [link: string, to: string])[] = [
  ["usr/bin/awk", "gawk"],
  ["usr/bin/lua", "lua5.4"],
  ["usr/bin/cc", "gcc"],
  ["usr/bin/nc", "nc.openbsd"],
  ["usr/bin/php", "php8.4"],
  ["usr/bin/java", "../lib/jvm/java-25-openjdk-riscv64/bin/java"],
];
/** And the users some servers want to become, with the folders they want. */
const USERS = [
  "sshd:x:101:65534::/run/sshd:/usr/sbin/nologin",
  "_apt:x:42:65534::/nonexistent:/usr/sbin/nologin",
];

const finishInstallation = (dir: string): void => {
  for (const [link, to] of ALTERNATIVES) {
    const path = `${dir}/${link}`;
    if (!exists(path) && exists(`${dir}/${link.slice(0, link.lastIndexOf("/"))}/${to}`)) Deno.symlinkSync(to, path);
  }
  const passwd = `${dir}/etc/passwd`, known = Deno.readTextFileSync(passwd);
  const missing = USERS.filter((line) => !known.includes(`\n${line.slice(0, line.indexOf(":") + 1)}`));
  if (missing.length > 0) Deno.writeTextFileSync(passwd, missing.join("\n") + "\n", { append: true });
  Deno.mkdirSync(`${dir}/run/sshd`, { recursive: true, mode: 0o755 });
};

/**
 * Fetches and unpacks packages with their dependencies; the folder. What is there already is not fetched again, and a folder whose packages all are there asks nobody.
 * Throws `Unavailable` without apt, without network or for an unknown package.
 */
export const debianSysroot = (packages: readonly string[], o: SysrootOptions = {}): string => {
  const dir = (o.dir ?? defaultDirectory(o)).replace(/\/+$/, "");
  const arch = o.arch ?? setting("ARCH", "riscv64"), suite = o.suite ?? setting("SUITE", "forky");
  const state = `${dir}/.apt`;
  if (packages.every((p) => exists(`${state}/wanted/${p}`))) return dir;
  for (const d of ["lists/partial", "cache/archives/partial", "wanted"]) {
    Deno.mkdirSync(`${state}/${d}`, { recursive: true });
  }
  const mirror = o.mirror ?? setting("MIRROR", machineMirror());
  const signed = exists(KEYRING) ? ` signed-by=${KEYRING}` : "";
  Deno.writeTextFileSync(`${state}/sources.list`, `deb [arch=${arch}${signed}] ${mirror} ${suite} main\n`);
  Deno.writeTextFileSync(`${state}/apt.conf`, aptConfiguration(state, arch));
  if (!exists(`${state}/status`)) Deno.writeTextFileSync(`${state}/status`, "");
  if (!listsAreFresh(`${state}/lists`)) run("apt-get", "-qq", "-c", `${state}/apt.conf`, "update");
  run("apt-get", "-qq", "-y", "-c", `${state}/apt.conf`, "--download-only", "install", ...packages);
  makeSkeleton(dir);
  unpack(dir, state);
  finishInstallation(dir);
  for (const p of packages) Deno.writeTextFileSync(`${state}/wanted/${p}`, "");
  return dir;
};

if (import.meta.main) {
  const named = Deno.args[0] === "--dir";
  const packages = named ? Deno.args.slice(2) : Deno.args;
  if (packages.length === 0) {
    console.error("usage: debian_sysroot.ts [--dir DIR] PACKAGE...");
    Deno.exit(2);
  }
  try {
    console.log(debianSysroot(packages, named ? { dir: Deno.args[1] } : {}));
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    console.error(`debian_sysroot: ${error.message}`);
    Deno.exit(1);
  }
}
