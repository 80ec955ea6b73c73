/**
 * Building a program's memory: a new address space with the image, its dynamic linker, stack, and the page signal handlers return through. Nothing of the
 * calling task changes; the caller commits or lets go.
 */
import {
  type AddressSpace,
  type Backing,
  ElfError,
  type ElfImage,
  initialStack,
  type LoadedImage,
  loadElf,
  parseElf,
  stringSpace,
} from "../../cpu/mod.ts";
import { E, errno } from "../../syscalls/abi/errno.ts";
import { bytesOf } from "../../syscalls/abi/text.ts";
import { RLIMIT } from "../limits.ts";
import type { Task } from "../task/task.ts";
import { type ImageFacts, VmGroup } from "../vm_group.ts";
import { auxiliaryVector, type LoadedFacts } from "./auxv.ts";
import type { Program } from "./find.ts";
import type { ExecCredentials } from "./set_ids.ts";
import { ofInterpreter, UnusableImage } from "./unusable.ts";

/** Where position-independent programs go. */
const PIE_BASE = 0x00200000;
/**
 * Room left for the heap between the image and the stack; beyond it malloc uses mmap. With 4 MiB more a small program's memories pass what V8 collects all garbage for
 * (32 MiB; 4 ms of its start).
 */
const HEAP_ROOM = 12 << 20;
/** Space below the stack's top that nothing else is placed in. */
const STACK_ROOM = 8 << 20;
const MIB = 1 << 20;

export interface Loaded {
  readonly vm: VmGroup;
  readonly sp: number;
  readonly entry: number;
}

export { UnusableImage };

/** Throws Errno (ENOEXEC, ELIBBAD, ENOENT, ENOMEM, E2BIG); nothing is left behind then. */
export const loadProgram = (
  t: Task,
  program: Program,
  credentials: ExecCredentials,
): Loaded => {
  const { machine } = t;
  const backing = program.file.backing()!;
  const image = parse(backing, E.NOEXEC);
  checkStringSpace(t, program);
  const space = machine.newAddressSpace();
  try {
    const limits = t.group.limits;
    space.limits = { as: limits[RLIMIT.AS].soft, data: limits[RLIMIT.DATA].soft, stack: limits[RLIMIT.STACK].soft };
    const main = placed(loadElf(space, image, backing, image.relocatable ? PIE_BASE - image.low : 0));
    const stackTop = Math.ceil((main.end + HEAP_ROOM + STACK_ROOM) / MIB) * MIB;
    space.mmapBase = Math.max(stackTop + MIB, machine.mmapBase);
    space.setBrkStart(main.end);
    const wanted = image.interpreter;
    const linker = wanted === undefined ? undefined : ofInterpreter(wanted, () => loadLinker(t, space, wanted));
    const trampoline = mapTrampoline(space, stackTop);
    const facts = { phdr: main.phdr, phnum: main.phnum, entry: main.entry, base: linker?.base ?? 0 };
    const stack = pushStack(t, space, program, facts, credentials, stackTop);
    const shown: ImageFacts = {
      exe: program.file.path,
      exeFile: program.file,
      argStart: stack.argStart,
      argEnd: stack.argEnd,
      envStart: stack.envStart,
      envEnd: stack.envEnd,
      auxv: stack.auxv,
      stackTop,
      entry: main.entry,
      loadBase: main.base,
      interpreterBase: linker?.base ?? 0,
      trampoline,
    };
    return {
      vm: new VmGroup(space, shown, machine.counters),
      sp: stack.sp,
      entry: linker?.entry ?? main.entry,
    };
  } catch (error) {
    space.release();
    throw error;
  }
};

const parse = (backing: Backing, otherwise: number): ElfImage => {
  const read = (at: number, length: number): Uint8Array => {
    const start = Math.floor(at / 4096) * 4096;
    const buffer = new Uint8Array(Math.ceil((at + length - start) / 4096) * 4096);
    backing.fill(start, buffer);
    return buffer.subarray(at - start, at - start + length);
  };
  const image = parseElf(read, backing.size());
  if (image instanceof ElfError) throw new UnusableImage(otherwise, image.message, image.late);
  return image;
};

const placed = (loaded: LoadedImage | number): LoadedImage => {
  if (typeof loaded === "number") throw new UnusableImage(E.NOMEM, "no room for its segments", true);
  return loaded;
};

/** SEMANTICS 5.3. */
const checkStringSpace = (t: Task, program: Program): void => {
  const limit = Math.max(Math.min(t.group.limits[RLIMIT.STACK].soft / 4, 6 * MIB), 131072);
  if (stringSpace(program.argv, program.envp) + program.execfn.length + 1 > limit) throw errno(E["2BIG"]);
};

const loadLinker = (t: Task, space: AddressSpace, path: string): LoadedImage => {
  const file = t.vfs.openForExec(t, -100, path, 0);
  try {
    const backing = file.backing();
    if (backing === undefined) throw errno(E.ACCES);
    const image = parse(backing, E.LIBBAD);
    const length = image.high - image.low;
    const at = image.relocatable ? reserve(space, length) - image.low : 0;
    return placed(loadElf(space, image, backing, at));
  } finally {
    file.release();
  }
};

/** Finds room for an image; loading maps over it. */
const reserve = (space: AddressSpace, length: number): number => {
  const at = space.mmap({ addr: 0, length, prot: 0, shared: false, fixed: false, noReplace: false, offset: 0 });
  if (at < 0) throw new UnusableImage(E.NOMEM, "no room for its dynamic linker", true);
  return at;
};

/** li a7, 139; ecall: what a handler returns to. Unwinders know a signal frame by these very instructions. */
const RT_SIGRETURN = Uint8Array.of(0x93, 0x08, 0xb0, 0x08, 0x73, 0x00, 0x00, 0x00);

const mapTrampoline = (space: AddressSpace, at: number): number => {
  const request = { addr: at, length: 4096, shared: false, fixed: true, noReplace: false, offset: 0, name: "[vdso]" };
  if (space.mmap({ ...request, prot: 3 }) < 0) throw errno(E.NOMEM);
  space.write(at, RT_SIGRETURN);
  space.mprotect(at, 4096, 5);
  return at;
};

const pushStack = (
  t: Task,
  space: AddressSpace,
  program: Program,
  facts: LoadedFacts,
  credentials: ExecCredentials,
  top: number,
) => {
  const random = new Uint8Array(16);
  t.machine.entropy.fill(random);
  const auxv = auxiliaryVector(facts, credentials);
  const stack = initialStack(
    { argv: program.argv, envp: program.envp, auxv, random, execfn: bytesOf(program.execfn) },
    top,
  );
  const length = Math.ceil((top - stack.sp) / 4096) * 4096 + 32 * 4096;
  const request = {
    addr: top - length,
    length,
    prot: 3,
    shared: false,
    fixed: true,
    noReplace: false,
    offset: 0,
    growsDown: true,
    name: "[stack]",
  };
  if (space.mmap(request) < 0) throw errno(E.NOMEM);
  space.write(stack.sp, stack.bytes);
  return stack;
};
