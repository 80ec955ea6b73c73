/**
 * Control and data flow of a region. Control: reverse postorder, dominators, loop heads and merge points, which is
 * what structured code is written from (Ramsey, "Beyond Relooper", 2022); an edge into the middle of a loop is cut
 * into an exit. Data: which registers are changed but not stored, which must be loaded, how many instructions run at
 * most between two looks at the budget.
 */

import { mayLeave, readsF, readsX, writesF, writesX } from "./register_use.ts";
import { Residence } from "./residence.ts";
import { PASSED, RETURNED } from "./region_frame.ts";
import { End, MAX_BLOCKS, OUTSIDE, type Shape } from "./shape.ts";

/** Instructions of a loop that is written four times, and of one that is written twice. */
const UNROLLED = 6, UNROLLED_TWICE = 12;

export class Flow {
  /** Blocks in reverse postorder; position of each block in it, or -1 when it is not reached. */
  readonly order = new Int32Array(MAX_BLOCKS);
  readonly position = new Int32Array(MAX_BLOCKS);
  reached = 0;
  readonly dominator = new Int32Array(MAX_BLOCKS);
  readonly isHead = new Uint8Array(MAX_BLOCKS);
  readonly isMerge = new Uint8Array(MAX_BLOCKS);
  /** How often a block that is a loop by itself is written, one turn after the other: one look at the budget for all. */
  readonly copies = new Uint8Array(MAX_BLOCKS);
  /** How many loops a block is in: it lies between their heads and ends in reverse postorder. */
  readonly loopDepth = new Uint8Array(MAX_BLOCKS);
  readonly #lastOf = new Int32Array(MAX_BLOCKS);
  /** Registers that stay in the CPU block: never dirty, never live. */
  inBlock = 0;
  readonly #residence = new Residence();
  /** Registers changed since they were last stored, at the start of a block. */
  readonly dirtyX = new Int32Array(MAX_BLOCKS);
  readonly dirtyF = new Int32Array(MAX_BLOCKS);
  /** Registers that must be in locals at the start of a block. */
  readonly liveX = new Int32Array(MAX_BLOCKS);
  readonly liveF = new Int32Array(MAX_BLOCKS);
  readonly definesX = new Int32Array(MAX_BLOCKS);
  readonly definesF = new Int32Array(MAX_BLOCKS);
  /** Instructions done since the budget was last reduced, at the start of a block; whoever comes with others pays. */
  readonly owed = new Int32Array(MAX_BLOCKS);
  readonly #owedBy = new Uint8Array(MAX_BLOCKS);
  /** Most instructions from the start of a block to the next look at the budget. */
  readonly weight = new Int32Array(MAX_BLOCKS);
  readonly #usesX = new Int32Array(MAX_BLOCKS);
  readonly #usesF = new Int32Array(MAX_BLOCKS);
  /** What a block has defined before the first instruction in it that may leave. */
  readonly #beforeX = new Int32Array(MAX_BLOCKS);
  readonly #beforeF = new Int32Array(MAX_BLOCKS);
  readonly #leaves = new Uint8Array(MAX_BLOCKS);
  readonly #state = new Uint8Array(MAX_BLOCKS);

  analyse(shape: Shape): void {
    do this.#number(shape); while (this.#cutIrreducible(shape));
    this.#mark(shape);
    if (this.#separateEntry(shape)) {
      do this.#number(shape); while (this.#cutIrreducible(shape));
      this.#mark(shape);
    }
    this.inBlock = this.#residence.inBlock(shape, this);
    this.#scan(shape);
    this.#dirty(shape);
    this.#live(shape);
    this.#weigh(shape);
    this.#owe(shape);
  }

  /** Calls `f` with each successor of a block inside the region. */
  successors(shape: Shape, b: number, f: (to: number) => void): void {
    const end = shape.end[b];
    if ((end === End.Jump || end === End.Branch) && shape.taken[b] !== OUTSIDE) f(shape.taken[b]);
    if (end !== End.Jump && end !== End.Stop && shape.next[b] !== OUTSIDE) f(shape.next[b]);
    const table = shape.tableBlocks[b];
    if (table !== undefined) { for (let i = 0; i < table.length; i++) if (table[i] !== OUTSIDE) f(table[i]); }
  }

  dominates(a: number, b: number): boolean {
    while (this.position[b] > this.position[a]) b = this.dominator[b];
    return a === b;
  }

  /** Postorder by depth-first search, then dominators (Cooper, Harvey and Kennedy). */
  #number(shape: Shape): void {
    const { position, order } = this;
    position.fill(-1, 0, shape.blocks);
    this.#state.fill(0, 0, shape.blocks);
    let last = shape.blocks;
    const visit = (b: number): void => {
      this.#state[b] = 1;
      this.successors(shape, b, (to) => {
        if (this.#state[to] === 0) visit(to);
      });
      order[--last] = b;
    };
    visit(0);
    this.reached = shape.blocks - last;
    order.copyWithin(0, last, shape.blocks);
    for (let i = 0; i < this.reached; i++) position[order[i]] = i;
    this.#dominators(shape);
  }

