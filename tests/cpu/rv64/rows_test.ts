import assert from "node:assert/strict";
import { encode } from "../../../cpu/rv64/assemble.ts";
import { decode } from "../../../cpu/rv64/decode.ts";
import { disassemble } from "../../../cpu/rv64/disassemble.ts";
import { meanings } from "../../../cpu/rv64/meaning.ts";
import { ROWS } from "../../../cpu/rv64/rows.ts";
import { Chance } from "../reference/guest_program.ts";

Deno.test("no word matches two rows", () => {
  for (const a of ROWS) {
    for (const b of ROWS) {
      if (a.id >= b.id) continue;
      const shared = a.mask & b.mask;
      assert.notEqual(a.match & shared, b.match & shared, `${a.name} and ${b.name} overlap`);
    }
  }
});

Deno.test("a row's match has no bits outside its mask and announces four bytes", () => {
  for (const row of ROWS) {
    assert.equal((row.match & ~row.mask) >>> 0, 0, row.name);
    assert.equal(row.match & 3, 3, row.name);
  }
});

Deno.test("ids are index plus one, names are unique and every row has a meaning", () => {
  ROWS.forEach((row, index) => assert.equal(row.id, index + 1));
  assert.equal(new Set(ROWS.map((row) => row.name)).size, ROWS.length);
  assert.deepEqual(Object.keys(meanings()).sort(), ROWS.map((row) => row.name).sort());
});

Deno.test("whatever fills a row's free bits, the word decodes to that row", () => {
  const chance = new Chance(1);
  for (const row of ROWS) {
    for (let i = 0; i < 50; i++) {
      const word = (chance.bits() & ~row.mask | row.match) >>> 0;
      assert.equal(decode(word & 0xffff, word)?.row.name, row.name, word.toString(16));
    }
  }
});

Deno.test("a decoded word encodes to itself", () => {
  const chance = new Chance(2);
  for (const row of ROWS) {
    if (row.format === "fence") continue; // its ordering fields are not decoded
    for (let i = 0; i < 50; i++) {
      const word = (chance.bits() & ~row.mask | row.match) >>> 0;
      const d = decode(word & 0xffff, word)!;
      const again = encode(row.name, { ...d, zimm: d.rs3, ordering: word >>> 25 & 3 });
      assert.equal(again, word, `${row.name} ${word.toString(16)} ${again.toString(16)}`);
    }
  }
});

Deno.test("an immediate out of range is refused", () => {
  assert.throws(() => encode("addi", { imm: 2048 }), RangeError);
  assert.throws(() => encode("beq", { imm: 3 }), RangeError);
  assert.throws(() => encode("slliw", { imm: 32 }), RangeError);
  assert.throws(() => encode("lui", { imm: 1 }), RangeError);
});

Deno.test("text shows operands in the manual's order, targets absolute when the address is known", () => {
  assert.equal(disassemble(encode("sd", { rs1: 2, rs2: 10, imm: -8 })), "sd a0,-8(sp)");
  assert.equal(disassemble(encode("beq", { rs1: 10, rs2: 11, imm: -4 }), 0x1000), "beq a0,a1,0xffc");
  assert.equal(disassemble(encode("jal", { rd: 1, imm: 16 })), "jal ra,pc+0x10");
  assert.equal(
    disassemble(encode("fmadd.d", { rd: 10, rs1: 11, rs2: 12, rs3: 13, rm: 1 })),
    "fmadd.d fa0,fa1,fa2,fa3,rtz",
  );
  assert.equal(disassemble(encode("amoadd.w", { rd: 10, rs1: 11, rs2: 12 })), "amoadd.w a0,a2,(a1)");
  assert.equal(disassemble(encode("csrrs", { rd: 10, imm: 0xc01 })), "csrrs a0,time,zero");
  assert.equal(disassemble(0), ".2byte 0x0");
  assert.equal(disassemble(0xffffffff), ".4byte 0xffffffff");
});
