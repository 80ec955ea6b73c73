/** ptrace as the dispatch table has it: loaded when first called. */
import { lateCalls, type Task } from "../../actors/mod.ts";
import type { Handlers } from "../abi/call.ts";
import { ptrace } from "./declare.ts";

const late = lateCalls(Object.keys(ptrace), "ptrace", () => import("./calls.ts").then((m) => m.calls));

/** Loads ptrace. */
export const loadPtrace = late.load;

export const ptraceHandlers = late.handlers as unknown as Handlers<Task, typeof ptrace>;
