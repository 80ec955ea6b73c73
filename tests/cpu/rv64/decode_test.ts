import assert from "node:assert/strict";
import { F, R_IMM, R_LEN, R_OP, R_RD, R_RM, R_RS1, R_RS2, R_RS3, RECORD, X, X_SINK } from "../../../cpu/layout.ts";
import { encode } from "../../../cpu/rv64/assemble.ts";
import { COMPRESSED_ROWS } from "../../../cpu/rv64/compressed.ts";
import { compressedRow, decode, encodeRecord, lengthOf } from "../../../cpu/rv64/decode.ts";

function text(half: number): string | undefined {
  const d = decode(half, half);
  return d && `${d.row.name} ${d.rd} ${d.rs1} ${d.rs2} ${d.imm}`;
}

Deno.test("reserved 16-bit encodings are illegal", () => {
  const reserved = {
    "all zeros": 0x0000,
    "c.addi4spn with immediate 0": 0x0004,
    "c.addiw with rd x0": 0x2005,
    "c.addi16sp with immediate 0": 0x6101,
    "c.lui with immediate 0": 0x6281,
    "c.jr with rs1 x0": 0x8002,
    "c.lwsp with rd x0": 0x4002,
    "c.ldsp with rd x0": 0x6002,
    "quadrant 0, funct3 4": 0x8000,
    "c.subw row with funct2 2": 0x9c41,
    "c.subw row with funct2 3": 0x9c61,
  };
  for (const [why, half] of Object.entries(reserved)) assert.equal(decode(half, half), undefined, why);
});

Deno.test("hints stay legal", () => {
  assert.equal(text(0x0001), "addi 0 0 0 0"); // c.nop
  assert.equal(text(0x0005), "addi 0 0 0 1"); // c.nop with an immediate
  assert.equal(text(0x0281), "addi 5 5 0 0"); // c.addi with immediate 0
  assert.equal(text(0x4005), "addi 0 0 0 1"); // c.li x0
  assert.equal(text(0x6005), "lui 0 0 0 4096"); // c.lui x0
  assert.equal(text(0x8006), "add 0 0 1 0"); // c.mv x0
  assert.equal(text(0x9006), "add 0 0 1 0"); // c.add x0
  assert.equal(text(0x0006), "slli 0 0 0 1"); // c.slli x0
  assert.equal(text(0x0282), "slli 5 5 0 0"); // shift by 0
});

Deno.test("compressed rows of one bucket are told apart by the first match", () => {
  for (const row of COMPRESSED_ROWS) assert.equal((row.match & ~row.mask) >>> 0, 0, row.name);
  assert.equal(compressedRow(0x9002)?.name, "c.ebreak");
  assert.equal(compressedRow(0x9082)?.name, "c.jalr");
  assert.equal(compressedRow(0x9086)?.name, "c.add");
  assert.equal(compressedRow(0x6105)?.name, "c.addi16sp");
});

Deno.test("the first halfword announces the length", () => {
  for (let half = 0; half < 0x10000; half++) assert.equal(lengthOf(half), (half & 3) === 3 ? 4 : 2);
});

Deno.test("bits above a 16-bit instruction are not looked at", () => {
  assert.deepEqual(decode(0x4505, 0xffff4505 | 0), decode(0x4505, 0x4505));
});

Deno.test("a record names registers by their offset in the CPU block", () => {
  const view = new DataView(new ArrayBuffer(2 * RECORD));
  const record = (word: number) => {
    const d = decode(word & 0xffff, word)!;
    encodeRecord(d, d.id, view, RECORD);
    return {
      op: view.getUint16(RECORD + R_OP, true),
      rd: view.getUint16(RECORD + R_RD, true),
      rs1: view.getUint16(RECORD + R_RS1, true),
      rs2: view.getUint16(RECORD + R_RS2, true),
      rs3: view.getUint16(RECORD + R_RS3, true),
      imm: view.getInt32(RECORD + R_IMM, true),
      length: view.getUint8(RECORD + R_LEN),
      rm: view.getUint8(RECORD + R_RM),
    };
  };
  const add = record(encode("add", { rd: 0, rs1: 5, rs2: 6 }));
  assert.deepEqual([add.rd, add.rs1, add.rs2, add.length], [X_SINK, X + 40, X + 48, 4]);
  const fma = record(encode("fmadd.d", { rd: 0, rs1: 1, rs2: 2, rs3: 3, rm: 2 }));
  assert.deepEqual([fma.rd, fma.rs1, fma.rs2, fma.rs3, fma.rm], [F, F + 8, F + 16, F + 24, 2]);
  const fsd = record(encode("fsd", { rs1: 2, rs2: 8, imm: -16 }));
  assert.deepEqual([fsd.rs1, fsd.rs2, fsd.imm], [X + 16, F + 64, -16]);
  const csr = record(encode("csrrwi", { rd: 1, imm: 0xc01, zimm: 31 }));
  assert.deepEqual([csr.rd, csr.rs3, csr.imm], [X + 8, 31, 0xc01]);
  const li = record(0x4505); // c.li a0,1
  assert.deepEqual([li.rd, li.rs1, li.imm, li.length], [X + 80, X, 1, 2]);
});
