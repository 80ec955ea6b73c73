/** Tracing other tasks. */
import { address, call, enumerationArg, type Family, hex, pid } from "../abi/call.ts";
import { PTRACE_REQUEST } from "../abi/ptrace.ts";

export const ptrace = {
  ptrace: call(
    117,
    [enumerationArg("request", PTRACE_REQUEST), pid(), address("addr"), hex("data")],
    "trace and control another task",
    {
      support: "partial",
      note: "SINGLESTEP works although riscv64 Linux answers it with EIO; filters of seccomp cannot be read",
    },
  ),
} satisfies Family;
