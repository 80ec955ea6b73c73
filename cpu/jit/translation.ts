/**
 * The translated code of one address space: which regions there are, the table through which they reach each other,
 * and the way in and out. A region lives until the records of one of its pages are dropped.
 */

import type { CpuHost } from "../cpu.ts";
import type { HotCode } from "../hot_code.ts";
import {
  BUDGET,
  EXIT_SITE,
  F,
  FRM,
  HOME,
  JUMP_CACHE,
  JUMP_CACHE_ENTRIES,
  NO_REGIONS,
  PAGE,
  PC,
  PERM_W,
  PERM_X,
  PERMS,
  SPILL,
  TRAP_ACCESS,
  TRAP_ADDR,
  X,
} from "../layout.ts";
import { Reason } from "../interp/reasons.ts";
import { CodeWriter } from "./code_writer.ts";
import { Discovery } from "./discover.ts";
import { Marks } from "./marks.ts";
import { ModuleWriter, NESTING } from "./module_writer.ts";
import { type Made, sourceOf } from "./library.ts";
import { Profile } from "./profile.ts";
import { Ranges } from "./ranges.ts";
import { GAVE_UP } from "./give_up.ts";
import { Shape } from "./shape.ts";
import type { Translator } from "./translator.ts";

/** Guest calls that may nest as wasm calls. */
const CALL_DEPTH = 700;
/** Bytes of wasm that a machine's regions may have together; beyond that, what is cold stays cold. */
const MAX_BYTES = 64 << 20;
/** Instructions of one stay in translated code: V8 puts better code in place only when a function is entered anew. */
const STAY = 1 << 22;

/** Instructions to run for each page that was looked at for ranges: a few percent of the time at most. */
const PER_PAGE = 50;

interface Region {
  readonly pc: number;
  readonly slot: number;
  /** Instructions that must be left to enter it. */
  readonly weight: number;
  readonly made: Made;
}

/** Shared by all translations: a region is made in one go. */
const shape = new Shape();
const discovery = new Discovery();
const modules = new ModuleWriter();

/** The declarations of the host lack the second argument. */
interface GrowingTable {
  grow(by: number, value: CallableFunction): number;
}
type Enter = (slot: number, depth: number) => void;

export class Translation implements HotCode {
  untilSample: number;
  cold = 0;
  readonly #regions = new Map<number, Region>();
  readonly #byPage = new Map<number, Set<Region>>();
  /** Where calls come back to that are being interpreted: marked as regions are. */
  readonly #returns = new Set<number>();
  /** Loop heads inside regions. Some may be gone: nothing depends on it but how soon one is translated by itself. */
  readonly #heads = new Set<number>();
  /** Addresses where nothing can be translated as long as the page keeps its records. */
  readonly #refused = new Map<number, Set<number>>();
  readonly #table: WebAssembly.Table;
  readonly #enter: Enter;
  /** A CPU changes places with the one in HOME. */
  readonly #swap: (block: number) => void;
  readonly #stub: CallableFunction;
  readonly #profile: Profile;
  readonly #ranges: Ranges;
  readonly #marks: Marks;
  /** Instructions until the notes about ranges are read again. */
  #untilRanges = 0;

  constructor(readonly translator: Translator, readonly host: CpuHost) {
    this.untilSample = translator.eagerness.interval;
    this.#profile = new Profile(translator.eagerness, host, (pc) => translator.library.mayHave(pc));
    this.#ranges = new Ranges(host);
    this.#marks = new Marks(host);
    const glue = this.#instance(translator.glue).exports as Record<string, CallableFunction>;
    this.#table = glue.table as unknown as WebAssembly.Table;
    this.#stub = glue["0"];
    this.#enter = glue["1"] as unknown as Enter;
    this.#swap = glue["2"] as unknown as (block: number) => void;
    this.#growTable();
  }

