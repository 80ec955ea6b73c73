/**
 * Assembles a WebAssembly module: imported memories and functions, then own functions, some of them exported. Imports
 * come first because their indices do.
 */

import { name, section, typeByte, unsigned, type ValueType, vector } from "./encoding.ts";
import type { Func, Memory } from "./expression.ts";
import { FunctionBuilder } from "./function_builder.ts";

interface OwnFunction {
  readonly type: number;
  readonly builder: FunctionBuilder;
}

export class ModuleBuilder {
  readonly #types: number[][] = [];
  readonly #imports: number[][] = [];
  readonly #functions: OwnFunction[] = [];
  readonly #exports: number[][] = [];
  #importedFunctions = 0;
  #memories = 0;

  /** Imports a memory of at least `least` pages of 64 KiB that may grow up to `maximum` pages. */
  importMemory(module: string, field: string, maximum: number, least = 0): Memory {
    this.#imports.push([...name(module), ...name(field), 0x02, 0x01, ...unsigned(least), ...unsigned(maximum)]);
    return { index: this.#memories++ } as Memory;
  }

  importFunction<R extends ValueType | undefined>(
    module: string,
    field: string,
    params: readonly ValueType[],
    result: R,
  ): Func<R> {
    if (this.#functions.length > 0) throw new Error("imports come before functions");
    this.#imports.push([...name(module), ...name(field), 0x00, ...unsigned(this.#type(params, result))]);
    return { index: this.#importedFunctions++, params, result } as Func<R>;
  }

  /** Declares a function; its body is written through `builder`. */
  function<R extends ValueType | undefined>(
    params: readonly ValueType[],
    result: R,
  ): { func: Func<R>; builder: FunctionBuilder } {
    const builder = new FunctionBuilder(params);
    const index = this.#importedFunctions + this.#functions.length;
    this.#functions.push({ type: this.#type(params, result), builder });
    return { func: { index, params, result } as Func<R>, builder };
  }

  exportFunction(field: string, func: Func): void {
    this.#exports.push([...name(field), 0x00, ...unsigned(func.index)]);
  }

  bytes(): Uint8Array<ArrayBuffer> {
    return new Uint8Array([
      ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
      ...section(1, vector(this.#types)),
      ...section(2, vector(this.#imports)),
      ...section(3, vector(this.#functions.map((f) => unsigned(f.type)))),
      ...section(7, vector(this.#exports)),
      ...section(10, vector(this.#functions.map((f) => f.builder.body()))),
    ]);
  }

  #type(params: readonly ValueType[], result: ValueType | undefined): number {
    const encoded = [
      0x60,
      ...vector(params.map((p) => [typeByte(p)])),
      ...vector(result === undefined ? [] : [[typeByte(result)]]),
    ];
    const key = encoded.join();
    const known = this.#types.findIndex((t) => t.join() === key);
    if (known >= 0) return known;
    this.#types.push(encoded);
    return this.#types.length - 1;
  }
}
