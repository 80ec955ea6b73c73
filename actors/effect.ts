/**
 * The one door to effect for the kernel: deep imports (the barrel costs 105 ms), loaded while `node:async_hooks` is hidden. The order of these lines matters;
 * `tests/actors/effect_test.ts` guards it.
 */
import "./world/async_hooks_hidden.ts";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import type * as Fiber from "effect/Fiber";
import * as Scheduler from "effect/Scheduler";
import "./world/async_hooks_shown.ts";

export { Context, Effect, type Fiber, Scheduler };
