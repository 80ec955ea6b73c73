/** Actors that hook themselves into a new machine: what is mounted besides the root and /dev, and openers the core knows only by name. */
import type { Machine } from "./machine.ts";

export const installExtras = (_machine: Machine): void => {};
