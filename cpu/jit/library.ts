/**
 * The regions a machine has made, for any address space where the same bytes lie at the same addresses: processes that
 * run one program again and again, and forked children, find its hot code translated, and the host keeps one compiled
 * module for all of them. Nothing in a module depends on the space: it is bound to memories and table when it is used.
 */

import type { CpuHost } from "../cpu.ts";
import { CODE_MAP, PERM_X, PERMS } from "../layout.ts";
import type { Shape } from "./shape.ts";

/** Bytes of wasm up to which regions stay that nobody uses. */
const MAX_UNUSED = 32 << 20;
/** Regions kept for one address. */
const MOST_VARIANTS = 4;

/** Guest code from an address on. */
interface Piece {
  readonly pc: number;
  readonly bytes: Uint8Array;
}

/** The code of one region. */
export interface Made {
  readonly pc: number;
  readonly module: WebAssembly.Module;
  /** Name of its function in the module. */
  readonly name: string;
  /** Instructions that must be left to enter it. */
  readonly weight: number;
  /** Bytes of wasm. */
  readonly bytes: number;
  /** Pages its code is from; what it was made from. */
  readonly pages: readonly number[];
  readonly source: readonly Piece[];
  /** Loop heads inside. */
  readonly heads: readonly number[];
  /** Address spaces that have it. */
  users: number;
}

export class Library {
  /** Bytes of wasm in all regions. */
  bytes = 0;
  readonly #made = new Map<number, Made[]>();

  /** Whether there is code for an address, if its bytes are the same. */
  mayHave(pc: number): boolean {
    return this.#made.has(pc);
  }

  add(made: Made): void {
    const variants = this.#made.get(made.pc);
    this.bytes += made.bytes;
    if (variants === undefined) this.#made.set(made.pc, [made]);
    else {
      variants.push(made);
      const spare = variants.length > MOST_VARIANTS ? variants.findIndex((m) => m.users === 0 && m !== made) : -1;
      if (spare >= 0) this.bytes -= variants.splice(spare, 1)[0].bytes;
    }
    if (this.bytes > MAX_UNUSED) this.#shrink();
  }

  /** Oldest first, down to half: it is not to happen often. */
  #shrink(): void {
    for (const [pc, variants] of this.#made) {
      if (this.bytes <= MAX_UNUSED / 2) return;
      const used = variants.filter((m) => m.users > 0);
      for (const m of variants) if (m.users === 0) this.bytes -= m.bytes;
      if (used.length === 0) this.#made.delete(pc);
      else this.#made.set(pc, used);
    }
  }

  /** Code for an address in this space, the newest first. */
  find(host: CpuHost, pc: number): Made | undefined {
    return this.#made.get(pc)?.findLast((made) => fits(host, made));
  }
}

/** Every page may be executed and has records, so that a write to it is noticed; and the bytes are those. */
function fits(host: CpuHost, { pages, source }: Made): boolean {
  const perms = new Uint8Array(host.shadow.buffer, PERMS, 1 << 20);
  const codeMap = new Uint32Array(host.shadow.buffer, CODE_MAP, 1 << 20);
  if (!pages.every((page) => codeMap[page] !== 0 && (perms[page] & PERM_X) !== 0)) return false;
  const guest = new Uint8Array(host.memory.buffer);
  for (let i = 0; i < source.length; i++) {
    const { pc, bytes } = source[i];
    for (let k = 0; k < bytes.length; k++) if (guest[pc + k] !== bytes[k]) return false;
  }
  return true;
}

/** The bytes a region is made from: its instructions were collected in runs. */
export function sourceOf(shape: Shape, host: CpuHost): Piece[] {
  const guest = new Uint8Array(host.memory.buffer);
  const pieces: Piece[] = [];
  for (let i = 0; i < shape.instructions;) {
    const pc = shape.pc[i];
    let end = pc;
    for (; i < shape.instructions && shape.pc[i] === end; i++) end += shape.decoded[i].length;
    pieces.push({ pc, bytes: guest.slice(pc, end) });
  }
  return pieces;
}
