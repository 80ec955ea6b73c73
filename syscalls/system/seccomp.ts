/** seccomp and its two options of prctl, loaded when first used. */
import { lateCalls } from "../../actors/mod.ts";
import { system } from "./declare.ts";

export const { handlers: seccompHandlers, load: loadSeccomp } = lateCalls(
  { seccomp: system.seccomp, prctl: system.prctl },
  "seccomp",
  () => import("./seccomp_calls.ts").then((m) => m.calls),
);
