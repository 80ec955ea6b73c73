/** Where the parts of a kernel program lie in memory: the same for scripts and for assembled programs. */
export const CODE = 0x10000;
export const CODE_SIZE = 0x20000;
/** The program's own data: words, scratch, constants; then a stack for each clone site. */
export const DATA = 0x100000;
export const OWN_WORDS = DATA;
export const BUFFERS = DATA + 0x100;
export const CONSTANTS = DATA + 0x600;
export const STACKS = 0x110000;
export const STACK_SIZE = 0x2000;
export const MAX_SITES = 48;
export const DATA_END = STACKS + (MAX_SITES + 1) * STACK_SIZE;
/** One page that every task of the run maps: tids, words, results. */
export const SHARED = 0x400000;
export const TIDS = SHARED;
export const WORDS = SHARED + 0x100;
export const RESULTS = SHARED + 0x200;
export const MAX_RESULTS = 0xe00 / 4;
/** Content of a result no step has written. */
export const UNWRITTEN = 0x7fffffff;
