/** An open directory: a snapshot of its entries, taken at the first getdents and after each rewind. */
import { E } from "../../syscalls/abi/errno.ts";
import { bytesOf } from "../../syscalls/abi/text.ts";
import type { Task } from "../task/task.ts";
import { type DirEntry, S_IFDIR } from "./inode.ts";
import { OpenFile } from "./open_file.ts";

/** linux_dirent64: ino 8, off 8, reclen 2, type 1, name, NUL; records are 8-aligned. */
const HEADER = 19;

export class DirectoryFile extends OpenFile {
  #entries: DirEntry[] | undefined;
  /** The directory's parent, for "..", set by the walk. */
  parentIno = 0;
  /** What is mounted in it, shown even where the file system below has no such name. */
  mounted: readonly DirEntry[] = [];

  override read(): number {
    return -E.ISDIR;
  }
  override write(): number {
    return -E.BADF;
  }
  override seek(offset: number, whence: number): number {
    const to = whence === 0 ? offset : whence === 1 ? this.pos + offset : -1;
    if (to < 0) return -E.INVAL;
    if (to === 0) this.#entries = undefined;
    return this.pos = to;
  }
  override getdents(t: Task, into: Uint8Array): number {
    this.#entries ??= this.#list(t);
    let done = 0;
    for (; this.pos < this.#entries.length; this.pos++) {
      const size = writeEntry(this.#entries[this.pos], this.pos + 1, into.subarray(done));
      if (size === 0) break;
      done += size;
    }
    return done === 0 && this.pos < this.#entries.length ? -E.INVAL : done;
  }
  #list(t: Task): DirEntry[] {
    const own = this.inode.entries(t);
    return [
      { name: ".", ino: this.inode.ino, type: S_IFDIR },
      { name: "..", ino: this.parentIno || this.inode.ino, type: S_IFDIR },
      ...own,
      ...this.mounted.filter((m) => !own.some((e) => e.name === m.name)),
    ];
  }
  protected closed(): void {}
}

/** Bytes written; 0 when the record does not fit. */
const writeEntry = (e: DirEntry, next: number, into: Uint8Array): number => {
  const name = bytesOf(e.name);
  const size = Math.ceil((HEADER + name.length + 1) / 8) * 8;
  if (size > into.length) return 0;
  const v = new DataView(into.buffer, into.byteOffset, into.byteLength);
  v.setBigUint64(0, BigInt(e.ino), true);
  v.setBigInt64(8, BigInt(next), true);
  v.setUint16(16, size, true);
  into[18] = e.type >> 12;
  into.set(name, HEADER);
  into.fill(0, HEADER + name.length, size);
  return size;
};
