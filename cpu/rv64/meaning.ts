/**
 * The meaning of every base row, each written once over the algebra of `cpu/ops.ts`; engines supply the instance. This file
 * holds I, M, Zicsr and Zifencei and joins the other extensions.
 *
 * Reads happen when the value is used, so whatever is read after a write to `rd` goes through `let` before it: rd may be rs1.
 */
import type { Meaning, Ops, Width } from "../ops.ts";
import { atomic } from "./meaning_atomic.ts";
import { bitManipulation } from "./meaning_bits.ts";
import { floatingPoint } from "./meaning_float.ts";
import { type RowName, ROWS } from "./rows.ts";

/** A two-operand operation on values, made the meaning of a register-register row. */
type Binary = <V, B>(o: Ops<V, B>, a: V, b: V) => V;
type Test = <V, B>(o: Ops<V, B>, a: V, b: V) => B;

function registers(f: Binary): Meaning {
  return (o) => o.setRd(f(o, o.x("rs1"), o.x("rs2")));
}

function immediate(f: Binary): Meaning {
  return (o) => o.setRd(f(o, o.x("rs1"), o.imm()));
}

function branch(test: Test): Meaning {
  return (o) => o.branch(test(o, o.x("rs1"), o.x("rs2")), o.add(o.pc(), o.imm()));
}

function load(width: Width, signed: boolean): Meaning {
  return (o) => o.setRd(o.load(width, signed, o.add(o.x("rs1"), o.imm())));
}

function store(width: Width): Meaning {
  return (o) => o.store(width, o.add(o.x("rs1"), o.imm()), o.x("rs2"));
}

const add: Binary = (o, a, b) => o.add(a, b);
const addw: Binary = (o, a, b) => o.sext(o.add(a, b), 32);
const slt: Binary = (o, a, b) => o.bit(o.lt(a, b));
const sltu: Binary = (o, a, b) => o.bit(o.ltu(a, b));
const xor: Binary = (o, a, b) => o.xor(a, b);
const or: Binary = (o, a, b) => o.or(a, b);
const and: Binary = (o, a, b) => o.and(a, b);
const sll: Binary = (o, a, b) => o.shl(a, b);
const srl: Binary = (o, a, b) => o.shr(a, b);
const sra: Binary = (o, a, b) => o.sar(a, b);
const sllw: Binary = (o, a, b) => o.sext(o.shl(a, o.and(b, o.k(31))), 32);
const srlw: Binary = (o, a, b) => o.sext(o.shr(o.zext(a, 32), o.and(b, o.k(31))), 32);
const sraw: Binary = (o, a, b) => o.sar(o.sext(a, 32), o.and(b, o.k(31)));

const integer = () => ({
  "lui": (o) => o.setRd(o.imm()),
  "auipc": (o) => o.setRd(o.add(o.pc(), o.imm())),
  "jal": (o) => {
    o.setRd(o.next());
    o.jump(o.add(o.pc(), o.imm()));
  },
  "jalr": (o) => {
    const target = o.let(o.and(o.add(o.x("rs1"), o.imm()), o.k(-2)));
    o.setRd(o.next());
    o.jump(target);
  },
  "beq": branch((o, a, b) => o.eq(a, b)),
  "bne": branch((o, a, b) => o.ne(a, b)),
  "blt": branch((o, a, b) => o.lt(a, b)),
  "bge": branch((o, a, b) => o.ge(a, b)),
  "bltu": branch((o, a, b) => o.ltu(a, b)),
  "bgeu": branch((o, a, b) => o.geu(a, b)),
  "lb": load(8, true),
  "lh": load(16, true),
  "lw": load(32, true),
  "ld": load(64, true),
  "lbu": load(8, false),
  "lhu": load(16, false),
  "lwu": load(32, false),
  "sb": store(8),
  "sh": store(16),
  "sw": store(32),
  "sd": store(64),
  "addi": immediate(add),
  "slti": immediate(slt),
  "sltiu": immediate(sltu),
  "xori": immediate(xor),
  "ori": immediate(or),
  "andi": immediate(and),
  "slli": immediate(sll),
  "srli": immediate(srl),
  "srai": immediate(sra),
  "add": registers(add),
  "sub": registers((o, a, b) => o.sub(a, b)),
  "sll": registers(sll),
  "slt": registers(slt),
  "sltu": registers(sltu),
  "xor": registers(xor),
  "srl": registers(srl),
  "sra": registers(sra),
  "or": registers(or),
  "and": registers(and),
  "addiw": immediate(addw),
  "slliw": immediate(sllw),
  "srliw": immediate(srlw),
  "sraiw": immediate(sraw),
  "addw": registers(addw),
  "subw": registers((o, a, b) => o.sext(o.sub(a, b), 32)),
  "sllw": registers(sllw),
  "srlw": registers(srlw),
  "sraw": registers(sraw),
  // Every guest memory access is sequentially consistent already: one thread runs all CPUs.
  "fence": () => {},
  "ecall": (o) => o.trap("syscall"),
  "ebreak": (o) => o.trap("breakpoint"),
} satisfies Partial<Record<RowName, Meaning>>);

