/** The real standard streams of this process, through Deno; node:fs only for what Deno.stdin and its like lack. */
import { E } from "../../syscalls/abi/errno.ts";
import {
  NO_STATUS,
  type StdioDoor,
  type StreamFacts,
  type StreamKind,
  type StreamNumber,
  type StreamStatus,
} from "./stdio_door.ts";
import { HostTerminal, listenForHostSignals, type TerminalDoor } from "./terminal.ts";

/** What node:fs tells of a descriptor; times in ms since the epoch. */
interface NodeStat {
  readonly dev: number;
  readonly ino: number;
  readonly rdev: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly blocks: number;
  readonly nlink: number;
  readonly atimeMs: number;
  readonly mtimeMs: number;
  readonly ctimeMs: number;
}

/** Reads as much of node:fs as Deno.stdin lacks: fstat and positioned reads of inherited descriptors. Loaded when first needed. */
interface NodeFs {
  fstatSync(fd: number): NodeStat;
  readSync(fd: number, into: Uint8Array, offset: number, length: number, position: number): number;
  writeSync(fd: number, from: Uint8Array, offset: number, length: number, position: number): number;
  ftruncateSync(fd: number, size: number): void;
}
let nodeFs: NodeFs | undefined;
const fs = (): NodeFs =>
  nodeFs ??= (globalThis as unknown as { process: { getBuiltinModule(id: string): NodeFs } }).process.getBuiltinModule(
    "node:fs",
  );

/** Whether Linux may be asked about our descriptors. */
const mayLook = (): boolean =>
  Deno.build.os === "linux" && Deno.permissions.querySync({ name: "read" }).state === "granted";

/** fstat of an inherited descriptor. Through /proc where there is one: loading node:fs takes 30 ms, as long as running hello world. */
const statOf = (stream: StreamNumber): NodeStat => {
  if (!mayLook()) return fs().fstatSync(stream);
  const i = Deno.statSync(`/proc/self/fd/${stream}`);
  return {
    dev: i.dev,
    ino: i.ino ?? 0,
    rdev: i.rdev ?? 0,
    mode: i.mode ?? 0,
    uid: i.uid ?? 0,
    gid: i.gid ?? 0,
    size: i.size,
    blocks: i.blocks ?? 0,
    nlink: i.nlink ?? 1,
    atimeMs: i.atime?.getTime() ?? 0,
    mtimeMs: i.mtime?.getTime() ?? 0,
    ctimeMs: i.ctime?.getTime() ?? 0,
  };
};

const S_IFMT = 0o170000;
const KINDS: Readonly<Record<number, StreamKind>> = {
  0o100000: "file",
  0o10000: "pipe",
  0o140000: "socket",
  0o20000: "character",
};

/** Negative errno of a failed host operation; EIO for what has no name. */
const failure = (error: unknown): number => {
  const code = (error as { code?: unknown }).code;
  if (typeof code === "string") {
    const no = (E as Readonly<Record<string, number>>)[code.replace(/^E/, "")];
    if (no !== undefined) return -no;
  }
  const inText = /os error (\d+)/.exec(String(error));
  return inText === null ? -E.IO : -Number(inText[1]);
};

const streams = [Deno.stdin, Deno.stdout, Deno.stderr] as const;

/** What Linux tells about an inherited descriptor beyond fstat; nothing elsewhere, or without permission to look. */
const inherited = (
  stream: StreamNumber,
  kind: StreamKind,
  ino: number,
): { path: string; append: boolean; position: number } => {
  const unknown = {
    path: kind === "pipe" || kind === "socket" ? `${kind}:[${ino}]` : `/dev/std${["in", "out", "err"][stream]}`,
    append: false,
    position: 0,
  };
  if (kind !== "file" && kind !== "character") return unknown;
  if (!mayLook()) return unknown;
  try {
    const path = Deno.readLinkSync(`/proc/self/fd/${stream}`);
    const info = Deno.readTextFileSync(`/proc/self/fdinfo/${stream}`);
    return {
      path,
      append: (parseInt(/flags:\s*(\d+)/.exec(info)?.[1] ?? "0", 8) & 0o2000) !== 0,
      position: Number(/pos:\s*(\d+)/.exec(info)?.[1] ?? 0),
    };
  } catch {
    return unknown;
  }
};

/** Somewhere to sleep while a non-blocking pipe of the host is full. */
const never = new Int32Array(new SharedArrayBuffer(4));

export class HostStdio implements StdioDoor {
  readonly terminal: TerminalDoor | undefined;
  #facts: (StreamFacts | undefined)[] = [];
  /** The host's own offset in regular files, to read and write sequentially where the guest does: by device and inode, as streams may share one. */
  #hostOffset = new Map<string, number>();

