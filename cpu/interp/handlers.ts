/**
 * The operations of the interpreter: what the `op` field of a pre-decoded record can say. A few special ones, then
 * for each row one handler per form: its length (so that the step to the next record is a constant), and for direct
 * jumps whether the target lies in the same code page (so that no check is needed). The generator emits them in this
 * order and the decoder picks among them, so both read this table.
 */

import { COMPRESSED_ROWS } from "../rv64/compressed.ts";
import type { Decoded } from "../rv64/decode.ts";
import { type Row, ROWS } from "../rv64/rows.ts";
import { FREQUENT_CHAINS } from "./frequent_chains.ts";
import { PAGE } from "../layout.ts";

export const OP_UNDECODED = 0;
/** The sentinels after a page's last record: go on in the next page. */
export const OP_PAGE_END = 1;
/** One step of the reference interpreter. */
export const OP_STEP = 2;
export const OP_ILLEGAL = 3;
/** The last halfword of a page begins an instruction that ends in the next page; see `decode_page.ts`. */
export const OP_STRADDLE = 4;
/**
 * Translated code starts here: leave, unless NO_REGIONS says to go on. The record's own op is in its R_RS3 field, so
 * only instructions that do not use that field can be marked (`cpu/jit`).
 */
export const OP_REGION = 5;

/** How a record of a row is executed. */
export interface Handler {
  readonly op: number;
  readonly row: Row;
  readonly length: 2 | 4;
  /** For a direct jump or branch: the target is in the page of the instruction. */
  readonly near: boolean;
  /** The rounding mode field, for rows that have one. */
  readonly rm: number;
}

/** Instructions one after the other under one dispatch. Every shorter beginning of a chain is a chain too. */
export interface Chain {
  readonly op: number;
  readonly handlers: readonly Handler[];
}

const compressed = new Set(COMPRESSED_ROWS.map((c) => c.base.id));

function isDirectJump(row: Row): boolean {
  return row.format === "B" || row.format === "J";
}

/** The dynamic rounding mode; its handlers also do the static mode to-nearest-even, see `FloatEmitter`. */
const DYNAMIC = 7;

/**
 * Rounding modes emitted: the dynamic one, and for conversions to integers the directed ones, as casts, floor and ceil
 * ask for. Others take a reference step.
 */
function roundingModes(row: Row): readonly number[] {
  if (!row.hasRm) return [0];
  return /^fcvt\.(w|wu|l|lu)\./.test(row.name) ? [1, 2, 3, DYNAMIC] : [DYNAMIC];
}

function handlersOf(row: Row): Omit<Handler, "op">[] {
  const lengths = compressed.has(row.id) ? [4, 2] as const : [4] as const;
  const nears = isDirectJump(row) ? [true, false] : [false];
  return lengths.flatMap((length) =>
    nears.flatMap((near) => roundingModes(row).map((rm) => ({ row, length, near, rm })))
  );
}

/** The first op that is an instruction. */
export const FIRST = 6;
export const HANDLERS: readonly Handler[] = ROWS.flatMap(handlersOf).map((h, i) => ({ ...h, op: FIRST + i }));

function form(id: number, rm: number, length: number, near: boolean): number {
  return id << 5 | (rm === 0 ? DYNAMIC : rm) << 2 | (length === 2 ? 1 : 0) | (near ? 2 : 0);
}

/** `addi` in four bytes, `addi/2` in two; direct jumps are near, `jal!` is not. */
function formName(h: Handler): string {
  const far = isDirectJump(h.row) && !h.near ? "!" : "";
  return `${h.row.name}${far}${h.length === 2 ? "/2" : ""}`;
}

const byName = new Map(HANDLERS.filter((h) => h.rm === 0 || h.rm === DYNAMIC).map((h) => [formName(h), h]));

function handlerNamed(name: string): Handler {
  const handler = byName.get(name);
  if (handler === undefined) throw new Error(`no handler named ${name}`);
  return handler;
}

export const CHAINS: readonly Chain[] = FREQUENT_CHAINS.map((text, i) => {
  return { op: FIRST + HANDLERS.length + i, handlers: text.split(" ").map(handlerNamed) };
});

/** Op of the chain that a longer one begins with, shifted, and op of the instruction added, to the op of the longer. */
const longer = new Map<number, number>();
const opOfText = new Map(FREQUENT_CHAINS.map((text, i) => [text, CHAINS[i].op]));
for (const [i, text] of FREQUENT_CHAINS.entries()) {
  const { op, handlers } = CHAINS[i];
  const beginning = handlers.length === 2 ? handlers[0].op : opOfText.get(text.slice(0, text.lastIndexOf(" ")));
  if (beginning === undefined) throw new Error(`the beginning of "${text}" is no chain`);
  longer.set(beginning << 16 | handlers.at(-1)!.op, op);
}

/**
 * The op that does what `chain` (an instruction or a chain) does and then `next`, whose record follows; 0 when there
 * is none.
 */
export function extend(chain: number, next: number): number {
  return longer.get(chain << 16 | next) ?? 0;
}

/** Op by form; OP_STEP where there is no handler for it. */
const ops = new Uint16Array((ROWS.length + 1) << 5).fill(OP_STEP);
for (const h of HANDLERS) ops[form(h.row.id, h.rm, h.length, h.near)] = h.op;
const direct = new Uint8Array(ROWS.length + 1);
for (const row of ROWS) direct[row.id] = isDirectJump(row) ? 1 : 0;

/** The op of an instruction that starts `offset` bytes into its page. */
export function opOf(d: Decoded, offset: number): number {
  const target = offset + d.imm;
  return ops[form(d.id, d.rm, d.length, direct[d.id] === 1 && target >= 0 && target < PAGE)];
}

/** The same for an instruction whose record is not at its place, so that no jump is near. */
export function farOpOf(d: Decoded): number {
  return ops[form(d.id, d.rm, d.length, false)];
}
