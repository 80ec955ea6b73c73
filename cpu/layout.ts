/**
 * Byte layout of the two emulator-owned wasm memories. Each VM group has a guest memory (wasm memory 0: guest address = wasm
 * address) and a shadow memory (wasm memory 1: permission bytes, decode map, CPU blocks). One code memory per machine
 * (wasm memory 2) holds pre-decoded instruction records and is shared by all VM groups.
 */

export const PAGE_BITS = 12;
export const PAGE = 4096;
/** Pages in the 4 GiB guest space. */
export const PAGES = 1 << 20;

/** Permission byte bits. They cache what the VMA list allows *right now*; a clear bit means "ask the slow path". */
export const PERM_R = 1;
export const PERM_W = 2;
export const PERM_X = 4;

// ---- shadow memory -------------------------------------------------------------------------------------------------
/** Permission byte of page p is at PERMS + p. */
export const PERMS = 0;
/** u32 per page: address in code memory of the page's records, or 0 when the page is not decoded (or not executable). */
export const CODE_MAP = PAGES;
/**
 * Where translated code finds the code for an address it knows only now: direct-mapped pairs of u32, guest address and
 * index in the table of translated code.
 */
export const JUMP_CACHE = CODE_MAP + 4 * PAGES;
export const JUMP_CACHE_ENTRIES = 8192;
/**
 * Ranges of guest memory that translated code may access without looking at permission bytes, as pairs of u64, first
 * address and length; and what it notes where a range did not help, u64 each (`cpu/jit/ranges.ts`).
 */
export const RANGES = JUMP_CACHE + 8 * JUMP_CACHE_ENTRIES;
export const RANGE_SLOTS = 16352;
export const RANGE_NOTES = RANGES + 16 * RANGE_SLOTS;
/** CPU blocks are handed out from here upward. */
export const BLOCKS = RANGES + 262144;
export const BLOCK_SIZE = 1280;
/**
 * The block that translated code works on, an address the host need not compare with anything. Any other CPU changes
 * places with it while it runs translated code.
 */
export const HOME = BLOCKS;
/**
 * Pages of 64 KiB that the memories have at least. Code that imports them with these minima is spared half of the
 * host's checks of bounds: it need not ask whether a memory is smaller than the offset of an access.
 */
export const GUEST_LEAST = 1;
export const SHADOW_LEAST = BLOCKS / 65536 + 1;
export const CODE_LEAST = 64;

// ---- CPU block (offsets from the block's address in shadow memory) ------------------------------------------------
/** x0..x31, u64 each; x0 is always 0. */
export const X = 0;
/** Where writes to x0 go. */
export const X_SINK = 256;
/** f0..f31 raw, u64 each. */
export const F = 264;
/** u64, address of the next instruction (of the trapping one while a trap is reported). */
export const PC = 520;
/** u32, accrued flags NV=16 DZ=8 OF=4 UF=2 NX=1. */
export const FFLAGS = 528;
/** u32, dynamic rounding mode. */
export const FRM = 532;
/** u64 reservation address, or all ones when there is none; u64 value loaded; u32 width in bits. */
export const RES_ADDR = 536;
export const RES_VALUE = 544;
export const RES_WIDTH = 552;
/** i32 instructions left in the slice. Exact: one per retired instruction. */
export const BUDGET = 556;
/** u32, non-zero asks a running engine to leave with Interrupted at the next budget test. */
export const INTERRUPT = 560;
/** Trap details: u64 faulting address, u32 access (PERM_R/W/X bit). */
export const TRAP_ADDR = 568;
export const TRAP_ACCESS = 576;
/** u64 retired instructions of this CPU over its life, kept by Cpu.run. */
export const INSTRET = 584;
/** u32, non-zero makes the interpreter ignore that translated code starts at a record. */
export const NO_REGIONS = 600;
/** u32, where translated code was when it could not go on (`cpu/jit`). */
export const EXIT_SITE = 604;
/** Scratch of the engines. */
export const SCRATCH = 640;
/** x0..x31 and f0..f31 as translated code had them at such a place, valid or not. */
export const SPILL = 656;

// ---- code memory: pre-decoded records ----------------------------------------------------------------------------
/** One record per 2-byte halfword of a code page, plus sentinels after the last. */
export const RECORD = 16;
export const RECORDS_PER_PAGE = 2048;
export const SENTINELS = 4;
export const CODE_PAGE_BYTES = (RECORDS_PER_PAGE + SENTINELS) * RECORD;
/** Record fields. `op` 0 = not decoded yet; register fields are byte offsets into the CPU block (rd of x0 is X_SINK). */
export const R_OP = 0; // u16
export const R_RD = 2; // u16
export const R_RS1 = 4; // u16
export const R_RS2 = 6; // u16
export const R_IMM = 8; // i32
export const R_RS3 = 12; // u16 (for fp: rs3; for csr*i: zimm)
export const R_LEN = 14; // u8: 2 or 4
export const R_RM = 15; // u8: rounding mode field