  #instance(module: WebAssembly.Module): WebAssembly.Instance {
    const { memory, shadow } = this.host;
    const { giveUp, interpret } = this;
    return new WebAssembly.Instance(module, { env: { guest: memory, shadow, table: this.#table, giveUp, interpret } });
  }

  #growTable(): void {
    const missing = this.translator.slots - this.#table.length;
    if (missing > 0) (this.#table as GrowingTable).grow(missing + 256, this.#stub);
  }

  // ---- running ---------------------------------------------------------------------------------------------------
  enter(pc: number): boolean {
    if (this.#regions.has(pc)) return true;
    // The mark may be another space's, with which this one shares the records.
    if (!this.#returns.has(pc) && this.#arrived(pc) !== undefined) return true;
    this.cold = 1;
    return false;
  }

  run(block: number, words: Int32Array, budget: number): number {
    if (block === HOME) return this.#run(words, budget);
    this.#swap(block);
    try {
      return this.#run(words, budget);
    } finally {
      this.#swap(block);
    }
  }

  #run(words: Int32Array, budget: number): number {
    const base = HOME >> 2;
    let left = budget;
    for (;;) {
      const high = words[base + (PC >> 2) + 1];
      const pc = words[base + (PC >> 2)] >>> 0;
      const region = high === 0 ? this.#regions.get(pc) ?? this.#arrived(pc) : undefined;
      if (region === undefined) return budget - left;
      if (left < region.weight) {
        this.cold = left;
        return budget - left;
      }
      remember(words, region);
      const given = left < STAY ? left : STAY;
      words[base + (BUDGET >> 2)] = given;
      this.#enter(region.slot, CALL_DEPTH);
      this.#untilRanges -= given - words[base + (BUDGET >> 2)];
      if (this.#untilRanges <= 0) {
        // To look for a page that allows less takes about as long as to run some instructions.
        this.#untilRanges = this.translator.eagerness.ranges + PER_PAGE * this.#ranges.fill(words);
      }
      if (words[base + (PC >> 2)] === GAVE_UP) {
        const rest = words[base + (BUDGET >> 2)] - this.#restore(base, words);
        left -= given - rest;
        this.cold = 1;
        return budget - left;
      }
      const retired = given - words[base + (BUDGET >> 2)];
      left -= retired;
      if (retired === 0) {
        this.cold = 1;
        return budget - left;
      }
      if (left === 0) return budget;
    }
  }

  // ---- called by translated code ----------------------------------------------------------------------------------
  /** A region stands before an instruction it cannot do: the interpreter does it, and the rest of the call. */
  readonly giveUp = (depth: number): void => {
    const words = new Int32Array(this.host.shadow.buffer);
    const base = HOME >> 2;
    let left = words[base + (BUDGET >> 2)] - this.#restore(base, words);
    const done = this.#stepOne(words);
    left -= 1 - words[base + (BUDGET >> 2)];
    if (done) {
      const back = words[base + (X >> 2) + 2] >>> 0;
      if (words[base + (X >> 2) + 3] === 0) left = this.#interpretCall(back, words, left, depth);
    }
    words[base + (BUDGET >> 2)] = left;
    this.#requireNearest(base, words);
  };

  /** One instruction by the interpreter, after making its page accessible if that is all it lacks. */
  #stepOne(words: Int32Array): boolean {
    const base = HOME >> 2;
    for (let tries = 0; tries < 2; tries++) {
      words[base + (BUDGET >> 2)] = 1;
      words[base + (NO_REGIONS >> 2)] = 1;
      const reason = this.host.engine.run(HOME);
      if (words[base + (BUDGET >> 2)] === 0) return reason === Reason.BudgetSpent;
      if (reason !== Reason.Miss || words[base + (TRAP_ADDR >> 2) + 1] !== 0) return false;
      if (!this.#grant(words[base + (TRAP_ADDR >> 2)] >>> 0, words[base + (TRAP_ACCESS >> 2)])) return false;
    }
    return false;
  }

  #grant(addr: number, access: number): boolean {
    const { host } = this;
    // A write to code drops what may be running.
    if (access === PERM_W && host.codePages.has(Math.floor(addr / PAGE))) return false;
    return host.resolve(BigInt(addr), access) === undefined;
  }

  /**
   * Goes on inside a call to an address without code: interprets until the call returns, so that the wasm frames that
   * wait for it stay. Whatever else ends it lets them go: they see that the address is not the one they wait for.
   */
  readonly interpret = (depth: number): void => {
    const words = new Int32Array(this.host.shadow.buffer);
    const base = HOME >> 2;
    const back = words[base + (X >> 2) + 2] >>> 0;
    const pc = words[base + (PC >> 2)] >>> 0;
    if (words[base + (X >> 2) + 3] !== 0 || words[base + (PC >> 2) + 1] !== 0) return;
    const region = this.#regions.get(pc) ?? this.#arrived(pc);
    if (region !== undefined) remember(words, region);
    words[base + (BUDGET >> 2)] = this.#interpretCall(back, words, words[base + (BUDGET >> 2)], depth);
    this.#requireNearest(base, words);
  };

  /** Translated code relies on the rounding mode: if it has changed, all frames are left. */
  #requireNearest(base: number, words: Int32Array): void {
    if (words[base + (FRM >> 2)] === 0 || words[base + (PC >> 2)] === GAVE_UP) return;
    words[base + (EXIT_SITE >> 2)] = this.translator.sites.add(words[base + (PC >> 2)] >>> 0, 0, 0, 0);
    words[base + (PC >> 2)] = words[base + (PC >> 2) + 1] = GAVE_UP;
  }

  /** Translated and interpreted code by turns until pc is `back`; the budget that is left. */
  #interpretUntil(back: number, words: Int32Array, left: number, depth: number): number {
    const base = HOME >> 2;
    const { engine } = this.host;
    let marked = false, served = false;
    for (;;) {
      const pc = words[base + (PC >> 2)] >>> 0;
      if (words[base + (PC >> 2) + 1] !== 0 || (pc === back) || left === 0) return left;
      const region = this.#regions.get(pc);
      if (region !== undefined && left >= region.weight && words[base + (FRM >> 2)] === 0) {
        words[base + (BUDGET >> 2)] = left;
        this.#enter(region.slot, depth);
        const rest = words[base + (BUDGET >> 2)];
        // Given up, or nothing done: the outermost loop knows what to do.
        if (words[base + (PC >> 2)] === GAVE_UP || rest === left) return rest;
        left = rest;
        const to = words[base + (PC >> 2)] >>> 0;
        if (to !== back && !this.#regions.has(to)) this.#arrived(to);
        continue;
      }
      if (region !== undefined) return left;
      // A mark that means nothing here is stepped over.
      const chunk = marked ? 1 : Math.min(left, this.translator.eagerness.interval);
      words[base + (BUDGET >> 2)] = chunk;
      words[base + (NO_REGIONS >> 2)] = marked ? 1 : 0;
      const reason = engine.run(HOME);
      const retired = chunk - words[base + (BUDGET >> 2)];
      this.untilSample = Math.max(0, this.untilSample - retired);
      left -= retired;
      marked = reason === Reason.Region && this.#isBare(words[base + (PC >> 2)] >>> 0, back);
      if (reason === Reason.Region || reason === Reason.BudgetSpent) continue;
      // What can be served with frames waiting: nothing in them may depend on it.
      const stuck: boolean = retired === 0 && served;
      served = !stuck && this.#serve(reason, base, words);
      if (!served) return left;
    }
  }

  /** A mark in the way that stands for no code, as for a call that waits further out; who comes often gets code. */
  #isBare(pc: number, back: number): boolean {
    return pc !== back && !this.#regions.has(pc) && this.#arrived(pc) === undefined;
  }

