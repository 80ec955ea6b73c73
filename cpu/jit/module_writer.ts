/**
 * Assembles modules of translated code: `env.guest`, `env.shadow` and `env.table` imported, one exported function a
 * region, named by its number. And the one module every address space has: the way into translated code, and the
 * code that stands in the table where none is translated, which gives the address back.
 */

import { BUDGET, GUEST_LEAST, HOME, SCRATCH, SHADOW_LEAST, X } from "../layout.ts";
import { CodeWriter, NO_VALUE, Op } from "./code_writer.ts";
import { ARGUMENT, BUDGET_LEFT, DEPTH, LINK, STACK_POINTER } from "./region_frame.ts";

/**
 * Imported functions, each `(depth)`: `giveUp` goes on at the place in EXIT_SITE, `interpret` where no code is.
 * They come back when the call under way has returned, or before.
 */
export const GIVE_UP = 0, INTERPRET = 1;
const IMPORTED = 2;

const I32 = 0x7f, I64 = 0x7e, V128 = 0x7b;
/** After the prefix of vector instructions. */
const V128_LOAD = 0, V128_STORE = 11;
const MAXIMUM_PAGES = 65536;
/** References to functions of type 0, never null: a call through it needs no check of the type. */
const TABLE_OF_REGIONS = [0x64, 0, 0x00, 0];

export class ModuleWriter {
  /** Function bodies with their sizes. */
  readonly #bodies = new CodeWriter();
  readonly #body = new CodeWriter();
  readonly #module = new CodeWriter();
  #functions = 0;
  #types: number[] = [];
  /** The branch hints of the functions. */
  readonly #hints = new CodeWriter();

  begin(): void {
    this.#hints.reset();
    this.#bodies.reset();
    this.#functions = 0;
    this.#types = [];
  }

  /** Index of the function that is added next. */
  get next(): number {
    return IMPORTED + this.#functions;
  }

  /** Adds a function of a type (0: region, 1: entry) with locals and code. */
  add(type: number, writeLocals: (w: CodeWriter) => void, code: CodeWriter): number {
    const body = this.#body;
    body.reset();
    writeLocals(body);
    this.#hint(code, body.at);
    body.code(code.bytes, code.at);
    this.#bodies.unsigned(body.at);
    this.#bodies.code(body.bytes, body.at);
    this.#types.push(type);
    return this.#functions++;
  }

  /** Branch hints of the next function: places counted from the start of its body. */
  #hint(code: CodeWriter, offset: number): void {
    const hints = this.#hints;
    hints.unsigned(IMPORTED + this.#functions);
    hints.unsigned(code.unlikely.length);
    for (const at of code.unlikely) {
      hints.unsigned(offset + at);
      hints.byte(1);
      hints.byte(0);
    }
  }

