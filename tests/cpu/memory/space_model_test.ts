/**
 * Address spaces against a naive model: a map from pages to protection and bytes, copied whole at fork. Random sequences of everything that changes memory, in up
 * to four related spaces; after each step every page is compared, and at the end every reference to a file has come back.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { CodeMemory } from "../../../cpu/interp/code_memory.ts";
import { PAGE, PERM_R, PERM_W, PERM_X } from "../../../cpu/layout.ts";
import { MemoryAccount } from "../../../cpu/memory/account.ts";
import { createAddressSpace, type Space } from "../../../cpu/memory/space.ts";
import { type Backing, BadAddress } from "../../../cpu/types.ts";

/** The arena: 24 pages that everything happens in; the heap lies below, the mmap area above is left alone. */
const BASE = 0x400000, SLOTS = 24, FILE_PAGES = 6, BRK = BASE - 8 * PAGE;
const MAYMOVE = 1, FIXED = 2, DONTUNMAP = 4;

/** Content of one page, shared by all that see the same bytes. */
interface Cell {
  bytes: Uint8Array;
}
interface ModelPage {
  prot: number;
  /** Present for private pages; for shared ones the object's. */
  cell: Cell;
  readonly shared: Cell[] | undefined;
  /** The page of the file or object. */
  readonly index: number;
  readonly file: boolean;
  /** Pages of the file; Infinity for anonymous memory. */
  readonly limit: number;
  wipe: boolean;
  dontFork: boolean;
}
type Model = Map<number, ModelPage>;

const zero = (): Cell => ({ bytes: new Uint8Array(PAGE) });
const content = (index: number): Uint8Array => new Uint8Array(PAGE).fill(index + 1);

class File implements Backing {
  references = 0;
  readonly inode = { dev: 1, ino: 7 };
  readonly path = "/file";
  readonly cells: Cell[] = Array.from({ length: FILE_PAGES }, (_, i) => ({ bytes: content(i) }));
  size = () => FILE_PAGES * PAGE;
  fill = (at: number, into: Uint8Array) => {
    for (let off = 0; off < into.length; off += PAGE) into.set(content((at + off) / PAGE), off);
  };
  sharedPage = (index: number) => this.cells[index].bytes;
  retain = () => void this.references++;
  release = () => void this.references--;
}

interface Process {
  space: Space;
  model: Model;
  brk: number;
}

class World {
  readonly code = new CodeMemory();
  readonly account = new MemoryAccount();
  readonly shareable = new File();
  readonly plain = new File();
  readonly processes: Process[] = [];

  constructor() {
    const space = createAddressSpace(this.code, this.account);
    space.setBrkStart(BRK);
    space.mmapBase = BASE + 2 * SLOTS * PAGE;
    this.processes.push({ space, model: new Map(), brk: BRK });
  }

  at(n: number): Process {
    return this.processes[n % this.processes.length];
  }

  compare(): void {
    for (const { space, model } of this.processes) {
      for (let page = BRK / PAGE; page < BASE / PAGE + SLOTS; page++) comparePage(space, page, model.get(page));
      for (const v of space.vmas()) assert.ok(v.start < v.end && v.start % PAGE === 0 && v.end % PAGE === 0);
      for (let i = 1; i < space.vmas().length; i++) assert.ok(space.vmas()[i - 1].end <= space.vmas()[i].start);
    }
  }

  end(): void {
    for (const { space } of this.processes) space.release();
    assert.equal(this.shareable.references, 0, "references to the shareable file are left");
    assert.equal(this.plain.references, 0, "references to the plain file are left");
    assert.equal(this.account.used, 0, "pages are still counted");
    assert.equal(this.code.live, 0);
  }
}

const comparePage = (space: Space, page: number, expected: ModelPage | undefined): void => {
  const at = page * PAGE, vma = space.vmaAt(at), name = `page ${page - BASE / PAGE}`;
  assert.equal(vma !== undefined, expected !== undefined, `${name} is mapped`);
  if (space.codePages.has(page)) {
    assert.ok(((vma?.prot ?? 0) & 4) !== 0, `${name} has code and is not executable`);
    assert.equal(space.perms[page] & PERM_W, 0, `${name} has code and is writable`);
  }
  if (vma === undefined || expected === undefined) return;
  assert.equal(vma.prot, expected.prot, `${name}: protection`);
  const bits = space.perms[page];
  if ((bits & PERM_W) !== 0) assert.ok((vma.prot & 2) !== 0, `${name} is writable by its permission byte`);
  if ((bits & PERM_X) !== 0) assert.ok((vma.prot & 4) !== 0, `${name} is executable by its permission byte`);
  if ((bits & PERM_R) !== 0) {
    assert.ok((vma.prot & 3) !== 0, `${name} is readable by its permission byte`);
    assert.deepEqual([space.flat[at], space.flat[at + PAGE - 1]], ends(expected.cell), `${name} read at once`);
  }
};
const ends = ({ bytes }: Cell): number[] => [bytes[0], bytes[PAGE - 1]];

