/**
 * Classic BPF as seccomp allows it: programs over the 64 bytes of struct seccomp_data (net/core/filter.c bpf_check_classic, kernel/seccomp.c seccomp_check_filter). A
 * filter that was checked ends: jumps go forward only.
 */

/** Size of struct sock_filter, and most of them in a filter. */
export const INSTRUCTION = 8, MAX_INSTRUCTIONS = 4096;
const DATA_SIZE = 64, MEMORY = 16;

const LD_ABS = 0x20, LD_LEN = 0x80, LDX_LEN = 0x81, LD_IMM = 0x00, LDX_IMM = 0x01, LD_MEM = 0x60, LDX_MEM = 0x61;
const ST = 0x02, STX = 0x03, TAX = 0x07, TXA = 0x87, RET_K = 0x06, RET_A = 0x16, JA = 0x05;
/** Operations of the classes ALU (4) and JMP (5); +8 takes the second operand from X. */
const ADD = 0x04, SUB = 0x14, MUL = 0x24, DIV = 0x34, OR = 0x44, AND = 0x54, LSH = 0x64, RSH = 0x74, NEG = 0x84;
const XOR = 0xa4, JEQ = 0x15, JGT = 0x25, JGE = 0x35, JSET = 0x45, X = 8;

const ARITHMETIC = [ADD, SUB, MUL, DIV, OR, AND, XOR, LSH, RSH];
const BRANCHES = new Set([JEQ, JGT, JGE, JSET].flatMap((op) => [op, op + X]));
const KNOWN = new Set([
  ...[LD_ABS, LD_LEN, LDX_LEN, LD_IMM, LDX_IMM, LD_MEM, LDX_MEM, ST, STX, TAX, TXA, RET_K, RET_A, JA, NEG],
  ...ARITHMETIC.flatMap((op) => [op, op + X]),
  ...BRANCHES,
]);

/** A checked program; those installed before it are asked too. */
export interface Filter {
  readonly code: Uint16Array;
  readonly jt: Uint8Array;
  readonly jf: Uint8Array;
  readonly k: Uint32Array;
  readonly previous: Filter | undefined;
}

/** The program in `bytes`, or undefined when it is none seccomp takes. */
export const readFilter = (bytes: Uint8Array, previous: Filter | undefined): Filter | undefined => {
  const n = bytes.length / INSTRUCTION, v = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const filter = {
    code: Uint16Array.from({ length: n }, (_, i) => v.getUint16(i * INSTRUCTION, true)),
    jt: Uint8Array.from({ length: n }, (_, i) => bytes[i * INSTRUCTION + 2]),
    jf: Uint8Array.from({ length: n }, (_, i) => bytes[i * INSTRUCTION + 3]),
    k: Uint32Array.from({ length: n }, (_, i) => v.getUint32(i * INSTRUCTION + 4, true)),
    previous,
  };
  return filter.code.every((_, pc) => sound(filter, pc)) && memoryIsWritten(filter) ? filter : undefined;
};

/** Is this instruction one of the known, with operands in range? The last one must return. */
const sound = ({ code, jt, jf, k }: Filter, pc: number): boolean => {
  const op = code[pc], after = code.length - pc - 1;
  if (!KNOWN.has(op)) return false;
  if (after === 0) return op === RET_K || op === RET_A;
  if (op === LD_ABS) return k[pc] < DATA_SIZE && k[pc] % 4 === 0;
  if (op === DIV) return k[pc] !== 0;
  if (op === LSH || op === RSH) return k[pc] < 32;
  if (op === LD_MEM || op === LDX_MEM || op === ST || op === STX) return k[pc] < MEMORY;
  if (op === JA) return k[pc] < after;
  return !BRANCHES.has(op) || (jt[pc] < after && jf[pc] < after);
};

/** Is each word of scratch memory written on every path before it is read (check_load_and_stores)? */
const memoryIsWritten = ({ code, jt, jf, k }: Filter): boolean => {
  const known = new Uint16Array(code.length).fill(0xffff);
  let valid = 0;
  for (let pc = 0; pc < code.length; pc++) {
    const op = code[pc];
    valid &= known[pc];
    if (op === ST || op === STX) valid |= 1 << k[pc];
    else if ((op === LD_MEM || op === LDX_MEM) && (valid & (1 << k[pc])) === 0) return false;
    else if (op === JA) {
      known[pc + 1 + k[pc]] &= valid;
      valid = 0xffff;
    } else if (BRANCHES.has(op)) {
      known[pc + 1 + jt[pc]] &= valid;
      known[pc + 1 + jf[pc]] &= valid;
      valid = 0xffff;
    }
  }
  return true;
};

const taken = (op: number, a: number, b: number): boolean => {
  switch (op) {
    case JEQ:
      return a === b;
    case JGT:
      return a > b;
    case JGE:
      return a >= b;
    default:
      return (a & b) !== 0;
  }
};

/** The new accumulator; undefined for a division by zero, which ends the program with 0. */
const compute = (op: number, a: number, b: number): number | undefined => {
  switch (op) {
    case ADD:
      return (a + b) >>> 0;
    case SUB:
      return (a - b) >>> 0;
    case MUL:
      return Math.imul(a, b) >>> 0;
    case DIV:
      return b === 0 ? undefined : Math.floor(a / b);
    case OR:
      return (a | b) >>> 0;
    case AND:
      return (a & b) >>> 0;
    case XOR:
      return (a ^ b) >>> 0;
    case LSH:
      return (a << b) >>> 0;
    default:
      return a >>> b;
  }
};

const memory = new Uint32Array(MEMORY);

/** Runs one program over the words of seccomp_data: its answer, unsigned. */
export const runFilter = ({ code, jt, jf, k }: Filter, data: Uint32Array): number => {
  let a = 0, x = 0;
  for (let pc = 0;; pc++) {
    const op = code[pc], word = k[pc];
    if (op === LD_ABS) a = data[word >> 2];
    else if (op === RET_K) return word;
    else if (op === RET_A) return a;
    else if (op === JA) pc += word;
    else if (BRANCHES.has(op)) pc += taken(op & ~X, a, (op & X) !== 0 ? x : word) ? jt[pc] : jf[pc];
    else if (op === LD_IMM) a = word;
    else if (op === LDX_IMM) x = word;
    else if (op === LD_LEN) a = DATA_SIZE;
    else if (op === LDX_LEN) x = DATA_SIZE;
    else if (op === LD_MEM) a = memory[word];
    else if (op === LDX_MEM) x = memory[word];
    else if (op === ST) memory[word] = a;
    else if (op === STX) memory[word] = x;
    else if (op === TAX) x = a;
    else if (op === TXA) a = x;
    else if (op === NEG) a = -a >>> 0;
    else {
      const value = compute(op & ~X, a, (op & X) !== 0 ? x : word);
      if (value === undefined) return 0;
      a = value;
    }
  }
};
