/**
 * The interpreter as the rest of `cpu/` sees it: the module, compiled once per process, and one instance per address
 * space.
 */

import { INTERPRETER_BASE64 } from "./interpreter_bytes.ts";

/** One address space's instance of the interpreter. */
export interface Engine {
  /** Runs the CPU block at this shadow address; gives a `Reason`. */
  run(block: number): number;
}

let compiled: WebAssembly.Module | undefined;

function interpreterModule(): WebAssembly.Module {
  // Not atob: Deno loads that at its first use, 5 ms.
  compiled ??= new WebAssembly.Module(Uint8Array.fromBase64(INTERPRETER_BASE64));
  return compiled;
}

/** An instance over the three memories of `cpu/layout.ts`. */
export function createEngine(
  guest: WebAssembly.Memory,
  shadow: WebAssembly.Memory,
  code: WebAssembly.Memory,
): Engine {
  const instance = new WebAssembly.Instance(interpreterModule(), { env: { guest, shadow, code } });
  return instance.exports as unknown as Engine;
}
