/**
 * Finds what is hot without any cost to the interpreter: now and then some hundred instructions are run one by one and
 * the targets of calls and backward jumps counted; and translated code that leaves to an address without code counts
 * that address. Targets of indirect jumps are remembered for the regions that contain the jump.
 */

import type { CpuHost } from "../cpu.ts";
import { decode, type Decoded, lengthOf } from "../rv64/decode.ts";
import type { Eagerness } from "./translator.ts";

const MAX_TARGETS = 256;
const AGAIN = 4;
/** The same for addresses after calls that translated code comes to. */
const RETURNS = 8;
/** The same for addresses that have code which must only be bound to the space (about 70 µs). */
const KNOWN = 50;

export class Profile {
  /** Arrivals by address. */
  readonly #arrivals = new Map<number, number>();
  readonly #fromCode = new Map<number, number>();
  readonly #targets = new Map<number, number[]>();
  readonly #hot: number[] = [];
  #samples = 0;

  /** `isKnown`: there is code for the address already, to all appearances. */
  constructor(readonly eagerness: Eagerness, readonly host: CpuHost, readonly isKnown: (pc: number) => boolean) {}

  /** Recorded targets of the indirect jump at an address. */
  readonly targetsOf = (pc: number): readonly number[] | undefined => this.#targets.get(pc);

  sample(_pc: number): number {
    if (++this.#samples < this.eagerness.samplesPerTrace) return 0;
    this.#samples = 0;
    return this.eagerness.traceLength;
  }

  traced(from: number, to: number): void {
    if (to === from + 4 || to === from + 2) return;
    const d = this.#instruction(from);
    if (d === undefined) return;
    const { name } = d.row;
    const isReturn = name === "jalr" && d.rd === 0 && (d.rs1 === 1 || d.rs1 === 5);
    if (isReturn) return;
    const isJump = name === "jalr" && d.rd !== 1 && d.rd !== 5;
    if (isJump) this.#recordTarget(from, to);
    else if (name !== "jalr" && d.rd === 0 && to > from) return;
    const count = (this.#arrivals.get(to) ?? 0) + 1;
    this.#arrivals.set(to, count);
    const { hotInTrace } = this.eagerness;
    if (count === hotInTrace || count === AGAIN * hotInTrace || (count === 1 && this.isKnown(to))) this.#hot.push(to);
  }

  #recordTarget(from: number, to: number): void {
    const targets = this.#targets.get(from);
    if (targets === undefined) this.#targets.set(from, [to]);
    else if (targets.length < MAX_TARGETS && !targets.includes(to)) targets.push(to);
  }

  #instruction(pc: number): Decoded | undefined {
    const view = new DataView(this.host.memory.buffer);
    if (!(pc >= 0 && pc + 4 <= view.byteLength)) return undefined;
    const low = view.getUint16(pc, true);
    return decode(low, lengthOf(low) === 4 ? view.getUint32(pc, true) : low);
  }

  /**
   * Addresses that have become hot and are not `known`. Those inside a region, which will mostly be reached by it,
   * wait until they have been seen `AGAIN` times as often.
   */
  takeHot(known: (pc: number) => boolean, inside: (pc: number) => boolean): number[] {
    const patient = AGAIN * this.eagerness.hotInTrace;
    const hot = this.#hot.filter((pc) => !known(pc) && (!inside(pc) || this.#arrivals.get(pc)! >= patient));
    this.#hot.length = 0;
    return hot;
  }

  /** The instruction before is a call: mostly the function will be entered from its start before long. */
  #isReturn(pc: number): boolean {
    return [4, 2].some((length) => {
      const d = this.#instruction(pc - length);
      return d !== undefined && d.length === length && d.rd === 1 && (d.row.name === "jal" || d.row.name === "jalr");
    });
  }

  /** True when the address is hot now. */
  arrivedFromCode(pc: number): boolean {
    const count = (this.#fromCode.get(pc) ?? 0) + 1;
    const { hotFromCode } = this.eagerness;
    if (
      count >= RETURNS * hotFromCode || (count === hotFromCode && !this.#isReturn(pc)) ||
      (count === KNOWN && this.isKnown(pc))
    ) {
      this.#fromCode.delete(pc);
      return true;
    }
    this.#fromCode.set(pc, count);
    return false;
  }
}
