/** The CPU as the kernel sees it: traps, budgets, faults, code that changes, register access. */

import { strict as assert } from "node:assert";
import type { GuestCpu } from "../../cpu/cpu.ts";
import { PERM_R, PERM_W, PERM_X } from "../../cpu/layout.ts";
import { encode } from "../../cpu/rv64/assemble.ts";
import { Trap } from "../../cpu/types.ts";
import { FlatHost, RWX } from "./flat_host.ts";

const CODE = 0x10000;
const DATA = 0x20000;
const NOP = encode("addi");
const LOOP = encode("jal", { imm: 0 });

function words(...list: number[]): Uint8Array {
  return new Uint8Array(new Uint32Array(list).buffer);
}

/** A CPU about to run these words at CODE, with a page of data. */
function cpuWith(code: readonly number[], permissions = PERM_R | PERM_X): GuestCpu & { host: FlatHost } {
  const host = new FlatHost(0x40000);
  host.allow(CODE >>> 12, (CODE >>> 12) + 2, permissions);
  host.allow(DATA >>> 12, (DATA >>> 12) + 1, PERM_R | PERM_W);
  host.poke(CODE, words(...code));
  const cpu = host.newCpu();
  cpu.pc = CODE;
  return cpu as GuestCpu & { host: FlatHost };
}

/** Counts entries of the interpreter from now on. */
function countRuns(host: FlatHost): { count: number } {
  const entries = { count: 0 };
  const engine = host.engine;
  const counted = {
    run(block: number) {
      entries.count++;
      return engine.run(block);
    },
  };
  Object.defineProperty(host, "engine", { value: counted });
  return entries;
}

Deno.test("a system call leaves pc at the ecall, which is not counted", () => {
  const cpu = cpuWith([NOP, encode("ecall"), NOP]);
  assert.equal(cpu.run(10), Trap.Syscall);
  assert.equal(cpu.pc, CODE + 4);
  assert.equal(cpu.spent, 1);
});

Deno.test("breakpoint and illegal instruction leave pc at the instruction", () => {
  const cpu = cpuWith([encode("ebreak"), 0]);
  assert.equal(cpu.run(10), Trap.Breakpoint);
  assert.equal(cpu.pc, CODE);
  cpu.pc += 4;
  assert.equal(cpu.run(10), Trap.Illegal);
  assert.equal(cpu.pc, CODE + 4);
});

Deno.test("a budget far beyond one entry of the interpreter is spent exactly", () => {
  const cpu = cpuWith([encode("addi", { rd: 5, rs1: 5, imm: 1 }), encode("jal", { imm: -4 })]);
  assert.equal(cpu.run(1_000_001), Trap.BudgetSpent);
  assert.equal(cpu.spent, 1_000_001);
  assert.equal(cpu.x(5), 500_001n);
  assert.equal(cpu.pc, CODE + 4);
  assert.equal(cpu.retired, 1_000_001);
});

Deno.test("a budget of nothing runs nothing and faults nowhere", () => {
  const cpu = cpuWith([NOP]);
  cpu.pc = 0;
  assert.equal(cpu.run(0), Trap.BudgetSpent);
  assert.equal(cpu.spent, 0);
});

Deno.test("an interrupt is taken before anything runs, once", () => {
  const cpu = cpuWith([NOP, LOOP]);
  cpu.interrupt();
  assert.equal(cpu.run(10), Trap.Interrupted);
  assert.equal(cpu.spent, 0);
  assert.equal(cpu.run(10), Trap.BudgetSpent);
});

Deno.test("a load outside every mapping faults with its address and changes nothing", () => {
  const cpu = cpuWith([encode("ld", { rd: 5, rs1: 6, imm: 8 })]);
  cpu.setX(6, 0xffff_ffff_8000_0000n);
  cpu.setNumber(5, 7);
  assert.equal(cpu.run(10), Trap.Fault);
  assert.deepEqual({ ...cpu.fault }, { signal: "SEGV", code: 1, addr: 0xffff_ffff_8000_0008n });
  assert.equal(cpu.pc, CODE);
  assert.equal(cpu.x(5), 7n);
});

