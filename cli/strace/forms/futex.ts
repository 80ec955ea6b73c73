/** futex by its operation. */
import { FUTEX, FUTEX_CLOCK_REALTIME, FUTEX_MATCH_ANY, FUTEX_OP, FUTEX_PRIVATE } from "../../../syscalls/abi/futex.ts";
import { TIMESPEC } from "../../../syscalls/abi/timespec.ts";
import { type Render, structAt } from "../arguments.ts";
import { first, type Form } from "../form.ts";
import type { Request } from "../request.ts";
import { flagText, hexNumber, pointer } from "../text.ts";

const operation: Render = (r) => {
  const word = r.low(1), clock = (word & FUTEX_CLOCK_REALTIME) !== 0 ? "|FUTEX_CLOCK_REALTIME" : "";
  return `${flagText(FUTEX_OP, word & 127)}${(word & FUTEX_PRIVATE) !== 0 ? "_PRIVATE" : ""}${clock}`;
};
const val: Render = (r) => `${r.low(2)}`;
const val2: Render = (r) => `${r.low(3)}`;
const val3: Render = (r) => `${r.low(5)}`;
const timeout: Render = (r) => structAt(r, r.at(3), TIMESPEC);
const other: Render = (r) => pointer(r.big(4));
const bitset: Render = (r) => r.low(5) === FUTEX_MATCH_ANY ? "FUTEX_BITSET_MATCH_ANY" : hexNumber(r.low(5));
const wakeOperation: Render = (r) => {
  const word = r.low(5);
  const operations = ["FUTEX_OP_SET", "FUTEX_OP_ADD", "FUTEX_OP_OR", "FUTEX_OP_ANDN", "FUTEX_OP_XOR"];
  const compares = ["EQ", "NE", "LT", "LE", "GT", "GE"];
  const shift = (word >>> 31) !== 0 ? "FUTEX_OP_OPARG_SHIFT<<28|" : "";
  return `${shift}${operations[word >>> 28 & 7] ?? word >>> 28 & 7}<<28|${hexNumber(word >>> 12 & 0xfff)}<<12|` +
    `FUTEX_OP_CMP_${compares[word >>> 24 & 15] ?? word >>> 24 & 15}<<24|${hexNumber(word & 0xfff)}`;
};

const afterOperation = (r: Request): readonly Render[] => {
  switch (r.low(1) & 127) {
    case FUTEX.WAIT:
      return [val, timeout];
    case FUTEX.WAIT_BITSET:
      return [val, timeout, bitset];
    case FUTEX.WAKE:
      return [val];
    case FUTEX.WAKE_BITSET:
      return [val, bitset];
    case FUTEX.REQUEUE:
      return [val, val2, other];
    case FUTEX.WAKE_OP:
      return [val, val2, other, wakeOperation];
    case FUTEX.LOCK_PI:
    case FUTEX.LOCK_PI2:
      return [timeout];
    case FUTEX.UNLOCK_PI:
    case FUTEX.TRYLOCK_PI:
      return [];
    case FUTEX.WAIT_REQUEUE_PI:
      return [val, timeout, other];
    default:
      return [val, val2, other, val3];
  }
};

export const FUTEXES: Readonly<Record<string, Form>> = {
  futex: { pieces: (r) => [...first(1), operation, ...afterOperation(r)] },
};
