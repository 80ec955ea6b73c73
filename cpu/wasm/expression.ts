/**
 * Typed WebAssembly expressions: each is the byte string that leaves one value on the stack. They are composed by
 * concatenation, so they hold no branch that leaves the expression; statements and branches are `function_builder.ts`.
 * An expression is a recipe: used twice, it is computed twice.
 */

import { signed, unsigned, type ValueType } from "./encoding.ts";

declare const opaque: unique symbol;
export interface Expr<T extends ValueType = ValueType> {
  readonly type: T;
  readonly code: readonly number[];
  /** For the bits of a number: the number. */
  readonly bitsOf?: Expr<"f64">;
}
export type I32 = Expr<"i32">;
export type I64 = Expr<"i64">;
export type F32 = Expr<"f32">;
export type F64 = Expr<"f64">;
export type V128 = Expr<"v128">;

/** A local variable of one function. Only `FunctionBuilder` makes them. */
export interface Local<T extends ValueType = ValueType> {
  readonly [opaque]: "local";
  readonly type: T;
  readonly index: number;
}
/** A memory of the module. Only `ModuleBuilder` makes them. */
export interface Memory {
  readonly [opaque]: "memory";
  readonly index: number;
}
/** A function of the module with its result type, if any. Only `ModuleBuilder` makes them. */
export interface Func<R extends ValueType | undefined = ValueType | undefined> {
  readonly [opaque]: "function";
  readonly index: number;
  readonly params: readonly ValueType[];
  readonly result: R;
}

/** Joins byte strings into an expression of the given type. */
function join<T extends ValueType>(type: T, parts: readonly (readonly number[])[]): Expr<T> {
  return { type, code: ([] as number[]).concat(...parts) };
}

export function i32Const(value: number): I32 {
  return { type: "i32", code: [0x41, ...signed(BigInt(value | 0))] };
}
export function i64Const(value: bigint | number): I64 {
  return { type: "i64", code: [0x42, ...signed(BigInt.asIntN(64, BigInt(value)))] };
}
/** A binary32 constant given by its bits, so that NaN payloads survive. */
export function f32Bits(bits: number): F32 {
  return { type: "f32", code: [0x43, bits & 255, bits >>> 8 & 255, bits >>> 16 & 255, bits >>> 24] };
}
/** A binary64 constant given by its bits. */
export function f64Bits(bits: bigint): F64 {
  const code = [0x44];
  for (let i = 0n; i < 64n; i += 8n) code.push(Number(bits >> i & 255n));
  return { type: "f64", code };
}
export function f32Const(value: number): F32 {
  return f32Bits(new Uint32Array(new Float32Array([value]).buffer)[0]);
}
export function f64Const(value: number): F64 {
  return f64Bits(new BigUint64Array(new Float64Array([value]).buffer)[0]);
}

export function get<T extends ValueType>(local: Local<T>): Expr<T> {
  return { type: local.type, code: [0x20, ...unsigned(local.index)] };
}
/** Assigns and yields the value. */
export function tee<T extends ValueType>(local: Local<T>, value: Expr<T>): Expr<T> {
  return join(local.type, [value.code, [0x22, ...unsigned(local.index)]]);
}
export function call<R extends ValueType>(func: Func<R>, ...args: readonly Expr[]): Expr<R> {
  checkArguments(func, args);
  return join(func.result, [...args.map((a) => a.code), [0x10, ...unsigned(func.index)]]);
}
export function checkArguments(func: Func, args: readonly Expr[]): void {
  if (args.length !== func.params.length || args.some((a, i) => a.type !== func.params[i])) {
    throw new Error(`arguments (${args.map((a) => a.type)}) for a function of (${func.params})`);
  }
}
/** `whenTrue` if `condition` is not zero; both sides are computed. */
export function select<T extends ValueType>(condition: I32, whenTrue: Expr<T>, whenFalse: Expr<T>): Expr<T> {
  return join(whenTrue.type, [whenTrue.code, whenFalse.code, condition.code, [0x1b]]);
}
/** `whenTrue` if `condition` is not zero; only that side is computed. */
export function choose<T extends ValueType>(condition: I32, whenTrue: Expr<T>, whenFalse: Expr<T>): Expr<T> {
  const type = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, v128: 0x7b }[whenTrue.type];
  return join(whenTrue.type, [condition.code, [0x04, type], whenTrue.code, [0x05], whenFalse.code, [0x0b]]);
}