Deno.test("a store to a page that may only be read is an access error", () => {
  const cpu = cpuWith([encode("sb", { rs1: 6, rs2: 5 })]);
  cpu.host.allow(DATA >>> 12, (DATA >>> 12) + 1, PERM_R);
  cpu.setNumber(6, DATA + 5);
  assert.equal(cpu.run(10), Trap.Fault);
  assert.deepEqual({ ...cpu.fault }, { signal: "SEGV", code: 2, addr: BigInt(DATA + 5) });
});

Deno.test("a store that crosses into a forbidden page faults at that page and writes no byte", () => {
  const cpu = cpuWith([encode("sd", { rs1: 6, rs2: 5 })]);
  cpu.setNumber(6, DATA + 0xffc);
  cpu.setNumber(5, -1);
  assert.equal(cpu.run(10), Trap.Fault);
  assert.equal(cpu.fault.addr, BigInt(DATA + 0x1000));
  assert.equal(new Uint8Array(cpu.host.memory.buffer)[DATA + 0xffc], 0);
});

Deno.test("running from data, from a hole and from beyond 4 GiB faults at the target", () => {
  for (
    const [target, code] of [[BigInt(DATA), 2], [0x3f000n, 1], [0x1_0000_0000n, 1], [
      0xffff_ffff_ffff_f000n,
      1,
    ]] as const
  ) {
    const cpu = cpuWith([encode("jalr", { rs1: 6 })]);
    cpu.setX(6, target);
    assert.equal(cpu.run(10), Trap.Fault);
    assert.deepEqual({ ...cpu.fault }, { signal: "SEGV", code, addr: target });
    assert.equal(cpu.spent, 1);
  }
});

Deno.test("an instruction across two pages runs, and faults if the second page may not be executed", () => {
  const cpu = cpuWith([]);
  cpu.host.poke(CODE + 0xffe, words(encode("addi", { rd: 5, imm: 42 }), LOOP));
  cpu.pc = CODE + 0xffe;
  assert.equal(cpu.run(1), Trap.BudgetSpent);
  assert.equal(cpu.x(5), 42n);
  cpu.host.allow((CODE >>> 12) + 1, (CODE >>> 12) + 2, PERM_R);
  cpu.pc = CODE + 0xffe;
  assert.equal(cpu.run(1), Trap.Fault);
  assert.equal(cpu.fault.addr, BigInt(CODE + 0x1000));
  assert.equal(cpu.pc, CODE + 0xffe);
});

Deno.test("a loop with an instruction across two pages runs without leaving the interpreter, and sees it change", () => {
  const cpu = cpuWith([], RWX);
  const at = CODE + 0xffe;
  const body = [encode("addi", { rd: 5, rs1: 5, imm: 1 }), encode("jal", { imm: -4 })];
  cpu.host.poke(at, words(...body));
  cpu.pc = at;
  const entries = countRuns(cpu.host);
  assert.equal(cpu.run(1000), Trap.BudgetSpent);
  assert.equal(cpu.x(5), 500n);
  assert.ok(entries.count < 6, `${entries.count} entries`);
  cpu.host.poke(at + 2, words(encode("addi", { rd: 5, rs1: 5, imm: 3 }) >>> 16 | body[1] << 16).subarray(0, 2));
  assert.equal(cpu.run(1000), Trap.BudgetSpent);
  assert.equal(cpu.x(5), 2000n);
});

Deno.test("a branch across two pages goes where it says and stops at its budget", () => {
  const cpu = cpuWith([], RWX);
  const at = CODE + 0xffe;
  cpu.host.poke(
    at - 4,
    words(encode("addi", { rd: 5, rs1: 5, imm: 1 }), encode("bne", { rs1: 5, rs2: 6, imm: -4 }), LOOP),
  );
  cpu.setNumber(6, 100);
  cpu.pc = at - 4;
  assert.equal(cpu.run(199), Trap.BudgetSpent);
  assert.equal(cpu.pc, at);
  assert.equal(cpu.run(1), Trap.BudgetSpent);
  assert.equal(cpu.pc, at + 4);
  assert.equal(cpu.x(5), 100n);
});

