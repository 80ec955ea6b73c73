/** The socket calls as the dispatch table has them. Most short programs make no socket, so what they do is loaded when the first is made. */
import { lateCalls } from "../../actors/mod.ts";
import { net } from "./declare.ts";

/** Rows whose handlers are those of `calls.ts`, once there; what loads them. */
export const { handlers: netHandlers, load: loadNet } = lateCalls(
  net,
  "the socket calls",
  () => import("./calls.ts").then((m) => m.calls),
);
