import assert from "node:assert/strict";
import { HEAD, parseScript } from "../../../actors/exec/script.ts";

const bytes = (s: string) => new TextEncoder().encode(s);
const text = (b: Uint8Array | undefined) => b === undefined ? undefined : new TextDecoder().decode(b);
const parsed = (s: string) => {
  const r = parseScript(bytes(s).subarray(0, HEAD));
  return r.kind === "script" ? [text(r.interpreter), text(r.argument)] : r.kind;
};

Deno.test("a #! line is an interpreter and at most one argument with its inner blanks", () => {
  assert.deepEqual(parsed("#!/bin/sh\necho"), ["/bin/sh", undefined]);
  assert.deepEqual(parsed("#! \t/usr/bin/env  -S a  b \t\nx"), ["/usr/bin/env", "-S a  b"]);
  assert.deepEqual(parsed("#!/bin/sh"), ["/bin/sh", undefined]);
});

Deno.test("a #! line without an interpreter, or with one cut off by the buffer, cannot be used", () => {
  assert.equal(parsed("#!\n"), "unusable");
  assert.equal(parsed("#!   \t\nfoo"), "unusable");
  assert.equal(parsed("#!/" + "x".repeat(300)), "unusable");
});

Deno.test("a long optional argument is cut at the buffer's end", () => {
  const [interpreter, argument] = parsed("#!/bin/sh " + "a".repeat(400)) as string[];
  assert.equal(interpreter, "/bin/sh");
  assert.equal(argument.length, HEAD - "#!/bin/sh ".length);
});

Deno.test("other files are not scripts", () => {
  assert.equal(parsed(""), "not a script");
  assert.equal(parsed("#"), "not a script");
  assert.equal(parsed("\x7fELF"), "not a script");
});