Deno.test("a store into the page it runs from takes effect on the next instruction", () => {
  const replacement = encode("addi", { rd: 5, imm: 99 });
  const cpu = cpuWith([encode("sw", { rs1: 6, rs2: 7, imm: 4 }), encode("addi", { rd: 5, imm: 1 }), LOOP], RWX);
  cpu.setNumber(6, CODE);
  cpu.setNumber(7, replacement);
  assert.equal(cpu.run(3), Trap.BudgetSpent);
  assert.equal(cpu.x(5), 99n);
});

Deno.test("a page written after it was decoded is decoded anew", () => {
  const store = [encode("sw", { rs1: 6, rs2: 7 }), encode("jalr", { rs1: 6 })];
  const cpu = cpuWith(store);
  const page = CODE + 0x1000;
  cpu.host.allow(page >>> 12, (page >>> 12) + 1, RWX);
  cpu.host.poke(page, words(encode("addi", { rd: 5, rs1: 5, imm: 1 }), encode("jalr", { rs1: 8 })));
  cpu.setNumber(6, page);
  cpu.setNumber(8, CODE);
  for (let imm = 2; imm < 5; imm++) {
    cpu.setNumber(7, encode("addi", { rd: 5, rs1: 5, imm }));
    assert.equal(cpu.run(4), Trap.BudgetSpent);
  }
  assert.equal(cpu.x(5), 9n);
});

Deno.test("registers are read and written as numbers, halves and BigInts alike", () => {
  const cpu = cpuWith([]);
  cpu.setNumber(5, -2);
  assert.equal(cpu.x(5), 0xffff_ffff_ffff_fffen);
  assert.equal(cpu.lo(5), 0xffff_fffe);
  assert.equal(cpu.hi(5), -1);
  cpu.setNumber(5, 2 ** 40 + 3);
  assert.equal(cpu.x(5), 2n ** 40n + 3n);
  cpu.setX(0, 5n);
  cpu.setNumber(0, 5);
  assert.equal(cpu.x(0), 0n);
  cpu.fcsr = 0xe3;
  assert.equal(cpu.fcsr, 0xe3);
});

Deno.test("registers survive growth of the shadow memory", () => {
  const cpu = cpuWith([encode("addi", { rd: 5, rs1: 5, imm: 1 }), encode("csrrs", { rd: 6, imm: 0xc02 }), LOOP]);
  cpu.setNumber(5, 1);
  cpu.host.shadow.grow(1);
  assert.equal(cpu.run(3), Trap.BudgetSpent);
  cpu.host.shadow.grow(1);
  assert.equal(cpu.x(5), 2n);
  assert.equal(cpu.x(6), 1n);
});

Deno.test("copied registers include pc and floating-point state but not the reservation", () => {
  const cpu = cpuWith([encode("lr.w", { rd: 5, rs1: 6 }), LOOP]);
  cpu.setNumber(6, DATA);
  cpu.setF(3, 5n);
  cpu.fcsr = 0x41;
  cpu.run(1);
  assert.equal(cpu.hasReservation, true);
  const child = cpu.host.newCpu();
  child.copyRegistersFrom(cpu);
  assert.deepEqual([child.x(6), child.f(3), child.fcsr, child.pc], [BigInt(DATA), 5n, 0x41, CODE + 4]);
  assert.equal(child.hasReservation, false);
  cpu.clearReservation();
  assert.equal(cpu.hasReservation, false);
});

Deno.test("a released CPU cannot run", () => {
  const cpu = cpuWith([NOP]);
  cpu.release();
  assert.throws(() => cpu.run(1));
  assert.throws(() => cpu.release());
});

Deno.test("rdtime reads the clock of the machine, rdinstret the instructions before it", () => {
  const cpu = cpuWith([NOP, encode("csrrs", { rd: 5, imm: 0xc02 }), encode("csrrs", { rd: 6, imm: 0xc01 }), LOOP]);
  cpu.host.codePages.code.clock = () => 2 ** 50 + 1;
  cpu.run(4);
  assert.equal(cpu.x(5), 1n);
  assert.equal(cpu.x(6), 2n ** 50n + 1n);
});
