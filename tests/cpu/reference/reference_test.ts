/** The reference interpreter where qemu is no judge: traps, faults that leave no trace, reservations, CSRs, reserved rounding modes. */
import assert from "node:assert/strict";
import { BLOCK_SIZE, FFLAGS, FRM, INSTRET, PERM_R, PERM_W } from "../../../cpu/layout.ts";
import { BUS_ADRALN, MemoryFault } from "../../../cpu/reference/port.ts";
import { Reference, Step, stepFault, stepReference } from "../../../cpu/reference/reference.ts";
import { encode, type Fields } from "../../../cpu/rv64/assemble.ts";
import { type RowName, ROWS } from "../../../cpu/rv64/rows.ts";
import { BASE, FlatMemory, newBlock } from "./guest_program.ts";

const PC = BigInt(BASE);
const DATA = PC + 64n;

function machine() {
  const memory = new FlatMemory(new Uint8Array(256));
  const block = newBlock();
  const reference = new Reference();
  block.pc = PC;
  return {
    memory,
    block,
    reference,
    /** Executes one instruction at PC. */
    run(name: RowName, fields: Fields): Step {
      memory.view.setUint32(0, encode(name, fields), true);
      block.pc = PC;
      return reference.step(block, memory);
    },
    /** The result in x10 of an instruction on x11 and x12. */
    result(name: RowName, a: bigint, b = 0n, fields: Fields = {}): bigint {
      block.setX(11, a);
      block.setX(12, b);
      assert.equal(this.run(name, { rd: 10, rs1: 11, rs2: 12, ...fields }), Step.Ok);
      return block.x(10);
    },
  };
}

Deno.test("conditional zero picks by the second operand", () => {
  const m = machine();
  assert.equal(m.result("czero.eqz", 7n, 0n), 0n);
  assert.equal(m.result("czero.eqz", 7n, 1n << 63n), 7n);
  assert.equal(m.result("czero.nez", 7n, 0n), 7n);
  assert.equal(m.result("czero.nez", 7n, 1n << 63n), 0n);
});

Deno.test("ctzw of a zero word is 32 whatever is above it", () => {
  const m = machine();
  assert.equal(m.result("ctzw", 0n), 32n);
  assert.equal(m.result("ctzw", 1n << 63n), 32n);
  assert.equal(m.result("ctzw", 0x8000_0000n), 31n);
});

Deno.test("division by zero and overflow give the manual's results", () => {
  const m = machine();
  const least = 1n << 63n;
  const ones = (1n << 64n) - 1n;
  assert.equal(m.result("div", 5n, 0n), ones);
  assert.equal(m.result("divu", 5n, 0n), ones);
  assert.equal(m.result("rem", 5n, 0n), 5n);
  assert.equal(m.result("remu", 5n, 0n), 5n);
  assert.equal(m.result("div", least, ones), least);
  assert.equal(m.result("rem", least, ones), 0n);
  const leastWord = BigInt.asUintN(64, -(1n << 31n));
  assert.equal(m.result("divw", leastWord, ones), leastWord);
  assert.equal(m.result("remw", leastWord, ones), 0n);
  assert.equal(m.result("divuw", 5n, 1n << 32n), ones);
  assert.equal(m.result("remuw", 0x80000000n, 0n), leastWord);
});

Deno.test("x0 stays zero", () => {
  const m = machine();
  assert.equal(m.run("addi", { rd: 0, imm: 5 }), Step.Ok);
  assert.equal(m.block.x(0), 0n);
});

Deno.test("ecall and ebreak stop with pc at them, an illegal word too", () => {
  const m = machine();
  assert.equal(m.run("ecall", {}), Step.Syscall);
  assert.equal(m.block.pc, PC);
  assert.equal(m.run("ebreak", {}), Step.Breakpoint);
  assert.equal(m.block.pc, PC);
  m.memory.view.setUint32(0, 0, true);
  assert.equal(m.reference.step(m.block, m.memory), Step.Illegal);
  assert.equal(m.block.pc, PC);
});

