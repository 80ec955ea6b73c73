/**
 * Finds a region: the code reachable from an entry through direct jumps, branches and returns from calls, as far as
 * it has been executed (its records are decoded) and up to a bound. Code that has not been executed stays outside and
 * is reached by leaving.
 */

import { CODE_MAP, PAGE_BITS, PERM_X, PERMS, R_OP, RECORD } from "../layout.ts";
import type { CpuHost } from "../cpu.ts";
import { decode, type Decoded, lengthOf } from "../rv64/decode.ts";
import { type Row, ROWS } from "../rv64/rows.ts";
import { End, MAX_BLOCKS, MAX_INSTRUCTIONS, OUTSIDE, type Shape } from "./shape.ts";

/** What discovery needs to know of an instruction. */
const Kind = { Plain: 0, Branch: 1, Jal: 2, Jalr: 3, Stop: 4 } as const;

function kindOf(row: Row): number {
  if (row.format === "B") return Kind.Branch;
  if (row.name === "jal") return Kind.Jal;
  if (row.name === "jalr") return Kind.Jalr;
  if (row.name === "fence") return Kind.Plain;
  return row.format === "fixed" || row.format === "fence" || row.format.startsWith("csr") ? Kind.Stop : Kind.Plain;
}

const kinds = Uint8Array.from([Kind.Stop, ...ROWS.map(kindOf)]);
/** Conversions to integers know the directed modes too; see `FloatEmitter`. */
const directed = Uint8Array.from([0, ...ROWS.map((row) => /^fcvt\.(w|wu|l|lu)\./.test(row.name) ? 1 : 0)]);

/** Whether the rounding mode is one that translated code does (frm is to-nearest while it runs). */
function rounds(d: Decoded): boolean {
  return d.rm === 0 || d.rm === 7 || (directed[d.id] === 1 && d.rm <= 3);
}

function isLink(register: number): boolean {
  return register === 1 || register === 5;
}

/** Target of a jump through a register that the instruction before has set by auipc, as far calls are made; or -1. */
function knownTarget(shape: Shape, b: number, d: Decoded): number {
  const before = shape.first[b] + shape.count[b] - 2;
  if (shape.count[b] < 2) return -1;
  const high = shape.decoded[before];
  if (high.row.name !== "auipc" || high.rd !== d.rs1 || high.rd === 0) return -1;
  const target = shape.pc[before] + high.imm + d.imm;
  return target >= 0 && target < 2 ** 32 ? target - target % 2 : -1;
}

export class Discovery {
  /** Index of the instruction at an address of the region. */
  readonly #at = new Map<number, number>();
  readonly #leaders = new Map<number, number>();
  readonly #work: number[] = [];
  #guest!: DataView;
  #perms!: Uint8Array;
  #codeMap!: Uint32Array;
  #records!: DataView;