  /** Makes a page accessible or decodes more of one. */
  #serve(reason: number, base: number, words: Int32Array): boolean {
    if (reason === Reason.Miss) {
      if (words[base + (TRAP_ADDR >> 2) + 1] !== 0) return false;
      return this.#grant(words[base + (TRAP_ADDR >> 2)] >>> 0, words[base + (TRAP_ACCESS >> 2)]);
    }
    if (reason !== Reason.NeedDecode) return false;
    const pc = words[base + (PC >> 2)] >>> 0;
    const page = Math.floor(pc / PAGE);
    if ((new Uint8Array(this.host.shadow.buffer, PERMS + page, 1)[0] & PERM_X) === 0) return false;
    this.#marks.decode(pc);
    return true;
  }

  /** Goes on until a call comes back, where the interpreter is made to stop: a mark costs who comes by otherwise. */
  #interpretCall(back: number, words: Int32Array, left: number, depth: number): number {
    if (this.#regions.has(back) || this.#returns.has(back)) {
      return this.#interpretUntil(back, words, left, depth - NESTING);
    }
    if (!this.#marks.set(back)) return left;
    this.#returns.add(back);
    const rest = this.#interpretUntil(back, words, left, depth - NESTING);
    this.#returns.delete(back);
    if (!this.#regions.has(back)) this.#marks.clear(back);
    return rest;
  }

  /** Takes the registers over from where the region gave up; how many instructions it had not counted yet. */
  #restore(base: number, words: Int32Array): number {
    const { sites } = this.translator;
    const site = words[base + (EXIT_SITE >> 2)];
    const spill = base + (SPILL >> 2);
    for (let mask = sites.dirtyX[site]; mask !== 0; mask &= mask - 1) {
      const r = 31 - Math.clz32(mask & -mask);
      words[base + (X >> 2) + 2 * r] = words[spill + 2 * r];
      words[base + (X >> 2) + 2 * r + 1] = words[spill + 2 * r + 1];
    }
    for (let mask = sites.dirtyF[site]; mask !== 0; mask &= mask - 1) {
      const r = 31 - Math.clz32(mask & -mask);
      words[base + (F >> 2) + 2 * r] = words[spill + 64 + 2 * r];
      words[base + (F >> 2) + 2 * r + 1] = words[spill + 64 + 2 * r + 1];
    }
    words[base + (PC >> 2)] = sites.pc[site];
    words[base + (PC >> 2) + 1] = 0;
    return sites.owed[site];
  }

  /** Translated code came to an address where there is none. */
  #arrived(pc: number): Region | undefined {
    if (!this.#profile.arrivedFromCode(pc) || this.#isRefused(pc)) return undefined;
    this.translate([pc]);
    return this.#regions.get(pc);
  }

  // ---- finding what is hot ---------------------------------------------------------------------------------------
  sample(pc: number): number {
    this.untilSample = this.translator.eagerness.interval;
    return this.#profile.sample(pc);
  }
  traced(from: number, to: number): void {
    this.#profile.traced(from, to);
  }
  endTrace(): void {
    const hot = this.#profile.takeHot(
      (pc) => this.#regions.has(pc) || this.#isRefused(pc),
      (pc) => this.#heads.has(pc),
    );
    if (hot.length > 0) this.translate(hot);
  }

  #isRefused(pc: number): boolean {
    return this.#refused.get(Math.floor(pc / PAGE))?.has(pc) ?? false;
  }
  #refuse(pc: number): void {
    const page = Math.floor(pc / PAGE);
    const set = this.#refused.get(page);
    if (set === undefined) this.#refused.set(page, new Set([pc]));
    else set.add(pc);
  }

  // ---- translating -----------------------------------------------------------------------------------------------
  /** Regions for these addresses: those known to the machine, and one module of the others. */
  translate(entries: readonly number[]): void {
    const { library } = this.translator;
    const missing = entries.filter((pc) => {
      const made = library.mayHave(pc) ? library.find(this.host, pc) : undefined;
      if (made !== undefined) this.#install(made, this.#instance(made.module));
      return made === undefined;
    });
    if (missing.length > 0 && library.bytes <= MAX_BYTES) this.#make(missing);
  }

  #make(entries: readonly number[]): void {
    const { translator, host } = this;
    const { writer } = translator;
    const all: Omit<Made, "module">[] = [];
    modules.begin();
    for (const pc of entries) {
      const found = discovery.find(shape, host, pc, this.#profile.targetsOf, translator.eagerness.cold);
      if (!found) {
        this.#refuse(pc);
        continue;
      }
      writer.write(shape, modules.next);
      const name = String(modules.add(0, (w: CodeWriter) => writer.writeLocals(w), writer.w));
      const heads: number[] = [];
      for (let b = 1; b < shape.blocks; b++) if (writer.flow.isHead[b] === 1) heads.push(shape.start[b]);
      const weight = writer.flow.weight[0], bytes = writer.w.at;
      all.push({ pc, name, weight, bytes, pages: pagesOf(shape), source: sourceOf(shape, host), heads, users: 0 });
    }
    if (all.length === 0) return;
    const module = new WebAssembly.Module(modules.finish());
    const instance = this.#instance(module);
    for (const one of all) {
      const made = { ...one, module };
      this.#install(made, instance);
      translator.library.add(made);
    }
  }

  #install(made: Made, instance: WebAssembly.Instance): void {
    const { pc } = made;
    const region = { pc, slot: this.translator.slotOf(pc), weight: made.weight, made };
    this.#growTable();
    const code = instance.exports[made.name] as CallableFunction;
    made.users++;
    for (const at of made.heads) this.#heads.add(at);
    this.#regions.set(pc, region);
    for (const page of made.pages) {
      const set = this.#byPage.get(page);
      if (set === undefined) this.#byPage.set(page, new Set([region]));
      else set.add(region);
    }
    this.#table.set(region.slot, code as never);
    this.#marks.set(pc);
  }

  // ---- dropping --------------------------------------------------------------------------------------------------
  dropped(page: number): void {
    this.#refused.delete(page);
    for (const pc of this.#returns) if (Math.floor(pc / PAGE) === page) this.#returns.delete(pc);
    const regions = this.#byPage.get(page);
    if (regions === undefined) return;
    for (const region of regions) this.#remove(region);
  }

  #remove(region: Region): void {
    const { pc } = region;
    this.#regions.delete(pc);
    region.made.users--;
    for (const page of region.made.pages) this.#byPage.get(page)?.delete(region);
    this.#table.set(region.slot, this.#stub as never);
    const cache = new Int32Array(this.host.shadow.buffer, JUMP_CACHE + 8 * cacheIndex(pc), 2);
    if (cache[0] === (pc | 0)) cache[0] = cache[1] = 0;
    this.#marks.clear(pc);
  }

  narrowed(first: number, end: number): void {
    this.#ranges.narrowed(first, end);
  }

  release(): void {
    for (const region of [...this.#regions.values()]) this.#remove(region);
    this.#ranges.release();
  }
}

function cacheIndex(pc: number): number {
  return pc >>> 1 & JUMP_CACHE_ENTRIES - 1;
}

/** Lets jumps through registers find it. */
function remember(words: Int32Array, { pc, slot }: Region): void {
  const at = (JUMP_CACHE >> 2) + 2 * cacheIndex(pc);
  words[at] = pc;
  words[at + 1] = slot;
}

function pagesOf(shape: Shape): number[] {
  const pages = new Set<number>();
  for (let i = 0; i < shape.instructions; i++) {
    pages.add(Math.floor(shape.pc[i] / PAGE));
    pages.add(Math.floor((shape.pc[i] + shape.decoded[i].length - 1) / PAGE));
  }
  return [...pages];
}
