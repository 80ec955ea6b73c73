/**
 * The end of every region: where it goes when it stands before an instruction that the interpreter must do. The place
 * is in SITE; every register that was changed anywhere goes to SPILL, and whoever goes on takes those that count there.
 */

import { BUDGET, EXIT_SITE, HOME, PC, SPILL, X } from "../layout.ts";
import { NO_VALUE, Op } from "./code_writer.ts";
import type { Flow } from "./flow.ts";
import { GIVE_UP, NESTING } from "./module_writer.ts";
import { ARGUMENT, BUDGET_LEFT, DEPTH, PASSED, type RegionFrame, SITE } from "./region_frame.ts";

/** In place of the address to go on at. Addresses are even. */
export const GAVE_UP = -1;

export function writeGiveUp(frame: RegionFrame, flow: Flow): void {
  const { w } = frame;
  let maskX = PASSED, maskF = 0;
  for (let i = 0; i < flow.reached; i++) maskX |= flow.definesX[flow.order[i]], maskF |= flow.definesF[flow.order[i]];
  frame.storeRegisters(maskX, maskF, SPILL, SPILL + 256);
  w.i32(0);
  w.get(SITE);
  w.shadow(Op.I32Store, HOME + EXIT_SITE);
  w.get(DEPTH);
  w.i32(NESTING);
  w.byte(Op.I32LtS);
  w.byte(Op.If);
  w.byte(NO_VALUE);
  w.i32(0);
  w.i64(GAVE_UP);
  w.shadow(Op.I64Store, HOME + PC);
  w.get(BUDGET_LEFT);
  w.get(ARGUMENT);
  w.byte(Op.Return);
  w.byte(Op.End);
  w.i32(0);
  w.get(BUDGET_LEFT);
  w.shadow(Op.I32Store, HOME + BUDGET);
  w.get(DEPTH);
  w.byte(Op.Call);
  w.unsigned(GIVE_UP);
  w.i32(0);
  w.shadow(Op.I32Load, HOME + BUDGET);
  w.i32(0);
  w.shadow(Op.I64Load, HOME + X + 80);
}
