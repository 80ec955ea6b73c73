/**
 * Writes the interpreter as one WebAssembly module: `run(block) -> reason` executes pre-decoded records until
 * something needs TypeScript. `tools/build_interpreter.ts` commits the bytes, so that a start-up generates nothing.
 *
 * Shape of the function: an outer loop that finds the records of the page at `target`, an inner loop that executes
 * one record per turn through a `br_table`, and around it the places where handlers leave.
 */

import {
  BUDGET,
  CODE_LEAST,
  CODE_MAP,
  GUEST_LEAST,
  INTERRUPT,
  NO_REGIONS,
  PC,
  PERM_R,
  PERM_W,
  PERM_X,
  PERMS,
  R_IMM,
  R_RS3,
  RECORD,
  SHADOW_LEAST,
  TRAP_ACCESS,
  TRAP_ADDR,
} from "../layout.ts";
import { meanings } from "../rv64/meaning.ts";
import { binary, get, type I32, i32Const, i64Const, load, unary } from "../wasm/expression.ts";
import type { Label } from "../wasm/function_builder.ts";
import { ModuleBuilder } from "../wasm/module_builder.ts";
import { STRADDLE_SENTINEL } from "./decode_page.ts";
import { multiplyAddFuses } from "./emit_exactness.ts";
import { EmitOps } from "./emit_ops.ts";
import { type Access, type Exits, Frame } from "./frame.ts";
import { type Chain, CHAINS, type Handler, HANDLERS } from "./handlers.ts";
import { FIRST } from "./op_tables.ts";
import { MISS_BYTES, Reason } from "./reasons.ts";

const MAXIMUM_PAGES = 65536;
const NEEDS = [PERM_R, PERM_W, PERM_R | PERM_W];
const ACCESSES: readonly Access[] = NEEDS.flatMap((need) => ([1, 2, 4, 8] as const).map((bytes) => ({ need, bytes })));

/** The module: imports `env.guest`, `env.shadow` and `env.code`, exports `run`. */
export function generateInterpreter(): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder();
  // The memory used most comes first: V8 keeps the base of memory 0 in a register.
  const code = module.importMemory("env", "code", MAXIMUM_PAGES, CODE_LEAST);
  const shadow = module.importMemory("env", "shadow", MAXIMUM_PAGES, SHADOW_LEAST);
  const guest = module.importMemory("env", "guest", MAXIMUM_PAGES, GUEST_LEAST);
  const { func, builder } = module.function(["i32"], "i32");
  module.exportFunction("run", func);
  emitRun(new Frame(builder, guest, shadow, code));
  return module.bytes();
}

function emitRun(frame: Frame): void {
  const { f, shadow, block } = frame;
  f.set(frame.target, load("i64.load", shadow, get(block), PC));
  f.set(frame.budget, load("i32.load", shadow, get(block), BUDGET));
  f.set(frame.fused, multiplyAddFuses());
  f.loop((jump) => {
    emitFindPage(frame);
    f.block((leave) => {
      withMissExits(frame, leave, (miss) => {
        f.block((again) => {
          f.loop((next) => emitRecords(frame, { next, jump: again, leave, miss }));
        });
        f.br(jump);
      });
    });
    emitLeave(frame);
  });
  f.unreachable();
}

/** Sets `rec` and `pcDelta` for `target`, or returns with PC = target. */
function emitFindPage(frame: Frame): void {
  const { f, shadow, block, target, rec } = frame;
  const target32 = unary("i32.wrap_i64", get(target));
  const page = frame.scratch("i32");
  const leaveAtTarget = (reason: number) => {
    f.store("i64.store", shadow, get(block), get(target), PC);
    f.store("i32.store", shadow, get(block), get(frame.budget), BUDGET);
    f.return(i32Const(reason));
  };
  f.if(load("i32.load", shadow, get(block), INTERRUPT), () => leaveAtTarget(Reason.Interrupted));
  f.block((found) => {
    f.block((missing) => {
      f.brIf(missing, binary("i64.gt_u", get(target), i64Const(0xffff_ffffn)));
      const entry = binary("i32.shl", binary("i32.shr_u", target32, i32Const(12)), i32Const(2));
      f.set(page, load("i32.load", shadow, entry, CODE_MAP));
      f.brIf(found, get(page));
    });
    leaveAtTarget(Reason.NeedCode);
  });
  const offset = binary("i32.shl", binary("i32.and", target32, i32Const(0xfff)), i32Const(3));
  f.set(rec, binary("i32.add", get(page), offset));
  f.set(frame.pcDelta, binary("i32.sub", target32, binary("i32.shr_u", get(rec), i32Const(3))));
}

/** One place per kind of access, so that a check costs no instruction to say which it was. */
function withMissExits(frame: Frame, leave: Label, body: (miss: Exits["miss"]) => void): void {
  const { f, shadow, block } = frame;
  const key = (a: Access) => `${a.need}/${a.bytes}`;
  const labels = new Map<string, Label>();
  const nest = (i: number): void => {
    if (i === ACCESSES.length) {
      return body((access) => {
        const label = labels.get(key(access));
        if (label === undefined) throw new Error(`no miss exit for ${key(access)}`);
        return label;
      });
    }
    f.block((label) => {
      labels.set(key(ACCESSES[i]), label);
      nest(i + 1);
    });
    const { need, bytes } = ACCESSES[i];
    f.store("i64.store", shadow, get(block), get(frame.address), TRAP_ADDR);
    f.store("i32.store", shadow, get(block), i32Const(need & PERM_W ? PERM_W : PERM_R), TRAP_ACCESS);
    f.store("i32.store", shadow, get(block), i32Const(bytes), MISS_BYTES);
    f.set(frame.reason, i32Const(Reason.Miss));
    f.br(leave);
  };
  nest(0);
}