/** Pages of a range are dropped or replaced one by one. */
const each = (start: number, count: number, use: (page: number, i: number) => void): void => {
  for (let i = 0; i < count; i++) use(BASE / PAGE + start + i, i);
};

type Kind = "own" | "file" | "shared file" | "shared";

const steps = {
  mmap(w: World, p: Process, start: number, count: number, kind: Kind, prot: number, offset: number) {
    const backing = kind === "file" ? w.plain : kind === "shared file" ? w.shareable : undefined;
    const index = backing === undefined ? 0 : Math.min(offset, FILE_PAGES - 1);
    const pages = backing === undefined ? count : Math.min(count, FILE_PAGES - index);
    const shared = kind === "shared" || kind === "shared file";
    const result = p.space.mmap({
      addr: BASE + start * PAGE,
      length: pages * PAGE,
      prot,
      shared,
      fixed: true,
      noReplace: false,
      backing,
      offset: index * PAGE,
    });
    assert.equal(result, BASE + start * PAGE);
    const object = kind === "shared" ? Array.from({ length: pages }, zero) : w.shareable.cells;
    each(start, pages, (page, i) =>
      p.model.set(page, {
        prot,
        cell: shared ? object[index + i] : kind === "file" ? { bytes: content(index + i) } : zero(),
        shared: shared ? object : undefined,
        index: index + i,
        file: kind === "file",
        limit: backing === undefined ? Infinity : FILE_PAGES,
        wipe: false,
        dontFork: false,
      }));
  },
  munmap(_: World, p: Process, start: number, count: number) {
    assert.equal(p.space.munmap(BASE + start * PAGE, count * PAGE), 0);
    each(start, count, (page) => p.model.delete(page));
  },
  mprotect(_: World, p: Process, start: number, count: number, prot: number) {
    const result = p.space.mprotect(BASE + start * PAGE, count * PAGE, prot);
    let whole = true;
    each(start, count, (page) => {
      const m = p.model.get(page);
      whole &&= m !== undefined;
      if (whole) m!.prot = prot;
    });
    assert.equal(result, whole ? 0 : -12);
  },
  mremap(_: World, p: Process, start: number, count: number, to: number, pages: number, flags: number) {
    const source = Array.from({ length: count }, (_, i) => p.model.get(BASE / PAGE + start + i));
    const vma = p.space.vmaAt(BASE + start * PAGE);
    const inside = vma !== undefined && BASE + (start + count) * PAGE <= vma.end;
    const apart = to + pages <= start || start + count <= to;
    const room = (flags & DONTUNMAP) === 0 || pages === count;
    const result = p.space.mremap(BASE + start * PAGE, count * PAGE, pages * PAGE, flags, BASE + to * PAGE);
    if (!inside || !apart || !room) return void assert.ok(result < 0);
    assert.equal(result, BASE + to * PAGE);
    const first = source[0]!;
    each(to, pages, (page, i) => {
      const old = source[i];
      const index = first.index + i;
      p.model.set(
        page,
        old !== undefined ? { ...old } : {
          ...first,
          index,
          cell: first.shared !== undefined
            ? (index < first.limit ? first.shared[index] ??= zero() : zero())
            : first.file
            ? { bytes: content(index) }
            : zero(),
        },
      );
    });
    each(start, count, (page, i) => {
      if ((flags & DONTUNMAP) === 0) p.model.delete(page);
      else p.model.set(page, { ...source[i]!, cell: emptied(source[i]!) });
    });
  },
  forget(_: World, p: Process, start: number, count: number) {
    p.space.madvise(BASE + start * PAGE, count * PAGE, 4);
    each(start, count, (page) => {
      const m = p.model.get(page);
      if (m !== undefined) m.cell = emptied(m);
    });
  },
  mark(_: World, p: Process, start: number, count: number, advice: number) {
    let refused = false;
    each(start, count, (page) => {
      const m = p.model.get(page);
      if (m === undefined || refused) return;
      if (advice === 18 && (m.shared !== undefined || m.file)) return void (refused = true);
      if (advice >= 18) m.wipe = advice === 18;
      else m.dontFork = advice === 10;
    });
    p.space.madvise(BASE + start * PAGE, count * PAGE, advice);
  },
  brk(_: World, p: Process, pages: number) {
    const want = BRK + pages * PAGE;
    const now = p.space.brk(want);
    assert.equal(now, want);
    for (let at = BRK; at < BASE; at += PAGE) {
      const page = at / PAGE;
      if (at >= want) p.model.delete(page);
      else if (!p.model.has(page)) {
        p.model.set(page, {
          prot: 3,
          cell: zero(),
          shared: undefined,
          index: 0,
          file: false,
          limit: Infinity,
          wipe: false,
          dontFork: false,
        });
      }
    }
    p.brk = want;
  },
  write(_: World, p: Process, start: number, at: number, value: number, count: number) {
    const bytes = new Uint8Array(count).fill(value), addr = BASE + start * PAGE + at;
    const pages: ModelPage[] = [];
    let allowed = true;
    for (let page = Math.floor(addr / PAGE); page <= Math.floor((addr + count - 1) / PAGE); page++) {
      const m = p.model.get(page);
      allowed &&= m !== undefined && (m.prot & 2) !== 0 && inFile(m);
      if (allowed) pages.push(m!);
    }
    if (!allowed) {
      // What came before the bad page may have been written, as by Linux; only whole failures are modelled.
      if (pages.length === 0) assert.throws(() => p.space.write(addr, bytes), BadAddress);
      return;
    }
    p.space.write(addr, bytes);
    for (let i = 0; i < count; i++) {
      pages[Math.floor((addr + i) / PAGE) - Math.floor(addr / PAGE)].cell.bytes[(addr + i) % PAGE] = value;
    }
  },
  read(_: World, p: Process, start: number) {
    const addr = BASE + start * PAGE, m = p.model.get(addr / PAGE);
    if (m === undefined || (m.prot & 3) === 0 || !inFile(m)) {
      return void assert.throws(() => p.space.read(addr, PAGE), BadAddress);
    }
    assert.deepEqual(p.space.read(addr, PAGE), m.cell.bytes);
  },
  fetch(_: World, p: Process, start: number) {
    const addr = BASE + start * PAGE, m = p.model.get(addr / PAGE);
    const fault = p.space.resolve(BigInt(addr), PERM_X);
    const allowed = m !== undefined && (m.prot & 4) !== 0 && inFile(m);
    assert.equal(fault === undefined, allowed);
    if (allowed && m.shared === undefined && !p.space.codePages.has(addr / PAGE)) p.space.codePages.create(addr / PAGE);
  },
  fork(w: World, p: Process) {
    if (w.processes.length >= 4) return;
    const model: Model = new Map();
    for (const [page, m] of p.model) {
      if (m.dontFork) continue;
      model.set(page, {
        ...m,
        cell: m.shared !== undefined ? m.cell : m.wipe ? zero() : { bytes: m.cell.bytes.slice() },
      });
    }
    w.processes.push({ space: p.space.fork(), model, brk: p.brk });
  },
  exit(w: World, p: Process) {
    if (w.processes.length === 1) return;
    p.space.release();
    w.processes.splice(w.processes.indexOf(p), 1);
  },
};
const emptied = (m: ModelPage): Cell => m.shared !== undefined ? m.cell : m.file ? { bytes: content(m.index) } : zero();
const inFile = (m: ModelPage): boolean => m.index < m.limit;

