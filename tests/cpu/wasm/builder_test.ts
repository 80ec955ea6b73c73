/** The wasm builder: encodings, depths and types. */

import fc from "fast-check";
import { strict as assert } from "node:assert";
import { signed, unsigned } from "../../../cpu/wasm/encoding.ts";
import {
  binary,
  call,
  choose,
  get,
  i32Const,
  i64Const,
  load,
  select,
  tee,
  unary,
} from "../../../cpu/wasm/expression.ts";
import type { Expr, I32 } from "../../../cpu/wasm/expression.ts";
import { FunctionBuilder, type Label } from "../../../cpu/wasm/function_builder.ts";
import { ModuleBuilder } from "../../../cpu/wasm/module_builder.ts";

type Exports = Record<string, (...args: (number | bigint)[]) => number | bigint>;

function instantiate(module: ModuleBuilder, imports: WebAssembly.Imports = {}): Exports {
  return new WebAssembly.Instance(new WebAssembly.Module(module.bytes()), imports).exports as unknown as Exports;
}

/** A module with one function `f` of i32 parameters. */
function single(params: number, body: (f: FunctionBuilder, args: I32[]) => void): Exports {
  const module = new ModuleBuilder();
  const { func, builder } = module.function(Array.from({ length: params }, () => "i32" as const), "i32");
  body(builder, Array.from({ length: params }, (_, i) => get(builder.param(i, "i32"))));
  module.exportFunction("f", func);
  return instantiate(module);
}

Deno.test("constants of any size arrive as they were given", () => {
  fc.assert(fc.property(fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n }), (value) => {
    const module = new ModuleBuilder();
    const { func, builder } = module.function([], "i64");
    builder.result(i64Const(value));
    module.exportFunction("f", func);
    assert.equal(instantiate(module).f(), value);
  }));
});

Deno.test("LEB128 of the corner values has the length the format says", () => {
  assert.deepEqual(unsigned(0), [0]);
  assert.deepEqual(unsigned(127), [127]);
  assert.deepEqual(unsigned(128), [0x80, 1]);
  assert.equal(unsigned(2 ** 32 - 1).length, 5);
  assert.deepEqual(signed(-1n), [0x7f]);
  assert.deepEqual(signed(64n), [0xc0, 0]);
  assert.throws(() => unsigned(-1));
});

Deno.test("a branch reaches its label through any number of blocks", () => {
  const { f } = single(1, (f, [n]) => {
    const sum = f.local("i32");
    const i = f.local("i32");
    f.block((end) => {
      f.loop((again) => {
        f.if(binary("i32.ge_s", get(i), n), () => f.br(end));
        f.set(sum, binary("i32.add", get(sum), get(i)));
        f.set(i, binary("i32.add", get(i), i32Const(1)));
        f.br(again);
      });
    });
    f.result(get(sum));
  });
  assert.equal(f(10), 45);
});

Deno.test("a table of labels branches by index and to the default beyond it", () => {
  const { f } = single(1, (f, [n]) => {
    const labels: Label[] = [];
    const nest = (i: number): void => {
      if (i < 0) return f.brTable(n, labels.slice(0, 2), labels[2]);
      f.block((label) => {
        labels[i] = label;
        nest(i - 1);
      });
      f.return(i32Const(100 + i));
    };
    nest(2);
    f.unreachable();
  });
  assert.deepEqual([0, 1, 2, 9].map((n) => f(n)), [100, 101, 102, 102]);
});

Deno.test("choose computes one side only, select both", () => {
  const { f } = single(2, (f, [a, b]) => {
    const quotient = choose(unary("i32.eqz", b), i32Const(-1), binary("i32.div_s", a, b));
    f.result(select(binary("i32.lt_s", quotient, i32Const(0)), i32Const(0), quotient));
  });
  assert.equal(f(12, 3), 4);
  assert.equal(f(12, 0), 0);
});

Deno.test("loads and stores address the memory they name", () => {
  const module = new ModuleBuilder();
  const first = module.importMemory("env", "first", 10);
  const second = module.importMemory("env", "second", 10);
  const { func, builder } = module.function(["i32"], "i64");
  const at = get(builder.param(0, "i32"));
  builder.store("i64.store32", second, at, load("i64.load8_s", first, at, 3), 16);
  builder.result(load("i64.load", second, at, 16));
  module.exportFunction("f", func);
  const memories = {
    first: new WebAssembly.Memory({ initial: 1, maximum: 2 }),
    second: new WebAssembly.Memory({ initial: 1, maximum: 2 }),
  };
  new Uint8Array(memories.first.buffer)[8] = 0x80;
  assert.equal(instantiate(module, { env: memories }).f(5), 0xffffff80n);
  assert.equal(new Uint8Array(memories.second.buffer)[21], 0x80);
});

Deno.test("functions call imports and each other", () => {
  const module = new ModuleBuilder();
  const log = module.importFunction("env", "log", ["i32"], undefined);
  const twice = module.function(["i32"], "i32");
  const x = get(twice.builder.param(0, "i32"));
  twice.builder.call(log, x);
  twice.builder.result(binary("i32.mul", x, i32Const(2)));
  const main = module.function(["i32"], "i32");
  const kept = main.builder.local("i32");
  const argument = tee(kept, call(twice.func, get(main.builder.param(0, "i32"))));
  main.builder.result(binary("i32.add", call(twice.func, argument), get(kept)));
  module.exportFunction("f", main.func);
  const seen: number[] = [];
  assert.equal(instantiate(module, { env: { log: (n: number) => seen.push(n) } }).f(3), 18);
  assert.deepEqual(seen, [3, 6]);
});

Deno.test("a branch out of its block, a wrong type and an open block are refused", () => {
  const f = new FunctionBuilder([]);
  let outside!: Label;
  f.block((label) => {
    outside = label;
  });
  assert.throws(() => f.br(outside));
  assert.throws(() => f.set(f.local("i64"), i32Const(1) as unknown as Expr<"i64">));
  assert.throws(() => binary("i64.add", i32Const(1) as unknown as Expr<"i64">, i64Const(1)));
  f.block(() => assert.throws(() => f.body()));
});
