/** --strace: placeholder observer until the formatter lands. */
import type { Machine, Observer } from "../actors/mod.ts";

export const straceObserver = (machine: Machine, write: (line: string) => void): Observer => ({
  callReturned: (t, result) => write(`[pid ${t.tid}] ${machine.calls.name(t.callNumber)}(...) = ${result}\n`),
});
