/** Mapping an ELF image into an address space (fs/binfmt_elf.c): file pages private, the zero tail of the data segment cleared, bss anonymous. */
import { type AddressSpace, type Backing, BadAddress } from "../types.ts";
import type { ElfImage, Segment } from "./image.ts";

const PAGE = 4096;
const down = (n: number): number => Math.floor(n / PAGE) * PAGE;
const up = (n: number): number => Math.ceil(n / PAGE) * PAGE;

export interface LoadedImage {
  readonly entry: number;
  /** Address of the program headers. */
  readonly phdr: number;
  readonly phnum: number;
  /** Load bias plus lowest address: where the image begins. */
  readonly base: number;
  /** First page boundary after the image: where the heap may start. */
  readonly end: number;
}

/** Maps all segments, moved by `bias`. A negative errno when the space has no room. */
export const loadElf = (space: AddressSpace, image: ElfImage, backing: Backing, bias: number): LoadedImage | number => {
  for (const segment of image.segments) {
    const failed = mapSegment(space, segment, backing, bias);
    if (failed < 0) return failed;
  }
  return {
    entry: image.entry + bias,
    phdr: image.phdr === 0 ? 0 : image.phdr + bias,
    phnum: image.phnum,
    base: image.low + bias,
    end: up(image.high + bias),
  };
};

const mapSegment = (space: AddressSpace, s: Segment, backing: Backing, bias: number): number => {
  const start = down(s.vaddr + bias), fileEnd = s.vaddr + bias + s.fileSize, end = up(s.vaddr + bias + s.memSize);
  const filePages = s.fileSize === 0 ? start : up(fileEnd);
  const common = { shared: false, fixed: true, noReplace: false };
  if (filePages > start) {
    const failed = space.mmap({
      ...common,
      addr: start,
      length: filePages - start,
      prot: s.prot,
      backing,
      offset: down(s.offset),
    });
    if (failed < 0) return failed;
  }
  if (end > filePages) {
    const failed = space.mmap({ ...common, addr: filePages, length: end - filePages, prot: s.prot, offset: 0 });
    if (failed < 0) return failed;
  }
  // What follows the file's bytes in their last page belongs to the bss.
  if (s.memSize > s.fileSize && s.fileSize > 0 && filePages > fileEnd && (s.prot & 2) !== 0) {
    clear(space, fileEnd, Math.min(filePages, end));
  }
  return 0;
};

const clear = (space: AddressSpace, from: number, to: number): void => {
  try {
    space.write(from, new Uint8Array(to - from));
  } catch (error) {
    if (!(error instanceof BadAddress)) throw error;
  }
};