/**
 * The engine looks at the rs1 field itself: set and clear with field 0 (x0, or an immediate of 0) do not write, which matters for
 * read-only registers.
 */
const system = () => ({
  "fence.i": (o) => o.trap("fence.i"),
  "csrrw": (o) => o.setRd(o.csr("write", o.x("rs1"), true, true)),
  "csrrs": (o) => o.setRd(o.csr("set", o.x("rs1"), true, true)),
  "csrrc": (o) => o.setRd(o.csr("clear", o.x("rs1"), true, true)),
  "csrrwi": (o) => o.setRd(o.csr("write", o.zimm(), true, true)),
  "csrrsi": (o) => o.setRd(o.csr("set", o.zimm(), true, true)),
  "csrrci": (o) => o.setRd(o.csr("clear", o.zimm(), true, true)),
} satisfies Partial<Record<RowName, Meaning>>);

/** The word forms of divide need no cases of their own: the 64-bit results for zero and overflow truncate to the right ones. */
const multiply = () => ({
  "mul": registers((o, a, b) => o.mul(a, b)),
  "mulh": registers((o, a, b) => o.mulh(a, b)),
  "mulhsu": registers((o, a, b) => o.mulhsu(a, b)),
  "mulhu": registers((o, a, b) => o.mulhu(a, b)),
  "div": registers((o, a, b) => o.div(a, b)),
  "divu": registers((o, a, b) => o.divu(a, b)),
  "rem": registers((o, a, b) => o.rem(a, b)),
  "remu": registers((o, a, b) => o.remu(a, b)),
  "mulw": registers((o, a, b) => o.sext(o.mul(a, b), 32)),
  "divw": registers((o, a, b) => o.sext(o.div(o.sext(a, 32), o.sext(b, 32)), 32)),
  "divuw": registers((o, a, b) => o.sext(o.divu(o.zext(a, 32), o.zext(b, 32)), 32)),
  "remw": registers((o, a, b) => o.sext(o.rem(o.sext(a, 32), o.sext(b, 32)), 32)),
  "remuw": registers((o, a, b) => o.sext(o.remu(o.zext(a, 32), o.zext(b, 32)), 32)),
} satisfies Partial<Record<RowName, Meaning>>);

let byName: Readonly<Record<RowName, Meaning>> | undefined;
let byId: readonly (Meaning | undefined)[] | undefined;

/** The meaning of each row. Nothing else in the program says what an instruction does. Made when first asked for: a short program needs none of it. */
export function meanings(): Readonly<Record<RowName, Meaning>> {
  return byName ??= { ...integer(), ...system(), ...multiply(), ...atomic(), ...floatingPoint(), ...bitManipulation() };
}

/** The same by row id. */
export function meaningsById(): readonly (Meaning | undefined)[] {
  return byId ??= [undefined, ...ROWS.map((row) => meanings()[row.name])];
}
