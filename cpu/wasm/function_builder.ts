/**
 * Writes one WebAssembly function, statement by statement. Locals and labels are opaque objects; a branch names its
 * label and the builder works out the depth, so a handler can be moved without counting blocks.
 */

import { sized, typeByte, unsigned, type ValueType, vector } from "./encoding.ts";
import {
  checkArguments,
  type Expr,
  type Func,
  type I32,
  type Local,
  type Memory,
  memoryArgument,
} from "./expression.ts";

declare const label: unique symbol;
/** A place a branch can go to: the end of a block or the start of a loop. Valid while that block is open. */
export interface Label {
  readonly [label]: true;
}

/** Type and opcode of each store. */
export const STORE_OPCODES = {
  "i32.store": ["i32", 0x36],
  "i64.store": ["i64", 0x37],
  "f32.store": ["f32", 0x38],
  "f64.store": ["f64", 0x39],
  "i32.store8": ["i32", 0x3a],
  "i32.store16": ["i32", 0x3b],
  "i64.store8": ["i64", 0x3c],
  "i64.store16": ["i64", 0x3d],
  "i64.store32": ["i64", 0x3e],
} as const;
export type StoreName = keyof typeof STORE_OPCODES;
/** The type of value that a store takes. */
export type StoredType<N extends StoreName> = (typeof STORE_OPCODES)[N][0];

export class FunctionBuilder {
  readonly params: readonly Local[];
  readonly #locals: ValueType[] = [];
  readonly #code: number[] = [];
  /** Open blocks, outermost first. */
  readonly #open: Label[] = [];

  constructor(params: readonly ValueType[]) {
    this.params = params.map((type, index) => ({ type, index }) as Local);
  }

  /** The parameter at a position, as a local of its type. */
  param<T extends ValueType>(index: number, type: T): Local<T> {
    const local = this.params[index];
    if (local?.type !== type) throw new Error(`parameter ${index} is not ${type}`);
    return local as Local<T>;
  }

  /** A new local, zero at first. */
  local<T extends ValueType>(type: T): Local<T> {
    this.#locals.push(type);
    return { type, index: this.params.length + this.#locals.length - 1 } as Local<T>;
  }

  set<T extends ValueType>(local: Local<T>, value: Expr<T>): void {
    if (local.type !== value.type) throw new Error(`${value.type} for a local of ${local.type}`);
    this.#append(value.code, [0x21], unsigned(local.index));
  }

  store<N extends StoreName>(
    name: N,
    memory: Memory,
    address: I32,
    value: Expr<(typeof STORE_OPCODES)[N][0]>,
    offset = 0,
  ): void {
    const [type, opcode] = STORE_OPCODES[name];
    if (value.type !== type) throw new Error(`${name} of ${value.type}`);
    this.#append(address.code, value.code, [opcode], memoryArgument(memory, offset));
  }

  /** A call for its effect; a result is dropped. */
  call(func: Func, ...args: readonly Expr[]): void {
    checkArguments(func, args);
    for (const a of args) this.#append(a.code);
    this.#append([0x10], unsigned(func.index), func.result === undefined ? [] : [0x1a]);
  }

  /** `body` may branch to the label to leave. */
  block(body: (end: Label) => void): void {
    this.#nest([0x02, 0x40], body);
  }

  /** `body` may branch to the label to start again; falling off its end leaves the loop. */
  loop(body: (start: Label) => void): void {
    this.#nest([0x03, 0x40], body);
  }

  if(condition: I32, then: () => void, otherwise?: () => void): void {
    this.#append(condition.code);
    const label = {} as Label;
    this.#append([0x04, 0x40]);
    this.#open.push(label);
    then();
    if (otherwise) {
      this.#append([0x05]);
      otherwise();
    }
    this.#open.pop();
    this.#append([0x0b]);
  }

  br(to: Label): void {
    this.#append([0x0c], unsigned(this.#depth(to)));
  }

  brIf(to: Label, condition: I32): void {
    this.#append(condition.code, [0x0d], unsigned(this.#depth(to)));
  }

  /** Branches to `targets[index]`, or to `otherwise` when the index is beyond them. */
  brTable(index: I32, targets: readonly Label[], otherwise: Label): void {
    this.#append(index.code, [0x0e], vector(targets.map((t) => unsigned(this.#depth(t)))));
    this.#append(unsigned(this.#depth(otherwise)));
  }

  return(value?: Expr): void {
    if (value) this.#append(value.code);
    this.#append([0x0f]);
  }

  /** Leaves a value on the stack as the function's result; the last statement. */
  result(value: Expr): void {
    this.#append(value.code);
  }

  unreachable(): void {
    this.#append([0x00]);
  }

  /** The function body as it stands in the code section. */
  body(): number[] {
    if (this.#open.length !== 0) throw new Error("a block is still open");
    return sized([...vector(this.#runs()), ...this.#code, 0x0b]);
  }

  /** Bytes of instructions so far. */
  get size(): number {
    return this.#code.length;
  }

  /** Locals as runs of equal types. */
  #runs(): number[][] {
    const runs: { count: number; type: ValueType }[] = [];
    for (const type of this.#locals) {
      const last = runs.at(-1);
      if (last?.type === type) last.count++;
      else runs.push({ count: 1, type });
    }
    return runs.map((r) => [...unsigned(r.count), typeByte(r.type)]);
  }

  #nest(opening: readonly number[], body: (label: Label) => void): void {
    const label = {} as Label;
    this.#append(opening);
    this.#open.push(label);
    body(label);
    this.#open.pop();
    this.#append([0x0b]);
  }

  #depth(to: Label): number {
    const at = this.#open.lastIndexOf(to);
    if (at < 0) throw new Error("branch to a block that is not open here");
    return this.#open.length - 1 - at;
  }

  #append(...parts: readonly (readonly number[])[]): void {
    for (const part of parts) for (let i = 0; i < part.length; i++) this.#code.push(part[i]);
  }
}
