/** The decoder against riscv64-linux-gnu-objdump: every 16-bit encoding, random fillings of every row, and random words. */
import assert from "node:assert/strict";
import type { CompressedRow } from "../../../cpu/rv64/compressed.ts";
import { compressedRow, decode } from "../../../cpu/rv64/decode.ts";
import type { Decoded } from "../../../cpu/rv64/decode.ts";
import { registerName, textOf } from "../../../cpu/rv64/disassemble.ts";
import { ROWS } from "../../../cpu/rv64/rows.ts";
import { Chance } from "../reference/guest_program.ts";

const TOOL = "riscv64-linux-gnu-objdump";
const ARCH = "rv64i2p1_m2p0_a2p1_f2p2_d2p2_c2p0_zicsr2p0_zifencei2p0_zba1p0_zbb1p0_zbs1p0";

function haveObjdump(): boolean {
  try {
    return new Deno.Command(TOOL, { args: ["--version"], stdout: "null" }).outputSync().success;
  } catch {
    return false;
  }
}

function cstring(text: string): number[] {
  return [...new TextEncoder().encode(text), 0];
}

function u32(value: number): number[] {
  return [value & 255, value >>> 8 & 255, value >>> 16 & 255, value >>> 24];
}

/** A relocatable ELF with the code and the attributes section that enables the bit-manipulation extensions. */
function elf(code: Uint8Array): Uint8Array {
  const arch = [5, ...cstring(ARCH)];
  const file = [1, ...u32(arch.length + 5), ...arch];
  const vendor = cstring("riscv");
  const attributes = Uint8Array.from([0x41, ...u32(4 + vendor.length + file.length), ...vendor, ...file]);
  const names = Uint8Array.from(cstring("\0.text\0.riscv.attributes\0.shstrtab"));
  const parts = [code, attributes, names];
  const starts = parts.map((_, i) => 64 + parts.slice(0, i).reduce((sum, p) => sum + (p.length + 7 & ~7), 0));
  const table = starts[2] + (names.length + 7 & ~7);
  const bytes = new Uint8Array(table + 4 * 64);
  parts.forEach((part, i) => bytes.set(part, starts[i]));
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  const view = new DataView(bytes.buffer);
  view.setUint16(16, 1, true);
  view.setUint16(18, 243, true);
  view.setUint32(20, 1, true);
  view.setBigUint64(40, BigInt(table), true);
  view.setUint32(48, 5, true);
  [64, 0, 0, 64, 4, 3].forEach((value, i) => view.setUint16(52 + 2 * i, value, true));
  const section = (index: number, name: number, type: number, flags: number) => {
    const at = table + 64 * index;
    view.setUint32(at, name, true);
    view.setUint32(at + 4, type, true);
    view.setBigUint64(at + 8, BigInt(flags), true);
    view.setBigUint64(at + 24, BigInt(starts[index - 1]), true);
    view.setBigUint64(at + 32, BigInt(parts[index - 1].length), true);
    view.setBigUint64(at + 48, 2n, true);
  };
  section(1, 1, 1, 6);
  section(2, 7, 0x70000003, 0);
  section(3, 25, 3, 0);
  return bytes;
}

/** objdump's text by address. */
function objdump(code: Uint8Array): Map<number, string> {
  const path = Deno.makeTempFileSync({ prefix: "dolly-objdump-", suffix: ".o" });
  try {
    Deno.writeFileSync(path, elf(code));
    const { stdout, code: status } = new Deno.Command(TOOL, {
      args: ["-d", "-z", "-M", "no-aliases,numeric", path],
    }).outputSync();
    assert.equal(status, 0);
    const lines = new Map<number, string>();
    for (const line of new TextDecoder().decode(stdout).split("\n")) {
      const match = /^\s*([0-9a-f]+):\t[0-9a-f]+\s+(.*)$/.exec(line);
      if (match) lines.set(parseInt(match[1], 16), match[2]);
    }
    return lines;
  } finally {
    Deno.removeSync(path);
  }
}

const NUMERIC = new Map<string, string>();
for (let i = 0; i < 32; i++) {
  NUMERIC.set(registerName(i), `x${i}`);
  NUMERIC.set(registerName(i, true), `f${i}`);
}

/** Addresses below zero wrap in objdump's text. */
function number(text: string): string {
  const match = /^(-?)(0x[0-9a-f]+|[0-9]+)$/.exec(text);
  return match === null ? text : String(BigInt.asIntN(64, match[1] ? -BigInt(match[2]) : BigInt(match[2])));
}