  #dominators(shape: Shape): void {
    const { position, order, dominator } = this;
    dominator.fill(-1, 0, shape.blocks);
    dominator[0] = 0;
    for (let changed = true; changed;) {
      changed = false;
      for (let i = 0; i < this.reached; i++) {
        const b = order[i];
        if (dominator[b] < 0) continue;
        this.successors(shape, b, (to) => {
          if (to === 0) return;
          let a = b, c = dominator[to];
          if (c < 0) c = a;
          while (a !== c) {
            while (position[a] > position[c]) a = dominator[a];
            while (position[c] > position[a]) c = dominator[c];
          }
          if (dominator[to] !== a) {
            dominator[to] = a;
            changed = true;
          }
        });
      }
    }
  }

  /** Turns backward edges to blocks that do not dominate their source into exits; true if there were any. */
  #cutIrreducible(shape: Shape): boolean {
    let cut = false;
    const bad = (b: number, to: number) =>
      to !== OUTSIDE && this.position[to] <= this.position[b] && !this.dominates(to, b);
    for (let i = 0; i < this.reached; i++) {
      const b = this.order[i];
      if (bad(b, shape.taken[b])) shape.taken[b] = OUTSIDE, cut = true;
      if (bad(b, shape.next[b])) shape.next[b] = OUTSIDE, cut = true;
      const table = shape.tableBlocks[b];
      if (table === undefined) continue;
      for (let j = 0; j < table.length; j++) if (bad(b, table[j])) table[j] = OUTSIDE, cut = true;
    }
    return cut;
  }

  #mark(shape: Shape): void {
    const { isHead, isMerge, position } = this;
    isHead.fill(0, 0, shape.blocks);
    isMerge.fill(0, 0, shape.blocks);
    this.#lastOf.fill(-1, 0, shape.blocks);
    for (let i = 0; i < this.reached; i++) {
      const b = this.order[i];
      this.successors(shape, b, (to) => {
        if (position[to] <= i) {
          isHead[to] = 1;
          this.#lastOf[to] = i;
        } else if (isMerge[to] < 2) isMerge[to]++;
      });
      // A table's label must be one that can be branched to, and a loop head needs the loop around it.
      const table = shape.tableBlocks[b];
      if (table !== undefined) { for (const to of table) if (to !== OUTSIDE && position[to] > i) isMerge[to] = 2; }
    }
    for (let b = 0; b < shape.blocks; b++) isMerge[b] = isMerge[b] >= 2 ? 1 : 0;
    this.#unroll(shape);
    this.loopDepth.fill(0, 0, shape.blocks);
    for (let i = 0; i < this.reached; i++) {
      for (let k = i, last = this.#lastOf[this.order[i]]; k <= last; k++) this.loopDepth[this.order[k]]++;
    }
  }

  /**
   * A region entered in the middle of a loop would get two loops one around the other, of the entry and of the block
   * that the loop is usually entered by. So the entry gets a copy for the turns after the first; true if it did.
   */
  #separateEntry(shape: Shape): boolean {
    let nested = false;
    this.successors(shape, 0, (to) => {
      if (to !== 0 && this.isHead[to] === 1) nested = true;
    });
    if (!nested || this.isHead[0] === 0 || shape.blocks === MAX_BLOCKS) return false;
    const copy = shape.copyBlock(0);
    for (let b = 0; b <= copy; b++) shape.redirect(b, 0, copy);
    return true;
  }

  /** Where such a loop goes on is reached from each copy. */
  #unroll(shape: Shape): void {
    this.copies.fill(1, 0, shape.blocks);
    for (let i = 0; i < this.reached; i++) {
      const b = this.order[i], next = shape.next[b], count = shape.count[b];
      if (shape.end[b] !== End.Branch || shape.taken[b] !== b || next === b || count > UNROLLED_TWICE) continue;
      this.copies[b] = count > UNROLLED ? 2 : 4;
      if (next !== OUTSIDE) this.isMerge[next] = 1;
    }
  }

  #scan(shape: Shape): void {
    for (let i = 0; i < this.reached; i++) {
      const b = this.order[i];
      let usesX = 0, usesF = 0, definesX = 0, definesF = 0, beforeX = 0, beforeF = 0, leaves = 0;
      for (let k = shape.first[b], end = k + shape.count[b]; k < end; k++) {
        const d = shape.decoded[k];
        usesX |= readsX(d) & ~definesX & ~this.inBlock;
        usesF |= readsF(d) & ~definesF;
        if (leaves === 0 && mayLeave(d)) leaves = 1, beforeX = definesX, beforeF = definesF;
        definesX |= writesX(d) & ~this.inBlock;
        definesF |= writesF(d);
      }
      this.#usesX[b] = usesX;
      this.#usesF[b] = usesF;
      this.definesX[b] = definesX;
      this.definesF[b] = definesF;
      this.#beforeX[b] = leaves ? beforeX : definesX;
      this.#beforeF[b] = leaves ? beforeF : definesF;
      this.#leaves[b] = leaves;
    }
  }

  isCall(shape: Shape, b: number): boolean {
    return shape.end[b] === End.Call || shape.end[b] === End.CallIndirect;
  }

  /** Forward: a call stores everything. */
  #dirty(shape: Shape): void {
    const { dirtyX, dirtyF } = this;
    dirtyX.fill(0, 0, shape.blocks);
    dirtyF.fill(0, 0, shape.blocks);
    dirtyX[0] = PASSED;
    for (let i = 0; i < this.reached; i++) {
      const b = this.order[i];
      if (this.isCall(shape, b) && shape.next[b] !== OUTSIDE) dirtyX[shape.next[b]] |= RETURNED;
    }
    for (let changed = true; changed;) {
      changed = false;
      for (let i = 0; i < this.reached; i++) {
        const b = this.order[i];
        if (this.isCall(shape, b)) continue;
        const x = dirtyX[b] | this.definesX[b], f = dirtyF[b] | this.definesF[b];
        this.successors(shape, b, (to) => {
          if ((x & ~dirtyX[to]) !== 0 || (f & ~dirtyF[to]) !== 0) changed = true;
          dirtyX[to] |= x;
          dirtyF[to] |= f;
        });
      }
    }
  }

  /** An edge of the block leaves the region, or it stores registers for a call. */
  #stores(shape: Shape, b: number): boolean {
    switch (shape.end[b]) {
      case End.Fall:
        return shape.next[b] === OUTSIDE;
      case End.Jump:
        return shape.taken[b] === OUTSIDE;
      case End.Branch:
        return shape.next[b] === OUTSIDE || shape.taken[b] === OUTSIDE;
      default:
        return true;
    }
  }

  /**
   * Backward. What may be dirty where it is stored must be in its local there, also on paths that have not changed
   * it: such a store counts as a use.
   */
  #live(shape: Shape): void {
    const { liveX, liveF, dirtyX, dirtyF } = this;
    liveX.fill(0, 0, shape.blocks);
    liveF.fill(0, 0, shape.blocks);
    for (let i = 0; i < this.reached; i++) {
      const b = this.order[i];
      const all = this.isHead[b];
      const stores = this.#stores(shape, b);
      const leaves = this.#leaves[b];
      const beforeX = all ? 0 : leaves ? this.#beforeX[b] : stores ? this.definesX[b] : -1;
      const beforeF = all ? 0 : leaves ? this.#beforeF[b] : stores ? this.definesF[b] : -1;
      liveX[b] = this.#usesX[b] | dirtyX[b] & ~beforeX | (stores ? PASSED & ~this.definesX[b] : 0);
      liveF[b] = this.#usesF[b] | dirtyF[b] & ~beforeF;
    }
    for (let changed = true; changed;) {
      changed = false;
      for (let i = this.reached - 1; i >= 0; i--) {
        const b = this.order[i];
        if (this.isCall(shape, b)) continue;
        let x = liveX[b], f = liveF[b];
        this.successors(shape, b, (to) => {
          x |= liveX[to] & ~this.definesX[b];
          f |= liveF[to] & ~this.definesF[b];
        });
        if (x !== liveX[b] || f !== liveF[b]) changed = true;
        liveX[b] = x;
        liveF[b] = f;
      }
    }
  }

  /** Instructions owed at the end of a block: calls and tables pay before. */
  owedAfter(shape: Shape, b: number): number {
    return this.isCall(shape, b) || shape.tableBlocks[b] !== undefined
      ? 0
      : this.owed[b] + this.copies[b] * shape.count[b];
  }

  /** At a merge point the edge that cannot pay without a detour decides: that of a table, then that of a branch. */
  #owe(shape: Shape): void {
    this.owed.fill(0, 0, shape.blocks);
    this.#owedBy.fill(0, 0, shape.blocks);
    for (let i = 0; i < this.reached; i++) {
      const b = this.order[i];
      const rank = shape.tableBlocks[b] !== undefined ? 3 : shape.end[b] === End.Branch ? 2 : 1;
      this.successors(shape, b, (to) => {
        if (this.isHead[to] === 1 || rank <= this.#owedBy[to]) return;
        this.#owedBy[to] = rank;
        this.owed[to] = this.owedAfter(shape, b);
      });
    }
  }

  /** The budget is looked at on entry, at loop heads and after calls. */
  #weigh(shape: Shape): void {
    for (let i = this.reached - 1; i >= 0; i--) {
      const b = this.order[i];
      let most = 0;
      if (!this.isCall(shape, b)) {
        this.successors(shape, b, (to) => {
          if (this.isHead[to] === 0 && this.weight[to] > most) most = this.weight[to];
        });
      }
      this.weight[b] = most + this.copies[b] * shape.count[b];
    }
  }
}
