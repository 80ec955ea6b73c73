/**
 * What an address space stands on: two wasm memories, the states of its pages and the interpreter's instance over them. A frame given back clean serves the next
 * address space: in a loop of fork and wait that is cheaper than new memories, and it leaves the garbage collector nothing to find.
 */
import type { Engine } from "../interp/engine.ts";
import { PAGES, SHADOW_LEAST } from "../layout.ts";
import { OutOfMemory } from "./account.ts";

export interface Frame {
  readonly memory: WebAssembly.Memory;
  readonly shadow: WebAssembly.Memory;
  readonly state: Uint8Array;
  engine: Engine | undefined;
}

/** Frames kept, and what is worth keeping: cleaning more pages than this costs more than a new memory (0.3 ms). */
const MOST_SPARE = 8;
const LARGEST = 64 << 20;
const MOST_PAGES = 1024;

const newMemory = (initial: number): WebAssembly.Memory => {
  try {
    return new WebAssembly.Memory({ initial, maximum: PAGES / 16 });
  } catch (error) {
    if (error instanceof RangeError) throw new OutOfMemory();
    throw error;
  }
};

/** The frames of a machine that nobody uses. */
export class Frames {
  readonly #spare: Frame[] = [];

  /** Everything in it is zero but, perhaps, CPU blocks. Throws OutOfMemory. */
  take(): Frame {
    return this.#spare.pop() ?? {
      memory: newMemory(16),
      shadow: newMemory(SHADOW_LEAST),
      state: new Uint8Array(PAGES),
      engine: undefined,
    };
  }

  /** Whether a frame would be kept: worth cleaning. */
  wants(bytes: number, pagesToClean: number): boolean {
    return this.#spare.length < MOST_SPARE && bytes <= LARGEST && pagesToClean <= MOST_PAGES;
  }
  give(frame: Frame): void {
    this.#spare.push(frame);
  }
}
