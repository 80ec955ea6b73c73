/**
 * From a trap to a handler: the table built from the declarations, decoding of registers into numbers, and the one place where failures become negative
 * results. A call that need not wait allocates nothing here.
 */
import { BadAddress } from "../cpu/types.ts";
import type { CallTable, Task } from "../actors/mod.ts";
import type { Call, Family, Reg } from "./abi/call.ts";
import { E, Errno } from "./abi/errno.ts";
import { describeCall } from "./describe_call.ts";

type AnyHandler = (t: Task, a?: number, b?: number, c?: number, d?: number, e?: number, f?: number) => number;

/** A declared call with its handler. */
export interface Entry {
  readonly name: string;
  readonly call: Call;
  readonly regs: readonly Reg[];
  readonly handler: AnyHandler | undefined;
}

export interface FamilyWithHandlers {
  readonly rows: Family;
  readonly handlers: Readonly<Record<string, unknown>>;
}

/** Register 10 + i as the declaration says. */
const argument = (t: Task, i: number, reg: Reg): number => {
  const { cpu } = t;
  const lo = cpu.lo(10 + i);
  switch (reg) {
    case "i32":
      return lo | 0;
    case "u32":
      return lo >>> 0;
    case "u64":
      return (cpu.hi(10 + i) >>> 0) * 0x100000000 + (lo >>> 0);
    case "i64":
      return cpu.hi(10 + i) * 0x100000000 + (lo >>> 0);
  }
};

const RT_SIGRETURN = 139;

export class Dispatch implements CallTable {
  readonly entries: (Entry | undefined)[] = [];

  constructor(families: readonly FamilyWithHandlers[]) {
    for (const { rows, handlers } of families) {
      for (const [name, call] of Object.entries(rows)) {
        if (this.entries[call.nr] !== undefined) throw new Error(`call ${call.nr} declared twice: ${name}`);
        const handler = handlers[name] as AnyHandler | undefined;
        if (handler === undefined && call.support !== "absent") {
          throw new Error(`${name} is declared but has no handler`);
        }
        this.entries[call.nr] = { name, call, regs: call.args.map((a) => a.reg), handler };
      }
    }
  }

  name(nr: number): string {
    return this.entries[nr]?.name ?? `syscall_0x${(nr >>> 0).toString(16)}`;
  }

  describe(t: Task): string {
    const entry = this.entries[t.callNumber];
    return entry === undefined ? this.name(t.callNumber) : describeCall(t, entry.name, entry.call);
  }

  failure(t: Task, error: unknown): number {
    return failure(t, error);
  }

  dispatch(t: Task): number {
    const nr = t.callNumber;
    const { counters } = t.machine;
    counters.syscalls[nr >>> 0 < 1023 ? nr : 1023]++;
    const handler = this.entries[nr]?.handler;
    if (handler === undefined) {
      counters.unknown.set(nr, (counters.unknown.get(nr) ?? 0) + 1);
      return -E.NOSYS;
    }
    try {
      return this.#invoke(t, handler, this.entries[nr]!.regs);
    } catch (error) {
      return failure(t, error);
    }
  }

  #invoke(t: Task, handler: AnyHandler, regs: readonly Reg[]): number {
    switch (regs.length) {
      case 0:
        return handler(t);
      case 1:
        return handler(t, argument(t, 0, regs[0]));
      case 2:
        return handler(t, argument(t, 0, regs[0]), argument(t, 1, regs[1]));
      case 3:
        return handler(t, argument(t, 0, regs[0]), argument(t, 1, regs[1]), argument(t, 2, regs[2]));
      default:
        return handler(
          t,
          argument(t, 0, regs[0]),
          argument(t, 1, regs[1]),
          argument(t, 2, regs[2]),
          argument(t, 3, regs[3]),
          regs.length > 4 ? argument(t, 4, regs[4]) : 0,
          regs.length > 5 ? argument(t, 5, regs[5]) : 0,
        );
    }
  }
}

/** A typed failure as the call's result; anything else is a defect and travels on. */
const failure = (t: Task, error: unknown): number => {
  if (error instanceof Errno) return -error.no;
  if (error instanceof BadAddress) {
    if (t.callNumber === RT_SIGRETURN) t.machine.badFrame(t);
    return -E.FAULT;
  }
  throw error;
};
