/**
 * An open regular file of the host. While MAP_SHARED mappings of the inode exist, reads and writes agree with their pages: a read first hands the host what mappings
 * changed, a write goes to host and pages.
 */
import { KeptPages } from "../../cpu/mod.ts";
import type { Backing } from "../../cpu/types.ts";
import { E, Errno } from "../../syscalls/abi/errno.ts";
import type { Task } from "../task/task.ts";
import type { OpenHostFile } from "../world/host_fs.ts";
import type { HostInode } from "./hostfs.ts";
import { O_APPEND, OpenFile } from "./open_file.ts";

const PAGE = 4096;

export class HostRegularFile extends OpenFile {
  #backing: Backing | undefined;
  constructor(override readonly inode: HostInode, path: string, flags: number, readonly host: OpenHostFile) {
    super(inode, path, flags);
    inode.files.add(host);
  }

  override read(_t: Task, into: Uint8Array, at?: number): number {
    if (this.inode.dirty.size > 0) this.inode.flush();
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
    if (whence < 0 || whence > 4) return -E.INVAL;
    const size = whence >= 2 ? this.host.stat().size : 0;
    // The host does not say where holes are: all is data.
    if (whence >= 3 && (offset < 0 || offset >= size)) return -E.NXIO;
    const to = whence === 0 || whence === 3
      ? offset
      : whence === 1
      ? this.pos + offset
      : whence === 2
      ? size + offset
      : size;
    return to >= 0 ? this.pos = to : -E.INVAL;
  }

  /** ftruncate(2). */
  truncate(size: number): void {
    const { inode } = this;
    inode.flush();
    this.host.truncate(size);
    inode.fs.generation++;
    inode.pages?.clear();
  }

  /** fsync(2), fdatasync(2). */
  sync(dataOnly: boolean): void {
    this.inode.flush();
    this.host.sync(dataOnly);
  }

  /** What mmap of this description uses; it stays open as long as a mapping refers to it. */
  override backing(): Backing {
    return this.#backing ??= this.#makeBacking();
  }
  #makeBacking(): Backing {
    const { inode, host } = this;
    const fill = (at: number, into: Uint8Array): void => {
      if (inode.dirty.size > 0) inode.flush();
      let done = 0;
      while (done < into.length) {
        const n = host.read(into.subarray(done), at + done);
        if (n === 0) break;
        done += n;
      }
      into.fill(0, done);
    };
    return {
      inode,
      path: this.path,
      size: () => host.stat().size,
      fill,
      // What makes the file shorter empties them.
      hasSharedPage: (index) => inode.pages?.has(index) ?? false,
      sharedPage(index, account) {
        inode.pages ??= new KeptPages();
        return inode.pages.make(index, account, (page) => fill(index * PAGE, page));
      },
      dirtied: (index) => void inode.dirty.add(index),
      retain: () => {
        inode.mapped++;
        this.retain();
      },
      release: () => {
        inode.flush();
        if (--inode.mapped === 0) inode.forgetPages();
        this.release();
      },
    };
  }

  protected closed(): void {
    this.inode.flush();
    this.inode.files.delete(this.host);
    try {
      this.host.close();
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
    }
  }
}
