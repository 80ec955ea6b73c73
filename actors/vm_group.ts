/**
 * The VM group: what CLONE_VM shares. Owns the address space and its translated code; counts the tasks in it; frees the memory with the last one
 * (kernel/fork.c mm_struct).
 */
import { OutOfMemory } from "../cpu/mod.ts";
import type { AddressSpace } from "../cpu/types.ts";
import { E, errno } from "../syscalls/abi/errno.ts";
import type { OpenFile } from "./vfs/open_file.ts";

/** Facts about the running image that /proc and core reports show. */
export interface ImageFacts {
  /** Absolute guest path of the executable (/proc/pid/exe). */
  readonly exe: string;
  readonly exeFile?: OpenFile;
  /** Where argv and envp strings lie in guest memory. */
  readonly argStart: number;
  readonly argEnd: number;
  readonly envStart: number;
  readonly envEnd: number;
  readonly stackTop: number;
  readonly auxv: Uint8Array;
  readonly entry: number;
  readonly loadBase: number;
  readonly interpreterBase: number;
  /** Address of the code that calls rt_sigreturn, where handlers return to. */
  readonly trampoline: number;
}

/** What makes an address space; there being no room for one is a failure of the call. */
export const roomFor = <T>(make: () => T): T => {
  try {
    return make();
  } catch (error) {
    throw error instanceof OutOfMemory ? errno(E.NOMEM) : error;
  }
};

let nextId = 1;

export class VmGroup {
  #users = 1;
  readonly id = nextId++;
  /** PR_SET_DUMPABLE. */
  dumpable = 1;
  /** Commands registered with membarrier(2). */
  membarrier = 0;
  /** mlockall(MCL_FUTURE): new mappings are locked. Not inherited. */
  lockFuture = false;
  /** PR_SET_THP_DISABLE: reads back, has no effect. */
  hugePagesDisabled = false;
  /** `counters.liveVmGroups` counts the groups that exist. */
  constructor(readonly space: AddressSpace, public image: ImageFacts, readonly counters: { liveVmGroups: number }) {
    counters.liveVmGroups++;
  }
  get users(): number {
    return this.#users;
  }
  get live(): boolean {
    return this.#users > 0;
  }
  share(): VmGroup {
    this.#users++;
    return this;
  }
  fork(): VmGroup {
    const child = new VmGroup(roomFor(() => this.space.fork()), this.image, this.counters);
    child.image.exeFile?.retain();
    child.dumpable = this.dumpable;
    child.membarrier = this.membarrier;
    child.hugePagesDisabled = this.hugePagesDisabled;
    return child;
  }
  release(): void {
    if (this.#users <= 0) throw new Error("release of a dead VM group");
    if (--this.#users > 0) return;
    this.image.exeFile?.release();
    this.space.release();
    this.counters.liveVmGroups--;
  }
}
