/** An open regular file of the host. While MAP_SHARED mappings of the inode exist, reads and writes agree with their pages. */
import type { Backing } from "../../cpu/types.ts";
import { E, Errno } from "../../syscalls/abi/errno.ts";
import type { Task } from "../task/task.ts";
import type { HostFile } from "../world/host_fs.ts";
import type { HostInode } from "./hostfs.ts";
import { O_APPEND, OpenFile } from "./open_file.ts";

const PAGE = 4096;

export class HostRegularFile extends OpenFile {
  #backing: Backing | undefined;
  constructor(override readonly inode: HostInode, path: string, flags: number, readonly host: HostFile) {
    super(inode, path, flags);
  }

  override read(_t: Task, into: Uint8Array, at?: number): number {
    const from = at ?? this.pos;
    const n = this.host.read(into, from);
    if (at === undefined) this.pos = from + n;
    return n;
  }

  override write(_t: Task, from: Uint8Array, at?: number): number {
    const to = (this.flags & O_APPEND) !== 0 ? this.host.stat().size : at ?? this.pos;
    const n = this.host.write(from, to);
    if (this.inode.pages !== undefined) this.#refreshPages(from.subarray(0, n), to);
    if (at === undefined) this.pos = to + n;
    return n;
  }

  /** Shared pages see what was written. */
  #refreshPages(bytes: Uint8Array, at: number): void {
    for (let done = 0; done < bytes.length;) {
      const index = Math.floor((at + done) / PAGE), offset = (at + done) % PAGE;
      const size = Math.min(PAGE - offset, bytes.length - done);
      this.inode.pages!.get(index)?.set(bytes.subarray(done, done + size), offset);
      done += size;
    }
  }

  override seek(offset: number, whence: number): number {
    const size = whence >= 2 ? this.host.stat().size : 0;
    let to: number;
    switch (whence) {
      case 0:
        to = offset;
        break;
      case 1:
        to = this.pos + offset;
        break;
      case 2:
        to = size + offset;
        break;
      case 3:
        if (offset < 0 || offset >= size) return -E.NXIO;
        to = offset;
        break;
      case 4:
        if (offset < 0 || offset >= size) return -E.NXIO;
        to = size;
        break;
      default:
        return -E.INVAL;
    }
    if (!(to >= 0)) return -E.INVAL;
    return this.pos = to;
  }

  override backing(): Backing {
    return this.#backing ??= this.inode.backing(this.host, this.path, this, this.writable);
  }

  truncate(size: number): void {
    this.host.truncate(size);
    this.inode.pages?.clear();
  }

  protected closed(): void {
    try {
      this.host.close();
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
    }
  }
}
