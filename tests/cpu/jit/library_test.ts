/** Translated code is shared between the address spaces of a machine, where the same bytes lie at the same addresses. */

import { strict as assert } from "node:assert";
import { Translation } from "../../../cpu/jit/translation.ts";
import { ALWAYS, Translator } from "../../../cpu/jit/mod.ts";
import { encode } from "../../../cpu/rv64/assemble.ts";
import { Trap } from "../../../cpu/types.ts";
import { FlatHost, RWX } from "../flat_host.ts";

const CODE = 0x10000;

/** a0 counts down to 0 while a1 grows by `step`; then ecall. */
function countdown(step: number): Uint8Array {
  const words = [
    encode("addi", { rd: 11, rs1: 11, imm: step }),
    encode("addi", { rd: 10, rs1: 10, imm: -1 }),
    encode("bne", { rs1: 10, rs2: 0, imm: -8 }),
    encode("ecall", {}),
  ];
  return new Uint8Array(new Uint32Array(words).buffer);
}

/** A space of its own, in which the code at CODE is asked for and run; what a1 is then. */
function runIn(translator: Translator, code: Uint8Array): bigint {
  const host = new FlatHost(0x20000);
  host.allow(CODE >>> 12, (CODE >>> 12) + 1, RWX);
  host.poke(CODE, code);
  host.codePages.create(CODE >>> 12);
  const translation = new Translation(translator, host);
  host.codePages.hot = translation;
  host.code.translate = () => translation;
  translation.translate([CODE]);
  const cpu = host.newCpu();
  cpu.pc = CODE;
  cpu.setNumber(10, 100);
  assert.equal(cpu.run(1 << 20), Trap.Syscall);
  assert.equal(cpu.spent, 300);
  const result = cpu.x(11);
  translation.release();
  return result;
}

function translator(): Translator {
  return new Translator({ ...ALWAYS, interval: 1 << 20, cold: true });
}

Deno.test("a second space with the same bytes makes no code of its own", () => {
  const machine = translator();
  assert.equal(runIn(machine, countdown(3)), 300n);
  const { bytes } = machine.library;
  assert.ok(bytes > 0);
  assert.equal(runIn(machine, countdown(3)), 300n);
  assert.equal(machine.library.bytes, bytes);
});

Deno.test("a space with other bytes at the address gets other code, and both stay right", () => {
  const machine = translator();
  assert.equal(runIn(machine, countdown(3)), 300n);
  const { bytes } = machine.library;
  assert.equal(runIn(machine, countdown(5)), 500n);
  assert.ok(machine.library.bytes > bytes);
  assert.equal(runIn(machine, countdown(3)), 300n);
});

Deno.test("of code for one address that nobody uses any more only a few variants are kept", () => {
  const machine = translator();
  assert.equal(runIn(machine, countdown(1)), 100n);
  const { bytes } = machine.library;
  for (let step = 2; step <= 20; step++) assert.equal(runIn(machine, countdown(step)), 100n * BigInt(step));
  assert.ok(machine.library.bytes < 6 * bytes);
});
