/**
 * What the data plane promises to the kernel: one `Cpu` per task, one `AddressSpace` per VM group. Everything here is synchronous
 * and deterministic. Errors of memory calls are negative Linux errno numbers (cpu/ may not import the ABI tables).
 */
import type { MemoryAccount } from "./memory/account.ts";

/** Why `Cpu.run` returned: a closed union. The CPU's pc is at the trapping instruction (for Syscall and Breakpoint too). */
export const Trap = { BudgetSpent: 0, Syscall: 1, Breakpoint: 2, Illegal: 3, Fault: 4, Interrupted: 5 } as const;
export type Trap = typeof Trap[keyof typeof Trap];

/** A memory fault as the guest's signal will report it. */
export interface Fault {
  readonly signal: "SEGV" | "BUS" | "KILL";
  /** KILL: the machine's memory is used up. si_code: SEGV_MAPERR 1, SEGV_ACCERR 2; BUS_ADRALN 1, BUS_ADRERR 2. */
  readonly code: number;
  /** Faulting address (si_addr), unsigned 64-bit. */
  readonly addr: bigint;
}

/** One guest CPU: a block of registers in its VM group's shadow memory. */
export interface Cpu {
  /** Runs at most `budget` instructions (exact). Never throws for guest reasons. */
  run(budget: number): Trap;
  /** Instructions retired by the last `run`. */
  readonly spent: number;
  /** The fault of the last `Trap.Fault`. */
  readonly fault: Fault;
  pc: number;
  /** Integer register i as unsigned 64-bit. */
  x(i: number): bigint;
  setX(i: number, value: bigint): void;
  /** The register's halves without BigInt: low as unsigned 32, high as signed 32. */
  lo(i: number): number;
  hi(i: number): number;
  /** Writes a safe integer, sign-extended to 64 bits, without BigInt. */
  setNumber(i: number, value: number): void;
  f(i: number): bigint;
  setF(i: number, value: bigint): void;
  /** frm << 5 | fflags. */
  fcsr: number;
  /** Instructions retired over this CPU's life. */
  readonly retired: number;
  copyRegistersFrom(other: Cpu): void;
  /** x1–x31 as 62 words to `to` from index `integers`, f0–f31 as 64 from `floats`, low halves first: a signal frame is made of them. */
  saveRegisters(to: Int32Array, integers: number, floats: number): void;
  /** The other way. */
  loadRegisters(from: Int32Array, integers: number, floats: number): void;
  /** Ends a load-reservation (context switch, signal delivery). */
  clearReservation(): void;
  readonly hasReservation: boolean;
  /** Asks a running engine to leave soon. */
  interrupt(): void;
  /** Frees the block; the CPU must not be used afterwards. */
  release(): void;
}

/** Where the pages of a mapping come from: implemented by the VFS for files, absent for anonymous memory. */
export interface Backing {
  /** Identity of the file for shared futex keys and `/proc/pid/maps`; the same object for the same inode. */
  readonly inode: { readonly dev: number; readonly ino: number };
  /** Path shown in maps. */
  readonly path: string;
  /** File size in bytes now; pages wholly beyond it raise SIGBUS. */
  size(): number;
  /** Fills `into` (a multiple of 4096 bytes) from file byte offset `at`; bytes past the end are zeroed. */
  fill(at: number, into: Uint8Array): void;
  /**
   * The canonical copy of a page for MAP_SHARED (the file's own page), which counts in `account` unless the file counts it elsewhere; `index` counts 4096-byte pages.
   * Undefined: no memory for it. Absent: not shareable for writing.
   */
  sharedPage?(index: number, account: MemoryAccount): Uint8Array | undefined;
  /** Whether that copy exists, so that the page surely lies in the file: spares asking for the size at each access. */
  hasSharedPage?(index: number): boolean;
  /** Called after a MAP_SHARED page was written through the mapping (msync, munmap, exit, or at once). */
  dirtied?(index: number): void;
  /** One more / one fewer mapping refers to it. */
  retain(): void;
  release(): void;
}

export interface MapRequest {
  /** Hint or exact address. */
  readonly addr: number;
  readonly length: number;
  /** PROT_READ 1 | PROT_WRITE 2 | PROT_EXEC 4 */
  readonly prot: number;
  readonly shared: boolean;
  /** MAP_FIXED: replace what is there. */
  readonly fixed: boolean;
  /** MAP_FIXED_NOREPLACE: EEXIST instead. */
  readonly noReplace: boolean;
  readonly growsDown?: boolean;
  /** A shared mapping of a descriptor that is not open for writing: mprotect may not make it writable. */
  readonly readOnly?: boolean;
  /** MAP_LOCKED, or mlockall(MCL_FUTURE) was called. */
  readonly locked?: boolean;
  /** MAP_NORESERVE: asks for more than there is. */
  readonly noReserve?: boolean;
  readonly backing?: Backing;
  /** Byte offset in the backing, a multiple of 4096. */
  readonly offset: number;
  /** Name in maps: "[heap]", "[stack]", "[vdso]". */
  readonly name?: string;
}

