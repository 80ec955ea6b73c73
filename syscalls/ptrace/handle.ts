/** ptrace as the dispatch table has it: loaded when first called. */
import { lateCalls } from "../../actors/mod.ts";
import { ptrace } from "./declare.ts";

/** The row's handler, that of `calls.ts` once there; what loads it. */
export const { handlers: ptraceHandlers, load: loadPtrace } = lateCalls(
  ptrace,
  "ptrace",
  () => import("./calls.ts").then((m) => m.calls),
);
