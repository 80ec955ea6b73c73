/** The Debian sysroot tool, as far as it goes without a network; tests/programs uses the rest. */
import assert from "node:assert/strict";
import { aptConfiguration, debianSysroot, mirrorIn, Unavailable } from "../../tools/debian_sysroot.ts";

Deno.test("the mirror is found in both formats of apt's sources", () => {
  assert.equal(mirrorIn("# x\nTypes: deb\nURIs: http://m.example/debian\nSuites: x\n"), "http://m.example/debian");
  assert.equal(mirrorIn("deb [arch=amd64] https://m.example/debian/ sid main\n"), "https://m.example/debian/");
  assert.equal(
    mirrorIn("deb https://other.example/apt stable main\nURIs: https://m.example/debian-security\n"),
    undefined,
  );
  assert.equal(mirrorIn("# deb http://m.example/debian sid main\n"), undefined);
});

Deno.test("apt's state lies inside the folder", () => {
  const text = aptConfiguration("/x/.apt", "riscv64");
  assert.match(text, /Dir::State::status "\/x\/\.apt\/status";/);
  assert.match(text, /APT::Architecture "riscv64";/);
});

Deno.test("a folder that has the packages asks nobody; without a mirror it is Unavailable", () => {
  const dir = Deno.makeTempDirSync();
  try {
    Deno.mkdirSync(`${dir}/.apt/wanted`, { recursive: true });
    Deno.writeTextFileSync(`${dir}/.apt/wanted/bash`, "");
    assert.equal(debianSysroot(["bash"], { dir }), dir);
    assert.throws(
      () => debianSysroot(["bash", "no-such-package"], { dir, mirror: "http://127.0.0.1:1/debian" }),
      Unavailable,
    );
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});
