/** Host I/O packets (vFile): gdb reads the guest's programs and libraries through us, as the first process sees them. Reading only. */
import { E, Errno } from "../../syscalls/abi/errno.ts";
import { bytesOf, textOf } from "../../syscalls/abi/text.ts";
import { concat } from "../bytes.ts";
import type { Task } from "../task/task.ts";
import { O_ACCMODE, O_RDONLY, type OpenFile } from "../vfs/open_file.ts";
import { escaped, fromHex } from "./text.ts";

/** gdb's own errno numbers are Linux's where both have one (gdb/fileio.h). */
const failed = (no: number): Uint8Array => bytesOf(`F-1,${no.toString(16)}`);
const AT_FDCWD = -100;
/** Least room for a packet's head and tail, and for every byte escaped. */
const MOST = 0x3f00;

export class GdbFiles {
  readonly #open = new Map<number, OpenFile>();
  #last = 2;

  /** Answers `vFile:` and what follows; undefined for an operation that is not there. */
  answer(t: Task, request: string): Uint8Array | undefined {
    const colon = request.indexOf(":");
    const operation = request.slice(0, colon), operands = request.slice(colon + 1).split(",");
    try {
      return this.#perform(t, operation, operands);
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
      return failed(error.no);
    }
  }

  #perform(t: Task, operation: string, [first, ...rest]: string[]): Uint8Array | undefined {
    switch (operation) {
      case "setfs":
        return bytesOf("F0");
      case "open": {
        const flags = parseInt(rest[0], 16);
        if ((flags & O_ACCMODE) !== O_RDONLY) return failed(E.ACCES);
        this.#open.set(++this.#last, t.vfs.open(t, AT_FDCWD, textOf(fromHex(first)), O_RDONLY, 0));
        return bytesOf(`F${this.#last.toString(16)}`);
      }
    }
    const fd = parseInt(first, 16), file = this.#open.get(fd);
    if (operation !== "pread" && operation !== "fstat" && operation !== "close") return undefined;
    if (file === undefined) return failed(E.BADF);
    if (operation === "close") {
      this.#open.delete(fd);
      file.release();
      return bytesOf("F0");
    }
    if (operation === "fstat") {
      const s = fileStat(file);
      return concat([bytesOf(`F${s.length.toString(16)};`), escaped(s)]);
    }
    const into = new Uint8Array(Math.min(parseInt(rest[0], 16), MOST));
    const n = file.read(t, into, parseInt(rest[1], 16));
    if (n < 0) return failed(-n);
    return concat([bytesOf(`F${n.toString(16)};`), escaped(into.subarray(0, n))]);
  }

  /** Closes what gdb left open. */
  release(): void {
    for (const file of this.#open.values()) file.release();
    this.#open.clear();
  }
}

/** struct fio_stat, big-endian. */
const fileStat = (file: OpenFile): Uint8Array => {
  const s = file.inode.stat();
  const view = new DataView(new ArrayBuffer(64));
  const small = [s.dev, s.ino, s.mode, s.nlink, s.uid, s.gid, s.rdev];
  small.forEach((v, i) => view.setUint32(4 * i, Number(BigInt.asUintN(32, BigInt(v)))));
  view.setBigUint64(28, BigInt(s.size));
  view.setBigUint64(36, BigInt(s.blksize));
  view.setBigUint64(44, BigInt(s.blocks));
  [s.atime, s.mtime, s.ctime].forEach((ns, i) => view.setUint32(52 + 4 * i, Number(BigInt(ns) / 1_000_000_000n)));
  return new Uint8Array(view.buffer);
};
