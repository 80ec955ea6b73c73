/**
 * The host's standard streams as the guest's descriptors 0, 1 and 2 see them: one of the doors to the world. `HostStdio` is the host's; a library user or a test puts a
 * `MemoryStdio` there instead. All input enters through callbacks (or the synchronous reads of a regular file), so that a run can be recorded and replayed.
 */
import type { TerminalDoor } from "./terminal.ts";

export type StreamKind = "terminal" | "file" | "pipe" | "socket" | "character";
export type StreamNumber = 0 | 1 | 2;

/** What fstat, lseek and /proc/self/fd show of a stream. */
export interface StreamFacts {
  readonly kind: StreamKind;
  readonly dev: number;
  readonly ino: number;
  readonly rdev: number;
  /** Type and permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Where it came from: "/some/file", "pipe:[77]". */
  readonly path: string;
  /** Opened with O_APPEND by whoever started us. */
  readonly append: boolean;
  /** Offset at the start; regular files only. */
  readonly position: number;
}

/** The part of fstat that changes; times in ns since the epoch. */
export interface StreamStatus {
  readonly size: number;
  readonly blocks: number;
  readonly nlink: number;
  readonly atime: bigint;
  readonly mtime: bigint;
  readonly ctime: bigint;
}
/** Of what is no file. */
export const NO_STATUS: StreamStatus = { size: 0, blocks: 0, nlink: 1, atime: 0n, mtime: 0n, ctime: 0n };

export interface StdioDoor {
  facts(stream: StreamNumber): StreamFacts;
  /**
   * Asks for at most `max` bytes of standard input. `deliver` is called exactly once, now or later, with bytes (none: end of file) or a negative errno. One
   * request at a time.
   */
  requestInput(max: number, deliver: (got: Uint8Array | number) => void): void;
  /** Reads a regular file at an offset: bytes read or negative errno. */
  readAt(stream: StreamNumber, into: Uint8Array, at: number): number;
  /** Writes all of `bytes` (valid during the call only): bytes written or negative errno. `at`: there, in a regular file. */
  write(stream: StreamNumber, bytes: Uint8Array, at?: number): number;
  /** Size of a regular file now. */
  size(stream: StreamNumber): number;
  /** What changes about a stream. */
  status(stream: StreamNumber): StreamStatus;
  /** Cuts or extends a regular file: 0 or negative errno. */
  truncate(stream: StreamNumber, size: number): number;
  /** The terminal, when any of the streams is one. */
  readonly terminal: TerminalDoor | undefined;
  /** Calls `deliver` with the guest's number of each signal the host sends us, until `close`. */
  signals?(deliver: (sig: number) => void): void;
  /** Gives the host its terminal and its signals back as they were. */
  close(): void;
}