const start = fc.nat(SLOTS - 8), count = fc.integer({ min: 1, max: 7 }), prot = fc.constantFrom(0, 1, 3, 3, 3, 5, 7);
const kind = fc.constantFrom<Kind>("own", "own", "file", "shared file", "shared");
type Step = (w: World, p: Process) => void;
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.tuple(start, count, kind, prot, fc.nat(4)).map((a): Step => (w, p) => steps.mmap(w, p, ...a)),
  },
  { weight: 2, arbitrary: fc.tuple(start, count).map((a): Step => (w, p) => steps.munmap(w, p, ...a)) },
  { weight: 3, arbitrary: fc.tuple(start, count, prot).map((a): Step => (w, p) => steps.mprotect(w, p, ...a)) },
  {
    weight: 2,
    arbitrary: fc.tuple(start, count, start, count, fc.constantFrom(MAYMOVE | FIXED, MAYMOVE | FIXED | DONTUNMAP))
      .map((a): Step => (w, p) => steps.mremap(w, p, ...a)),
  },
  { weight: 2, arbitrary: fc.tuple(start, count).map((a): Step => (w, p) => steps.forget(w, p, ...a)) },
  {
    weight: 1,
    arbitrary: fc.tuple(start, count, fc.constantFrom(10, 11, 18, 19)).map((a): Step => (w, p) =>
      steps.mark(w, p, ...a)
    ),
  },
  { weight: 1, arbitrary: fc.nat(7).map((a): Step => (w, p) => steps.brk(w, p, a)) },
  {
    weight: 8,
    arbitrary: fc.tuple(
      start,
      fc.constantFrom(0, 1, PAGE - 1, PAGE - 3),
      fc.integer({ min: 1, max: 255 }),
      fc.constantFrom(1, 8, PAGE, 2 * PAGE),
    ).map((a): Step => (w, p) => steps.write(w, p, ...a)),
  },
  { weight: 4, arbitrary: start.map((a): Step => (w, p) => steps.read(w, p, a)) },
  { weight: 2, arbitrary: start.map((a): Step => (w, p) => steps.fetch(w, p, a)) },
  { weight: 2, arbitrary: fc.constant<Step>((w, p) => steps.fork(w, p)) },
  { weight: 1, arbitrary: fc.constant<Step>((w, p) => steps.exit(w, p)) },
);

Deno.test("an address space and its forks behave as the naive model does", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(3), step), { minLength: 5, maxLength: 60, size: "max" }), (sequence) => {
      const world = new World();
      for (const [which, run] of sequence) {
        run(world, world.at(which));
        world.compare();
      }
      for (const p of world.processes) for (let i = 0; i < SLOTS; i++) steps.read(world, p, i);
      world.end();
    }),
    { numRuns: Number(Deno.env.get("SPACE_RUNS") ?? 150) },
  );
});
