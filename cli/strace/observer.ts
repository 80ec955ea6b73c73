/**
 * `--strace`: the lines strace -f prints. A line is begun when a call is entered and ended when it returns; what another task does in between breaks it into
 * "<unfinished ...>" and "<... resumed>". Signals that the guest ignores are shown too, after the call they came in.
 */
import type { Machine, Observer, SigInfo, Task } from "../../actors/mod.ts";
import { NO_RESULT } from "../../actors/blocking.ts";
import type { Restart } from "../../syscalls/abi/call.ts";
import { E, ERRNO_TEXT } from "../../syscalls/abi/errno.ts";
import { signalName } from "../../syscalls/abi/signals.ts";
import type { Dispatch } from "../../syscalls/dispatch.ts";
import { type Render, renderArgument } from "./arguments.ts";
import type { Form } from "./form.ts";
import { Request } from "./request.ts";
import { siginfo } from "./siginfo.ts";
import { FORMS } from "./forms/mod.ts";
import { hexNumber, pointer, quoted } from "./text.ts";

/** Where "= result" stands at least (strace -a 40). */
const COLUMN = 40;

const RESTARTS: Readonly<Record<Restart, string>> = {
  restart: "? ERESTARTSYS (To be restarted if SA_RESTART is set)",
  nointr: "? ERESTARTNOINTR (To be restarted)",
  nohand: "? ERESTARTNOHAND (To be restarted if no handler)",
  block: "? ERESTART_RESTARTBLOCK (Interrupted by signal)",
  eintr: "-1 EINTR (Interrupted system call)",
};
const ERRNO_NAMES = new Map(Object.entries(E).map(([name, no]) => [no as number, `E${name}`]));

/** A call whose line is not ended. */
interface Line {
  readonly request: Request;
  readonly form: Form | undefined;
  readonly pieces: readonly Render[];
  /** What was known of each when the call was entered. */
  readonly texts: readonly (string | undefined)[];
  /** Arguments shown so far. */
  shown: number;
}

const declared = (r: Request): readonly Render[] => r.args.map(() => renderArgument);
/** A call without a declaration, as six numbers. */
const undeclared: readonly Render[] = Array(6).fill((r: Request, i: number) => hexNumber(r.big(i)));

class Strace implements Observer {
  readonly #lines = new Map<Task, Line>();
  /** Signals to be shown when the call of the task is. */
  readonly #later = new Map<Task, SigInfo[]>();
  /** The line the cursor stands in, and where. */
  #open: Line | undefined;
  #column = 0;
  #text = "";
  #begun = false;

  constructor(readonly machine: Machine, readonly write: (text: string) => void, readonly toFile: boolean) {}

