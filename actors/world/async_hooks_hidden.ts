/**
 * Hides `node:async_hooks` while effect loads: with it effect makes an AsyncResource at every suspension (park and wake 6.1 µs instead of 0.26 µs on Deno 2.9.6).
 * `async_hooks_shown.ts` puts it back. Imported by `actors/effect.ts` only, just before effect.
 */
type GetBuiltin = (id: string) => unknown;
const host = (globalThis as { process?: { getBuiltinModule?: GetBuiltin } }).process;

export const original: GetBuiltin | undefined = host?.getBuiltinModule;
if (host !== undefined && original !== undefined) {
  host.getBuiltinModule = (id) => id === "node:async_hooks" ? undefined : original.call(host, id);
}
