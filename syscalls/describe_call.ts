/** A call as one line, for reports about tasks that wait: its name and arguments by the declaration, addresses as addresses, flags by name. Memory is not read. */
import type { Task } from "../actors/mod.ts";
import type { Call } from "./abi/call.ts";
import { signalName } from "./abi/signals.ts";
import { showFlags } from "./abi/flags.ts";

const hex = (lo: number, high: number): string => {
  const value = (BigInt(high >>> 0) << 32n) | BigInt(lo >>> 0);
  return value === 0n ? "0" : `0x${value.toString(16)}`;
};

/** "wait4(-1, 0x3fffe0, WNOHANG, 0)" from the registers of a task that is in the call. */
export const describeCall = (t: Task, name: string, call: Call): string => {
  const { cpu } = t;
  const args = call.args.map((a, i) => {
    const lo = cpu.lo(10 + i), high = cpu.hi(10 + i);
    switch (a.is) {
      case "int":
      case "fd":
      case "pid":
      case "uid":
      case "errno":
      case "clock":
        return `${a.reg === "u32" ? lo >>> 0 : a.reg === "i32" ? lo | 0 : high * 0x100000000 + (lo >>> 0)}`;
      case "dirfd":
        return (lo | 0) === -100 ? "AT_FDCWD" : `${lo | 0}`;
      case "size":
      case "offset":
        return `${high * 0x100000000 + (lo >>> 0)}`;
      case "signal":
        return signalName(lo | 0);
      case "flags":
        return showFlags(a.of, lo >>> 0);
      case "mode":
        return `0${(lo >>> 0).toString(8)}`;
      default:
        return a.is === "address" || a.is === "hex" ? hex(lo, high) : hex(lo, high) === "0" ? "NULL" : hex(lo, high);
    }
  });
  return `${name}(${args.join(", ")})`;
};
