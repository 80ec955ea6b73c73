/**
 * The terminal Dolly was started on: the door through which the guest's terminal reaches it. The host's terminal stays as the user has it until the guest first
 * reads from it or changes its settings; then it is set raw (our own line discipline edits, echoes and makes signals) until `close`. Host signals enter here too.
 */
import { SIG } from "../../syscalls/abi/signals.ts";

export interface TerminalDoor {
  /** Bytes can be typed. */
  readonly size: { readonly rows: number; readonly columns: number };
  /** The host edits lines, echoes and makes signals itself. False once `start` was called. */
  readonly cooked: boolean;
  /** Takes the terminal over: from now on every typed byte is delivered; none at all means hangup. Further calls do nothing. */
  start(deliver: (typed: Uint8Array) => void): void;
  /** Writes wire bytes. The host may still turn "\n" into "\r\n": `mapsNewlines`. Bytes written or negative errno. */
  write(bytes: Uint8Array): number;
  /** The host adds a carriage return to each newline we write, whatever its mode. */
  readonly mapsNewlines: boolean;
  /** Gives the terminal back and stops this process until the user's shell continues it. */
  suspend(): void;
  /** Gives the terminal back as it was. */
  close(): void;
}

/** Something that can be read and set raw: Deno.stdin, or /dev/tty when standard input is no terminal. */
interface RawInput {
  read(into: Uint8Array): Promise<number | null>;
  setRaw(raw: boolean, options?: { cbreak: boolean }): void;
}

/** Somewhere to sleep while the terminal takes nothing. */
const never = new Int32Array(new SharedArrayBuffer(4));

export class HostTerminal implements TerminalDoor {
  cooked = true;
  readonly mapsNewlines = true;
  #input: RawInput | undefined;
  #out: { writeSync(bytes: Uint8Array): number } | undefined;
  readonly #restore = () => this.close();

  get size(): { rows: number; columns: number } {
    try {
      const { rows, columns } = Deno.consoleSize();
      return { rows, columns };
    } catch {
      return { rows: 0, columns: 0 };
    }
  }

  start(deliver: (typed: Uint8Array) => void): void {
    if (!this.cooked) return;
    this.cooked = false;
    try {
      this.#input = Deno.stdin.isTerminal() ? Deno.stdin : Deno.openSync("/dev/tty", { read: true });
      this.#input.setRaw(true);
    } catch {
      // No terminal to read from after all: readers see a hangup.
      deliver(new Uint8Array(0));
      return;
    }
    globalThis.addEventListener("unload", this.#restore);
    void this.#pump(this.#input, deliver);
  }

  async #pump(input: RawInput, deliver: (typed: Uint8Array) => void): Promise<void> {
    const buffer = new Uint8Array(4096);
    for (;;) {
      let n: number | null = null;
      try {
        n = await input.read(buffer);
      } catch {
        // EIO: the terminal is gone.
      }
      deliver(buffer.slice(0, n ?? 0));
      if (n === null || n === 0) return;
    }
  }

  write(bytes: Uint8Array): number {
    const out = this.#out ??= this.#chooseOutput();
    let done = 0;
    while (done < bytes.length) {
      try {
        done += out.writeSync(done === 0 ? bytes : bytes.subarray(done));
      } catch (error) {
        if (error instanceof Deno.errors.WouldBlock) {
          Atomics.wait(never, 0, 0, 1);
          continue;
        }
        return done > 0 ? done : -5;
      }
    }
    return done;
  }

  #chooseOutput(): { writeSync(bytes: Uint8Array): number } {
    if (Deno.stdout.isTerminal()) return Deno.stdout;
    if (Deno.stderr.isTerminal()) return Deno.stderr;
    return Deno.openSync("/dev/tty", { write: true });
  }

  suspend(): void {
    const raw = this.#input !== undefined;
    this.#setRaw(false);
    Deno.kill(Deno.pid, "SIGSTOP");
    if (raw) this.#setRaw(true);
  }

  close(): void {
    if (this.#input === undefined) return;
    this.#setRaw(false);
    globalThis.removeEventListener("unload", this.#restore);
  }

  #setRaw(on: boolean): void {
    try {
      this.#input?.setRaw(on);
    } catch {
      // Hung up: nothing to restore.
    }
  }
}

/** Host signals that are passed on to the guest. */
const FORWARDED: readonly (readonly [Deno.Signal, number])[] = [
  ["SIGINT", SIG.INT],
  ["SIGQUIT", SIG.QUIT],
  ["SIGTERM", SIG.TERM],
  ["SIGHUP", SIG.HUP],
  ["SIGUSR1", SIG.USR1],
  ["SIGUSR2", SIG.USR2],
  ["SIGWINCH", SIG.WINCH],
  ["SIGCONT", SIG.CONT],
];

/** Calls `deliver` with the guest's number of each signal this process gets. The result stops listening. */
export const listenForHostSignals = (deliver: (sig: number) => void): () => void => {
  const listeners = FORWARDED.map(([name, sig]) => [name, () => deliver(sig)] as const);
  for (const [name, listener] of listeners) {
    try {
      Deno.addSignalListener(name, listener);
    } catch {
      // Not a signal of this host.
    }
  }
  return () => {
    for (const [name, listener] of listeners) {
      try {
        Deno.removeSignalListener(name, listener);
      } catch {
        // Was never added.
      }
    }
  };
};
