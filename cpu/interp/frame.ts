/**
 * What all handlers of the interpreter share while its one function is written: the memories, the locals, and the
 * places a handler can go to. Also the pool from which handlers take scratch locals, so that 300 handlers need a
 * dozen of them.
 */

import type { ValueType } from "../wasm/encoding.ts";
import {
  binary,
  type Expr,
  get,
  type I32,
  i32Const,
  load,
  type LoadName,
  type Local,
  type Memory,
} from "../wasm/expression.ts";
import type { FunctionBuilder, Label, StoredType, StoreName } from "../wasm/function_builder.ts";
import { FFLAGS, FRM, R_RM } from "../layout.ts";
import { Reason } from "./reasons.ts";

/** An access that can miss: which permission it needs and how many bytes it touches. */
export interface Access {
  /** PERM_* bits. */
  readonly need: number;
  readonly bytes: 1 | 2 | 4 | 8;
}

/** What writers of statements need of the function they write into. */
export interface Statements {
  set<T extends ValueType>(local: Local<T>, value: Expr<T>): void;
  if(condition: I32, then: () => void, otherwise?: () => void): void;
  store<N extends StoreName>(name: N, memory: Memory, address: I32, value: Expr<StoredType<N>>, offset?: number): void;
}

/** Keeps a value in a scratch local and gives a read of it. */
export interface Keeper {
  keep<T extends ValueType>(value: Expr<T>): Expr<T>;
}

/**
 * The function a floating-point operation is written into: the interpreter's, or a translated region's (`cpu/jit`).
 */
export interface FloatFrame extends Keeper {
  readonly f: Statements;
  readonly shadow: Memory;
  scratch<T extends ValueType>(type: T): Local<T>;
  /** The instruction cannot be done here; nothing has changed yet. */
  leave(reason: number): void;
  /** Leaves unless the instruction rounds to nearest even. */
  requireNearest(): void;
  /** Not zero if the flag inexact has accrued. */
  inexact(): I32;
  accrueInexact(): void;
  /** Not zero if inexact has accrued and the host's relaxed multiply-add rounds once. */
  mayFuse(): I32;
  /** `if` for a condition that mostly holds. */
  usually(condition: I32, then: () => void): void;
}

export interface Exits {
  /** Execute the record at `rec`. */
  readonly next: Label;
  /** Go on at `target`, in whatever page that is. The instruction is retired. */
  readonly jump: Label;
  /** Return with `reason`; the instruction at `rec` is not retired. */
  readonly leave: Label;
  /** The access at `address` is not allowed now. */
  miss(access: Access): Label;
}

/** The flag inexact in fflags. */
export const INEXACT = 1;

export class Frame implements FloatFrame {
  /** Address of the CPU block in the shadow memory. */
  readonly block: Local<"i32">;
  /** Address of the current record in code memory. */
  readonly rec: Local<"i32">;
  /** pc = (rec >>> 3) + pcDelta. */
  readonly pcDelta: Local<"i32">;
  /** Instructions left, the current one already counted. */
  readonly budget: Local<"i32">;
  /** Whether the host's relaxed multiply-add rounds once. */
  readonly fused: Local<"i32">;
  readonly reason: Local<"i32">;
  readonly target: Local<"i64">;
  /** Guest address of the access under way. */
  readonly address: Local<"i64">;
  exits!: Exits;
  readonly #pool = new Map<ValueType, Local[]>();
  readonly #used = new Map<ValueType, number>();

  constructor(
    readonly f: FunctionBuilder,
    readonly guest: Memory,
    readonly shadow: Memory,
    readonly code: Memory,
  ) {
    this.block = f.param(0, "i32");
    this.rec = f.local("i32");
    this.pcDelta = f.local("i32");
    this.budget = f.local("i32");
    this.fused = f.local("i32");
    this.reason = f.local("i32");
    this.target = f.local("i64");
    this.address = f.local("i64");
  }

  /** A scratch local, free again when the next handler begins. */
  scratch<T extends ValueType>(type: T): Local<T> {
    const pool = this.#pool.get(type) ?? [];
    this.#pool.set(type, pool);
    const used = this.#used.get(type) ?? 0;
    this.#used.set(type, used + 1);
    if (used === pool.length) pool.push(this.f.local(type));
    return pool[used] as Local<T>;
  }

  beginHandler(): void {
    this.#used.clear();
  }

  /** Assigns to a scratch local and gives a read of it. */
  keep<T extends ValueType>(value: Expr<T>): Expr<T> {
    const local = this.scratch(value.type);
    this.f.set(local, value);
    return get(local);
  }

  /** A field of the current record. */
  field<N extends LoadName>(name: N, offset: number) {
    return load(name, this.code, get(this.rec), offset);
  }

  /** Address in the shadow memory of the register that a record field names. */
  register(field: number): I32 {
    return binary("i32.add", get(this.block), this.field("i32.load16_u", field));
  }

  inexact(): I32 {
    return binary("i32.and", load("i32.load", this.shadow, get(this.block), FFLAGS), i32Const(INEXACT));
  }
  accrueInexact(): void {
    const { f, shadow } = this;
    const flags = load("i32.load", shadow, get(this.block), FFLAGS);
    f.store("i32.store", shadow, get(this.block), binary("i32.or", flags, i32Const(INEXACT)), FFLAGS);
  }
  mayFuse(): I32 {
    return binary("i32.and", get(this.fused), this.inexact());
  }
  usually(condition: I32, then: () => void): void {
    this.f.if(condition, then);
  }

  /** Unless the mode is static, which then is to-nearest-even, frm must say to-nearest-even at this moment. */
  requireNearest(): void {
    const { f } = this;
    const dynamic = binary("i32.eq", this.field("i32.load8_u", R_RM), i32Const(7));
    f.if(load("i32.load", this.shadow, get(this.block), FRM), () => f.if(dynamic, () => this.leave(Reason.Step)));
  }

  leave(reason: number): void {
    this.f.set(this.reason, i32Const(reason));
    this.f.br(this.exits.leave);
  }

  /** The guest pc of the current record. */
  pc(): I32 {
    return binary("i32.add", binary("i32.shr_u", get(this.rec), i32Const(3)), get(this.pcDelta));
  }
}