Deno.test("fence.i is retired", () => {
  const m = machine();
  assert.equal(m.run("fence.i", {}), Step.FenceI);
  assert.equal(m.block.pc, PC + 4n);
});

Deno.test("jalr reads its target before it writes the link, and clears the lowest bit", () => {
  const m = machine();
  m.block.setX(11, 0x2001n);
  assert.equal(m.run("jalr", { rd: 11, rs1: 11, imm: 4 }), Step.Ok);
  assert.equal(m.block.pc, 0x2004n);
  assert.equal(m.block.x(11), PC + 4n);
});

Deno.test("a faulting instruction leaves the block as it was", () => {
  for (const row of ROWS) {
    const atomic = row.extension === "A";
    if (
      !atomic && row.name !== "jalr" && !/^(l[bhwd]u?|s[bhwd]|fl[wd]|fs[wd])$/.test(row.name) || row.name === "jalr"
    ) continue;
    if (row.name.startsWith("sc.")) continue; // without a reservation it does not access memory
    const m = machine();
    for (let i = 0; i < 32; i++) m.block.setX(i, 0xdead0000n);
    m.memory.view.setUint32(0, encode(row.name, { rd: 5, rs1: 6, rs2: 7 }), true);
    const before = new Uint8Array(m.block.words.buffer, 0, BLOCK_SIZE).slice();
    assert.equal(m.reference.step(m.block, m.memory), Step.Fault, row.name);
    assert.deepEqual(new Uint8Array(m.block.words.buffer, 0, BLOCK_SIZE), before, row.name);
    assert.equal(m.reference.fault?.addr, 0xdead0000n);
    if (!atomic) assert.equal(m.reference.fault?.access, row.format === "S" ? PERM_W : PERM_R, row.name);
  }
});

Deno.test("an instruction that crosses into an unmapped page faults at the second half", () => {
  const m = machine();
  const at = PC + 254n;
  m.memory.view.setUint16(254, 0x13, true);
  m.block.pc = at;
  assert.equal(stepReference(m.block, m.memory), Step.Fault);
  assert.equal(stepFault().addr, at + 2n);
  assert.equal(m.block.pc, at);
});

Deno.test("misaligned atomics are bus errors, misaligned plain accesses are not", () => {
  const m = machine();
  m.block.setX(11, DATA + 2n);
  for (const name of ["lr.w", "sc.w", "amoadd.w", "lr.d", "sc.d", "amoswap.d"] as const) {
    assert.equal(m.run(name, { rd: 10, rs1: 11, rs2: 12 }), Step.Fault, name);
    const { signal, code, addr } = m.reference.fault!;
    assert.deepEqual([signal, code, addr], ["BUS", BUS_ADRALN, DATA + 2n], name);
  }
  assert.equal(m.run("lw", { rd: 10, rs1: 11 }), Step.Ok);
});

Deno.test("a store-conditional succeeds once after its load-reserved", () => {
  const m = machine();
  m.memory.view.setUint32(64, 0x80000001, true);
  assert.equal(m.result("lr.w", DATA), 0xffffffff80000001n);
  assert.equal(m.result("sc.w", DATA, 5n), 0n);
  assert.equal(m.memory.view.getUint32(64, true), 5);
  assert.equal(m.result("sc.w", DATA, 6n), 1n);
  assert.equal(m.memory.view.getUint32(64, true), 5);
});

Deno.test("a store-conditional fails at another address, of another width, or after the value changed", () => {
  const m = machine();
  m.result("lr.w", DATA);
  assert.equal(m.result("sc.w", DATA + 8n, 1n), 1n);
  assert.equal(m.result("sc.w", DATA, 1n), 1n, "the failed one ended the reservation");
  m.result("lr.w", DATA);
  assert.equal(m.result("sc.d", DATA, 1n), 1n);
  m.result("lr.d", DATA);
  m.memory.view.setUint8(64, 9);
  assert.equal(m.result("sc.d", DATA, 1n), 1n);
});

