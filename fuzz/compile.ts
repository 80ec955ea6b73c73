/**
 * From a program to instructions of the script CPU and the data they use. Each step's result goes to its own word of the shared page; a child notes its tid there
 * before it does anything else.
 */
import { beqz, ECALL, j, li, lw, RET, type Script, type ScriptOp, sw } from "../cpu/script/ops.ts";
import { FAMILIES } from "../syscalls/mod.ts";
import {
  CODE,
  CONSTANTS,
  DATA,
  MAX_RESULTS,
  MAX_SITES,
  OWN_WORDS,
  RESULTS,
  STACK_SIZE,
  STACKS,
  TIDS,
  WORDS,
} from "./layout.ts";
import { BUFFERS } from "./layout.ts";
import { type Arg, type CloneStep, type Program, type Step } from "./program.ts";

export interface Compiled {
  readonly script: Script;
  /** Initial bytes at DATA. */
  readonly data: Uint8Array<ArrayBuffer>;
  /** Where each exec of the program enters, as instruction numbers; the first program enters at 0. */
  readonly entries: readonly number[];
  /** The step behind each result, in the order of `RESULTS`. */
  readonly steps: readonly Step[];
  /** Instruction number of each handler. */
  readonly handlers: readonly number[];
  /** Places in `data` that hold the address of a handler: a later layout moves them. */
  readonly handlerSlots: readonly { readonly offset: number; readonly handler: number }[];
  readonly restorerSlots: readonly number[];
}

const A0 = 10, A7 = 17;
const VM = 0x100, VFORK = 0x4000;
const CLEAR_SIGHAND_HIGH = 1;

/** Numbers of all declared calls. */
export const NUMBERS: Readonly<Record<string, number>> = Object.fromEntries(
  Object.values(FAMILIES).flatMap((f) => Object.entries(f).map(([name, row]) => [name, row.nr])),
);

/** Too many steps or clones: such a program is not run. */
export class TooLarge extends Error {}

/** The machine whose struct layouts and numbers the program uses. */
export type Target = "riscv64" | "x86_64";
const SA_RESTORER = 0x04000000;

const BUFFER = new Uint8Array(0x4000);
const VIEW = new DataView(BUFFER.buffer);
/** How much of it the last program wrote. */
let used = 0;

class Compiler {
  readonly ops: ScriptOp[] = [];
  readonly steps: Step[] = [];
  readonly entries: number[] = [];
  readonly handlers: number[] = [];
  readonly handlerSlots: { offset: number; handler: number }[] = [];
  /** One buffer for all: a program takes a copy of what it used. */
  readonly data = BUFFER.fill(0, 0, used);
  readonly #view = VIEW;
  readonly #constants = new Map<string, number>();
  #next = CONSTANTS - DATA;
  readonly #later: (() => void)[] = [];
  /** Places for the address of the code that returns from a handler, on machines that have it in struct sigaction. */
  readonly restorerSlots: number[] = [];
  constructor(readonly target: Target) {}
  /** Bytes of data. */
  get length(): number {
    return this.#next;
  }

  compile(p: Program): void {
    this.#call(178, []);
    this.ops.push(sw(A0, TIDS));
    this.block(p.steps, 0);
    this.#rest();
    for (const body of p.handlers) {
      this.handlers.push(this.ops.length);
      this.inline(body);
      this.ops.push(RET);
    }
    this.#rest();
    for (const { offset, handler } of this.handlerSlots) {
      this.#view.setUint32(offset, CODE + 4 * (this.handlers[handler] ?? 0), true);
    }
  }

  /** Bodies of children and of other programs. */
  #rest(): void {
    for (let run = this.#later.shift(); run !== undefined; run = this.#later.shift()) run();
  }

  /** A task's body: the steps, then exit with the number of its site. */
  block(steps: readonly Step[], site: number): void {
    this.inline(steps);
    this.#call(93, [site & 63]);
  }

  inline(steps: readonly Step[]): void {
    for (const s of steps) {
      if ("call" in s) {
        this.#call(NUMBERS[s.call], s.args);
        this.#result(s);
      } else if ("clone" in s) this.#clone(s);
      else if ("exec" in s) {
        const k = this.entries.push(0) - 1;
        this.#later.push(() => {
          this.entries[k] = this.ops.length;
          this.block(s.exec, 32 + k);
        });
        this.#call(221, [this.#path(k), 0, 0]);
        this.#result(s);
      } else {
        this.ops.push(li(5, s.store));
        this.ops.push(sw(5, this.#address(s.to)));
      }
    }
  }

