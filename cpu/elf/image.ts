/**
 * ELF files (elf(5)): what the headers say, checked so that nothing later can hang, allocate without bound or read beyond the file. Every kind of damage is an
 * `ElfError` whose message is one clear line.
 */

export class ElfError {
  /** @param late Linux notices it only when the old program is gone already, and kills the process */
  constructor(readonly message: string, readonly late = false) {}
}

export interface Segment {
  /** File offset and size, memory address and size, bytes; prot as PROT_* bits. */
  readonly offset: number;
  readonly fileSize: number;
  readonly vaddr: number;
  readonly memSize: number;
  readonly prot: number;
}

export interface ElfImage {
  /** ET_DYN: may be loaded anywhere. */
  readonly relocatable: boolean;
  readonly entry: number;
  readonly segments: readonly Segment[];
  /** Lowest page and the end of the highest byte, in the file's own addresses. */
  readonly low: number;
  readonly high: number;
  /** PT_INTERP. */
  readonly interpreter: string | undefined;
  /** Address of the program headers in memory (file's own addresses), and how many. */
  readonly phdr: number;
  readonly phnum: number;
  readonly executableStack: boolean;
}

const ET_EXEC = 2, ET_DYN = 3;
export const EM_RISCV = 243;
const PT_LOAD = 1, PT_INTERP = 3, PT_PHDR = 6, PT_GNU_STACK = 0x6474e551;
const EHDR = 64, PHDR = 56;
/** All program headers must fit in one page (fs/binfmt_elf.c load_elf_phdrs). */
const MAX_PHDRS = Math.floor(65536 / PHDR);
const PAGE = 4096;
/** The last page of the 4 GiB is never mapped. */
const SPACE_END = 0x100000000 - PAGE;

/** Reads `length` bytes at `at`; the caller never asks beyond `fileSize`. */
export type ReadAt = (at: number, length: number) => Uint8Array;

const MACHINES: Readonly<Record<number, string>> = {
  3: "i386",
  40: "ARM",
  62: "x86-64",
  183: "AArch64",
  8: "MIPS",
  20: "PowerPC",
  21: "PowerPC64",
  22: "S/390",
};

const checkIdent = (h: DataView): string | undefined => {
  if (h.getUint32(0) !== 0x7f454c46) return "not an ELF file";
  if (h.getUint8(4) !== 2) {
    return h.getUint8(4) === 1 ? "a 32-bit ELF file, not riscv64" : "an ELF file of unknown class";
  }
  if (h.getUint8(5) !== 1) {
    return h.getUint8(5) === 2 ? "a big-endian ELF file, not riscv64" : "an ELF file of unknown byte order";
  }
  if (h.getUint8(6) !== 1 || h.getUint32(20, true) !== 1) return "an ELF file of unknown version";
  const machine = h.getUint16(18, true);
  if (machine !== EM_RISCV) return `an ELF file for ${MACHINES[machine] ?? `machine ${machine}`}, not riscv64`;
  const type = h.getUint16(16, true);
  if (type !== ET_EXEC && type !== ET_DYN) {
    return type === 1
      ? "an object file, not an executable"
      : type === 4
      ? "a core file, not an executable"
      : `an ELF file of type ${type}, not an executable`;
  }
  return undefined;
};

/** The image, or why the file cannot be run. */
export const parseElf = (read: ReadAt, fileSize: number): ElfImage | ElfError => {
  if (fileSize === 0) return new ElfError("an empty file");
  if (fileSize < 4) return new ElfError("not an ELF file");
  if (fileSize < EHDR) {
    const h = new DataView(read(0, 4).slice().buffer);
    return new ElfError(h.getUint32(0) === 0x7f454c46 ? "an ELF file cut off in its header" : "not an ELF file");
  }
  const header = new DataView(read(0, EHDR).slice().buffer);
  const wrong = checkIdent(header);
  if (wrong !== undefined) return new ElfError(wrong);
  const phoff = Number(header.getBigUint64(32, true)), phnum = header.getUint16(56, true);
  if (header.getUint16(54, true) !== PHDR) {
    return new ElfError(`damaged: program headers of ${header.getUint16(54, true)} bytes instead of ${PHDR}`);
  }
  if (phnum === 0) return new ElfError("damaged: no program headers");
  if (phnum > MAX_PHDRS) return new ElfError(`damaged: ${phnum} program headers`);
  if (!(phoff + phnum * PHDR <= fileSize)) return new ElfError("cut off in its program headers");
  const headers = new DataView(read(phoff, phnum * PHDR).slice().buffer);
  const entry = Number(header.getBigUint64(24, true));
  return collect(read, fileSize, headers, { relocatable: header.getUint16(16, true) === ET_DYN, entry, phoff, phnum });
};

