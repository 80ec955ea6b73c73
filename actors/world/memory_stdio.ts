/** Standard streams for library use and tests: pipes whose other ends are the caller's, or a terminal the caller makes. */
import { E } from "../../syscalls/abi/errno.ts";
import { NO_STATUS, type StdioDoor, type StreamFacts, type StreamNumber, type StreamStatus } from "./stdio_door.ts";
import type { TerminalDoor } from "./terminal.ts";

export interface MemoryStreams {
  /** Bytes, text, or a stream of the caller's; absent: end of file at once. */
  readonly stdin?: Uint8Array | string | ReadableStream<Uint8Array>;
  /** Gets a copy of each write; absent: thrown away. */
  readonly stdout?: (bytes: Uint8Array) => void;
  readonly stderr?: (bytes: Uint8Array) => void;
  /** Makes all three streams this terminal. */
  readonly terminal?: TerminalDoor;
}

/** Streams for library use and tests: pipes whose other ends are the caller's. */
export class MemoryStdio implements StdioDoor {
  readonly terminal: TerminalDoor | undefined;
  #bytes: Uint8Array | undefined;
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;

  constructor(readonly streams: MemoryStreams = {}) {
    const { stdin } = streams;
    this.terminal = streams.terminal;
    if (stdin instanceof ReadableStream) this.#reader = stdin.getReader();
    else this.#bytes = typeof stdin === "string" ? new TextEncoder().encode(stdin) : stdin;
  }

  facts(stream: StreamNumber): StreamFacts {
    const kind = this.terminal === undefined ? "pipe" : "terminal";
    const mode = kind === "pipe" ? 0o10600 : 0o20620;
    const path = kind === "pipe" ? `pipe:[${stream + 1}]` : "/dev/pts/0";
    return {
      kind,
      dev: 12,
      ino: stream + 1,
      rdev: 0,
      mode,
      uid: 0,
      gid: 0,
      path,
      append: false,
      position: 0,
    };
  }

  requestInput(max: number, deliver: (got: Uint8Array | number) => void): void {
    const bytes = this.#bytes;
    if (bytes !== undefined && bytes.length > 0) {
      this.#bytes = bytes.subarray(max);
      deliver(bytes.subarray(0, max));
    } else if (this.#reader === undefined) deliver(new Uint8Array(0));
    else {
      this.#reader.read().then(({ done, value }) => {
        if (done || value === undefined) {
          this.#reader = undefined;
          deliver(new Uint8Array(0));
        } else if (value.length === 0) this.requestInput(max, deliver);
        else {
          this.#bytes = value.subarray(max);
          deliver(value.subarray(0, max));
        }
      }, () => deliver(-E.IO));
    }
  }

  write(stream: StreamNumber, bytes: Uint8Array): number {
    const to = stream === 1 ? this.streams.stdout : this.streams.stderr;
    to?.(bytes.slice());
    return bytes.length;
  }
  readAt(): number {
    return -E.SPIPE;
  }
  size(): number {
    return 0;
  }
  status(): StreamStatus {
    return NO_STATUS;
  }
  truncate(): number {
    return -E.INVAL;
  }
  close(): void {
    this.terminal?.close();
  }
}
