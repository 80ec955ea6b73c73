/** The committed module is what the sources generate. */

import { strict as assert } from "node:assert";
import { generateInterpreter } from "../../../cpu/interp/generate.ts";
import { interpreterSource } from "../../../tools/build_interpreter.ts";

Deno.test("the committed interpreter equals a fresh generation", () => {
  const committed = Deno.readTextFileSync(new URL("../../../cpu/interp/interpreter_bytes.ts", import.meta.url));
  const same = committed === interpreterSource(generateInterpreter());
  assert.ok(same, "run: deno run -A tools/build_interpreter.ts");
});

Deno.test("the interpreter is a valid module", () => {
  assert.ok(WebAssembly.validate(generateInterpreter()));
});
