/** From the words of a step to a system call in registers, and from its result to the words that may describe it. */
import { DATA, STACK_SIZE, STACKS } from "../fuzz/layout.ts";
import type { Task } from "../actors/mod.ts";
import type { Arg, Call } from "../syscalls/abi/call.ts";
import { errnoName } from "../syscalls/abi/errno.ts";
import { SA, SIG, signalName } from "../syscalls/abi/signals.ts";
import { FAMILIES } from "../syscalls/mod.ts";
import { HANDLERS } from "./places.ts";
import { ScenarioError, stringOf } from "./parse.ts";

/** A call ready to be made. */
export interface Prepared {
  readonly nr: number;
  readonly args: readonly number[];
  /** It makes a task. */
  readonly makes?: boolean;
  /** It ends its task when it succeeds. */
  readonly ends?: boolean;
  /** Names of what it opened, once it has succeeded. */
  readonly names?: (t: Task) => Readonly<Record<string, number>>;
  /** Words for its result besides the number itself. */
  readonly words?: (t: Task, result: number) => readonly string[];
}

/** What a step may name: tasks by tid, and results of earlier steps. */
export interface Names {
  number(name: string): number | undefined;
  /** Address of a variable. */
  variable(name: string): number;
  /** Where a task may put what its calls point to: 1 KiB. */
  scratch(t: Task): number;
}

const ROWS = new Map<string, Call>(Object.values(FAMILIES).flatMap((f) => Object.entries(f)));

/** Every name in the declarations' flags, and signals. */
const CONSTANTS = new Map<string, number>();
const addConstants = (a: Arg): void => {
  if (a.is === "flags") {
    for (const [n, v] of [...Object.entries(a.of.bits), ...Object.entries(a.of.values ?? {})]) {
      if (!CONSTANTS.has(n)) CONSTANTS.set(n, v);
    }
  }
};
for (const row of ROWS.values()) row.args.forEach(addConstants);
for (const [n, v] of Object.entries(SIG)) CONSTANTS.set("SIG" + n, v);
for (const [n, v] of Object.entries(SA)) CONSTANTS.set("SA_" + n, v);
const WELL_KNOWN: Readonly<Record<string, number>> = {
  null: 0,
  AT_FDCWD: -100,
  PR_SET_PDEATHSIG: 1,
  PR_GET_PDEATHSIG: 2,
  PR_SET_CHILD_SUBREAPER: 36,
  F_DUPFD: 0,
  F_GETFD: 1,
  F_SETFD: 2,
  FD_CLOEXEC: 1,
  P_ALL: 0,
  P_PID: 1,
  KCMP_FILE: 0,
  KCMP_VM: 1,
  KCMP_FILES: 2,
  KCMP_FS: 3,
  KCMP_SIGHAND: 4,
};
for (const [n, v] of Object.entries(WELL_KNOWN)) if (!CONSTANTS.has(n)) CONSTANTS.set(n, v);

const THREAD = 0x10f00 | 0x40000;
const VM = 0x100, VFORK = 0x4000;
const UNITS: Readonly<Record<string, number>> = { s: 1e9, ms: 1e6, us: 1e3, ns: 1 };

