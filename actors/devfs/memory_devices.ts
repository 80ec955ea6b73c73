/** The devices without hardware (mem(4), random(4)): null, zero, full, random, urandom, kmsg. One open description class each. */
import { KeptPages, type MemoryAccount } from "../../cpu/mod.ts";
import type { Backing } from "../../cpu/types.ts";
import { E } from "../../syscalls/abi/errno.ts";
import type { Task } from "../task/task.ts";
import type { Inode } from "../vfs/inode.ts";
import { OpenFile, POLLOUT, POLLWRNORM } from "../vfs/open_file.ts";

abstract class MemoryDevice extends OpenFile {
  /** lseek succeeds and changes nothing worth knowing (null_lseek). */
  override seek(_offset: number, _whence: number): number {
    return this.pos = 0;
  }
  override write(_t: Task, from: Uint8Array): number {
    return from.length;
  }
  protected override closed(): void {}
}

export class NullFile extends MemoryDevice {
  override read(): number {
    return 0;
  }
}

/** Pages of one mapping of /dev/zero: like anonymous memory, shared by those who inherited the mapping. */
class ZeroPages implements Backing {
  readonly inode: { readonly dev: number; readonly ino: number };
  readonly #pages = new KeptPages();
  #mappings = 0;
  constructor(of: Inode, readonly path: string) {
    this.inode = { dev: of.dev, ino: of.ino };
  }
  size(): number {
    return Number.MAX_SAFE_INTEGER;
  }
  fill(at: number, into: Uint8Array): void {
    this.#pages.copyOut(at, into);
  }
  hasSharedPage(index: number): boolean {
    return this.#pages.has(index);
  }
  sharedPage(index: number, account: MemoryAccount): Uint8Array | undefined {
    return this.#pages.make(index, account);
  }
  retain(): void {
    this.#mappings++;
  }
  release(): void {
    if (--this.#mappings === 0) this.#pages.clear();
  }
}

export class ZeroFile extends MemoryDevice {
  override read(_t: Task, into: Uint8Array): number {
    into.fill(0);
    return into.length;
  }
  override backing(): Backing {
    return new ZeroPages(this.inode, this.path);
  }
}

export class FullFile extends ZeroFile {
  override write(_t: Task, from: Uint8Array): number {
    return from.length === 0 ? 0 : -E.NOSPC;
  }
}

const RNDGETENTCNT = 0x80045200;

export class RandomFile extends MemoryDevice {
  override read(t: Task, into: Uint8Array): number {
    t.machine.entropy.fill(into);
    return into.length;
  }
  override ioctl(t: Task, request: number, arg: number): number {
    if (request >>> 0 !== RNDGETENTCNT) return -E.INVAL;
    t.mem.setU32(arg, 256);
    return 0;
  }
}

/** The kernel's log: writers are heard politely, there is nothing to read. */
export class LogFile extends MemoryDevice {
  override read(): number {
    return -E.AGAIN;
  }
  override poll(): number {
    return POLLOUT | POLLWRNORM;
  }
}
