/**
 * The descriptor table that CLONE_FILES shares: numbers, close-on-exec bits, and the open file descriptions beneath. `share` for CLONE_FILES, `fork` for a
 * copy whose slots point at the same descriptions, `release` when a task leaves it (fs/file.c).
 */
import { E, fail } from "../syscalls/abi/errno.ts";
import { FileAccount, O_PATH, type OpenFile } from "./vfs/open_file.ts";

export class FileTable {
  #users = 1;
  #slots: (OpenFile | undefined)[] = [];
  #cloexec: boolean[] = [];
  /** Every number below is taken. */
  #lowestFree = 0;
  /** Called with a description before a descriptor of it is closed, to drop POSIX locks this table owns. */
  static onClose: ((table: FileTable, file: OpenFile) => void) | undefined;

  /** Tables that exist in this process, for the tests that nothing is left. */
  static live = 0;
  /** @param account what the machine has open */
  constructor(readonly account: FileAccount = new FileAccount()) {
    FileTable.live++;
  }
  get users(): number {
    return this.#users;
  }
  share(): FileTable {
    this.#users++;
    return this;
  }
  fork(): FileTable {
    const child = new FileTable(this.account);
    child.#slots = this.#slots.map((file) => file?.retain());
    child.#cloexec = [...this.#cloexec];
    child.#lowestFree = this.#lowestFree;
    return child;
  }
  release(): void {
    if (this.#users <= 0) throw new Error("release of a dead file table");
    if (--this.#users > 0) return;
    FileTable.live--;
    for (let fd = 0; fd < this.#slots.length; fd++) if (this.#slots[fd]) this.close(fd);
  }

  /** The description of a descriptor; throws EBADF. O_PATH descriptors count as bad unless `path` is true. */
  get(fd: number, path = false): OpenFile {
    const file = this.#slots[fd];
    if (file === undefined || (!path && (file.flags & O_PATH) !== 0)) return fail(E.BADF);
    return file;
  }
  peek(fd: number): OpenFile | undefined {
    return this.#slots[fd];
  }
  /**
   * Lowest free number ≥ min and < limit gets the description (whose reference the table takes over). -EMFILE when none is free, -ENFILE when the machine has enough open
   * files.
   */
  add(file: OpenFile, cloexec: boolean, limit: number, min = 0): number {
    const fd = this.#free(min);
    if (fd >= limit) return -E.MFILE;
    if (file.account === undefined && this.full) return -E.NFILE;
    this.#count(file);
    this.#slots[fd] = file;
    this.#cloexec[fd] = cloexec;
    return fd;
  }
  #free(min: number): number {
    let fd = Math.max(min, this.#lowestFree);
    while (this.#slots[fd] !== undefined) fd++;
    if (min <= this.#lowestFree) this.#lowestFree = fd;
    return fd;
  }
  #count(file: OpenFile): void {
    if (file.account !== undefined) return;
    file.account = this.account;
    file.account.open++;
  }
  /** The machine may have no further description. */
  get full(): boolean {
    return this.account.open >= this.account.limit;
  }
  /** Why a new description would get no descriptor: -EMFILE, -ENFILE; 0: it would. */
  refuses(limit: number): number {
    return this.#free(0) >= limit ? -E.MFILE : this.full ? -E.NFILE : 0;
  }
  /** dup2/dup3: puts the description (reference taken over) at `fd`, closing what was there. */
  put(fd: number, file: OpenFile, cloexec: boolean): void {
    if (this.#slots[fd] !== undefined) this.close(fd);
    this.#count(file);
    this.#slots[fd] = file;
    this.#cloexec[fd] = cloexec;
  }
  /** 0 or -EBADF. */
  close(fd: number): number {
    const file = this.#slots[fd];
    if (file === undefined) return -E.BADF;
    this.#slots[fd] = undefined;
    this.#cloexec[fd] = false;
    if (fd < this.#lowestFree) this.#lowestFree = fd;
    while (this.#slots.length > 0 && this.#slots[this.#slots.length - 1] === undefined) this.#slots.pop();
    FileTable.onClose?.(this, file);
    file.release();
    return 0;
  }
  cloexec(fd: number): boolean {
    return this.#cloexec[fd] ?? false;
  }
  setCloexec(fd: number, on: boolean): void {
    this.#cloexec[fd] = on;
  }
  closeOnExec(): void {
    for (let fd = 0; fd < this.#slots.length; fd++) if (this.#slots[fd] && this.#cloexec[fd]) this.close(fd);
  }
  /** The descriptions of all descriptors; one may come more than once. */
  *all(): IterableIterator<OpenFile> {
    for (const file of this.#slots) if (file !== undefined) yield file;
  }
  /** Open descriptors in ascending order. */
  descriptors(): number[] {
    const out: number[] = [];
    for (let fd = 0; fd < this.#slots.length; fd++) if (this.#slots[fd]) out.push(fd);
    return out;
  }
}
