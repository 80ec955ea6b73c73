/** The script CPU meets the kernel as the real one does. */
import assert from "node:assert/strict";
import { AnonymousShared } from "../../../cpu/memory/shared.ts";
import { ECALL, j, li, lw, type ScriptOp } from "../../../cpu/script/ops.ts";
import { ScriptSpace } from "../../../cpu/script/space.ts";
import { BadAddress, Trap } from "../../../cpu/types.ts";

const BASE = 0x10000, DATA = 0x20000;
const spaceOf = (...ops: ScriptOp[]): ScriptSpace => {
  const space = new ScriptSpace({ base: BASE, ops });
  space.mmap({ addr: DATA, length: 4096, prot: 3, shared: false, fixed: true, noReplace: false, offset: 0 });
  return space;
};
const cpuOf = (space: ScriptSpace) => {
  const cpu = space.newCpu();
  cpu.pc = BASE;
  return cpu;
};

Deno.test("a call traps at the ecall with its arguments in registers", () => {
  const cpu = cpuOf(spaceOf(li(10, -2), li(17, 93), ECALL));
  assert.equal(cpu.run(100), Trap.Syscall);
  assert.equal(cpu.pc, BASE + 8);
  assert.equal(cpu.x(10), 0xfffffffffffffffen);
  assert.equal(cpu.spent, 3);
});

Deno.test("the budget is exact", () => {
  const cpu = cpuOf(spaceOf(j(0)));
  assert.equal(cpu.run(7), Trap.BudgetSpent);
  assert.equal(cpu.spent, 7);
});

Deno.test("an access outside every mapping is a fault with its address", () => {
  const cpu = cpuOf(spaceOf(lw(10, 0x500000)));
  assert.equal(cpu.run(5), Trap.Fault);
  assert.deepEqual(cpu.fault, { signal: "SEGV", code: 1, addr: 0x500000n });
});

Deno.test("fork copies private pages and shares shared ones", () => {
  const space = spaceOf();
  space.share(0x40000, 4096, new AnonymousShared(4096));
  space.setU32(DATA, 1);
  const child = space.fork();
  space.setU32(DATA, 2);
  space.setU32(0x40000, 3);
  assert.equal(child.u32(DATA), 1);
  assert.equal(child.u32(0x40000), 3);
});

Deno.test("values that straddle two pages, strings and bad addresses are as on the real space", () => {
  const space = spaceOf();
  space.mmap({ addr: DATA + 4096, length: 4096, prot: 3, shared: false, fixed: true, noReplace: false, offset: 0 });
  space.setBig(DATA + 4092, 0x1122334455667788n);
  assert.equal(space.big(DATA + 4092), 0x1122334455667788n);
  space.write(DATA, new TextEncoder().encode("abc\0"));
  assert.equal(new TextDecoder().decode(space.cstring(DATA, 16)), "abc");
  assert.throws(() => space.u8(DATA - 1), (e) => e instanceof BadAddress);
  assert.equal(space.accessible(DATA + 8000, 400, true), 192);
});
