/** What CLONE_SIGHAND shares: the 64 dispositions (struct sighand_struct). `share`, `fork`, `release`. */
import { SA, SIG } from "../syscalls/abi/signals.ts";

export const SIG_DFL = 0, SIG_IGN = 1;

/** One disposition: the kernel's sigaction. `handler` is SIG_DFL, SIG_IGN or a guest address; `mask` has bit n-1 for signal n. */
export interface Disposition {
  readonly handler: number;
  readonly flags: number;
  readonly mask: bigint;
}

const DEFAULT: Disposition = { handler: SIG_DFL, flags: 0, mask: 0n };

export class SignalHandlers {
  #users = 1;
  #table: Disposition[] = new Array(65).fill(DEFAULT);
  /** Tables that exist in this process, for the tests that nothing is left. */
  static live = 0;
  constructor() {
    SignalHandlers.live++;
  }
  get users(): number {
    return this.#users;
  }
  share(): SignalHandlers {
    this.#users++;
    return this;
  }
  fork(): SignalHandlers {
    const child = new SignalHandlers();
    child.#table = [...this.#table];
    return child;
  }
  release(): void {
    if (this.#users <= 0) throw new Error("release of a dead handler table");
    if (--this.#users === 0) SignalHandlers.live--;
  }
  get(sig: number): Disposition {
    return this.#table[sig];
  }
  /** Children that die leave no zombie (SEMANTICS 3.18). */
  get autoreaps(): boolean {
    const d = this.#table[SIG.CHLD];
    return d.handler === SIG_IGN || (d.flags & SA.NOCLDWAIT) !== 0;
  }
  set(sig: number, disposition: Disposition): void {
    this.#table[sig] = disposition;
  }
  /** execve: handlers become SIG_DFL, SIG_IGN stays; flags and masks are cleared. */
  resetForExec(): void {
    this.#table = this.#table.map((d) => d.handler === SIG_IGN ? { ...DEFAULT, handler: SIG_IGN } : DEFAULT);
  }
  /** CLONE_CLEAR_SIGHAND: every disposition that is not ignored becomes default. */
  clearHandlers(): void {
    this.#table = this.#table.map((d) => d.handler === SIG_IGN ? d : DEFAULT);
  }
}