  /**
   * Fills `shape` with the region at `entry`; false when not one instruction of it can be translated. `targetsOf`
   * gives the recorded targets of an indirect jump; `cold` includes code that has not been executed.
   */
  find(
    shape: Shape,
    host: CpuHost,
    entry: number,
    targetsOf: (pc: number) => readonly number[] | undefined,
    cold: boolean,
  ): boolean {
    this.#guest = new DataView(host.memory.buffer);
    this.#perms = new Uint8Array(host.shadow.buffer, PERMS, 1 << 20);
    this.#codeMap = new Uint32Array(host.shadow.buffer, CODE_MAP, 1 << 20);
    this.#records = host.codePages.code.view;
    this.#at.clear();
    this.#leaders.clear();
    shape.entry = entry;
    shape.instructions = shape.blocks = 0;
    this.#collect(shape, entry, targetsOf, cold);
    if (!this.#at.has(entry)) return false;
    this.#cut(shape, entry, targetsOf);
    return shape.count[0] > 0 || shape.end[0] !== End.Stop;
  }

  /** Decodes everything that belongs to the region and notes where blocks begin. */
  #collect(
    shape: Shape,
    entry: number,
    targetsOf: (pc: number) => readonly number[] | undefined,
    cold: boolean,
  ): void {
    const work = this.#work;
    work.length = 0;
    this.#lead(entry);
    // Breadth first, so that a bound cuts what is far away.
    for (let head = 0; head < work.length; head++) {
      let pc = work[head];
      if (!cold && pc !== entry && !this.#executed(pc)) continue;
      let ended = false;
      while (!ended && !this.#at.has(pc) && shape.instructions < MAX_INSTRUCTIONS) {
        const d = this.#decode(pc);
        if (d === undefined) break;
        const index = shape.instructions++;
        this.#at.set(pc, index);
        shape.pc[index] = pc;
        shape.decoded[index] = d;
        const kind = rounds(d) ? kinds[d.id] : Kind.Stop;
        const after = pc + d.length;
        if (kind === Kind.Plain) {
          pc = after;
          continue;
        }
        if (kind === Kind.Branch) {
          this.#lead(after);
          this.#lead(pc + d.imm);
        } else if (kind === Kind.Jal) this.#lead(isLink(d.rd) ? after : pc + d.imm);
        else if (kind === Kind.Jalr) {
          if (isLink(d.rd)) this.#lead(after);
          else for (const target of targetsOf(pc) ?? []) this.#lead(target);
        }
        ended = true;
      }
      // Running into known code: a block begins there.
      if (!ended && this.#at.has(pc) && !this.#leaders.has(pc)) this.#leaders.set(pc, OUTSIDE);
    }
  }

  #lead(pc: number): void {
    if (this.#leaders.has(pc)) return;
    this.#leaders.set(pc, OUTSIDE);
    if (this.#leaders.size < MAX_BLOCKS - 2) this.#work.push(pc);
  }

  /** Makes blocks of the instructions. */
  #cut(shape: Shape, entry: number, targetsOf: (pc: number) => readonly number[] | undefined): void {
    this.#begin(shape, entry);
    for (const pc of this.#leaders.keys()) if (pc !== entry && this.#at.has(pc)) this.#begin(shape, pc);
    for (let b = 0; b < shape.blocks; b++) this.#fill(shape, b, targetsOf);
  }

  #begin(shape: Shape, pc: number): void {
    if (shape.blocks >= MAX_BLOCKS) return;
    const b = shape.blocks++;
    shape.start[b] = pc;
    shape.first[b] = this.#at.get(pc)!;
    this.#leaders.set(pc, b);
  }

  #fill(shape: Shape, b: number, targetsOf: (pc: number) => readonly number[] | undefined): void {
    const { end, taken, next, takenPc, nextPc } = shape;
    taken[b] = next[b] = OUTSIDE;
    shape.tables[b] = shape.tableBlocks[b] = undefined;
    let pc = shape.start[b];
    let index = shape.first[b];
    shape.count[b] = 0;
    for (;;) {
      // Instructions of a block are consecutive: each run was collected in one go.
      if (index >= shape.instructions || shape.pc[index] !== pc || (shape.count[b] > 0 && this.#leaders.has(pc))) {
        end[b] = End.Fall;
        nextPc[b] = pc;
        next[b] = this.#blockAt(pc);
        return;
      }
      const d = shape.decoded[index];
      const kind = rounds(d) ? kinds[d.id] : Kind.Stop;
      if (kind === Kind.Stop) {
        end[b] = End.Stop;
        nextPc[b] = pc;
        return;
      }
      shape.count[b]++;
      index++;
      const after = pc + d.length;
      if (kind === Kind.Plain) {
        pc = after;
        continue;
      }
      nextPc[b] = after;
      takenPc[b] = pc + d.imm;
      if (kind === Kind.Branch) {
        end[b] = End.Branch;
        next[b] = this.#blockAt(after);
        taken[b] = this.#blockAt(takenPc[b]);
      } else if (kind === Kind.Jal) {
        end[b] = isLink(d.rd) ? End.Call : End.Jump;
        if (isLink(d.rd)) next[b] = this.#blockAt(after);
        else taken[b] = this.#blockAt(takenPc[b]);
      } else this.#fillJalr(shape, b, d, pc, targetsOf);
      return;
    }
  }

  #fillJalr(
    shape: Shape,
    b: number,
    d: Decoded,
    pc: number,
    targetsOf: (pc: number) => readonly number[] | undefined,
  ): void {
    const known = knownTarget(shape, b, d);
    if (known >= 0) shape.takenPc[b] = known;
    if (isLink(d.rd)) {
      shape.end[b] = known >= 0 ? End.Call : End.CallIndirect;
      shape.next[b] = this.#blockAt(pc + d.length);
    } else if (known >= 0) {
      shape.end[b] = End.Jump;
      shape.taken[b] = this.#blockAt(known);
    } else if (d.rd === 0 && isLink(d.rs1)) shape.end[b] = End.Return;
    else {
      shape.end[b] = End.JumpIndirect;
      const targets = targetsOf(pc)?.filter((target) => this.#blockAt(target) !== OUTSIDE);
      if (targets !== undefined && targets.length > 0) {
        shape.tables[b] = targets;
        shape.tableBlocks[b] = targets.map((target) => this.#blockAt(target));
      }
    }
  }

  #blockAt(pc: number): number {
    return this.#leaders.get(pc) ?? OUTSIDE;
  }

  /** The interpreter has been at this address, or close before it. */
  #executed(pc: number): boolean {
    if (pc < 0 || pc > 0xffffffff) return false;
    const records = this.#codeMap[Math.floor(pc / 4096)];
    return records !== 0 && this.#records.getUint16(records + ((pc & 0xfff) >>> 1) * RECORD + R_OP, true) !== 0;
  }

  /** Pages of the region have records, so that a write to one is noticed. */
  #decode(pc: number): Decoded | undefined {
    if (pc < 0 || pc > 0xfffffffb || (pc & 1) !== 0 || !this.#usable(pc)) return undefined;
    const low = this.#guest.getUint16(pc, true);
    if (lengthOf(low) === 4 && !this.#usable(pc + 2)) return undefined;
    return decode(low, lengthOf(low) === 4 ? this.#guest.getUint32(pc, true) : low);
  }

  #usable(pc: number): boolean {
    const page = Math.floor(pc / 2 ** PAGE_BITS);
    return this.#codeMap[page] !== 0 && (this.#perms[page] & PERM_X) !== 0;
  }
}
