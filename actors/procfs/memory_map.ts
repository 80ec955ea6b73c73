/** /proc/pid/{maps,smaps,smaps_rollup,cmdline,environ,auxv,mem}: a task's address space and the strings on its stack (fs/proc/task_mmu.c, base.c). */
import { type AddressSpace, BadAddress, type Vma } from "../../cpu/types.ts";
import { E } from "../../syscalls/abi/errno.ts";
import type { Task } from "../task/task.ts";
import type { Inode } from "../vfs/inode.ts";
import { OpenFile } from "../vfs/open_file.ts";
import { escaped, kB, major, minor } from "./numbers.ts";
import type { ProcTask } from "./subject.ts";

/** Column at which names start. */
const NAME_COLUMN = 73;
const PAGE = 4096;
const hex = (n: number, width: number): string => n.toString(16).padStart(width, "0");
const letters = ({ prot, shared }: Vma): string =>
  `${prot & 1 ? "r" : "-"}${prot & 2 ? "w" : "-"}${prot & 4 ? "x" : "-"}${shared ? "s" : "p"}`;

const mapLine = (vma: Vma): string => {
  const { backing } = vma;
  const dev = backing?.inode.dev ?? 0, ino = backing?.inode.ino ?? 0;
  const offset = backing === undefined ? 0 : vma.offset;
  const head = `${hex(vma.start, 8)}-${hex(vma.end, 8)} ${letters(vma)} ${hex(offset, 8)} ${hex(major(dev), 2)}:${
    hex(minor(dev), 2)
  } ${ino} `;
  const name = vma.name ?? (backing === undefined ? "" : escaped(backing.path, "\n"));
  return (name === "" ? head : head.padEnd(NAME_COLUMN) + name) + "\n";
};

export const mapsText = (s: ProcTask): string => s.hasMemory ? s.task.vm.space.vmas().map(mapLine).join("") : "";

const detail = (vma: Vma, space: AddressSpace): string => {
  const size = vma.end - vma.start;
  const resident = residentBytes(vma, space);
  const dirty = (vma.prot & 2) !== 0 ? resident : 0;
  const anonymous = vma.backing === undefined ? resident : 0;
  const row = (name: string, bytes: number) => `${(name + ":").padEnd(16)}${kB(bytes)}\n`;
  return row("Size", size) + row("KernelPageSize", 4096) + row("MMUPageSize", 4096) +
    counts(resident, dirty, anonymous, vma.shared, vma.locked === true ? resident : 0) +
    "THPeligible:           0\n" + `VmFlags: ${flagNames(vma)}\n`;
};
const residentBytes = (vma: Vma, space: AddressSpace): number => {
  if (space.isResident === undefined) return vma.prot === 0 ? 0 : vma.end - vma.start;
  let sum = 0;
  for (let at = vma.start; at < vma.end; at += 4096) if (space.isResident(at)) sum += 4096;
  return sum;
};
const counts = (resident: number, dirty: number, anonymous: number, shared: boolean, locked = 0): string => {
  const rows: readonly (readonly [string, number])[] = [
    ["Rss", resident],
    ["Pss", resident],
    ["Pss_Dirty", dirty],
    ["Shared_Clean", shared ? resident - dirty : 0],
    ["Shared_Dirty", shared ? dirty : 0],
    ["Private_Clean", shared ? 0 : resident - dirty],
    ["Private_Dirty", shared ? 0 : dirty],
    ["Referenced", resident],
    ["Anonymous", anonymous],
    ["KSM", 0],
    ["LazyFree", 0],
    ["AnonHugePages", 0],
    ["ShmemPmdMapped", 0],
    ["FilePmdMapped", 0],
    ["Shared_Hugetlb", 0],
    ["Private_Hugetlb", 0],
    ["Swap", 0],
    ["SwapPss", 0],
    ["Locked", locked],
  ];
  return rows.map(([name, bytes]) => `${(name + ":").padEnd(16)}${kB(bytes)}\n`).join("");
};
const flagNames = (vma: Vma): string => {
  const names = [
    vma.prot & 1 ? "rd" : "",
    vma.prot & 2 ? "wr" : "",
    vma.prot & 4 ? "ex" : "",
    vma.shared ? "sh" : "",
    "mr",
    vma.readOnly === true ? "" : "mw",
    "me",
  ];
  if (vma.growsDown) names.push("gd");
  if (vma.locked === true) names.push("lo");
  if (vma.dontFork === true) names.push("dc");
  if (vma.wipeOnFork === true) names.push("wf");
  if (vma.dontDump === true) names.push("dd");
  return names.filter((n) => n !== "").map((n) => n + " ").join("");
};