/** Reads the words of one step. */
class Reader {
  #scratch: number;
  constructor(readonly t: Task, readonly names: Names, readonly line: number, readonly args: string[]) {
    this.#scratch = names.scratch(t);
  }
  fail(message: string): never {
    throw new ScenarioError(this.line, message);
  }
  /** Room for `size` bytes in the task's memory. */
  room(size: number, content?: Uint8Array): number {
    const at = this.#scratch;
    this.#scratch += (size + 15) & ~15;
    this.t.mem.write(at, content ?? new Uint8Array(size));
    return at;
  }
  need(what: string): string {
    return this.args.shift() ?? this.fail(`${what} is missing`);
  }
  number(what: string, otherwise?: number): number {
    if (otherwise !== undefined && this.args.length === 0) return otherwise;
    return this.value(this.need(what));
  }
  /** A number, a name, names joined by |, *variable, "string". */
  value(word: string): number {
    if (word.startsWith('"')) {
      const bytes = new TextEncoder().encode(stringOf(word, this.line) + "\0");
      return this.room(bytes.length, bytes);
    }
    if (word.startsWith("*")) return this.names.variable(word.slice(1));
    let sum = 0n;
    for (const part of word.split("|")) sum |= BigInt(this.#one(part));
    return Number(sum);
  }
  #one(part: string): number {
    const minus = /^-[a-z_]/i.test(part), name = minus ? part.slice(1) : part;
    if (/^-?\d/.test(part)) {
      const n = /^0[0-7]+$/.test(part) ? parseInt(part, 8) : Number(part);
      return Number.isInteger(n) ? n : this.fail(`${part} is no whole number`);
    }
    const n = this.names.number(name) ?? CONSTANTS.get(name) ?? CONSTANTS.get("CLONE_" + name);
    return n === undefined ? this.fail(`${name} is no task, no name and no constant`) : minus ? -n : n;
  }
  done(): void {
    if (this.args.length > 0) this.fail(`too much: ${this.args.join(" ")}`);
  }
}

const pack64 = (...values: number[]): Uint8Array => {
  const bytes = new Uint8Array(8 * values.length), v = new DataView(bytes.buffer);
  values.forEach((n, i) => v.setBigUint64(8 * i, BigInt.asUintN(64, BigInt(n)), true));
  return bytes;
};
const maskBytes = (signals: readonly number[]): Uint8Array => {
  const bytes = new Uint8Array(8);
  const mask = signals.reduce((m, s) => m | (1n << BigInt(s - 1)), 0n);
  new DataView(bytes.buffer).setBigUint64(0, mask, true);
  return bytes;
};

/** What a wait status says. */
export const statusWords = (status: number): string => {
  if (status === 0xffff) return "continued";
  if ((status & 0xff) === 0x7f) return `stopped ${signalName((status >> 8) & 0xff)}`;
  const signal = status & 0x7f;
  return signal === 0 ? `exited ${(status >> 8) & 0xff}` : `killed ${signalName(signal)}`;
};

let stacks = 0;
const cloning = (r: Reader): Prepared => {
  let flags = 0, signal = 17, parentTid = 0, childTid = 0;
  for (const word of r.args.splice(0)) {
    const pointer = /^(ptid|ctid)=(.*)$/.exec(word);
    if (pointer?.[1] === "ptid") parentTid = r.value(pointer[2]);
    else if (pointer !== null) childTid = r.value(pointer[2]);
    else if (word.startsWith("SIG") || word === "0") signal = r.value(word);
    else flags = r.value(word);
  }
  if ((flags & 0x10000) !== 0) signal = 0;
  return cloneCall(flags, signal, parentTid, childTid);
};
const cloneCall = (flags: number, signal: number, parentTid = 0, childTid = 0): Prepared => {
  const stack = (flags & VM) !== 0 && (flags & VFORK) === 0 ? STACKS + (++stacks % 40 + 1) * STACK_SIZE : 0;
  return { nr: 220, args: [flags + signal, stack, parentTid, 0, childTid], makes: true };
};
const action = (r: Reader, handler: (sig: number) => number): Prepared => {
  const sig = r.number("the signal"), flags = r.number("flags", 0);
  return { nr: 134, args: [sig, r.room(24, pack64(handler(sig), flags, 0)), 0, 8] };
};
const masking = (how: number) => (r: Reader): Prepared => ({
  nr: 135,
  args: [how, r.room(8, maskBytes(r.args.splice(0).map((w) => r.value(w)))), 0, 8],
});