interface Basics {
  readonly relocatable: boolean;
  readonly entry: number;
  readonly phoff: number;
  readonly phnum: number;
}

const collect = (read: ReadAt, fileSize: number, headers: DataView, b: Basics): ElfImage | ElfError => {
  const segments: Segment[] = [];
  let interpreter: string | undefined, phdr = 0, executableStack = false;
  for (let i = 0; i < b.phnum; i++) {
    const at = i * PHDR;
    const type = headers.getUint32(at, true), flags = headers.getUint32(at + 4, true);
    const word = (o: number) => Number(headers.getBigUint64(at + o, true));
    if (type === PT_LOAD) {
      const segment = {
        offset: word(8),
        vaddr: word(16),
        fileSize: word(32),
        memSize: word(40),
        prot: ((flags & 4) >> 2) | (flags & 2) | ((flags & 1) << 2),
      };
      const wrong = checkSegment(segment, segments[segments.length - 1], fileSize) ??
        checkAlignment(headers.getBigUint64(at + 48, true));
      if (wrong !== undefined) return new ElfError(wrong, true);
      if (segment.memSize > 0) segments.push(segment);
    } else if (type === PT_INTERP) {
      const name = interpreterName(read, word(8), word(32), fileSize);
      if (name instanceof ElfError) return name;
      interpreter ??= name;
    } else if (type === PT_PHDR) phdr = word(16);
    else if (type === PT_GNU_STACK) executableStack = (flags & 1) !== 0;
  }
  if (segments.length === 0) return new ElfError("damaged: nothing to load", true);
  if (phdr === 0) {
    const holder = segments.find((s) => b.phoff >= s.offset && b.phoff < s.offset + s.fileSize);
    phdr = holder === undefined ? 0 : b.phoff - holder.offset + holder.vaddr;
  }
  const low = Math.floor(segments[0].vaddr / PAGE) * PAGE, last = segments[segments.length - 1];
  const high = last.vaddr + last.memSize;
  if (!b.relocatable && low < 0x10000) {
    return new ElfError(`its lowest address 0x${low.toString(16)} cannot be mapped`, true);
  }
  if (!segments.some((s) => b.entry >= s.vaddr && b.entry < s.vaddr + s.memSize)) {
    return new ElfError("damaged: its entry point lies outside its segments", true);
  }
  return {
    relocatable: b.relocatable,
    entry: b.entry,
    segments,
    low,
    high,
    interpreter,
    phdr,
    phnum: b.phnum,
    executableStack,
  };
};

const checkSegment = (s: Segment, previous: Segment | undefined, fileSize: number): string | undefined => {
  if (!(s.fileSize <= s.memSize)) return "damaged: a segment is larger in the file than in memory";
  if (!(s.vaddr + s.memSize <= SPACE_END)) return "a segment lies beyond the 4 GiB address space";
  if (!(s.offset + s.fileSize <= fileSize)) return "cut off: a segment lies beyond the end of the file";
  if (s.fileSize > 0 && s.vaddr % PAGE !== s.offset % PAGE) {
    return "damaged: a segment's address and file offset do not agree";
  }
  // Linux would map later segments over earlier ones; no linker makes such files, so they are refused.
  if (previous !== undefined && s.vaddr < previous.vaddr + previous.memSize) {
    return "damaged: its segments overlap or are out of order";
  }
  return undefined;
};

/** Linux's own loader ignores such a value, its dynamic linker refuses it (elf/dl-load.c); no linker writes one. */
const checkAlignment = (align: bigint): string | undefined =>
  (align & (align - 1n)) === 0n ? undefined : "damaged: a segment's alignment is no power of two";

const interpreterName = (read: ReadAt, offset: number, size: number, fileSize: number): string | ElfError => {
  if (size < 2 || size > 4096) return new ElfError("damaged: the name of its interpreter has a wrong length");
  if (!(offset + size <= fileSize)) return new ElfError("cut off in the name of its interpreter");
  const bytes = read(offset, size);
  if (bytes[size - 1] !== 0) return new ElfError("damaged: the name of its interpreter does not end");
  return new TextDecoder().decode(bytes.subarray(0, bytes.indexOf(0)));
};
