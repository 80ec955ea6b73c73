/**
 * Hides `node:async_hooks` while effect loads: with it effect makes an AsyncResource at every suspension (park and wake 6.1 µs instead of 0.26 µs on Deno 2.9.6). Effect
 * asks `globalThis.process` for it; the whole global is hidden, because looking at it costs 14 ms (Deno loads its Node layer then). `async_hooks_shown.ts` puts it
 * back. Imported by `actors/effect.ts` just before effect, and by whoever loads that, since a bundler may change the order of what is imported together.
 */
export const original = Object.getOwnPropertyDescriptor(globalThis, "process");
if (original?.configurable) Object.defineProperty(globalThis, "process", { value: undefined, configurable: true });
