/** Where a scripted task is: in a call, resting behind it, or in a handler. Nothing lies at these addresses; the program counter alone says it. */
import { CODE } from "../fuzz/layout.ts";

/** Handlers lie above all calls; the handler of signal n is 4 n further. */
export const HANDLERS = CODE + 0x1f000;
const CALLS = 0x1e000 / 8;

/** Each call has its own place, so that a call that begins again can be told from another one. */
export const placeOfCall = (n: number): number => CODE + 8 * (n % CALLS);
export const isCalling = (pc: number): boolean => pc >= CODE && pc < HANDLERS && pc % 8 === 0;
/** Behind a call: the task waits for its next step. */
export const isResting = (pc: number): boolean => pc >= CODE && pc < HANDLERS && pc % 8 === 4;
/** Where programs begin. */
export const RESTING = CODE + 4;