  // ---- what happens ------------------------------------------------------------------------------------------------
  callEntered(t: Task): void {
    if (!this.#begun) this.#firstLine(t);
    const { entries } = this.machine.calls as unknown as Dispatch;
    const entry = entries[t.callNumber];
    const request = new Request(t, t.callNumber, this.machine.calls.name(t.callNumber), entry);
    const form = FORMS[request.name];
    const pieces = form?.pieces?.(request) ?? (entry === undefined ? undeclared : declared(request));
    const line: Line = { request, form, pieces, texts: pieces.map((piece, i) => piece(request, i)), shown: 0 };
    this.#lines.set(t, line);
    this.#startRow(t);
    this.#open = line;
    this.#put(`${request.name}(`);
    this.#arguments(line);
    if (entry?.call.result === "never") {
      this.#lines.delete(t);
      this.#endRow("?");
    }
  }

  callReturned(t: Task, result: number): void {
    const line = this.#lines.get(t);
    if (line === undefined) return;
    this.#lines.delete(t);
    const { request } = line;
    if (result === NO_RESULT) result = request.name === "rt_sigreturn" ? restored(t) : 0;
    request.result = result;
    this.#resume(t, line);
    this.#endRow(this.#result(line, result));
    this.#showLater(t);
  }

  callInterrupted(t: Task, restart: Restart): void {
    const line = this.#lines.get(t);
    if (line === undefined) return;
    this.#lines.delete(t);
    line.request.interrupted = true;
    line.request.result = -E.INTR;
    this.#resume(t, line);
    this.#endRow(RESTARTS[restart]);
    this.#showLater(t);
  }

  /** Inside a call it waits until that has been shown. */
  signalTaken(t: Task, info: SigInfo): void {
    const list = this.#later.get(t);
    if (list === undefined) this.#later.set(t, [info]);
    else list.push(info);
    if (!this.#lines.has(t)) this.#showLater(t);
  }
  /** Nobody will see it but we. */
  signalDropped(t: Task, info: SigInfo): void {
    this.signalTaken(t, info);
  }
  stopped(t: Task, signo: number): void {
    this.#showLater(t);
    this.#row(t, `--- stopped by ${signalName(signo)} ---`);
  }

  exited(t: Task, status: number): void {
    const line = this.#lines.get(t);
    if (line !== undefined) {
      this.#lines.delete(t);
      if (this.#open !== line) {
        this.#startRow(t);
        this.#put(`<... ${line.request.name} resumed>`);
      }
      this.#endRow("?");
    }
    this.#showLater(t);
    const signo = status & 0x7f;
    this.#row(t, signo === 0 ? `+++ exited with ${status >> 8 & 255} +++` : `+++ killed by ${signalName(signo)} +++`);
  }

  turnEnds(): void {
    // What no turn of the task will show soon.
    for (const t of this.#later.keys()) if (!t.queued) this.#showLater(t);
    this.#flush();
  }

  /** The run is over. */
  finish(): void {
    if (this.#open !== undefined) this.#breakRow();
    this.#flush();
  }

  // ---- rows --------------------------------------------------------------------------------------------------------
  #put(text: string): void {
    this.#text += text;
    this.#column += text.length;
  }
  #newline(): void {
    this.#text += "\n";
    this.#column = 0;
    this.#open = undefined;
    if (this.#text.length > 8192) this.#flush();
  }
  #flush(): void {
    if (this.#text === "") return;
    this.write(this.#text);
    this.#text = "";
  }
  #breakRow(): void {
    this.#put(" <unfinished ...>");
    this.#newline();
  }
  #startRow(t: Task): void {
    if (this.#open !== undefined) this.#breakRow();
    if (this.toFile) this.#put(`${String(t.tid).padEnd(5)} `);
    else if (this.machine.counters.liveCpus > 1) this.#put(`[pid ${String(t.tid).padStart(5)}] `);
  }
  #row(t: Task, text: string): void {
    this.#startRow(t);
    this.#put(text);
    this.#newline();
  }
  #endRow(result: string): void {
    this.#put(") ");
    this.#put(`${" ".repeat(Math.max(0, COLUMN - this.#column))}= ${result}`);
    this.#newline();
  }

  #arguments(line: Line): void {
    const { request, pieces } = line;
    for (; line.shown < pieces.length; line.shown++) {
      const text = line.texts[line.shown] ??
        (request.result === undefined ? undefined : pieces[line.shown](request, line.shown));
      if (text === undefined && request.result === undefined) return;
      this.#put(`${line.shown > 0 ? ", " : ""}${text ?? "?"}`);
    }
  }
  #resume(t: Task, line: Line): void {
    if (this.#open !== line) {
      this.#startRow(t);
      this.#put(`<... ${line.request.name} resumed>`);
    }
    this.#arguments(line);
  }
  #showLater(t: Task): void {
    const list = this.#later.get(t);
    if (list === undefined) return;
    this.#later.delete(t);
    for (const info of list) this.#row(t, `--- ${signalName(info.signo)} ${siginfo(info)} ---`);
  }

  #result({ request, form }: Line, result: number): string {
    if (result < 0 && result >= -4095) {
      return `-1 ${ERRNO_NAMES.get(-result) ?? -result} (${ERRNO_TEXT[-result] ?? "?"})`;
    }
    const remark = form?.remark?.(request);
    const special = form?.result?.(request);
    const plain = special ??
      (request.entry?.call.result === "address" ? pointer(result).replace("NULL", "0") : String(result));
    return remark === undefined || remark === "" ? plain : `${plain} (${remark})`;
  }

  /** The execve that nobody in the machine made. */
  #firstLine(t: Task): void {
    this.#begun = true;
    const { image } = t.vm;
    const strings = (from: number, to: number): Uint8Array[] => {
      const all = t.mem.read(from, to - from), list: Uint8Array[] = [];
      for (let at = 0, end; at < all.length && (end = all.indexOf(0, at)) >= 0; at = end + 1) {
        list.push(all.subarray(at, end));
      }
      return list;
    };
    const argv = strings(image.argStart, image.argEnd).map((s) => quoted(s.subarray(0, 32), s.length > 32));
    const vars = strings(image.envStart, image.envEnd).length;
    this.#startRow(t);
    this.#put(
      `execve("${image.exe}", [${argv.join(", ")}], ${pointer(image.envStart)} /* ${vars} var${
        vars === 1 ? "" : "s"
      } */`,
    );
    this.#endRow("0");
  }
}

/** What rt_sigreturn put back into a0. */
const restored = (t: Task): number => {
  const value = Number(BigInt.asIntN(64, t.cpu.x(10)));
  return Number.isSafeInteger(value) ? value : 0;
};

/** An observer that writes strace's lines; into a file each begins with the task's number. `finish` at the end of the run. */
export const straceObserver = (
  machine: Machine,
  write: (text: string) => void,
  toFile = false,
): { readonly observer: Observer; finish(): void } => {
  const strace = new Strace(machine, write, toFile);
  return { observer: strace, finish: () => strace.finish() };
};
