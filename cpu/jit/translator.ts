/**
 * The translator of a machine: numbers table slots and sites once for all address spaces, so that a module made in
 * one can be used in another, and keeps how eager to be.
 */

import type { CpuHost } from "../cpu.ts";
import type { HotCode } from "../hot_code.ts";
import { multiplyAddFuses as emitFuses } from "../interp/emit_exactness.ts";
import { ModuleBuilder } from "../wasm/module_builder.ts";
import { Library } from "./library.ts";
import { glueModule } from "./module_writer.ts";
import { Sites } from "./region_frame.ts";
import { RegionWriter } from "./region_writer.ts";
import { Translation } from "./translation.ts";

/** When to translate. */
export interface Eagerness {
  /** Instructions an address space runs before it can have translated code. */
  readonly coldInstructions: number;
  /** Instructions between samples. */
  readonly interval: number;
  /** Samples between traces, and instructions of a trace. */
  readonly samplesPerTrace: number;
  readonly traceLength: number;
  /** Arrivals at an address that make it hot: in traces, and from translated code. */
  readonly hotInTrace: number;
  readonly hotFromCode: number;
  /** Instructions between two looks at where ranges would help. */
  readonly ranges: number;
  /** Regions take in code that has not been executed. */
  readonly cold: boolean;
}

/** What pays: about 100,000 instructions before the first translation. */
export const AUTO: Eagerness = {
  coldInstructions: 100_000,
  interval: 8192,
  samplesPerTrace: 12,
  traceLength: 400,
  hotInTrace: 8,
  hotFromCode: 100,
  ranges: 50_000,
  cold: false,
};
/** Everything that runs twice, for tests. */
export const ALWAYS: Eagerness = {
  coldInstructions: 0,
  interval: 64,
  samplesPerTrace: 1,
  traceLength: 64,
  hotInTrace: 1,
  hotFromCode: 1,
  ranges: 0,
  cold: false,
};

export class Translator {
  readonly sites = new Sites();
  readonly library = new Library();
  readonly writer: RegionWriter;
  readonly glue: WebAssembly.Module;
  readonly #slots = new Map<number, number>();

  constructor(readonly eagerness: Eagerness) {
    this.writer = new RegionWriter(this.sites, multiplyAddFuses(), (pc) => this.slotOf(pc));
    this.glue = new WebAssembly.Module(glueModule());
  }

  /** Table index of the code at an address; 0 stands for none. */
  slotOf(pc: number): number {
    let slot = this.#slots.get(pc);
    if (slot === undefined) this.#slots.set(pc, slot = this.#slots.size + 1);
    return slot;
  }
  get slots(): number {
    return this.#slots.size + 1;
  }

  /** The translated code of an address space, none at first. */
  attach(host: CpuHost): HotCode {
    return new Translation(this, host);
  }
}

/** Whether the host's relaxed multiply-add rounds once: see `multiplyAddFuses` of the interpreter. */
function multiplyAddFuses(): boolean {
  const module = new ModuleBuilder();
  const { func, builder } = module.function([], "i32");
  module.exportFunction("fuses", func);
  builder.result(emitFuses());
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.bytes()));
  return (exports.fuses as () => number)() !== 0;
}
