/** A machine's terminals by their number under /dev/pts: the host's (always 0, when there is one) and the ptys. */
import type { Machine } from "../machine.ts";
import type { Pty } from "./pty.ts";
import type { Tty } from "./tty.ts";

/** Device number as stat(2) gives it. */
export const makedev = (major: number, minor: number): number =>
  (minor & 0xff) | (major << 8) | ((minor & ~0xff) << 12);

/** Unix98 pty slaves. */
export const PTS_MAJOR = 136;
/** Most ptys at once (/proc/sys/kernel/pty/max). */
export const PTY_MAX = 4096;

export class Terminals {
  host: Tty | undefined;
  readonly ptys = new Map<number, Pty>();

  addHost(make: (rdev: number, path: string) => Tty): Tty {
    return this.host = make(makedev(PTS_MAJOR, 0), "/dev/pts/0");
  }
  /** The lowest free number, -1 when all are taken. */
  freeIndex(): number {
    for (let i = this.host === undefined ? 0 : 1; i < PTY_MAX; i++) if (!this.ptys.has(i)) return i;
    return -1;
  }
  /** Terminal behind /dev/pts/`index`. */
  at(index: number): Tty | undefined {
    return index === 0 && this.host !== undefined ? this.host : this.ptys.get(index)?.tty;
  }
  /** Numbers in use, ascending. */
  get indices(): number[] {
    return [...this.host === undefined ? [] : [0], ...this.ptys.keys()].sort((a, b) => a - b);
  }
}

const byMachine = new WeakMap<Machine, Terminals>();

export const terminalsOf = (machine: Machine): Terminals => {
  let terminals = byMachine.get(machine);
  if (terminals === undefined) byMachine.set(machine, terminals = new Terminals());
  return terminals;
};
