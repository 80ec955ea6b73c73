/**
 * The operations of the interpreter: what the `op` field of a pre-decoded record can say. A few special ones, then
 * for each row one handler per form: its length (so that the step to the next record is a constant), and for direct
 * jumps whether the target lies in the same code page (so that no check is needed). The generator emits them in this
 * order; what the decoder needs to pick among them is generated too (`op_tables.ts`), so that starting up does not
 * build this table.
 */

import { COMPRESSED_ROWS } from "../rv64/compressed.ts";
import { type Row, ROWS } from "../rv64/rows.ts";
import { FREQUENT_CHAINS } from "./frequent_chains.ts";
import { DYNAMIC, FIRST, form } from "./op_tables.ts";

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

export const HANDLERS: readonly Handler[] = ROWS.flatMap(handlersOf).map((h, i) => ({ ...h, op: FIRST + i }));

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

/** The form of each handler, in the order of their ops. */
export const handlerForms = (): number[] => HANDLERS.map((h) => form(h.row.id, h.rm, h.length, h.near));

/** For each chain: the op of what it begins with and the op of the instruction added, in the order of their ops. */
export function chainSteps(): number[] {
  const opOfText = new Map(FREQUENT_CHAINS.map((text, i) => [text, CHAINS[i].op]));
  return FREQUENT_CHAINS.flatMap((text, i) => {
    const { handlers } = CHAINS[i];
    const beginning = handlers.length === 2 ? handlers[0].op : opOfText.get(text.slice(0, text.lastIndexOf(" ")));
    if (beginning === undefined) throw new Error(`the beginning of "${text}" is no chain`);
    return [beginning, handlers.at(-1)!.op];
  });
}