/** The immediate of a memory instruction. Alignment is only a hint: 0 promises nothing. */
export function memoryArgument(memory: Memory, offset: number): number[] {
  return memory.index === 0 ? [0, ...unsigned(offset)] : [0x40, ...unsigned(memory.index), ...unsigned(offset)];
}
const LOADS = {
  "i32.load": ["i32", 0x28],
  "i64.load": ["i64", 0x29],
  "f32.load": ["f32", 0x2a],
  "f64.load": ["f64", 0x2b],
  "i32.load8_s": ["i32", 0x2c],
  "i32.load8_u": ["i32", 0x2d],
  "i32.load16_s": ["i32", 0x2e],
  "i32.load16_u": ["i32", 0x2f],
  "i64.load8_s": ["i64", 0x30],
  "i64.load8_u": ["i64", 0x31],
  "i64.load16_s": ["i64", 0x32],
  "i64.load16_u": ["i64", 0x33],
  "i64.load32_s": ["i64", 0x34],
  "i64.load32_u": ["i64", 0x35],
} as const;
export type LoadName = keyof typeof LOADS;
export function load<N extends LoadName>(
  name: N,
  memory: Memory,
  address: I32,
  offset = 0,
): Expr<(typeof LOADS)[N][0]> {
  const [type, opcode] = LOADS[name];
  return join(type, [address.code, [opcode, ...memoryArgument(memory, offset)]]);
}

const UNARY = {
  "i32.eqz": ["i32", "i32", 0x45],
  "i64.eqz": ["i64", "i32", 0x50],
  "i32.clz": ["i32", "i32", 0x67],
  "i32.ctz": ["i32", "i32", 0x68],
  "i64.clz": ["i64", "i64", 0x79],
  "i64.ctz": ["i64", "i64", 0x7a],
  "i64.popcnt": ["i64", "i64", 0x7b],
  "f32.abs": ["f32", "f32", 0x8b],
  "f32.neg": ["f32", "f32", 0x8c],
  "f32.sqrt": ["f32", "f32", 0x91],
  "f64.abs": ["f64", "f64", 0x99],
  "f64.neg": ["f64", "f64", 0x9a],
  "f64.ceil": ["f64", "f64", 0x9b],
  "f64.floor": ["f64", "f64", 0x9c],
  "f64.trunc": ["f64", "f64", 0x9d],
  "f64.nearest": ["f64", "f64", 0x9e],
  "f64.sqrt": ["f64", "f64", 0x9f],
  "i32.wrap_i64": ["i64", "i32", 0xa7],
  "i64.extend_i32_s": ["i32", "i64", 0xac],
  "i64.extend_i32_u": ["i32", "i64", 0xad],
  "f64.convert_i32_s": ["i32", "f64", 0xb7],
  "f64.convert_i32_u": ["i32", "f64", 0xb8],
  "f64.convert_i64_s": ["i64", "f64", 0xb9],
  "f64.convert_i64_u": ["i64", "f64", 0xba],
  "f32.convert_i64_s": ["i64", "f32", 0xb4],
  "f32.convert_i64_u": ["i64", "f32", 0xb5],
  "f32.demote_f64": ["f64", "f32", 0xb6],
  "f64.promote_f32": ["f32", "f64", 0xbb],
  "i32.reinterpret_f32": ["f32", "i32", 0xbc],
  "i64.reinterpret_f64": ["f64", "i64", 0xbd],
  "f32.reinterpret_i32": ["i32", "f32", 0xbe],
  "f64.reinterpret_i64": ["i64", "f64", 0xbf],
  "i64.extend8_s": ["i64", "i64", 0xc2],
  "i64.extend16_s": ["i64", "i64", 0xc3],
  "i64.extend32_s": ["i64", "i64", 0xc4],
  "i64.trunc_sat_f64_s": ["f64", "i64", 0xfc, 6],
  "i64.trunc_sat_f64_u": ["f64", "i64", 0xfc, 7],
  "f64x2.splat": ["f64", "v128", 0xfd, 0x14],
  "f64x2.extract_lane_0": ["v128", "f64", 0xfd, 0x21, 0],
} as const;
export type UnaryName = keyof typeof UNARY;
export function unary<N extends UnaryName>(name: N, a: Expr<(typeof UNARY)[N][0]>): Expr<(typeof UNARY)[N][1]> {
  const [from, to, ...opcode] = UNARY[name];
  if (a.type !== from) throw new Error(`${name} of ${a.type}`);
  if (name === "i64.reinterpret_f64") return { type: to, code: [...a.code, ...opcode], bitsOf: a } as never;
  if (name === "f64.reinterpret_i64" && (a as Expr).bitsOf !== undefined) return (a as Expr).bitsOf as never;
  return join(to, [a.code, opcode]) as Expr<(typeof UNARY)[N][1]>;
}