Deno.test("atomics on words compare and store words, and give the old value sign-extended", () => {
  const m = machine();
  const old = 0x8000000f;
  const cases: [RowName, bigint, number][] = [
    ["amominu.w", 0xffffffff00000005n, 5],
    ["amomaxu.w", 0xffffffff00000005n, old],
    ["amomin.w", 5n, old],
    ["amomax.w", 5n, 5],
    ["amoadd.w", 0x80000000n, 15],
    ["amoswap.w", 1n, 1],
  ];
  for (const [name, operand, stored] of cases) {
    m.memory.view.setUint32(64, old, true);
    m.memory.view.setUint32(68, 0x77777777, true);
    assert.equal(m.result(name, DATA, operand), 0xffffffff8000000fn, name);
    assert.equal(m.memory.view.getUint32(64, true), stored, name);
    assert.equal(m.memory.view.getUint32(68, true), 0x77777777, name);
  }
});

Deno.test("fcsr is frm above fflags", () => {
  const m = machine();
  m.result("csrrw", 0xffn, 0n, { imm: 3 });
  assert.deepEqual([m.block.get32(FFLAGS), m.block.get32(FRM)], [31, 7]);
  assert.equal(m.result("csrrc", 0x0fn, 0n, { imm: 1 }), 31n);
  assert.equal(m.block.get32(FFLAGS), 16);
  assert.equal(m.result("csrrwi", 0n, 0n, { imm: 2, zimm: 2 }), 7n);
  assert.equal(m.result("csrrs", 0n, 0n, { imm: 3, rs1: 0 }), 0x50n);
});

Deno.test("counters are read-only; instret includes the slice so far", () => {
  const m = machine();
  Object.assign(m.memory, { time: () => 123 });
  m.block.set64(INSTRET, 1000n);
  m.reference.progress = 7;
  assert.equal(m.result("csrrs", 0n, 0n, { imm: 0xc01, rs1: 0 }), 123n);
  assert.equal(m.result("csrrs", 0n, 0n, { imm: 0xc02, rs1: 0 }), 1007n);
  assert.equal(m.result("csrrci", 0n, 0n, { imm: 0xc00, zimm: 0 }), 1007n);
  assert.equal(m.run("csrrs", { rd: 10, rs1: 11, imm: 0xc01 }), Step.Illegal);
  assert.equal(m.run("csrrw", { rd: 0, rs1: 0, imm: 0xc00 }), Step.Illegal);
  assert.equal(m.run("csrrs", { rd: 10, rs1: 0, imm: 0x300 }), Step.Illegal, "mstatus");
});

Deno.test("a reserved rounding mode is illegal, static or dynamic, and leaves no trace", () => {
  const m = machine();
  for (const rm of [5, 6]) assert.equal(m.run("fadd.d", { rd: 1, rs1: 2, rs2: 3, rm }), Step.Illegal);
  m.block.set32(FRM, 5);
  assert.equal(m.run("fcvt.d.w", { rd: 1, rs1: 11, rm: 7 }), Step.Illegal);
  assert.equal(m.run("fadd.d", { rd: 1, rs1: 2, rs2: 3, rm: 0 }), Step.Ok);
  assert.equal(m.run("fsgnj.d", { rd: 1, rs1: 2, rs2: 3 }), Step.Ok, "no rounding mode field");
  assert.equal(m.block.pc, PC + 4n);
});

Deno.test("an error that is no fault passes through", () => {
  const m = machine();
  const broken = { fetch: () => assert.fail("broken port"), load: () => 0n, store: () => {} };
  assert.throws(() => m.reference.step(m.block, broken), /broken port/);
  assert.ok(!(m.reference.fault instanceof MemoryFault));
});