export const smapsText = (s: ProcTask): string =>
  s.hasMemory ? s.task.vm.space.vmas().map((vma) => mapLine(vma) + detail(vma, s.task.vm.space)).join("") : "";

export const smapsRollup = (s: ProcTask): string => {
  if (!s.hasMemory) return "";
  const { space } = s.task.vm;
  const vmas = space.vmas();
  if (vmas.length === 0) return "";
  const range =
    `${hex(vmas[0].start, 8)}-${hex(vmas[vmas.length - 1].end, 8)} ---p 00000000 00:00 0 `.padEnd(NAME_COLUMN) +
    "[rollup]\n";
  const resident = space.residentPages * 4096;
  return range + counts(resident, resident, resident, false);
};

// ---- strings on the stack --------------------------------------------------------------------------------------------
const NOTHING = new Uint8Array(0);
/** Most bytes of arguments or environment shown. */
const MOST = 1 << 21;

const bytesAt = (task: Task, start: number, end: number): Uint8Array => {
  if (end <= start) return NOTHING;
  try {
    return task.vm.space.read(start, Math.min(end - start, MOST));
  } catch (error) {
    if (error instanceof BadAddress) return NOTHING;
    throw error;
  }
};

/** The arguments; when the program overwrote their last NUL (setproctitle), up to the next one in the environment. */
export const cmdline = (s: ProcTask): Uint8Array => {
  if (!s.hasMemory) return NOTHING;
  const { argStart, argEnd, envEnd } = s.task.vm.image;
  const args = bytesAt(s.task, argStart, argEnd);
  if (args.length === 0 || args[args.length - 1] === 0) return args;
  const all = bytesAt(s.task, argStart, Math.max(argEnd, envEnd));
  const end = all.indexOf(0);
  return end < 0 ? all : all.subarray(0, end);
};
export const environ = (s: ProcTask): Uint8Array => {
  if (!s.hasMemory) return NOTHING;
  const { envStart, envEnd } = s.task.vm.image;
  return bytesAt(s.task, envStart, envEnd);
};
export const auxv = (s: ProcTask): Uint8Array => s.hasMemory ? s.task.vm.image.auxv : NOTHING;

/** /proc/pid/mem: the offset is the address. It keeps naming the memory it was opened on. */
export class MemoryFile extends OpenFile {
  /** The memory the process had when the file was opened: after its execve there is nothing more. */
  readonly #vm: Task["vm"];

  constructor(inode: Inode, path: string, flags: number, readonly subject: ProcTask) {
    super(inode, path, flags);
    this.#vm = subject.task.vm;
  }
  override read(_t: Task, into: Uint8Array, at?: number): number {
    return this.#move(into.length, at, (space, addr, from, n) => into.set(space.readForced(addr, n), from));
  }
  override write(_t: Task, from: Uint8Array, at?: number): number {
    return this.#move(
      from.length,
      at,
      (space, addr, start, n) => space.writeForced(addr, from.subarray(start, start + n)),
    );
  }
  /** Page by page, whatever the protection is (mem_rw): as far as there is memory. */
  #move(
    length: number,
    at: number | undefined,
    move: (space: Task["vm"]["space"], addr: number, from: number, n: number) => void,
  ): number {
    const { subject } = this;
    if (!subject.hasMemory || subject.task.vm !== this.#vm || length === 0) return 0;
    const start = at ?? this.pos;
    let done = 0;
    try {
      while (done < length) {
        const n = Math.min(length - done, PAGE - (start + done) % PAGE);
        move(this.#vm.space, start + done, done, n);
        done += n;
      }
    } catch (error) {
      if (!(error instanceof BadAddress)) throw error;
      if (done === 0) return -E.IO;
    }
    if (at === undefined) this.pos += done;
    return done;
  }
  override seek(offset: number, whence: number): number {
    const to = whence === 0 ? offset : whence === 1 ? this.pos + offset : -1;
    return whence > 1 ? -E.INVAL : this.pos = to;
  }
  protected override closed(): void {}
}
