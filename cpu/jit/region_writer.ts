/**
 * Writes one region as the body of a wasm function: structured control flow from the dominator tree, each instruction
 * by its meaning, and the ways out. The function takes the instructions left, how many calls may nest, sp, a0 and ra; it
 * gives the instructions left and a0, and the address to go on at in the CPU block: GAVE_UP when it stands before an
 * instruction that the interpreter must do (`give_up.ts`).
 */

import { F, HOME, PC, X } from "../layout.ts";
import { meaningsById } from "../rv64/meaning.ts";
import { CodeWriter, Op } from "./code_writer.ts";
import { Flow } from "./flow.ts";
import {
  ARGUMENT,
  BUDGET_LEFT,
  DEPTH,
  LINK,
  PASSED,
  RegionFrame,
  RETURNED,
  type Sites,
  STACK_POINTER,
  TARGET,
} from "./region_frame.ts";
import { writeGiveUp } from "./give_up.ts";
import { Open, OpenBlocks } from "./open_blocks.ts";
import { RegionOps } from "./region_ops.ts";
import { End, OUTSIDE, type Shape } from "./shape.ts";

/** Type of region functions in every module of translated code. */
export const REGION_TYPE = 0;
/** Widest span of halfwords that a table of targets may cover. */
const MAX_TABLE = 4096;

export class RegionWriter {
  readonly w = new CodeWriter();
  readonly flow = new Flow();
  readonly #frame: RegionFrame;
  readonly #ops: RegionOps;
  #shape!: Shape;
  #index = 0;
  /** Instructions done at the place being written that BUDGET_LEFT does not show yet. */
  #owed = 0;
  readonly #blocks: OpenBlocks;

  /** `slotOf` gives the table index of the code at an address, whether or not there is any. */
  constructor(sites: Sites, fuses: boolean, readonly slotOf: (pc: number) => number) {
    this.#frame = new RegionFrame(this.w, sites, fuses);
    this.#ops = new RegionOps(this.#frame);
    this.#blocks = new OpenBlocks(this.#frame);
  }

  /**
   * Writes the region into `w`, without the locals; they follow from `writeLocals`. `index` is the function's in its
   * module: the region calls itself directly, as it stays in the table while any of its frames waits.
   */
  write(shape: Shape, index: number): void {
    const { w, flow } = this;
    this.#shape = shape;
    this.#index = index;
    flow.analyse(shape);
    this.#ops.plan.plan(shape, flow);
    this.#frame.begin();
    this.#frame.inBlock = flow.inBlock;
    w.reset();
    this.#blocks.begin();
    this.#blocks.open(Op.Block, Open.Other, 0);
    this.#entry();
    this.#tree(0);
    this.#blocks.close();
    writeGiveUp(this.#frame, flow);
    w.byte(Op.End);
  }

  writeLocals(to: CodeWriter): void {
    this.#frame.writeLocals(to);
  }

  // ---- entry and the common exit ----------------------------------------------------------------------------------
  /** Leaves at once when the budget is short or calls nest too deep; loads what is needed. */
  #entry(): void {
    const { w, flow } = this;
    this.#blocks.open(Op.Block, Open.Other, 0);
    this.#blocks.open(Op.Block, Open.Other, 0);
    w.get(BUDGET_LEFT);
    w.i32(flow.weight[0]);
    w.byte(Op.I32LtS);
    w.brIfRarely(0);
    w.get(DEPTH);
    w.i32(0);
    w.byte(Op.I32GtS);
    w.brIf(1);
    this.#blocks.close();
    this.#frame.dirtyX = PASSED;
    this.#frame.dirtyF = 0;
    this.#owed = 0;
    this.#returnTo(this.#shape.entry);
    this.#blocks.close();
    this.#frame.loadRegisters(flow.liveX[0] & ~PASSED, flow.liveF[0]);
  }

