/** What the ptrace call may do with the actors. Imported only by code that is loaded with the first such call. */
export { attach, traceMe } from "./attach.ts";
export { FP_BYTES, readFpRegs, readRegs, REGS_BYTES, writeFpRegs, writeRegs } from "./registers.ts";
export { readSyscallInfo, writeSyscallInfo } from "./syscall_info.ts";
export { type Resume, type Stop, Traced } from "./traced.ts";