/** Name and operands; numbers in decimal, registers by number. */
function tokens(text: string): string[] {
  const plain = text.replace(/<.*?>/g, "").replace(/#.*/, "").trim();
  const [name, ...rest] = plain.split(/\s+/);
  const operands = rest.join("").split(/[,()]/).filter((operand) => operand !== "");
  return [
    name,
    ...operands.map((operand) => NUMERIC.get(operand) ?? number(operand)),
  ];
}

/** What objdump prints for a compressed instruction, from its row: implied registers and repeated ones are left out. */
function compressedTokens(row: CompressedRow, d: Decoded, pc: number): string[] {
  const [, ...base] = tokens(textOf(d, pc));
  if (row.name === "c.jr" || row.name === "c.jalr") return [row.name, `x${d.rs1}`];
  if (row.name === "c.j") return [row.name, base[1]];
  if (row.name === "c.ebreak") return [row.name];
  if (row.name === "c.beqz" || row.name === "c.bnez") return [row.name, base[0], base[2]];
  if (row.name === "c.li" || row.name === "c.mv") return [row.name, base[0], base[2]];
  if (base[0] === base[1] && row.rd === row.rs1) base.splice(1, 1);
  return [row.name, ...base];
}

const ignore = !haveObjdump(); // needs binutils for riscv64

Deno.test({
  name: "every 16-bit encoding decodes as objdump says",
  ignore,
  fn: () => {
    const halves = Array.from({ length: 0x10000 }, (_, i) => i).filter((i) => (i & 3) !== 3);
    const lines = objdump(new Uint8Array(Uint16Array.from(halves).buffer));
    const wrong: string[] = [];
    halves.forEach((half, index) => {
      const pc = 2 * index;
      const theirs = tokens(lines.get(pc) ?? "missing");
      const d = decode(half, half);
      if (half === 0x6101) return; // c.addi16sp with immediate 0 is reserved; objdump prints it all the same
      if (half === 0) theirs[0] = ".2byte"; // objdump: c.unimp, defined to be illegal
      theirs[0] = theirs[0].replace(/^(c\.s\w+)64$/, "$1"); // its names for shifts by 0
      if (d === undefined || theirs[0] === ".2byte") {
        // objdump 2.40 does not print hints with x0 and an immediate; they are legal.
        const hint = theirs[0] === ".2byte" && d !== undefined && d.rd === 0;
        if ((d === undefined) !== (theirs[0] === ".2byte") && !hint) {
          wrong.push(`${half.toString(16)}: ${theirs} / ${d?.row.name}`);
        }
        return;
      }
      const ours = compressedTokens(compressedRow(half)!, d, pc);
      if (theirs[0].startsWith("c.s") && theirs.length === 2 && ours[2] === "0") theirs.push("0");
      if (ours.join(" ") !== theirs.join(" ")) {
        wrong.push(`${half.toString(16)}: ${theirs.join(" ")} / ${ours.join(" ")}`);
      }
    });
    assert.deepEqual(wrong.slice(0, 20), [], `${wrong.length} differences`);
  },
});

/** Known to objdump, illegal in user mode here. */
const PRIVILEGED = /^([umsh]ret|dret|wfi|[hs]?[a-z]*fence[a-z.]+|hinval.*|sinval.*|h[ls]v.*)$/;

/** Where objdump 2.40 is stricter or has its own text. */
function excused(d: Decoded | undefined, theirs: string[]): boolean {
  if (d === undefined) return false;
  const { name, extension } = d.row;
  if (extension === "Zicond") return true; // newer than this binutils
  if (name === "fence" || name === "fence.i") return true; // ordering fields and reserved forms
  // The exact conversions ignore their rounding mode; objdump knows only mode 0.
  if (/^fcvt\.d\.(s|wu?)$/.test(name)) return d.rm !== 0;
  // Prefetch hints are a matter of text, and so are the names of CSRs beyond the floating-point ones.
  return extension === "Zicsr" && (d.imm < 1 || d.imm > 3) || theirs[0].startsWith("prefetch");
}

Deno.test({
  name: "every row with random free bits, and random words, decode as objdump says",
  ignore,
  fn: () => {
    const chance = new Chance(Number(Deno.env.get("SEED") ?? 1));
    const words = ROWS.flatMap((row) =>
      Array.from({ length: 40 }, () => (chance.bits() & ~row.mask | row.match) >>> 0)
    );
    for (let i = 0; i < 20_000; i++) {
      const near = chance.pick(ROWS);
      const word = chance.below(2) ? chance.bits() | 3 : near.match ^ 1 << chance.below(30) + 2;
      if ((word & 0x1f) !== 0x1f) words.push(word >>> 0); // longer encodings end in 11111
    }
    const lines = objdump(new Uint8Array(Uint32Array.from(words).buffer));
    const wrong: string[] = [];
    words.forEach((word, index) => {
      const theirs = tokens(lines.get(4 * index) ?? "missing");
      const d = decode(word & 0xffff, word | 0);
      if (excused(d, theirs)) return;
      if (d === undefined) {
        if (theirs[0] !== ".4byte" && !PRIVILEGED.test(theirs[0])) {
          wrong.push(`${word.toString(16)}: ${theirs.join(" ")} / illegal`);
        }
        return;
      }
      const ours = tokens(textOf(d, 4 * index)).map((token) => /^rm[56]$/.test(token) ? "unknown" : token);
      const suffix = /^(amo|lr|sc)/.test(theirs[0]) ? theirs[0].replace(/\.(aqrl|aq|rl)$/, "") : theirs[0];
      if (ours.join(" ") !== [suffix, ...theirs.slice(1)].join(" ")) {
        wrong.push(`${word.toString(16)}: ${theirs.join(" ")} / ${ours.join(" ")}`);
      }
    });
    assert.deepEqual(wrong.slice(0, 30), [], `${wrong.length} differences`);
  },
});