  // ---- control flow ----------------------------------------------------------------------------------------------
  /** The block and all that it dominates. */
  #tree(b: number): void {
    const { flow } = this;
    const head = flow.isHead[b] === 1;
    if (head) this.#blocks.open(Op.Loop, Open.Loop, b);
    // Merge points right below it, the last one outermost.
    const merges: number[] = [];
    for (let i = flow.reached - 1; i > flow.position[b]; i--) {
      const y = flow.order[i];
      if (flow.isMerge[y] === 1 && flow.dominator[y] === b) merges.push(y);
    }
    for (const y of merges) this.#blocks.open(Op.Block, Open.Before, y);
    this.#body(b, head);
    for (let i = merges.length - 1; i >= 0; i--) {
      this.#blocks.close();
      this.#tree(merges[i]);
    }
    if (head) this.#blocks.close();
  }

  #body(b: number, head: boolean): void {
    const { flow } = this;
    if (head) this.#checkHead(b);
    if (flow.copies[b] > 1) return this.#turns(b);
    this.#beginBlock(b);
    this.#instructions(b);
    this.#end(b);
  }

  #beginBlock(b: number): void {
    const { flow } = this;
    this.#frame.dirtyX = flow.dirtyX[b];
    this.#frame.dirtyF = flow.dirtyF[b];
    this.#ops.words = this.#ops.known = 0;
    this.#frame.beginBlock();
    this.#owed = flow.owed[b];
  }

  #instructions(b: number): void {
    const shape = this.#shape;
    const first = shape.first[b], count = shape.count[b];
    for (let k = 0; k < count; k++) this.#instruction(first + k, this.#owed + k);
    this.#owed += count;
  }

  /** A loop of one block: several turns without checks, or one with them. */
  #turns(b: number): void {
    const { flow } = this;
    const { memory } = this.#ops;
    const copies = flow.copies[b];
    memory.loop.plan(this.#shape, b, copies, this.#frame.sites);
    if (memory.loop.registers === 0) return this.#someTurns(b, copies);
    this.#blocks.open(Op.Block, Open.Other, 0);
    this.#frame.beginBlock();
    memory.compareForLoop(0);
    memory.compared = true;
    this.#someTurns(b, copies);
    memory.compared = false;
    this.#blocks.close();
    this.#someTurns(b, 1);
    memory.loop.clear();
  }

  #someTurns(b: number, copies: number): void {
    this.#beginBlock(b);
    for (; copies > 1; copies--) {
      this.#instructions(b);
      this.#leaveLoop(b);
    }
    this.#instructions(b);
    this.#ops.write(this.#ops.condition);
    this.#branchOwing(this.#owed, this.#depth(b, b));
    const to = this.#shape.next[b];
    if (to === OUTSIDE) return this.#leaveTo(this.#shape.nextPc[b]);
    this.#pay(this.#owed - this.flow.owed[to]);
    this.w.br(this.#depth(b, to));
  }

  /** After a turn of a loop that is one block, when another follows: out of it under the negated condition. */
  #leaveLoop(b: number): void {
    const { w, flow } = this;
    const to = this.#shape.next[b], owed = this.#owed;
    this.#ops.write(this.#ops.condition);
    w.byte(Op.I32Eqz);
    if (to === OUTSIDE) {
      this.#blocks.openRarely();
      this.#leaveTo(this.#shape.nextPc[b]);
      this.#blocks.close();
    } else this.#branchOwing(owed - flow.owed[to], this.#depth(b, to));
  }

  #instruction(index: number, owed: number): void {
    const shape = this.#shape;
    const frame = this.#frame;
    const d = shape.decoded[index];
    frame.pc = shape.pc[index];
    frame.owed = owed;
    this.#ops.begin(d, frame.pc, index);
    meaningsById()[d.id]!(this.#ops);
    if (d.row.fpRd) frame.dirtyF |= 1 << d.rd;
    else if (d.row.operands.includes("d")) frame.dirtyX |= 1 << d.rd & ~1 & ~this.flow.inBlock;
  }

  /** The budget must last to the next look at it. */
  #checkHead(b: number): void {
    const { w, flow } = this;
    w.get(BUDGET_LEFT);
    w.i32(flow.weight[b]);
    w.byte(Op.I32LtS);
    this.#blocks.openRarely();
    this.#frame.dirtyX = flow.dirtyX[b];
    this.#frame.dirtyF = flow.dirtyF[b];
    this.#owed = 0;
    this.#returnTo(this.#shape.start[b]);
    this.#blocks.close();
  }

  #end(b: number): void {
    const shape = this.#shape;
    switch (shape.end[b]) {
      case End.Fall:
        return this.#edge(b, shape.next[b], shape.nextPc[b]);
      case End.Jump:
        return this.#edge(b, shape.taken[b], shape.takenPc[b]);
      case End.Branch:
        return this.#branch(b);
      case End.Call:
        return this.#call(b, shape.takenPc[b]);
      case End.CallIndirect:
        return this.#call(b, this.#ops.constantOf(this.#ops.target));
      case End.Return:
        return this.#return();
      case End.JumpIndirect:
        return this.#jumpIndirect(b);
      default:
        return this.#returnTo(shape.nextPc[b]);
    }
  }

  /** A branch can reach it: a loop around, or a merge point ahead. */
  #reachable(b: number, to: number): boolean {
    return to !== OUTSIDE && (this.flow.position[to] <= this.flow.position[b] || this.flow.isMerge[to] === 1);
  }
  #depth(b: number, to: number): number {
    return this.#blocks.depthOf(this.flow.position[to] <= this.flow.position[b] ? Open.Loop : Open.Before, to);
  }

  /** What an edge has to pay: what is owed at its end but not expected at the target. */
  #due(b: number, to: number): number {
    return this.flow.owedAfter(this.#shape, b) - this.flow.owed[to];
  }
  #pay(due: number): void {
    if (due === 0) return;
    const { w } = this;
    w.get(BUDGET_LEFT);
    w.i32(due);
    w.byte(Op.I32Sub);
    w.set(BUDGET_LEFT);
  }

  #edge(b: number, to: number, pc: number): void {
    if (to === OUTSIDE) {
      this.#owed = this.flow.owedAfter(this.#shape, b);
      return this.#leaveTo(pc);
    }
    this.#pay(this.#due(b, to));
    if (this.#reachable(b, to)) this.w.br(this.#depth(b, to));
    else this.#tree(to);
  }

  #branch(b: number): void {
    const { w } = this;
    const { taken, next, takenPc, nextPc } = this.#shape;
    this.#ops.write(this.#ops.condition);
    const [yes, no] = [taken[b], next[b]];
    // What is dirty here, for both sides: the tree of one side moves on.
    const { dirtyX, dirtyF } = this.#frame;
    const restore = () => {
      this.#frame.dirtyX = dirtyX;
      this.#frame.dirtyF = dirtyF;
    };
    if (this.#reachable(b, yes)) {
      this.#branchTo(b, yes);
      return this.#edge(b, no, nextPc[b]);
    }
    if (this.#reachable(b, no)) {
      w.byte(Op.I32Eqz);
      this.#branchTo(b, no);
      return this.#edge(b, yes, takenPc[b]);
    }
    const flip = yes !== OUTSIDE && no === OUTSIDE;
    if (flip) w.byte(Op.I32Eqz);
    // What lies outside has not been executed so far.
    if (yes === OUTSIDE || no === OUTSIDE) this.#blocks.openRarely();
    else this.#blocks.open(Op.If, Open.Other, 0);
    if (flip) this.#edge(b, no, nextPc[b]);
    else this.#edge(b, yes, takenPc[b]);
    this.#blocks.close();
    restore();
    if (flip) this.#edge(b, yes, takenPc[b]);
    else this.#edge(b, no, nextPc[b]);
  }

  /** Under the condition on the stack. */
  #branchTo(b: number, to: number): void {
    this.#branchOwing(this.#due(b, to), this.#depth(b, to));
  }
  #branchOwing(due: number, depth: number): void {
    const { w } = this;
    if (due === 0) return w.brIf(depth);
    this.#blocks.open(Op.If, Open.Other, 0);
    this.#pay(due);
    w.br(depth + 1);
    this.#blocks.close();
  }

  // ---- leaving ---------------------------------------------------------------------------------------------------
  /** Stores what is dirty but for registers that go along. */
  #store(along: number): void {
    this.#frame.storeRegisters(this.#frame.dirtyX & ~along, this.#frame.dirtyF, X, F);
  }

  /** The address to go on at; `undefined` stands for TARGET. */
  #goOnAt(pc: number | undefined): void {
    this.w.i32(0);
    if (pc === undefined) this.w.get(TARGET);
    else this.w.i64(pc);
    this.w.shadow(Op.I64Store, HOME + PC);
  }

  /** Back to the caller or the dispatcher. */
  #returnTo(pc: number | undefined): void {
    this.#store(RETURNED);
    this.#goOnAt(pc);
    this.#returnUp();
  }

  #returnUp(): void {
    this.#budget();
    this.w.get(ARGUMENT);
    this.w.byte(Op.Return);
  }

  /** The instructions left, all that is owed paid. */
  #budget(): void {
    const { w } = this;
    w.get(BUDGET_LEFT);
    if (this.#owed === 0) return;
    w.i32(this.#owed);
    w.byte(Op.I32Sub);
  }

  /** To the code at an address, if there is any. */
  #leaveTo(pc: number | undefined): void {
    this.#store(PASSED);
    this.#goOnAt(pc);
    this.#arguments(0);
    this.#slot(pc);
    this.#callTable(Op.ReturnCallIndirect);
  }

  #arguments(deeper: number): void {
    const { w } = this;
    this.#budget();
    w.get(DEPTH);
    if (deeper > 0) {
      w.i32(deeper);
      w.byte(Op.I32Sub);
    }
    w.get(STACK_POINTER);
    w.get(ARGUMENT);
    w.get(LINK);
  }

  #slot(pc: number | undefined): void {
    if (pc === undefined) this.#frame.lookUpTarget();
    else this.w.i32(this.slotOf(pc));
  }

  #callTable(op: number): void {
    this.w.byte(op);
    this.w.unsigned(REGION_TYPE);
    this.w.unsigned(0);
  }

  /** The target of a jump through a register, in a local that outlives the stores. */
  #takeTarget(): void {
    this.#ops.write(this.#ops.target);
    this.w.set(TARGET);
  }

  #return(): void {
    this.#takeTarget();
    this.#returnTo(undefined);
  }

  #jumpIndirect(b: number): void {
    this.#takeTarget();
    const targets = this.#shape.tables[b];
    if (targets !== undefined) {
      this.#pay(this.#owed);
      this.#owed = 0;
      this.#table(b, targets);
    }
    this.#leaveTo(undefined);
  }

  /** Recorded targets are blocks of the region: by table, over the halfwords between the first and the last. */
  #table(b: number, targets: readonly number[]): void {
    const { w } = this;
    const blocks = this.#shape.tableBlocks[b]!;
    const known = targets.map((pc, i) => ({ pc, to: blocks[i] })).filter(({ to }) => to !== OUTSIDE);
    if (known.length === 0) return;
    const low = Math.min(...known.map((t) => t.pc));
    const span = (Math.max(...known.map((t) => t.pc)) - low) / 2 + 1;
    if (span > MAX_TABLE) return;
    this.#blocks.open(Op.Block, Open.Other, 0);
    const labels = new Int32Array(span);
    for (const { pc, to } of known) labels[(pc - low) / 2] = this.#depth(b, to);
    const distance = this.#frame.temporary("i64");
    w.get(TARGET);
    w.i64(low);
    w.byte(Op.I64Sub);
    w.tee(distance);
    w.i64(2 * span);
    w.byte(Op.I64GeU);
    w.brIfRarely(0);
    w.get(distance);
    w.byte(Op.I32Wrap);
    w.i32(1);
    w.byte(Op.I32ShrU);
    w.byte(Op.BrTable);
    w.unsigned(span);
    for (let i = 0; i < span; i++) w.unsigned(labels[i]);
    w.unsigned(0);
    this.#blocks.close();
  }

  /** Back from a call to code that had not been executed when the region was made: by now there may be a region, and the frames below stay. */
  #goOnOutside(pc: number): void {
    const { w } = this;
    w.i32(0);
    w.shadow(Op.I64Load, HOME + PC);
    w.i64(pc);
    w.byte(Op.I64Ne);
    this.#blocks.openRarely();
    this.#returnUp();
    this.#blocks.close();
    this.#frame.loadRegisters(PASSED & ~RETURNED, 0);
    this.#frame.dirtyX = this.#frame.dirtyF = 0;
    this.#leaveTo(pc);
  }

  /** A guest call is a wasm call; if it does not come back to the next instruction, neither does the caller go on. */
  #call(b: number, callee: number | undefined): void {
    const { w, flow } = this;
    const shape = this.#shape;
    if (callee === undefined) this.#takeTarget();
    this.#store(PASSED);
    if (callee === shape.entry) {
      this.#arguments(1);
      w.byte(Op.Call);
      w.unsigned(this.#index);
    } else {
      this.#goOnAt(callee);
      this.#arguments(1);
      this.#slot(callee);
      this.#callTable(Op.CallIndirect);
    }
    w.set(ARGUMENT);
    w.set(BUDGET_LEFT);
    this.#owed = 0;
    const next = shape.next[b];
    if (next === OUTSIDE) return this.#goOnOutside(shape.nextPc[b]);
    this.#blocks.open(Op.Block, Open.Other, 0);
    this.#blocks.open(Op.Block, Open.Other, 0);
    w.i32(0);
    w.shadow(Op.I64Load, HOME + PC);
    w.i64(shape.nextPc[b]);
    w.byte(Op.I64Ne);
    w.brIfRarely(0);
    w.get(BUDGET_LEFT);
    w.i32(flow.weight[next]);
    w.byte(Op.I32GeS);
    w.brIf(1);
    this.#blocks.close();
    this.#returnUp();
    this.#blocks.close();
    this.#frame.loadRegisters(flow.liveX[next] & ~RETURNED, flow.liveF[next]);
    this.#edge(b, next, shape.nextPc[b]);
  }
}