const BINARY = {
  ...comparisons("i32", 0x46),
  ...comparisons("i64", 0x51),
  ...arithmetic("i32", 0x6a),
  ...arithmetic("i64", 0x7c),
  "f32.eq": ["f32", "i32", 0x5b],
  "f32.ne": ["f32", "i32", 0x5c],
  "f32.lt": ["f32", "i32", 0x5d],
  "f32.gt": ["f32", "i32", 0x5e],
  "f32.le": ["f32", "i32", 0x5f],
  "f32.ge": ["f32", "i32", 0x60],
  "f64.eq": ["f64", "i32", 0x61],
  "f64.ne": ["f64", "i32", 0x62],
  "f64.lt": ["f64", "i32", 0x63],
  "f64.gt": ["f64", "i32", 0x64],
  "f64.le": ["f64", "i32", 0x65],
  "f64.ge": ["f64", "i32", 0x66],
  "f32.add": ["f32", "f32", 0x92],
  "f32.sub": ["f32", "f32", 0x93],
  "f32.mul": ["f32", "f32", 0x94],
  "f32.div": ["f32", "f32", 0x95],
  "f32.min": ["f32", "f32", 0x96],
  "f32.max": ["f32", "f32", 0x97],
  "f64.add": ["f64", "f64", 0xa0],
  "f64.sub": ["f64", "f64", 0xa1],
  "f64.mul": ["f64", "f64", 0xa2],
  "f64.div": ["f64", "f64", 0xa3],
  "f64.min": ["f64", "f64", 0xa4],
  "f64.max": ["f64", "f64", 0xa5],
} as const;

type Integer = "i32" | "i64";
type Comparison = "eq" | "ne" | "lt_s" | "lt_u" | "gt_s" | "gt_u" | "le_s" | "le_u" | "ge_s" | "ge_u";
type Arithmetic =
  | "add"
  | "sub"
  | "mul"
  | "div_s"
  | "div_u"
  | "rem_s"
  | "rem_u"
  | "and"
  | "or"
  | "xor"
  | "shl"
  | "shr_s"
  | "shr_u"
  | "rotl"
  | "rotr";

function comparisons<T extends Integer>(type: T, first: number) {
  const names: Comparison[] = ["eq", "ne", "lt_s", "lt_u", "gt_s", "gt_u", "le_s", "le_u", "ge_s", "ge_u"];
  return Object.fromEntries(names.map((n, i) => [`${type}.${n}`, [type, "i32", first + i]])) as unknown as {
    [N in `${T}.${Comparison}`]: readonly [T, "i32", number];
  };
}
function arithmetic<T extends Integer>(type: T, first: number) {
  const names = "add sub mul div_s div_u rem_s rem_u and or xor shl shr_s shr_u rotl rotr".split(" ") as Arithmetic[];
  return Object.fromEntries(names.map((n, i) => [`${type}.${n}`, [type, type, first + i]])) as unknown as {
    [N in `${T}.${Arithmetic}`]: readonly [T, T, number];
  };
}

export type BinaryName = keyof typeof BINARY;
export function binary<N extends BinaryName>(
  name: N,
  a: Expr<(typeof BINARY)[N][0]>,
  b: Expr<(typeof BINARY)[N][0]>,
): Expr<(typeof BINARY)[N][1]> {
  const [from, to, opcode] = BINARY[name];
  if (a.type !== from || b.type !== from) throw new Error(`${name} of ${a.type}, ${b.type}`);
  return join(to, [a.code, b.code, [opcode]]) as Expr<(typeof BINARY)[N][1]>;
}

/** a × b + c on two lanes, fused or not as the host likes: `multiplyAddFuses` in `cpu/interp` tells. */
export function relaxedMadd(a: V128, b: V128, c: V128): V128 {
  return join("v128", [a.code, b.code, c.code, [0xfd, 0x87, 0x02]]);
}
