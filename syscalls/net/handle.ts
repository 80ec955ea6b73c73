/** The socket calls as the dispatch table has them. Most short programs make no socket, so what they do is loaded when the first is made. */
import { lateCalls, type Task } from "../../actors/mod.ts";
import type { Handlers } from "../abi/call.ts";
import { net } from "./declare.ts";

const late = lateCalls(Object.keys(net), "the socket calls", () => import("./calls.ts").then((m) => m.calls));

/** Loads the socket calls. */
export const loadNet = late.load;

/** Rows whose handlers are those of `calls.ts`, once there. */
export const netHandlers = late.handlers as unknown as Handlers<Task, typeof net>;
