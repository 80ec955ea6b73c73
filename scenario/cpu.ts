/** The CPU of a scripted task: what it does next comes from the conductor, one call at a time. In between it rests, spending one instruction a turn. */
import { ScriptCpu } from "../cpu/script/cpu.ts";
import { ScriptSpace } from "../cpu/script/space.ts";
import { Trap } from "../cpu/types.ts";
import { CODE } from "../fuzz/layout.ts";
import { HANDLERS, isCalling, isResting, placeOfCall } from "./places.ts";

/** Who tells the CPU what to do. */
export interface Script {
  /** The task whose turn it is rests: its next call, "fault", or nothing yet. */
  next(
    cpu: ConductedCpu,
  ): { readonly nr: number; readonly args: readonly number[]; readonly place: number } | "fault" | undefined;
  /** It is in the handler of a signal. */
  handles(signal: number): void;
}

export class ConductedCpu extends ScriptCpu {
  constructor(space: ScriptSpace, readonly conductor: Script) {
    super(space);
  }

  override run(budget: number): Trap {
    if (isCalling(this.pc)) return this.#spend(Trap.Syscall);
    if (this.pc >= HANDLERS && this.pc <= HANDLERS + 4 * 64) {
      this.conductor.handles((this.pc - HANDLERS) / 4);
      this.pc = this.lo(1);
      return this.#spend(Trap.BudgetSpent);
    }
    if (!isResting(this.pc)) return super.run(budget);
    const next = this.conductor.next(this);
    if (next === undefined) return this.#spend(Trap.BudgetSpent);
    if (next === "fault") {
      this.fault = { signal: "SEGV", code: 1, addr: 0n };
      return this.#spend(Trap.Fault);
    }
    for (let i = 0; i < 6; i++) this.setNumber(10 + i, next.args[i] ?? 0);
    this.setNumber(17, next.nr);
    this.pc = placeOfCall(next.place);
    return this.#spend(Trap.Syscall);
  }
  #spend(trap: Trap): Trap {
    this.spent = 1;
    this.retired++;
    return trap;
  }
}

/** A space whose CPUs, and those of its forks, are conducted. */
export const conductedSpace = (conductor: Script): ScriptSpace =>
  conducted(new ScriptSpace({ base: CODE, ops: [] }), conductor);

const conducted = (space: ScriptSpace, conductor: Script): ScriptSpace => {
  const fork = space.fork.bind(space);
  space.fork = () => conducted(fork(), conductor);
  space.newCpu = () => {
    space.liveCpus++;
    return new ConductedCpu(space, conductor);
  };
  return space;
};
