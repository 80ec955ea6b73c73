/** esbuild from npm: a static Go program with threads. Its output is held against qemu-riscv64's on the same file. */
import assert from "node:assert/strict";
import { riscv64Esbuild } from "../../tools/riscv64_esbuild.ts";
import { ignore, note, runHost } from "./harness.ts";

const MOD = new URL("../../mod.ts", import.meta.url).pathname;

/** 50 modules, each importing the next two. */
const project = (dir: string): void => {
  for (let i = 0; i < 50; i++) {
    const next = [i + 1, i + 2].filter((n) => n < 50);
    const imports = next.map((n) => `import { f${n} } from "./m${n}.ts";`).join("\n");
    const sum = next.map((n) => `f${n}(x + 1)`).join(" + ") || "x";
    Deno.writeTextFileSync(
      `${dir}/m${i}.ts`,
      `${imports}\ninterface Shape${i} { readonly side: number }\nexport const f${i} = (x: number): number => {\n  const shape: Shape${i} = { side: x * ${i} };\n  return (shape.side ?? 0) % 1000 + (x > 5 ? 0 : ${sum});\n};\n`,
    );
  }
  Deno.writeTextFileSync(`${dir}/main.ts`, `import { f0 } from "./m0.ts";\nconsole.log(f0(1));\n`);
};

const CASES: readonly (readonly [name: string, args: readonly string[]])[] = [
  ["version", ["--version"]],
  ["minify a TypeScript file", ["m7.ts", "--minify"]],
  ["bundle 50 modules", ["main.ts", "--bundle", "--minify", "--sourcemap=inline"]],
];

for (const [name, args] of CASES) {
  Deno.test({ name: `esbuild: ${name}`, ignore }, async () => {
    const file = riscv64Esbuild();
    if (file === undefined) return console.log("skipped: npm cannot fetch esbuild");
    const dir = Deno.makeTempDirSync();
    try {
      project(dir);
      const o = { cwd: dir };
      const got = await runHost(Deno.execPath(), ["run", "-A", MOD, "run", file, ...args], o, "", 120);
      assert.equal(got.status, 0, got.stderr);
      const other = await runHost("qemu-riscv64", [file, ...args], o, "", 120);
      assert.equal(got.stdout, other.stdout);
      note({ name: `esbuild: ${name}`, dolly: Math.round(got.ms), qemu: Math.round(other.ms) });
    } finally {
      Deno.removeSync(dir, { recursive: true });
    }
  });
}