/** One line of /proc/pid/maps. Addresses are numbers below 2^32; end is exclusive. */
export interface Vma {
  readonly start: number;
  readonly end: number;
  readonly prot: number;
  readonly shared: boolean;
  readonly backing?: Backing;
  readonly offset: number;
  readonly name?: string;
  readonly growsDown: boolean;
  readonly readOnly?: boolean;
  /** mlock(2): counts against RLIMIT_MEMLOCK. */
  readonly locked?: boolean;
  readonly dontFork?: boolean;
  readonly wipeOnFork?: boolean;
  readonly dontDump?: boolean;
}

/** Key of a futex word: equal keys (by `object` identity and `offset`) are the same word. */
export interface FutexKey {
  readonly object: object;
  readonly offset: number;
}

/**
 * Kernel access to guest memory. An inaccessible address throws `BadAddress` (dispatch turns it into EFAULT). Pages not yet present, copy-on-write
 * pages and pages shared with another VM group are handled inside.
 */
export interface UserMemory {
  read(addr: number, length: number): Uint8Array<ArrayBuffer>;
  readInto(addr: number, into: Uint8Array): void;
  write(addr: number, bytes: Uint8Array): void;
  /** As a debugger reads and writes: whatever the mapping's protection is, except that shared mappings nobody may write stay as they are. */
  readForced(addr: number, length: number): Uint8Array<ArrayBuffer>;
  writeForced(addr: number, bytes: Uint8Array): void;
  /** Number of bytes of [addr, addr+length) accessible from the start; 0 when the first byte is not. */
  accessible(addr: number, length: number, write: boolean): number;
  /**
   * Calls `use` with a view of the guest bytes for I/O without a second copy; throws BadAddress if the range is not wholly accessible. The view is
   * only valid inside the call. `use` gives the number of bytes it filled (write) or consumed.
   */
  withBuffer(addr: number, length: number, write: boolean, use: (view: Uint8Array) => number): number;
  u8(addr: number): number;
  u16(addr: number): number;
  u32(addr: number): number;
  i32(addr: number): number;
  /** As a number: exact below 2^53. */
  u64(addr: number): number;
  i64(addr: number): number;
  big(addr: number): bigint;
  setU8(addr: number, value: number): void;
  setU16(addr: number, value: number): void;
  setU32(addr: number, value: number): void;
  /** Writes a safe integer sign-extended to 64 bits. */
  setU64(addr: number, value: number): void;
  setBig(addr: number, value: bigint): void;
  /** NUL-terminated bytes, without the NUL; undefined when none was found within `max` bytes. */
  cstring(addr: number, max: number): Uint8Array | undefined;
}

/** Thrown by UserMemory for an inaccessible guest address. A value, not an Error: no stack is captured. */
export class BadAddress {
  constructor(readonly addr: number) {}
}

/** The address space of one VM group: flat wasm memory, shadow, and the VMA list, which is the truth. */
export interface AddressSpace extends UserMemory {
  readonly memory: WebAssembly.Memory;
  readonly shadow: WebAssembly.Memory;
  /** Address, or a negative errno (ENOMEM 12, EINVAL 22, EEXIST 17, EACCES 13). */
  mmap(request: MapRequest): number;
  munmap(addr: number, length: number): number;
  mprotect(addr: number, length: number, prot: number): number;
  /** flags: MREMAP_MAYMOVE 1, MREMAP_FIXED 2, MREMAP_DONTUNMAP 4. */
  mremap(addr: number, oldLength: number, newLength: number, flags: number, newAddr: number): number;
  /** advice as Linux numbers: DONTNEED 4 and FREE 8 drop pages, WIPEONFORK 18 / DONTFORK 10 are kept, the rest are accepted. */
  madvise(addr: number, length: number, advice: number): number;
  msync(addr: number, length: number): number;
  /** Marks the mapped parts of [start, end) as locked or not. */
  setLocked?(start: number, end: number, locked: boolean): void;
  /** Whether the page at `addr`, which is mapped, is in memory. */
  isResident?(addr: number): boolean;
  /** brk(2): sets the break if possible, gives the current one. */
  brk(addr: number): number;
  /** Sets where the heap starts (after loading an image). */
  setBrkStart(addr: number): void;
  vmas(): readonly Vma[];
  vmaAt(addr: number): Vma | undefined;
  /**
   * Makes a missing access possible (zero page, copy-on-write, file page, stack growth, code page write) or says why not. `access` is one PERM_* bit.
   */
  resolve(addr: bigint, access: number): Fault | undefined;
  /** Key of the 32-bit word for futex calls; a Fault-free lookup or undefined (EFAULT). */
  futexKey(addr: number, shared: boolean): FutexKey | undefined;
  /** A copy-on-write child. */
  fork(): AddressSpace;
  /** A new CPU in this space, registers zero. */
  newCpu(): Cpu;
  /** CPUs alive in this space. */
  readonly liveCpus: number;
  /** Drops all mappings and memory. No CPU may be alive. */
  release(): void;
  /** Pages with own content, and mapped bytes, for statm and rlimits. */
  readonly residentPages: number;
  readonly mappedBytes: number;
  readonly peakResidentPages: number;
  /** Where addresses are chosen from, upward. The loader places it above the stack. */
  mmapBase: number;
  /** Highest data: RLIMIT_AS, RLIMIT_DATA and RLIMIT_STACK in bytes, Infinity when unlimited. The kernel sets them. */
  limits: { as: number; data: number; stack: number };
}
