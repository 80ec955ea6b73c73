/**
 * Arguments by their declarations. A renderer gives the text, or undefined when the call must have returned first: what the kernel writes is read afterwards. A call that
 * failed has written nothing, so there the pointer is shown.
 */
import type { Arg } from "../../syscalls/abi/call.ts";
import type { Layout } from "../../syscalls/abi/layout.ts";
import { signalName } from "../../syscalls/abi/signals.ts";
import { CLOCK_IDS } from "../../syscalls/abi/time.ts";
import type { Request } from "./request.ts";
import { waitStatus } from "./siginfo.ts";
import { socketAddress, vectors } from "./sockets.ts";
import { structText } from "./structs.ts";
import { data, flagText, hexNumber, octal, pointer, quoted, SHOWN, signalSet } from "./text.ts";

/** Text of argument `i`; undefined: not before the call has returned. */
export type Render = (r: Request, i: number) => string | undefined;

/** Most elements of an array that are shown. */
const ELEMENTS = 32;

export const pathText = (r: Request, at: number): string => {
  if (at === 0) return "NULL";
  const s = r.string(at);
  return s === undefined ? pointer(at) : quoted(s.bytes, s.more);
};

/** A struct at an address, or an array of them. */
export const structAt = (r: Request, at: number, layout: Layout, count?: number): string => {
  if (at === 0) return "NULL";
  if (count === undefined) {
    const bytes = r.bytes(at, layout.size);
    return bytes === undefined ? pointer(at) : structText(layout, bytes);
  }
  if (count === 0) return "[]";
  const parts: string[] = [];
  for (let i = 0; i < Math.min(count, ELEMENTS); i++) {
    const bytes = r.bytes(at + i * layout.size, layout.size);
    if (bytes === undefined) {
      if (i === 0) return pointer(at);
      parts.push(`... /* ${pointer(at + i * layout.size)} */`);
      return `[${parts.join(", ")}]`;
    }
    parts.push(structText(layout, bytes));
  }
  return `[${parts.join(", ")}${count > ELEMENTS ? ", ..." : ""}]`;
};

/** What is written only when the call succeeds. */
export const after = (r: Request, at: number, show: () => string): string | undefined => {
  if (at === 0) return "NULL";
  if (r.result === undefined) return undefined;
  return r.failed ? pointer(at) : show();
};

const cellAt = (r: Request, at: number, width: 32 | 64, value: string | undefined): string => {
  const v = width === 32 ? r.word(at) : r.long(at);
  if (v === undefined) return pointer(at);
  if (value === "wstatus") return `[${waitStatus(Number(v))}]`;
  return `[${value === "hex" ? hexNumber(width === 32 ? Number(v) >>> 0 : v) : v}]`;
};

export const stringsAt = (r: Request, at: number): string => {
  if (at === 0) return "NULL";
  const parts: string[] = [];
  for (let i = 0;; i++) {
    const p = r.long(at + 8 * i);
    if (p === undefined) return i === 0 ? pointer(at) : `[${parts.join(", ")}, ... /* ${pointer(at + 8 * i)} */]`;
    if (p === 0n) return `[${parts.join(", ")}]`;
    if (i === ELEMENTS) return `[${parts.join(", ")}, ...]`;
    const s = r.string(Number(p), SHOWN);
    parts.push(s === undefined ? pointer(p) : quoted(s.bytes, s.more));
  }
};

const sigsetAt = (r: Request, at: number): string => {
  const mask = at === 0 ? undefined : r.long(at);
  return mask === undefined ? pointer(at) : signalSet(mask);
};

const countOf = (r: Request, name: string | undefined): number | undefined => {
  if (name === undefined) return undefined;
  if (name === "result") return r.result === undefined || r.result < 0 ? 0 : r.result;
  const i = r.index(name);
  return i < 0 ? undefined : r.int(i);
};

const simple = (r: Request, i: number, arg: Arg): string => {
  switch (arg.is) {
    case "uid":
      return String(r.int(i) === -1 ? -1 : r.low(i));
    case "dirfd":
      return r.int(i) === -100 ? "AT_FDCWD" : String(r.int(i));
    case "signal":
      return signalName(r.int(i));
    case "clock":
      return clockName(r.int(i));
    case "mode":
      return octal(r.low(i));
    case "hex":
      return hexNumber(arg.reg === "i32" || arg.reg === "u32" ? r.low(i) : r.big(i));
    case "address":
    case "by":
      return pointer(r.big(i));
    case "flags":
      return flagText(arg.of, r.low(i));
    case "size":
      return String(r.big(i));
    case "offset":
      return String(r.signed(i));
    default:
      return String(
        arg.reg === "i32" ? r.int(i) : arg.reg === "u32" ? r.low(i) : arg.reg === "i64" ? r.signed(i) : r.big(i),
      );
  }
};

const clockName = (id: number): string => {
  const name = Object.keys(CLOCK_IDS.values!).find((n) => CLOCK_IDS.values![n] === id);
  return name ?? `${hexNumber(id >>> 0)} /* CLOCK_??? */`;
};

/** By the declaration. */
export const renderArgument: Render = (r, i) => {
  const arg = r.args[i];
  const at = r.at(i);
  switch (arg.is) {
    case "path":
      return pathText(r, at);
    case "string":
      return pathText(r, at);
    case "strings":
      return stringsAt(r, at);
    case "bytes": {
      const length = countOf(r, arg.length) ?? 0;
      if (arg.direction === "in") return bytesAt(r, at, length);
      return after(r, at, () => bytesAt(r, at, arg.lengthIsResult ? Math.min(r.result!, length) : length));
    }
    case "struct": {
      const show = () => structAt(r, at, arg.of, countOf(r, arg.count));
      return arg.direction === "out" ? after(r, at, show) : show();
    }
    case "iovec": {
      const count = countOf(r, arg.count) ?? 0;
      if (arg.direction === "in") return vectors(r, at, count, Infinity);
      return at === 0
        ? "NULL"
        : r.result === undefined
        ? undefined
        : vectors(r, at, count, r.failed ? undefined : r.result);
    }
    case "sigset":
      return arg.direction === "in" ? sigsetAt(r, at) : after(r, at, () => sigsetAt(r, at));
    case "sockaddr":
      if (arg.direction === "in") return socketAddress(r, at, r.int(r.index(arg.length)));
      return after(r, at, () => socketAddress(r, at, r.word(r.at(r.index(arg.length))) ?? 0));
    case "cell": {
      const show = () => cellAt(r, at, arg.width, arg.value);
      if (arg.direction === "in" || at === 0) return at === 0 ? "NULL" : show();
      if (arg.direction === "out") return after(r, at, show);
      if (r.result === undefined) {
        r.before.set(i, show());
        return undefined;
      }
      const before = r.before.get(i)!, now = r.failed ? before : show();
      return before === now ? now : `${before.slice(0, -1)} => ${now.slice(1)}`;
    }
    default:
      return simple(r, i, arg);
  }
};

const bytesAt = (r: Request, at: number, length: number): string => {
  if (at === 0) return "NULL";
  const bytes = length < 0 ? undefined : r.bytes(at, Math.min(length, SHOWN + 1));
  return bytes === undefined ? pointer(at) : data(bytes, length);
};