/** Steps that are no plain call of the same name. */
const VERBS: Readonly<Record<string, (r: Reader) => Prepared>> = {
  fork: () => cloneCall(0, 17),
  vfork: () => cloneCall(VM | VFORK, 17),
  thread: () => cloneCall(THREAD, 0),
  clone: cloning,
  exit: (r) => ({ nr: 93, args: [r.number("the status")], ends: true }),
  exit_group: (r) => ({ nr: 94, args: [r.number("the status")], ends: true }),
  exec: () => ({ nr: 221, args: [0, 0, 0] }),
  wait4: (r) => {
    const who = r.number("whom"), options = r.number("options", 0), status = r.room(4);
    return {
      nr: 260,
      args: [who, status, options, 0],
      words: (t, n) => n > 0 ? [statusWords(t.mem.u32(status))] : [],
    };
  },
  pipe: (r) => {
    const [reading, writing] = [r.need("the reading end's name"), r.need("the writing end's name")];
    const fds = r.room(8);
    return {
      nr: 59,
      args: [fds, r.number("flags", 0)],
      names: (t) => ({ [reading]: t.mem.u32(fds), [writing]: t.mem.u32(fds + 4) }),
    };
  },
  read: (r) => {
    const fd = r.number("the descriptor"), size = r.number("the size"), at = r.room(Math.min(size, 512));
    return {
      nr: 63,
      args: [fd, at, size],
      words: (t, n) => n >= 0 ? [JSON.stringify(new TextDecoder().decode(t.mem.read(at, n)))] : [],
    };
  },
  write: (r) => {
    const fd = r.number("the descriptor");
    const bytes = new TextEncoder().encode(stringOf(r.need("a string"), r.line));
    return { nr: 64, args: [fd, r.room(bytes.length, bytes), bytes.length] };
  },
  sleep: (r) => {
    const word = r.need("how long"), m = /^(\d+)(s|ms|us|ns)$/.exec(word);
    if (m === null) return r.fail(`${word} is no time such as 5ms`);
    const ns = Number(m[1]) * UNITS[m[2]];
    return { nr: 101, args: [r.room(16, pack64(Math.floor(ns / 1e9), ns % 1e9)), 0] };
  },
  pause: (r) => ({ nr: 133, args: [r.room(8), 8] }),
  handle: (r) => action(r, (sig) => HANDLERS + 4 * sig),
  ignore: (r) => action(r, () => 1),
  default: (r) => action(r, () => 0),
  block: masking(0),
  unblock: masking(1),
  sigqueue: (r) => {
    const who = r.number("whom"), sig = r.number("the signal"), value = r.number("the value", 0);
    const info = new Uint8Array(128), v = new DataView(info.buffer);
    v.setInt32(0, sig, true);
    v.setInt32(8, -1, true);
    v.setInt32(16, r.t.pid, true);
    v.setInt32(24, value, true);
    return { nr: 138, args: [who, sig, r.room(128, info)] };
  },
};

/** Throws ScenarioError. */
export const prepare = (t: Task, names: Names, line: number, words: readonly string[]): Prepared => {
  const [verb, ...args] = words;
  const r = new Reader(t, names, line, args);
  const special = VERBS[verb];
  if (special !== undefined) {
    const call = special(r);
    r.done();
    return verb === "exec" ? { ...call, args: [r.value('"/x"'), 0, 0] } : call;
  }
  const row = ROWS.get(verb);
  if (row === undefined) return r.fail(`${verb} is no system call`);
  if (args.length > row.args.length) r.fail(`${verb} takes ${row.args.length} arguments`);
  return { nr: row.nr, args: args.map((a) => r.value(a)) };
};

/** All words that describe a result. */
export const wordsOfResult = (t: Task, call: Prepared, result: number, taskNames: readonly string[]): string[] =>
  result < 0 && result > -4096 ? [errnoName(-result), `${result}`] : [
    `${result}`,
    `0x${result.toString(16)}`,
    `0${result.toString(8)}`,
    ...taskNames,
    ...call.words?.(t, result) ?? [],
  ];

export const VARIABLES = DATA;