  /** The module; `ownTable` makes it define the table instead of importing it. */
  finish(ownTable = false): Uint8Array<ArrayBuffer> {
    const w = this.#module;
    w.reset();
    w.code([0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]);
    section(w, 1, (s) => {
      s.code([3, 0x60, 5, I32, I32, I64, I64, I64, 2, I32, I64]);
      s.code([0x60, 2, I32, I32, 0]);
      s.code([0x60, 1, I32, 0]);
    });
    section(w, 2, (s) => {
      s.unsigned(ownTable ? 4 : 5);
      name(s, "env");
      name(s, "giveUp");
      s.code([0x00, 2]);
      name(s, "env");
      name(s, "interpret");
      s.code([0x00, 2]);
      for (const [field, least] of [["guest", GUEST_LEAST], ["shadow", SHADOW_LEAST]] as const) {
        name(s, "env");
        name(s, field);
        s.code([0x02, 0x01]);
        s.unsigned(least);
        s.unsigned(MAXIMUM_PAGES);
      }
      if (ownTable) return;
      name(s, "env");
      name(s, "table");
      s.code([0x01, ...TABLE_OF_REGIONS]);
    });
    section(w, 3, (s) => {
      s.unsigned(this.#functions);
      for (const type of this.#types) s.unsigned(type);
    });
    // Every entry is function 0 at first.
    if (ownTable) section(w, 4, (s) => s.code([1, 0x40, 0x00, ...TABLE_OF_REGIONS, 0xd2, IMPORTED, Op.End]));
    section(w, 7, (s) => {
      s.unsigned(this.#functions + (ownTable ? 1 : 0));
      if (ownTable) {
        name(s, "table");
        s.code([0x01, 0]);
      }
      for (let i = 0; i < this.#functions; i++) {
        name(s, String(i));
        s.byte(0x00);
        s.unsigned(IMPORTED + i);
      }
    });
    section(w, 0, (s) => {
      name(s, "metadata.code.branch_hint");
      s.unsigned(this.#functions);
      s.code(this.#hints.bytes, this.#hints.at);
    });
    section(w, 10, (s) => {
      s.unsigned(this.#functions);
      s.code(this.#bodies.bytes, this.#bodies.at);
    });
    return w.bytes.slice(0, w.at);
  }
}

/** What a stay in the interpreter inside translated code takes of the depth of calls. */
export const NESTING = 4;

/** One at a time: sections do not nest. */
const content = new CodeWriter();

function section(w: CodeWriter, id: number, write: (s: CodeWriter) => void): void {
  content.reset();
  write(content);
  w.byte(id);
  w.unsigned(content.at);
  w.code(content.bytes, content.at);
}

function name(w: CodeWriter, text: string): void {
  w.unsigned(text.length);
  for (let i = 0; i < text.length; i++) w.byte(text.charCodeAt(i));
}

const noLocals = (w: CodeWriter): void => w.unsigned(0);

/**
 * Exports "table"; "0": what stands in the table where no code is; "1": `(slot, depth)`, which takes budget, sp, a0 and ra
 * from the CPU block HOME and leaves them in it; and "2": `(block)`, by which a CPU changes places with the one in HOME.
 */
export function glueModule(): Uint8Array<ArrayBuffer> {
  const module = new ModuleWriter();
  module.begin();
  const w = new CodeWriter();
  const keep = (register: number, local: number): void => {
    w.i32(0);
    w.get(local);
    w.shadow(Op.I64Store, HOME + X + 8 * register);
  };
  keep(1, LINK);
  keep(2, STACK_POINTER);
  w.get(DEPTH);
  w.i32(NESTING);
  w.byte(Op.I32LtS);
  w.code([Op.If, NO_VALUE]);
  w.get(BUDGET_LEFT);
  w.get(ARGUMENT);
  w.byte(Op.Return);
  w.byte(Op.End);
  keep(10, ARGUMENT);
  w.i32(0);
  w.get(BUDGET_LEFT);
  w.shadow(Op.I32Store, HOME + BUDGET);
  w.get(DEPTH);
  w.code([Op.Call, INTERPRET]);
  w.i32(0);
  w.shadow(Op.I32Load, HOME + BUDGET);
  w.i32(0);
  w.shadow(Op.I64Load, HOME + X + 80);
  w.byte(Op.End);
  module.add(0, noLocals, w);
  w.reset();
  const slot = 0, depth = 1, argument = 2;
  w.i32(0);
  w.i32(0);
  w.shadow(Op.I32Load, HOME + BUDGET);
  w.get(depth);
  for (const register of [2, 10, 1]) {
    w.i32(0);
    w.shadow(Op.I64Load, HOME + X + 8 * register);
  }
  w.get(slot);
  w.code([Op.CallIndirect, 0, 0]);
  w.set(argument);
  w.shadow(Op.I32Store, HOME + BUDGET);
  w.i32(0);
  w.get(argument);
  w.shadow(Op.I64Store, HOME + X + 80);
  w.byte(Op.End);
  module.add(1, (locals) => locals.code([1, 1, I64]), w);
  w.reset();
  writeSwap(w);
  module.add(2, (locals) => locals.code([1, 1, V128]), w);
  return module.finish(true);
}

/** Exchanges what matters of a CPU block with that of HOME. */
function writeSwap(w: CodeWriter): void {
  const block = 0, kept = 1;
  for (let at = 0; at < SCRATCH; at += 16) {
    w.get(block);
    w.shadowVector(V128_LOAD, at);
    w.set(kept);
    w.get(block);
    w.i32(0);
    w.shadowVector(V128_LOAD, HOME + at);
    w.shadowVector(V128_STORE, at);
    w.i32(0);
    w.get(kept);
    w.shadowVector(V128_STORE, HOME + at);
  }
  w.byte(Op.End);
}