/** The record at `rec` did not retire: its pc and the budget before it are stored. */
function emitLeave(frame: Frame): void {
  const { f, shadow, block } = frame;
  f.store("i64.store", shadow, get(block), unary("i64.extend_i32_u", frame.pc()), PC);
  f.store("i32.store", shadow, get(block), binary("i32.add", get(frame.budget), i32Const(1)), BUDGET);
  f.return(get(frame.reason));
}

/** Body of the inner loop: count, dispatch, handlers. */
function emitRecords(frame: Frame, exits: Exits): void {
  const { f } = frame;
  frame.exits = exits;
  f.set(frame.reason, i32Const(Reason.BudgetSpent));
  emitCount(frame);
  const bodies = [
    ...SPECIAL,
    (frame: Frame) => atRegion(frame),
    ...HANDLERS.map((h) => (frame: Frame) => emitHandler(frame, h)),
    ...CHAINS.map((c) => (frame: Frame) => emitChain(frame, c)),
  ];
  const labels: Label[] = [];
  const atRegion = (frame: Frame): void => {
    const off = unary("i32.eqz", load("i32.load", frame.shadow, get(frame.block), NO_REGIONS));
    f.if(off, () => frame.leave(Reason.Region));
    const own = binary("i32.sub", frame.field("i32.load16_u", R_RS3), i32Const(FIRST));
    f.brTable(own, labels.slice(FIRST, -1), labels.at(-1)!);
  };
  const nest = (i: number): void => {
    if (i < 0) {
      const op: I32 = frame.field("i32.load16_u", 0);
      return f.brTable(op, labels.slice(0, -1), labels.at(-1)!);
    }
    f.block((label) => {
      labels[i] = label;
      nest(i - 1);
    });
    frame.beginHandler();
    bodies[i](frame);
  };
  nest(bodies.length - 1);
}

/** In the order of the OP_* constants of `handlers.ts`. */
const SPECIAL: readonly ((frame: Frame) => void)[] = [
  (frame) => frame.leave(Reason.NeedDecode),
  (frame) => {
    const { f } = frame;
    f.set(frame.target, unary("i64.extend_i32_u", frame.pc()));
    f.set(frame.budget, binary("i32.add", get(frame.budget), i32Const(1)));
    f.br(frame.exits.jump);
  },
  (frame) => frame.leave(Reason.Step),
  (frame) => frame.leave(Reason.Illegal),
  emitStraddle,
];

/** Goes to the record of the instruction across two pages, if the next page still begins with its second half. */
function emitStraddle(frame: Frame): void {
  const { f, rec, pcDelta, budget } = frame;
  const next = frame.scratch("i32");
  f.set(next, binary("i32.add", frame.pc(), i32Const(2)));
  const permission = load("i32.load8_u", frame.shadow, binary("i32.shr_u", get(next), i32Const(12)), PERMS);
  f.if(binary("i32.and", permission, i32Const(PERM_X)), () => {
    const same = binary("i32.eq", load("i32.load16_u", frame.guest, get(next)), frame.field("i32.load", R_IMM));
    f.if(same, () => {
      const records = STRADDLE_SENTINEL + 1;
      f.set(rec, binary("i32.add", get(rec), i32Const(records * RECORD)));
      f.set(pcDelta, binary("i32.sub", get(pcDelta), i32Const(records * 2)));
      f.set(budget, binary("i32.add", get(budget), i32Const(1)));
      f.br(frame.exits.next);
    });
  });
  frame.leave(Reason.Straddle);
}

/** Counts one instruction, or leaves when the budget is spent. */
function emitCount(frame: Frame): void {
  const { f } = frame;
  f.set(frame.budget, binary("i32.sub", get(frame.budget), i32Const(1)));
  f.brIf(frame.exits.leave, binary("i32.lt_s", get(frame.budget), i32Const(0)));
}

function emitHandler(frame: Frame, handler: Handler): void {
  if (emitMeaning(frame, handler)) frame.f.br(frame.exits.next);
}

/** Each instruction is counted and can leave like any other, from its own record. */
function emitChain(frame: Frame, { handlers }: Chain): void {
  for (const handler of handlers.slice(0, -1)) {
    if (!emitMeaning(frame, handler)) throw new Error(`${handler.row.name} can only end a chain`);
    emitCount(frame);
  }
  emitHandler(frame, handlers.at(-1)!);
}

/** Does one instruction and moves to the next record; false if the instruction never goes on there. */
function emitMeaning(frame: Frame, handler: Handler): boolean {
  const { f, rec } = frame;
  const ops = new EmitOps(frame, handler);
  meanings()[handler.row.name](ops);
  if (ops.ended) return false;
  f.set(rec, binary("i32.add", get(rec), i32Const(handler.length * 8)));
  return true;
}
