/**
 * What all address spaces, files in memory, pipes and sockets of a machine hold together, in pages, and how much that may be (--max-memory). A request that could never be met is refused with ENOMEM;
 * a page that is first used when nothing is left costs the task its life, as Linux's out-of-memory killer would have it.
 */

/** What an address space costs the host by itself: permission bytes, page states, registers. */
export const SPACE_PAGES = 64;

export class MemoryAccount {
  used = 0;
  limit = Infinity;

  /** Whether a page can be had now. */
  get full(): boolean {
    return this.used >= this.limit;
  }
  /** Whether a call may ask for so many. The last quarter is for pages of what has been granted and not used yet. */
  grants(pages: number): boolean {
    return this.used + pages <= this.limit * 0.75;
  }
  /** Whether a file in memory, a pipe or a socket may hold so many bytes more. */
  fits(bytes: number): boolean {
    return this.grants(bytes / 4096);
  }
  /** Counts them if they fit. */
  take(bytes: number): boolean {
    if (!this.fits(bytes)) return false;
    this.hold(bytes);
    return true;
  }
  hold(bytes: number): void {
    this.used += bytes / 4096;
  }
  give(bytes: number): void {
    this.used -= bytes / 4096;
  }
}

/** The host or the machine's limit has no room for another address space. A value, not an Error. */
export class OutOfMemory {}
