/** Structs and enumerations of the signal calls: the kernel's sigaction on riscv64 has no restorer (24 bytes). */
import { enumeration } from "./flags.ts";
import { struct } from "./layout.ts";

export const SIGACTION = struct("sigaction", { handler: "u64", flags: "u64", mask: "u64" });
export const SIGALTSTACK = struct("stack_t", { sp: "u64", flags: "i32", size: "u64" });
export const SIGNAL_HOW = enumeration("SIG", { SIG_BLOCK: 0, SIG_UNBLOCK: 1, SIG_SETMASK: 2 });
