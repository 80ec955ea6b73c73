/** Undoes `async_hooks_hidden.ts` once effect has loaded. */
import { original } from "./async_hooks_hidden.ts";

const host = (globalThis as { process?: { getBuiltinModule?: typeof original } }).process;
if (host !== undefined && original !== undefined) host.getBuiltinModule = original;
