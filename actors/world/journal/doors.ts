/** The doors of `actors/world/` with a journal behind them: clock, files, standard streams, terminal. */
import type { MachineClock } from "../clock.ts";
import type { HostFiles, HostStat, OpenHostFile } from "../host_fs.ts";
import type { StdioDoor, StreamFacts, StreamNumber, StreamStatus } from "../stdio_door.ts";
import type { TerminalDoor } from "../terminal.ts";
import type { Journal } from "./journal.ts";

export const journalClock = (j: Journal, clock: MachineClock): MachineClock => ({
  real: clock.real,
  monotonic: () => j.time(() => clock.monotonic()),
  realtime: () => j.ask("realtime", () => clock.realtime()),
  advance: (ns) => clock.advance(ns),
});

class JournalFile implements OpenHostFile {
  /** @param file the open file of the host; undefined at replay */
  constructor(readonly j: Journal, readonly path: string, readonly file: OpenHostFile, readonly writable: boolean) {}

  read(into: Uint8Array, at: number): number {
    const bytes = this.j.ask(`read ${this.path} ${into.length}@${at}`, () => {
      const n = this.file.read(into, at);
      return into.slice(0, n);
    });
    into.set(bytes);
    return bytes.length;
  }
  write(from: Uint8Array, at: number): number {
    return this.j.ask(`write ${this.path} ${from.length}@${at}`, () => this.file.write(from, at));
  }
  stat(): HostStat {
    return this.j.ask(`fstat ${this.path}`, () => this.file.stat());
  }
  truncate(size: number): void {
    this.j.ask(`ftruncate ${this.path} ${size}`, () => this.file.truncate(size));
  }
  utime(atime: bigint, mtime: bigint): void {
    this.j.ask(`futimens ${this.path}`, () => this.file.utime(atime, mtime));
  }
  sync(dataOnly: boolean): void {
    this.j.ask(`fsync ${this.path}`, () => this.file.sync(dataOnly));
  }
  close(): void {
    this.j.ask(`close ${this.path}`, () => this.file.close());
  }
}

/** Every operation on host files, whatever it is called: its name and its first arguments say which. */
export const journalFiles = (j: Journal, host: HostFiles): HostFiles => {
  const wrapped: Record<string, unknown> = {};
  for (const [name, operation] of Object.entries(host)) {
    wrapped[name] = (...args: unknown[]) =>
      j.ask(
        `${name} ${args.filter((a) => typeof a === "string").join(" ")}`,
        () => (operation as (...a: unknown[]) => unknown).apply(host, args),
      );
  }
  wrapped.open = (path: string, o: Parameters<HostFiles["open"]>[1]): OpenHostFile => {
    let file: OpenHostFile | undefined;
    j.ask(`open ${path}`, () => {
      file = host.open(path, o);
    });
    return new JournalFile(j, path, file!, o.write);
  };
  wrapped.entries = (path: string) =>
    j.ask(
      `entries ${path}`,
      () =>
        host.entries(path).map(({ name, isDirectory, isSymlink, isFile }) => ({
          name,
          isDirectory,
          isSymlink,
          isFile,
        })),
    );
  return wrapped as unknown as HostFiles;
};

class JournalTerminal implements TerminalDoor {
  constructor(
    readonly j: Journal,
    readonly inner: TerminalDoor | undefined,
    readonly out: (bytes: Uint8Array) => number,
  ) {}
  get size(): { readonly rows: number; readonly columns: number } {
    return this.j.ask("terminal size", () => ({ ...this.inner!.size }));
  }
  get cooked(): boolean {
    return this.j.ask("terminal cooked", () => this.inner!.cooked);
  }
  get mapsNewlines(): boolean {
    return this.j.ask("terminal newlines", () => this.inner!.mapsNewlines);
  }
  start(deliver: (typed: Uint8Array) => void): void {
    this.j.request("terminal", (d) => this.inner!.start((typed) => d(typed.slice())), deliver);
  }
  write(bytes: Uint8Array): number {
    return this.j.tell(`terminal write ${bytes.length}`, () => this.inner?.write(bytes) ?? this.out(bytes));
  }
  suspend(): void {
    this.j.ask("terminal suspend", () => this.inner!.suspend());
  }
  close(): void {
    this.inner?.close();
  }
}

/** @param inner the real streams; at replay only their `write` and `close` are used */
export class JournalStdio implements StdioDoor {
  readonly terminal: TerminalDoor | undefined;
  readonly #recorded: (StreamFacts | undefined)[] = [];
  /** Where the first byte of the run's output lies, in the recorded run's file and in the file there is now: a replay's may have begun elsewhere. */
  readonly #begun = new Map<StreamNumber, { recorded: number; now: number }>();
  constructor(readonly j: Journal, readonly inner: StdioDoor) {
    const there = j.ask("terminal", () => inner.terminal !== undefined);
    if (!there) return;
    this.terminal = new JournalTerminal(j, inner.terminal, (bytes) => inner.write(1, bytes));
  }
  facts(stream: StreamNumber): StreamFacts {
    const facts = this.j.ask(`facts ${stream}`, () => this.inner.facts(stream));
    return this.#recorded[stream] = facts;
  }
  requestInput(max: number, deliver: (got: Uint8Array | number) => void): void {
    this.j.request<Uint8Array | number>(
      `input ${max}`,
      (d) => this.inner.requestInput(max, (got) => d(typeof got === "number" ? got : got.slice())),
      deliver,
    );
  }
  readAt(stream: StreamNumber, into: Uint8Array, at: number): number {
    const got = this.j.ask(`input ${stream} ${into.length}@${at}`, () => {
      const n = this.inner.readAt(stream, into, at);
      return n < 0 ? n : into.slice(0, n);
    });
    if (typeof got === "number") return got;
    into.set(got);
    return got.length;
  }
  write(stream: StreamNumber, bytes: Uint8Array, at?: number): number {
    return this.j.tell(
      `output ${stream} ${bytes.length}`,
      () => this.inner.write(stream, bytes, at === undefined ? undefined : this.#here(stream, at)),
    );
  }
  #here(stream: StreamNumber, at: number): number {
    let begun = this.#begun.get(stream);
    if (begun === undefined) {
      const { append, position } = this.#recorded[stream]!, now = this.inner.facts(stream);
      begun = {
        recorded: append ? at : position,
        now: now.append ? this.inner.size(stream) : now.position,
      };
      this.#begun.set(stream, begun);
    }
    return at - begun.recorded + begun.now;
  }

  size(stream: StreamNumber): number {
    return this.j.ask(`size ${stream}`, () => this.inner.size(stream));
  }
  status(stream: StreamNumber): StreamStatus {
    return this.j.ask(`status ${stream}`, () => this.inner.status(stream));
  }
  truncate(stream: StreamNumber, size: number): number {
    return this.j.ask(`truncate ${stream} ${size}`, () => this.inner.truncate(stream, this.#here(stream, size)));
  }
  signals(deliver: (sig: number) => void): void {
    this.j.request("signals", (d) => this.inner.signals?.(d), deliver);
  }
  close(): void {
    this.inner.close();
  }
}