  constructor() {
    if (streams.some((s) => s.isTerminal())) this.terminal = new HostTerminal();
  }

  facts(stream: StreamNumber): StreamFacts {
    return this.#facts[stream] ??= this.#look(stream);
  }

  #look(stream: StreamNumber): StreamFacts {
    try {
      const s = statOf(stream);
      const kind = streams[stream].isTerminal() ? "terminal" : KINDS[s.mode & S_IFMT] ?? "character";
      const more = inherited(stream, kind, s.ino);
      if (kind === "file") this.#hostOffset.set(`${s.dev}:${s.ino}`, more.position);
      return {
        kind,
        dev: s.dev,
        ino: s.ino,
        rdev: s.rdev,
        mode: s.mode,
        uid: s.uid,
        gid: s.gid,
        ...more,
      };
    } catch {
      const mode = 0o10600;
      return {
        kind: "pipe",
        dev: 12,
        ino: stream + 1,
        rdev: 0,
        mode,
        uid: 0,
        gid: 0,
        path: `pipe:[${stream + 1}]`,
        append: false,
        position: 0,
      };
    }
  }

  requestInput(max: number, deliver: (got: Uint8Array | number) => void): void {
    const buffer = new Uint8Array(max);
    Deno.stdin.read(buffer).then(
      (n) => deliver(buffer.subarray(0, n ?? 0)),
      (error) => deliver(failure(error)),
    );
  }

  readAt(stream: StreamNumber, into: Uint8Array, at: number): number {
    const { dev, ino } = this.facts(stream);
    const key = `${dev}:${ino}`;
    try {
      if (stream === 0 && this.#hostOffset.get(key) === at) {
        const n = Deno.stdin.readSync(into) ?? 0;
        this.#hostOffset.set(key, at + n);
        return n;
      }
      return fs().readSync(stream, into, 0, into.length, at);
    } catch (error) {
      return failure(error);
    }
  }

  write(stream: StreamNumber, bytes: Uint8Array, at?: number): number {
    const out = stream === 1 ? Deno.stdout : Deno.stderr;
    let done = 0;
    while (done < bytes.length || (bytes.length === 0 && done === 0)) {
      if (bytes.length === 0) return 0;
      try {
        const rest = done === 0 ? bytes : bytes.subarray(done);
        if (at === undefined || this.#sequential(stream, at + done)) {
          const n = stream === 0
            ? fs().writeSync(0, rest, 0, rest.length, null as unknown as number)
            : out.writeSync(rest);
          this.#advance(stream, n);
          done += n;
        } else done += fs().writeSync(stream, rest, 0, rest.length, at + done);
      } catch (error) {
        const no = failure(error);
        if (no !== -E.AGAIN && !(error instanceof Deno.errors.WouldBlock)) return done > 0 ? done : no;
        Atomics.wait(never, 0, 0, 1);
      }
    }
    return done;
  }

  #sequential(stream: StreamNumber, at: number): boolean {
    const { kind, dev, ino, append } = this.facts(stream);
    // A replay may have a pipe where the recorded run had a file.
    return kind !== "file" || append || this.#hostOffset.get(`${dev}:${ino}`) === at;
  }
  #advance(stream: StreamNumber, n: number): void {
    const { kind, dev, ino } = this.facts(stream);
    if (kind === "file") this.#hostOffset.set(`${dev}:${ino}`, this.#hostOffset.get(`${dev}:${ino}`)! + n);
  }

  size(stream: StreamNumber): number {
    try {
      return statOf(stream).size;
    } catch {
      return 0;
    }
  }
  status(stream: StreamNumber): StreamStatus {
    try {
      const { size, blocks, nlink, atimeMs, mtimeMs, ctimeMs } = statOf(stream);
      const ns = (ms: number) => BigInt(Math.round(ms * 1e3)) * 1000n;
      return { size, blocks, nlink, atime: ns(atimeMs), mtime: ns(mtimeMs), ctime: ns(ctimeMs) };
    } catch {
      return NO_STATUS;
    }
  }
  truncate(stream: StreamNumber, size: number): number {
    try {
      fs().ftruncateSync(stream, size);
      return 0;
    } catch (error) {
      return failure(error);
    }
  }
  signals(deliver: (sig: number) => void): void {
    this.#deaf();
    this.#deaf = listenForHostSignals(deliver);
  }
  #deaf = () => {};
  close(): void {
    this.#deaf();
    this.terminal?.close();
  }
}
