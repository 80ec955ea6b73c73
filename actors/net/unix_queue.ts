/** What waits to be read on an AF_UNIX socket: messages with their senders and files. Streams join messages that differ in nothing but their bytes. */
import type { OpenFile } from "../vfs/open_file.ts";
import { lost } from "./passed_files.ts";
import type { Sender } from "./socket.ts";
import type { UnixSocket } from "./unix.ts";

/** Charged for a message beyond its bytes, so that empty ones are not free (skb truesize). */
const OVERHEAD = 512;
/** Room a stream's small message gets for those that follow. */
const SMALL = 2048;

export class Message {
  start = 0;
  end: number;
  files: OpenFile[] | undefined;
  /** Bytes of the sender's buffer it takes. */
  readonly charge: number;

  constructor(
    public bytes: Uint8Array,
    readonly from: UnixSocket,
    /** Credentials, if either side wanted them. */
    readonly sender: Sender | undefined,
    files: OpenFile[] | undefined,
    stream: boolean,
  ) {
    this.end = bytes.length;
    this.files = files;
    if (stream && bytes.length < SMALL) {
      const room = new Uint8Array(SMALL);
      room.set(bytes);
      this.bytes = room;
    } else this.bytes = bytes.slice();
    this.charge = (stream ? this.bytes.length : bytes.length) + OVERHEAD;
    from.charged += this.charge;
    from.machine.memory.hold(this.charge);
  }
  get length(): number {
    return this.end - this.start;
  }
  get view(): Uint8Array {
    return this.bytes.subarray(this.start, this.end);
  }
}

const same = (a: Sender | undefined, b: Sender | undefined): boolean =>
  a === b || (a !== undefined && b !== undefined && a.pid === b.pid && a.uid === b.uid && a.gid === b.gid);

export class MessageQueue {
  #messages: Message[] = [];
  #first = 0;
  /** Bytes in all messages. */
  bytes = 0;

  get length(): number {
    return this.#messages.length - this.#first;
  }
  get head(): Message | undefined {
    return this.#messages[this.#first];
  }
  at(i: number): Message | undefined {
    return this.#messages[this.#first + i];
  }

  push(message: Message): void {
    this.#messages.push(message);
    this.bytes += message.length;
  }

  /** Adds a stream's bytes to the last message if they may join it: bytes taken. */
  join(bytes: Uint8Array, from: UnixSocket, sender: Sender | undefined): number {
    const last = this.length === 0 ? undefined : this.#messages[this.#messages.length - 1];
    if (last === undefined || last.files !== undefined || last.from !== from || !same(last.sender, sender)) return 0;
    const n = Math.min(bytes.length, last.bytes.length - last.end);
    if (n === 0) return 0;
    last.bytes.set(bytes.subarray(0, n), last.end);
    last.end += n;
    this.bytes += n;
    return n;
  }

  /** The head's first bytes were read. */
  consume(message: Message, n: number): void {
    message.start += n;
    this.bytes -= n;
  }

  /** The head has been read: its sender has room again. */
  shift(): Message {
    const message = this.#messages[this.#first];
    (this.#messages as (Message | undefined)[])[this.#first++] = undefined;
    if (this.#first > 32 && this.#first * 2 > this.#messages.length) {
      this.#messages = this.#messages.slice(this.#first);
      this.#first = 0;
    }
    this.bytes -= message.length;
    message.from.credit(message.charge);
    message.from.machine.memory.give(message.charge);
    return message;
  }

  /** Drops everything and closes the files that were on their way. */
  clear(): void {
    while (this.length > 0) {
      const { files } = this.shift();
      if (files !== undefined) lost(files);
    }
  }

  *files(): Iterable<OpenFile> {
    for (let i = this.#first; i < this.#messages.length; i++) yield* this.#messages[i].files ?? [];
  }
}
