/**
 * The public face of `cpu/`: what the actors may use of the data plane. Everything here is synchronous, deterministic and free
 * of host access.
 */

export * from "./types.ts";
export {
  BLOCK_SIZE,
  PAGE,
  PAGE_BITS,
  PAGES,
  PERM_R,
  PERM_W,
  PERM_X,
  TRAP_ACCESS,
  TRAP_ADDR,
} from "./layout.ts";
export { type CpuHost, GuestCpu } from "./cpu.ts";
export { CodeMemory, CodeMemoryFull, CodePages } from "./interp/code_memory.ts";
export { createEngine, type Engine } from "./interp/engine.ts";
export { disassemble, registerName } from "./rv64/disassemble.ts";
export { createAddressSpace, type Space } from "./memory/space.ts";
export { type ElfImage, ElfError, parseElf } from "./elf/image.ts";
export { loadElf, type LoadedImage } from "./elf/load.ts";
export { initialStack, stringSpace } from "./elf/stack.ts";
