/** Record pages: counted, reused clean, and mapped per address space. */

import { strict as assert } from "node:assert";
import { CodeMemory, CodePages } from "../../../cpu/interp/code_memory.ts";
import { OP_PAGE_END } from "../../../cpu/interp/op_tables.ts";
import { BLOCKS, CODE_MAP, PERM_R, PERM_W, PERM_X, PERMS, RECORD, RECORDS_PER_PAGE } from "../../../cpu/layout.ts";

function shadow(): WebAssembly.Memory {
  return new WebAssembly.Memory({ initial: BLOCKS / 65536 });
}

Deno.test("a record page is free again when its last holder releases it, and comes back undecoded", () => {
  const code = new CodeMemory();
  const at = code.allocate();
  code.retain(at);
  code.view.setUint16(at + 5 * RECORD, 77, true);
  code.release(at);
  assert.equal(code.live, 1);
  code.release(at);
  assert.equal(code.live, 0);
  assert.equal(code.allocate(), at);
  assert.equal(code.view.getUint16(at + 5 * RECORD, true), 0);
  assert.equal(code.view.getUint16(at + RECORDS_PER_PAGE * RECORD, true), OP_PAGE_END);
});

Deno.test("releasing a record page twice is a defect", () => {
  const code = new CodeMemory();
  const at = code.allocate();
  code.release(at);
  assert.throws(() => code.release(at));
});

Deno.test("code memory grows and keeps its view fresh", () => {
  const code = new CodeMemory();
  let last = 0;
  for (let i = 0; i < 300; i++) last = code.allocate();
  code.view.setUint16(last, 1, true);
  assert.ok(last + RECORD < code.view.byteLength);
  assert.equal(code.live, 300);
});

Deno.test("a page with records loses its write permission bit until they are dropped", () => {
  const memory = shadow();
  const pages = new CodePages(memory, new CodeMemory());
  const permissions = new Uint8Array(memory.buffer, PERMS);
  permissions[16] = PERM_R | PERM_W | PERM_X;
  const at = pages.create(16);
  assert.equal(permissions[16], PERM_R | PERM_X);
  assert.equal(new Uint32Array(memory.buffer, CODE_MAP)[16], at);
  pages.drop(16);
  assert.equal(new Uint32Array(memory.buffer, CODE_MAP)[16], 0);
  assert.equal(pages.has(16), false);
});

Deno.test("a forked space shares records until either side drops them", () => {
  const code = new CodeMemory();
  const parent = new CodePages(shadow(), code);
  const at = parent.create(3);
  parent.create(4);
  const child = new CodePages(shadow(), code);
  child.inherit(parent);
  assert.equal(code.live, 2);
  parent.drop(3);
  assert.equal(code.live, 2);
  assert.equal(new Uint32Array(child.shadow.buffer, CODE_MAP)[3], at);
  child.dropRange(0, 1 << 20);
  assert.equal(code.live, 1);
  parent.dropAll();
  assert.equal(code.live, 0);
});
