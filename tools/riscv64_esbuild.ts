/** esbuild for riscv64 from npm, a static Go program with threads: fetched once into Dolly's cache. For tests and measurements. */
import { cacheDirectory } from "./debian_sysroot.ts";

const VERSION = "0.28.1";

/** The program's path; undefined where npm cannot fetch it. */
export const riscv64Esbuild = (): string | undefined => {
  const dir = `${cacheDirectory()}/esbuild-${VERSION}`, file = `${dir}/package/bin/esbuild`;
  try {
    Deno.statSync(file);
    return file;
  } catch { /* not fetched yet */ }
  Deno.mkdirSync(dir, { recursive: true });
  const pack = `npm pack --silent @esbuild/linux-riscv64@${VERSION} && tar -xzf *.tgz`;
  const { success } = new Deno.Command("sh", { args: ["-c", pack], cwd: dir, stderr: "null" }).outputSync();
  return success ? file : undefined;
};
