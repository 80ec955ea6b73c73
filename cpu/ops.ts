/**
 * The algebra of operations in which every guest instruction's meaning is written once (`cpu/rv64/meaning.ts`).
 * A meaning is a function over `Ops<V, B>`; each engine supplies one instance: the reference interpreter evaluates over
 * BigInt at once, the wasm interpreter and the region translator emit WebAssembly. `V` is a 64-bit integer value,
 * `B` a truth value. Values are pure until used: an expression used more than once must go through `let`.
 *
 * Order matters for effects only: `load`, `lr`, `sc`, `amo`, `store`, `setRd`, `setF`, `jump`, `branch`, `csr*` and `trap` happen in the
 * order they are called. A memory operation that faults leaves the instruction without any effect, so a meaning calls
 * memory operations before any `setRd`/`setF`/`jump`.
 */

/** Width of a memory access in bits. */
export type Width = 8 | 16 | 32 | 64;
/** Floating-point format: S = binary32, D = binary64. Registers hold raw 64 bits; S values are NaN-boxed. */
export type Format = "S" | "D";
export type AmoOp = "swap" | "add" | "xor" | "and" | "or" | "min" | "max" | "minu" | "maxu";
/** Integer type of a conversion: signed/unsigned word (32) or long (64). */
export type IntType = "w" | "wu" | "l" | "lu";
/** How an instruction leaves: the traps a meaning itself can raise. Memory faults come from the access. */
export type MeaningTrap = "syscall" | "breakpoint" | "illegal" | "fence.i" | "wait";

export interface Ops<V, B> {
  /** Sign-extended immediate of the instruction. */
  imm(): V;
  /** Address of this instruction. */
  pc(): V;
  /** Address of the next instruction in memory: pc + 2 or + 4. */
  next(): V;
  /** A constant; taken modulo 2^64. */
  k(value: bigint | number): V;
  /** Integer register named by the field. x0 reads as zero. */
  x(field: "rs1" | "rs2"): V;
  /** Writes the integer register named by rd; x0 stays zero. */
  setRd(value: V): void;
  /** Raw 64 bits of the floating-point register named by the field. */
  f(field: "rs1" | "rs2" | "rs3"): V;
  /** Writes raw 64 bits into the floating-point register named by rd. */
  setF(value: V): void;
  /** Evaluates once; the result may be used any number of times. */
  let(value: V): V;

  // 64-bit integer arithmetic, modulo 2^64
  add(a: V, b: V): V;
  sub(a: V, b: V): V;
  mul(a: V, b: V): V;
  /** High 64 bits of the 128-bit product: signed, unsigned, signed × unsigned. */
  mulh(a: V, b: V): V;
  mulhu(a: V, b: V): V;
  mulhsu(a: V, b: V): V;
  /** Division with RISC-V's results: by zero all ones (rem: the dividend); overflow gives the dividend (rem: 0). */
  div(a: V, b: V): V;
  divu(a: V, b: V): V;
  rem(a: V, b: V): V;
  remu(a: V, b: V): V;
  and(a: V, b: V): V;
  or(a: V, b: V): V;
  xor(a: V, b: V): V;
  not(a: V): V;
  /** Shifts and rotates take the amount modulo 64. */
  shl(a: V, b: V): V;
  shr(a: V, b: V): V;
  sar(a: V, b: V): V;
  rotl(a: V, b: V): V;
  rotr(a: V, b: V): V;
  /** Counts over all 64 bits; clz and ctz of 0 are 64. */
  clz(a: V): V;
  ctz(a: V): V;
  popcnt(a: V): V;
  /** Sign- or zero-extends the low `width` bits to 64. */
  sext(a: V, width: 8 | 16 | 32): V;
  zext(a: V, width: 8 | 16 | 32): V;
  /** The 8 bytes in reverse order. */
  bswap(a: V): V;
  /** Each byte becomes 0x00 if it was zero, else 0xff (orc.b). */
  orcb(a: V): V;

  eq(a: V, b: V): B;
  ne(a: V, b: V): B;
  lt(a: V, b: V): B;
  ltu(a: V, b: V): B;
  ge(a: V, b: V): B;
  geu(a: V, b: V): B;
  select(c: B, whenTrue: V, whenFalse: V): V;
  /** 1 or 0. */
  bit(c: B): V;

  /** Continues at `target` (its lowest bit already cleared by the meaning where the manual says so). */
  jump(target: V): void;
  /** Continues at `target` if the condition holds, else at `next`. */
  branch(c: B, target: V): void;

  /** Guest memory, little-endian, misaligned allowed. */
  load(width: Width, signed: boolean, addr: V): V;
  store(width: Width, addr: V, value: V): void;
  /** Atomic read-modify-write; yields the old value, sign-extended. Misaligned address faults. */
  amo(op: AmoOp, width: 32 | 64, addr: V, value: V): V;
  /** Load-reserved, sign-extended; registers the reservation. Misaligned address faults. */
  lr(width: 32 | 64, addr: V): V;
  /** Store-conditional: 0 if stored, 1 if the reservation was lost. Always ends the reservation. */
  sc(width: 32 | 64, addr: V, value: V): V;

  // Floating point on raw register values. Results are already boxed and canonical; flags accrue in fcsr. The rounding mode
  // is the instruction's rm field (7 = dynamic, frm; a reserved mode is an illegal instruction) unless said otherwise.
  /** The S value inside a register: raw low 32 bits zero-extended, or the canonical NaN 0x7fc00000 if not NaN-boxed. */
  unbox(raw: V): V;
  /** NaN-boxes the low 32 bits. */
  box(bits: V): V;
  farith(op: "add" | "sub" | "mul" | "div", fmt: Format, a: V, b: V): V;
  fsqrt(fmt: Format, a: V): V;
  /** Fused (±a×b) ± c, rounded once. */
  fma(fmt: Format, a: V, b: V, c: V, negateProduct: boolean, negateAddend: boolean): V;
  /** minimumNumber / maximumNumber of IEEE 754-2019, as RISC-V 2.2 F/D define them. */
  fminmax(op: "min" | "max", fmt: Format, a: V, b: V): V;
  /** 0/1; feq is quiet, flt and fle signal on any NaN. */
  fcmp(op: "eq" | "lt" | "le", fmt: Format, a: V, b: V): V;
  /** The 10-bit class mask. */
  fclass(fmt: Format, a: V): V;
  /** Float to integer (saturating, NaN gives the largest; 32-bit results sign-extended). */
  fToInt(fmt: Format, to: IntType, a: V): V;
  /** Integer to float, as a boxed register value. */
  intToF(fmt: Format, from: IntType, a: V): V;
  /** Conversion between formats, as a boxed register value. */
  fToF(to: Format, from: Format, a: V): V;

  /** Control and status register `imm & 0xfff`: swap/set/clear by `value`; `write` false when the row writes nothing. Gives the old value. */
  csr(op: "write" | "set" | "clear", value: V, write: boolean, read: boolean): V;
  /** The 5-bit immediate of csrr*i, zero-extended (it sits in the rs1 field). */
  zimm(): V;
  trap(kind: MeaningTrap): void;
}

/** One instruction's meaning. */
export type Meaning = <V, B>(o: Ops<V, B>) => void;
