/**
 * The terminal Dolly was started on, as the guest's terminal /dev/pts/0. Until the guest first reads from it or changes its settings the host goes on editing lines
 * and making signals; from then on the host's is raw and our line discipline does it.
 */
import { SIG } from "../../syscalls/abi/signals.ts";
import { OFLAG } from "../../syscalls/abi/termios.ts";
import type { Machine } from "../machine.ts";
import { SIG_DFL } from "../signal_handlers.ts";
import { fromKernel } from "../signals/sender.ts";
import type { ThreadGroup } from "../task/thread_group.ts";
import type { StdioDoor } from "../world/stdio.ts";
import type { TerminalDoor } from "../world/terminal.ts";
import { hangUpSession, takeTerminal } from "./job_control.ts";
import type { LineDiscipline } from "./line_discipline.ts";
import { terminalsOf } from "./terminals.ts";
import { Tty, type TtyDriver } from "./tty.ts";

const NL = 10, CR = 13, VT = 11;
const SIMPLE = OFLAG.OPOST | OFLAG.ONLCR;
const ALL = SIMPLE | OFLAG.OLCUC | OFLAG.OCRNL | OFLAG.ONOCR | OFLAG.ONLRET;

/** Newlines that the guest wants bare, where the host would add a carriage return: vertical tab moves down a line and is left alone. */
const guardNewlines = (bytes: Uint8Array): Uint8Array => {
  let out: Uint8Array | undefined;
  for (let at = bytes.indexOf(NL); at >= 0; at = bytes.indexOf(NL, at + 1)) {
    if (at > 0 && bytes[at - 1] === CR) continue;
    out ??= bytes.slice();
    out[at] = VT;
  }
  return out ?? bytes;
};

export class HostTtyDriver implements TtyDriver {
  tty!: Tty;
  #started = false;
  constructor(readonly machine: Machine, readonly door: TerminalDoor) {}

  transmit(bytes: Uint8Array, discipline: LineDiscipline): void {
    const { output, termios } = discipline;
    if (!this.door.mapsNewlines) this.door.write(output.process(bytes, termios));
    else if ((termios.oflag & ALL) === SIMPLE && (termios.oflag & OFLAG.TABDLY) !== OFLAG.TABDLY) {
      // The host's own output processing does just this.
      output.follow(bytes, termios);
      this.door.write(bytes);
    } else this.door.write(guardNewlines(output.process(bytes, termios)));
  }
  room(): number {
    return Infinity;
  }
  queued(): number {
    return 0;
  }
  discardOutput(): void {}
  inputTaken(): void {}
  settingsChanged(): void {
    this.inputWanted();
  }

  inputWanted(): void {
    if (this.#started) return;
    this.#started = true;
    const { machine, tty } = this;
    machine.hostPending++;
    this.door.start((typed) =>
      machine.fromHost(() => {
        if (typed.length > 0) tty.receive(typed);
        else {
          machine.hostPending--;
          tty.hangUp();
          hangUpSession(machine, tty);
        }
      })
    );
  }

  /**
   * ^Z while the foreground is the first process itself, which nobody in the machine could continue: the whole emulator stops, so that the user's shell gets its
   * prompt as with a native program.
   */
  suspended(): boolean {
    const init = this.machine.init;
    if (init === undefined || this.tty.foreground !== init.pgid || init.live === 0) return false;
    if (init.leader.handlers.get(SIG.TSTP).handler !== SIG_DFL) return false;
    this.door.suspend();
    this.tty.resize({ ...this.tty.size, ...this.door.size });
    return true;
  }
}

/** The machine's host terminal, made on first use. */
export const hostTty = (machine: Machine, door: TerminalDoor): Tty => {
  const terminals = terminalsOf(machine);
  if (terminals.host !== undefined) return terminals.host;
  const driver = new HostTtyDriver(machine, door);
  const tty = terminals.addHost((rdev, path) => new Tty(machine, driver, rdev, path, true));
  driver.tty = tty;
  tty.size = { ...door.size, xpixel: 0, ypixel: 0 };
  return tty;
};

/** Makes the host's terminal, if there is one, the controlling terminal of the first process. */
export const giveTerminal = (machine: Machine, init: ThreadGroup): void => {
  const { host } = terminalsOf(machine);
  if (host !== undefined) takeTerminal(init, host);
};

/** Once the first process is gone, these end what it left behind. */
const ENDING: ReadonlySet<number> = new Set([SIG.INT, SIG.QUIT, SIG.TERM, SIG.HUP]);

/**
 * Passes the host's signals on: those of a keyboard to the terminal's foreground group, the others to the first process.
 */
export const forwardHostSignals = (machine: Machine, door: StdioDoor): void =>
  door.signals?.((sig) =>
    machine.fromHost(() => {
      const tty = terminalsOf(machine).host;
      if (sig === SIG.WINCH) {
        if (tty !== undefined && door.terminal !== undefined) tty.resize({ ...tty.size, ...door.terminal.size });
      } else if (
        tty !== undefined && tty.foreground !== 0 && (sig === SIG.INT || sig === SIG.QUIT || sig === SIG.CONT)
      ) {
        machine.signals.sendToProcessGroup(tty.foreground, fromKernel(sig));
      } else if (machine.initStatus !== undefined) machine.endAsked ||= ENDING.has(sig);
      else if (machine.init !== undefined) machine.signals.sendToGroup(machine.init, fromKernel(sig));
    })
  );
