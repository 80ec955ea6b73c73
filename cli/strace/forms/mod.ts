/** All forms by the name of their call. */
import { after } from "../arguments.ts";
import { but, first, type Form } from "../form.ts";
import { pointer } from "../text.ts";
import { FILES } from "./files.ts";
import { FUTEXES } from "./futex.ts";
import { READINESS } from "./readiness.ts";
import { SIGNALS } from "./signals.ts";
import { SOCKETS } from "./sockets.ts";
import { TASKS } from "./tasks.ts";
import { TERMINAL } from "./terminal.ts";

export const FORMS: Readonly<Record<string, Form>> = {
  ...FILES,
  ...TERMINAL,
  ...READINESS,
  ...TASKS,
  ...FUTEXES,
  ...SIGNALS,
  ...SOCKETS,
  getrandom: but({
    0: (r, i) =>
      after(r, r.at(i), () => {
        const bytes = r.bytes(r.at(i), Math.min(r.result!, 32));
        if (bytes === undefined) return pointer(r.at(i));
        const text = Array.from(bytes, (b) => `\\x${b.toString(16).padStart(2, "0")}`).join("");
        return `"${text}"${r.result! > 32 ? "..." : ""}`;
      }),
  }),
  // The new address only with MREMAP_FIXED or MREMAP_DONTUNMAP.
  mremap: { pieces: (r) => (r.low(3) & 6) !== 0 ? first(5) : first(4) },
  semctl: but({ 3: (r, i) => r.big(i) < 4096n ? `${r.big(i)}` : pointer(r.big(i)) }),
};
