/**
 * The public face of `cpu/`: what the actors may use of the data plane. Everything here is synchronous, deterministic and free
 * of host access.
 */

export * from "./types.ts";
export { BLOCK_SIZE, PAGE, PAGE_BITS, PAGES, PERM_R, PERM_W, PERM_X, TRAP_ACCESS, TRAP_ADDR } from "./layout.ts";
export { type CpuHost, GuestCpu } from "./cpu.ts";
export { CodeMemory, CodeMemoryFull, CodePages } from "./interp/code_memory.ts";
export { createEngine, type Engine } from "./interp/engine.ts";
export { disassemble, registerName } from "./rv64/disassemble.ts";
export { MemoryAccount, OutOfMemory } from "./memory/account.ts";
export { KeptPages } from "./memory/kept_pages.ts";
export { createAddressSpace, Space } from "./memory/space.ts";
export { ElfError, type ElfImage, EM_RISCV, parseElf, type ReadAt, type Segment } from "./elf/image.ts";
export { type LoadedImage, loadElf } from "./elf/load.ts";
export { type AuxValue, type InitialStack, initialStack, type StackContents, stringSpace } from "./elf/stack.ts";
