/** Undoes `async_hooks_hidden.ts` once effect has loaded. */
import { original } from "./async_hooks_hidden.ts";

if (original?.configurable) Object.defineProperty(globalThis, "process", original);