  #call(nr: number, args: readonly Arg[]): void {
    args.forEach((a, i) => this.#load(A0 + i, a));
    this.ops.push(li(A7, nr), ECALL);
  }
  #result(s: Step): void {
    const at = RESULTS + 4 * this.steps.length;
    if (this.steps.push(s) > MAX_RESULTS) throw new TooLarge();
    this.ops.push(sw(A0, at));
  }

  #clone(s: CloneStep): void {
    const { site } = s;
    if (site > MAX_SITES) throw new TooLarge();
    const top = STACKS + (site + 1) * STACK_SIZE;
    const stack = (s.clone & VM) !== 0 && (s.clone & VFORK) === 0 ? top : 0;
    if (s.three === true) this.#call(435, [this.#cloneArgs(s, stack), 88]);
    else this.#call(220, [(s.clone | s.exit) | 0, stack, s.parentTid ?? 0, 0, s.childTid ?? 0]);
    const branch = this.ops.length;
    this.ops.push(j(0));
    this.#result(s);
    this.ops.push(sw(A0, TIDS + 4 * site));
    this.#later.push(() => {
      this.ops[branch] = beqz(A0, this.ops.length);
      this.#call(178, []);
      this.ops.push(sw(A0, TIDS + 4 * site));
      this.block(s.child, site);
    });
  }

  #cloneArgs(s: CloneStep, top: number): number {
    const pointer = (a: Arg | undefined) => a === undefined ? 0 : this.#address(a);
    const words = [s.clone, s.clearHandlers ? CLEAR_SIGHAND_HIGH : 0];
    for (
      const v of [0, pointer(s.childTid), pointer(s.parentTid), s.exit, top && top - STACK_SIZE, top && STACK_SIZE]
    ) {
      words.push(v, 0);
    }
    const { chosen } = s;
    if (chosen !== undefined) words.push(0, 0, this.#numbers(chosen), 0, chosen.length);
    while (words.length < 22) words.push(0);
    return this.#constant(
      "clone" + words.join(),
      88,
      (at) => words.forEach((w, i) => this.#view.setUint32(at + 4 * i, w, true)),
    );
  }

  #load(reg: number, a: Arg): void {
    if (typeof a === "number") this.ops.push(li(reg, a));
    else if ("tid" in a) this.ops.push(lw(reg, TIDS + 4 * a.tid));
    else if ("at" in a) this.ops.push(lw(reg, WORDS + 4 * a.at));
    else if ("own" in a) this.ops.push(lw(reg, OWN_WORDS + 4 * a.own));
    else this.ops.push(li(reg, this.#address(a)));
  }

  #address(a: Arg): number {
    if (typeof a === "number") return a;
    if ("word" in a) return WORDS + 4 * a.word;
    if ("ownAt" in a) return OWN_WORDS + 4 * a.ownAt;
    if ("buf" in a) return BUFFERS + 0x100 * a.buf;
    if ("ns" in a) {
      return this.#constant(`ns${a.ns}`, 16, (at) => {
        this.#view.setUint32(at, Math.floor(a.ns / 1e9), true);
        this.#view.setUint32(at + 8, a.ns % 1e9, true);
      });
    }
    if ("set" in a) return this.#constant(`set${a.set}`, 8, (at) => this.#view.setBigUint64(at, maskOf(a.set), true));
    if ("act" in a) {
      const { handler, flags, mask } = a.act;
      const x86 = this.target === "x86_64";
      return this.#constant(JSON.stringify(a), x86 ? 32 : 24, (at) => {
        if (typeof handler === "number") this.handlerSlots.push({ offset: at, handler });
        else this.#view.setUint32(at, handler === "ignore" ? 1 : 0, true);
        if (x86) this.restorerSlots.push(at + 16);
        this.#view.setUint32(at + 8, (flags | (x86 ? SA_RESTORER : 0)) >>> 0, true);
        this.#view.setBigUint64(at + (x86 ? 24 : 16), maskOf(mask), true);
      });
    }
    if ("stack" in a) {
      return this.#constant(`stack${a.stack}`, 24, (at) => {
        this.#view.setUint32(at, STACKS - 0x1000 * (a.stack + 1), true);
        this.#view.setUint32(at + 8, a.stack === 1 ? 0x80000000 : 0, true);
        this.#view.setUint32(at + 16, 0x1000, true);
      });
    }
    if ("robust" in a) {
      // head.next -> entry -> head; the word lies 8 bytes behind the entry's next.
      return this.#constant(`robust${a.robust}${a.cyclic}`, 24, (at) => {
        const word = OWN_WORDS + 4 * a.robust;
        this.#view.setUint32(at, word - 8, true);
        this.#view.setInt32(at + 8, 8, true);
        this.#view.setUint32(word - 8 - DATA, a.cyclic ? word - 8 : DATA + at, true);
      });
    }
    throw new Error("not an address");
  }

  #numbers(list: readonly number[]): number {
    return this.#constant(
      `numbers${list}`,
      4 * list.length,
      (at) => list.forEach((n, i) => this.#view.setInt32(at + 4 * i, n, true)),
    );
  }

  #path(k: number): number {
    const text = new TextEncoder().encode(`x${k}\0`);
    return this.#constant(`path${k}`, 8, (at) => this.data.set(text, at));
  }

  #constant(key: string, size: number, fill: (at: number) => void): number {
    let at = this.#constants.get(key);
    if (at === undefined) {
      at = this.#next;
      this.#next = at + ((size + 7) & ~7);
      used = Math.max(used, this.#next);
      if (this.#next > this.data.length) throw new TooLarge();
      this.#constants.set(key, at);
      fill(at);
    }
    return DATA + at;
  }
}

const maskOf = (signals: readonly number[]): bigint => signals.reduce((m, s) => m | (1n << BigInt(s - 1)), 0n);

/** Throws TooLarge. */
export const compile = (p: Program, target: Target = "riscv64"): Compiled => {
  const c = new Compiler(target);
  c.compile(p);
  const { ops, entries, steps, handlers, handlerSlots, restorerSlots } = c;
  // Room at the end for the path of the shared page (assemble.ts).
  const data = c.data.slice(0, c.length + 16);
  return { script: { base: CODE, ops }, data, entries, steps, handlers, handlerSlots, restorerSlots };
};
