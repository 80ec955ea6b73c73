/**
 * The debugger stub (`--gdb PORT`): gdb's remote serial protocol over the first process. All-stop: while gdb has the guest nothing else happens, on no clock but the host's,
 * so the kernel answers packets where it stands, in the middle of a turn, and a seeded run goes the same way with a debugger as without. Other processes run free; a
 * breakpoint that fork copied into one is taken out when it gets there.
 */
import { BadAddress, Trap } from "../../cpu/types.ts";
import { SI, signalName } from "../../syscalls/abi/signals.ts";
import { bytesOf, textOf } from "../../syscalls/abi/text.ts";
import { concat } from "../bytes.ts";
import type { Debugger, Machine } from "../machine.ts";
import type { SigInfo } from "../signals/pending.ts";
import type { Task } from "../task/task.ts";
import type { ThreadGroup } from "../task/thread_group.ts";
import type { VmGroup } from "../vm_group.ts";
import { type GdbDoor, PACKET_BYTES } from "../world/gdb_door.ts";
import { GdbFiles } from "./files.ts";
import { readAll, readRegister, targetXml, writeAll, writeRegister } from "./registers.ts";
import { gdbSignal, linuxSignal } from "./signals.ts";
import { escaped, fromHex, hexOf, unescaped } from "./text.ts";

const OK = bytesOf("OK"), UNKNOWN = bytesOf(""), NO_MEMORY = bytesOf("E0e"), WRONG = bytesOf("E16");
/** gdb's SIGINT and SIGTRAP. */
const INTERRUPTED = "02", TRAPPED = "05";
const BREAK_4 = new Uint8Array([0x73, 0x00, 0x10, 0x00]), BREAK_2 = new Uint8Array([0x02, 0x90]);
const FEATURES =
  `PacketSize=${PACKET_BYTES.toString(16)};QStartNoAckMode+;vContSupported+;swbreak+;exec-events+;QPassSignals+;` +
  "qXfer:features:read+;qXfer:auxv:read+;qXfer:exec-file:read+";

/** A reply, or "go on": the guest runs. */
type Answer = Uint8Array | "go on";

export class GdbStub implements Debugger {
  readonly #files = new GdbFiles();
  /** Bytes that breakpoints stand in place of, by address. */
  readonly #breakpoints = new Map<number, Uint8Array>();
  /** Bytes being watched as they were last, by address: while there are any, the first process runs one instruction at a time. */
  readonly #watched = new Map<number, Uint8Array>();
  /** Memory the breakpoints are in. */
  #vm: VmGroup | undefined;
  /** The task gdb looks at. */
  #task!: Task;
  #stopReply = "";
  #execEvents = false;
  /** gdb's numbers of signals that act without a stop. */
  #passed = new Set<number>();
  /** The task that runs one instruction, and whether it has. */
  #step: Task | undefined;
  #stepped = false;
  /** gdb's number of the signal that the guest goes on with; 0: none. */
  #goOnWith = 0;
  /** A breakpoint a task of another process is being taken across. */
  #lifted: { readonly task: Task; readonly at: number } | undefined;
  #detached = false;

  constructor(readonly machine: Machine, readonly door: GdbDoor) {
    door.onEvent = () => this.#whenIdle();
  }

  get #group(): ThreadGroup | undefined {
    return this.machine.init;
  }

  // ---- what the kernel calls ---------------------------------------------------------------------------------------
  attend(t: Task): void {
    if (this.#lifted?.task === t && this.#stepped) this.#putBack(t);
    if (this.#detached || t.group !== this.#group) return;
    if (this.#vm === undefined) this.#begin(t);
    else if (t.vm !== this.#vm) this.#execed(t);
    else if (this.#watched.size > 0 && this.#reportChange(t)) return;
    else if (this.#step === t && this.#stepped) this.#stop(t, TRAPPED);
    else if (this.door.takeBreak()) this.#stop(t, INTERRUPTED);
    else if (this.door.gone) this.#detach();
  }

  steps(t: Task): boolean {
    if (this.#step === t || this.#lifted?.task === t) this.#stepped = true;
    else if (this.#watched.size === 0 || t.group !== this.#group) return false;
    return true;
  }

  trapped(t: Task, trap: Trap): boolean {
    const { pc } = t.cpu;
    if (trap !== Trap.Breakpoint || !this.#breakpoints.has(pc)) return false;
    if (t.group === this.#group) this.#stop(t, TRAPPED, "swbreak:;");
    else this.#lift(t, pc);
    return true;
  }

  signal(t: Task, info: SigInfo): SigInfo | undefined {
    const number = gdbSignal(info.signo);
    if (this.#detached || t.group !== this.#group || this.#passed.has(number)) return info;
    this.#stop(t, number.toString(16).padStart(2, "0"));
    const signo = linuxSignal(this.#goOnWith);
    if (signo === 0) return this.#detached ? info : undefined;
    return signo === info.signo ? info : { signo, code: SI.USER };
  }

  /** A task is gone. */
  exited(t: Task, status: number, groupDied: boolean): void {
    if (this.#lifted?.task === t) this.#lifted = undefined;
    if (this.#step === t) this.#step = undefined;
    if (this.#detached || this.#vm === undefined || !groupDied || t.group !== this.#group) return;
    const how = (status & 0x7f) === 0
      ? `W${(status >> 8 & 255).toString(16).padStart(2, "0")}`
      : `X${gdbSignal(status & 0x7f).toString(16).padStart(2, "0")}`;
    this.door.send(bytesOf(how));
    this.#detached = true;
  }

  /** The run is over. */
  close(): void {
    this.#detached = true;
    this.door.close();
  }

  // ---- stopping ----------------------------------------------------------------------------------------------------
  /** The first instruction: waits for gdb and for what it wants. */
  #begin(t: Task): void {
    this.#vm = t.vm;
    this.#stopReply = this.#describe(t, TRAPPED, "");
    this.#serve(t);
  }

  #execed(t: Task): void {
    this.#breakpoints.clear();
    this.#watched.clear();
    this.#vm = t.vm;
    if (this.#execEvents) this.#stop(t, TRAPPED, `exec:${hexOf(bytesOf(t.vm.image.exe))};`);
  }

  /** Ctrl-C, or the end of gdb, while every task waits. */
  #whenIdle(): void {
    const t = this.#group?.tasks.find((task) => task.holdings.cpu);
    if (this.#detached || t === undefined || this.#vm === undefined) return;
    if (this.door.gone) this.#detach();
    else if (this.door.takeBreak()) this.machine.fromHost(() => this.#stop(t, INTERRUPTED));
  }

  #describe(t: Task, signal: string, reason: string): string {
    return `T${signal}${reason}thread:${t.tid.toString(16)};`;
  }

  #stop(t: Task, signal: string, reason = ""): void {
    this.#step = undefined;
    this.#stepped = false;
    this.#stopReply = this.#describe(t, signal, reason);
    this.door.send(bytesOf(this.#stopReply));
    this.#serve(t);
  }

  /** Answers gdb until the guest may go on. */
  #serve(t: Task): void {
    this.#task = t;
    this.#goOnWith = 0;
    for (;;) {
      const packet = this.door.receive();
      if (packet === undefined) return this.#detach();
      const answer = this.#answer(packet);
      if (answer === "go on") return;
      this.door.send(answer);
      if (this.#detached) return this.#detach();
    }
  }

  /** gdb has gone: the guest goes on without it. */
  #detach(): void {
    this.#detached = true;
    this.machine.debugger = undefined;
    this.#step = undefined;
    for (const [at, original] of this.#breakpoints) this.#takeOut(at, original);
    this.#breakpoints.clear();
    this.#watched.clear();
    this.#files.release();
  }

  // ---- packets -----------------------------------------------------------------------------------------------------
  #answer(packet: Uint8Array): Answer {
    const text = textOf(packet);
    const rest = text.slice(1);
    switch (text[0]) {
      case "?":
        return bytesOf(this.#stopReply);
      case "g":
        return bytesOf(readAll(this.#task.cpu));
      case "G":
        writeAll(this.#task.cpu, rest);
        return OK;
      case "p": {
        const digits = readRegister(this.#task.cpu, parseInt(rest, 16));
        return digits === undefined ? WRONG : bytesOf(digits);
      }
      case "P": {
        const [n, digits] = rest.split("=");
        return writeRegister(this.#task.cpu, parseInt(n, 16), digits ?? "") ? OK : WRONG;
      }
      case "m":
        return this.#read(rest);
      case "M":
        return this.#write(rest.slice(0, rest.indexOf(":")), fromHex(rest.slice(rest.indexOf(":") + 1)));
      case "X": {
        const colon = packet.indexOf(0x3a);
        return this.#write(textOf(packet.subarray(1, colon)), unescaped(packet.subarray(colon + 1)));
      }
      case "Z":
      case "z":
        return this.#breakpoint(text[0] === "Z", rest);
      case "H":
        return this.#select(rest);
      case "T":
        return this.#taskOf(parseInt(rest, 16)) === undefined ? WRONG : OK;
      case "c":
      case "s":
        return this.#goOn(text[0], "0", rest);
      case "C":
      case "S":
        return this.#goOn(text[0] === "C" ? "c" : "s", rest.split(";")[0], rest.split(";")[1] ?? "");
      case "D":
        this.#detached = true;
        return OK;
      case "k":
        return this.#kill();
      case "v":
        return this.#v(text);
      case "q":
      case "Q":
        return this.#query(text);
      default:
        return UNKNOWN;
    }
  }

  #v(text: string): Answer {
    if (text === "vCont?") return bytesOf("vCont;c;C;s;S");
    if (text.startsWith("vCont;")) return this.#vCont(text.slice(6).split(";"));
    if (text.startsWith("vFile:")) return this.#files.answer(this.#task, text.slice(6)) ?? UNKNOWN;
    if (text.startsWith("vKill;")) {
      this.#kill();
      return OK;
    }
    return UNKNOWN;
  }

  #query(text: string): Answer {
    const [name, ...arguments_] = text.split(":");
    if (name === "qSupported") {
      this.#execEvents = text.includes("exec-events+");
      return bytesOf(FEATURES);
    }
    if (name === "QStartNoAckMode" || name === "qSymbol") return OK;
    if (name === "QPassSignals") {
      this.#passed = new Set((arguments_[0] ?? "").split(";").map((hex) => parseInt(hex, 16)));
      return OK;
    }
    if (name === "qXfer") return this.#transfer(arguments_);
    if (name === "qAttached") return bytesOf("0");
    if (name === "qC") return bytesOf(`QC${this.#task.tid.toString(16)}`);
    if (name === "qfThreadInfo") {
      return bytesOf(`m${this.#threads().map((t) => t.tid.toString(16)).join(",")}`);
    }
    if (name === "qsThreadInfo") return bytesOf("l");
    if (name.startsWith("qThreadExtraInfo,")) {
      const t = this.#taskOf(parseInt(name.slice(17), 16));
      return t === undefined ? WRONG : bytesOf(hexOf(bytesOf(describeTask(t))));
    }
    if (name.startsWith("qRcmd,")) return this.#monitor(textOf(fromHex(name.slice(6))));
    return UNKNOWN;
  }

  #monitor(command: string): Uint8Array {
    const tasks = [...this.machine.tasks.values()];
    const text = command.trim() === "tasks"
      ? tasks.map((t) => `${t.tid} of ${t.group.tgid}: ${describeTask(t)}\n`).join("")
      : "monitor tasks: every task of the machine and what it waits for\n";
    return bytesOf(hexOf(bytesOf(text)));
  }

  #transfer([object, operation, annex, range]: string[]): Uint8Array {
    if (operation !== "read") return UNKNOWN;
    const { image } = this.#task.vm;
    const whole = object === "features" && annex === "target.xml"
      ? bytesOf(targetXml())
      : object === "auxv"
      ? image.auxv
      : object === "exec-file"
      ? bytesOf(image.exe)
      : undefined;
    if (whole === undefined) return UNKNOWN;
    const [from, length] = range.split(",").map((hex) => parseInt(hex, 16));
    const part = whole.subarray(from, from + Math.min(length, PACKET_BYTES >> 1));
    return concat([bytesOf(from + part.length < whole.length ? "m" : "l"), escaped(part)]);
  }

  // ---- threads -----------------------------------------------------------------------------------------------------
  #threads(): Task[] {
    return this.#group!.tasks.filter((t) => t.holdings.cpu);
  }
  #taskOf(tid: number): Task | undefined {
    return this.#threads().find((t) => t.tid === tid);
  }

  #select(rest: string): Uint8Array {
    const tid = parseInt(rest.slice(1), 16);
    if (rest[0] !== "g" || tid <= 0) return OK;
    const t = this.#taskOf(tid);
    if (t === undefined) return WRONG;
    this.#task = t;
    return OK;
  }

  #kill(): Answer {
    this.machine.killAll();
    this.#detached = true;
    return OK;
  }

  /** Goes on, one task perhaps for one instruction only, with a signal perhaps. `where`: from another address. */
  #goOn(how: string, signal: string, where: string): Answer {
    if (where !== "") this.#task.cpu.pc = parseInt(where, 16);
    return this.#vCont([`${how === "s" ? "S" : "C"}${signal}:${this.#task.tid.toString(16)}`]);
  }

  #vCont(actions: readonly string[]): Answer {
    this.#step = undefined;
    this.#stepped = false;
    const stopped = parseInt(this.#stopReply.slice(1, 3), 16);
    for (const action of actions) {
      const [how, thread] = action.split(":");
      const t = thread === undefined || thread === "-1" ? this.#task : this.#taskOf(parseInt(thread, 16));
      if (t === undefined) continue;
      if (how[0] === "s" || how[0] === "S") this.#step ??= t;
      const signal = how[0] === "C" || how[0] === "S" ? parseInt(how.slice(1), 16) : 0;
      if (signal !== 0) this.#goOnWith = signal;
      // A signal that gdb makes up, not the one it was told of.
      if (signal !== 0 && signal !== stopped && linuxSignal(signal) !== 0) {
        this.machine.signals.sendToTask(t, { signo: linuxSignal(signal), code: SI.USER });
      }
    }
    return "go on";
  }

  // ---- memory ------------------------------------------------------------------------------------------------------
  #read(range: string): Uint8Array {
    const [at, length] = range.split(",").map((hex) => parseInt(hex, 16));
    // What can be read of it, at least to the end of the first page.
    const bytes = this.#peek(at, length) ?? this.#peek(at, Math.min(length, 0x1000 - (at & 0xfff)));
    if (bytes === undefined) return NO_MEMORY;
    for (const [place, original] of this.#breakpoints) {
      for (let i = 0; i < original.length; i++) {
        const offset = place + i - at;
        if (offset >= 0 && offset < bytes.length) bytes[offset] = original[i];
      }
    }
    return bytesOf(hexOf(bytes));
  }

  #write(range: string, bytes: Uint8Array): Uint8Array {
    const [at, length] = range.split(",").map((hex) => parseInt(hex, 16));
    return this.#poke(at, bytes.subarray(0, length)) ? OK : NO_MEMORY;
  }

  /** Bytes of a task's memory whatever its protection; undefined where there is none. */
  #peek(at: number, length: number, t = this.#task): Uint8Array | undefined {
    try {
      return t.mem.readForced(at, length);
    } catch (error) {
      if (!(error instanceof BadAddress)) throw error;
      return undefined;
    }
  }
  #poke(at: number, bytes: Uint8Array, t = this.#task): boolean {
    if (bytes.length === 0) return true;
    try {
      t.mem.writeForced(at, bytes);
      return true;
    } catch (error) {
      if (!(error instanceof BadAddress)) throw error;
      return false;
    }
  }

  /** Types 0, software breakpoints, and 2, watchpoints of writes. The compressed instruction stands where two bytes are asked for. */
  #breakpoint(insert: boolean, rest: string): Uint8Array {
    const [type, address, kind] = rest.split(",");
    const at = parseInt(address, 16), original = this.#breakpoints.get(at);
    if (type === "2") return this.#watch(insert, at, parseInt(kind, 16));
    if (type !== "0") return UNKNOWN;
    if (!insert) {
      this.#breakpoints.delete(at);
      return original === undefined || this.#takeOut(at, original) ? OK : NO_MEMORY;
    }
    if (original !== undefined) return OK;
    const code = kind === "2" ? BREAK_2 : BREAK_4;
    const there = this.#peek(at, code.length);
    if (there === undefined || !this.#poke(at, code)) return NO_MEMORY;
    this.#breakpoints.set(at, there);
    return OK;
  }

  /** Removes a breakpoint, also where fork has copied it: nobody would know any more whose it was. */
  #takeOut(at: number, original: Uint8Array): boolean {
    const code = original.length === 2 ? BREAK_2 : BREAK_4, done = new Set([this.#vm]);
    for (const other of this.machine.tasks.values()) {
      if (!other.holdings.vm || done.has(other.vm) || other.vm.image !== this.#vm!.image) continue;
      done.add(other.vm);
      if (this.#peek(at, code.length, other)?.every((byte, i) => byte === code[i])) this.#poke(at, original, other);
    }
    return this.#poke(at, original);
  }

  #watch(insert: boolean, at: number, length: number): Uint8Array {
    if (!insert) {
      this.#watched.delete(at);
      return OK;
    }
    const there = this.#peek(at, length);
    if (there === undefined) return NO_MEMORY;
    this.#watched.set(at, there);
    return OK;
  }

  /** Stops if what is watched is not as it was. */
  #reportChange(t: Task): boolean {
    for (const [at, before] of this.#watched) {
      const now = this.#peek(at, before.length, t);
      if (now === undefined) continue; // unmapped: nothing to compare
      if (now.every((byte, i) => byte === before[i])) continue;
      this.#watched.set(at, now);
      this.#stop(t, TRAPPED, `watch:${at.toString(16)};`);
      return true;
    }
    return false;
  }

  /** Another process came to a breakpoint: it is none of its own, so it goes; in shared memory for one instruction only. */
  #lift(t: Task, at: number): void {
    this.#poke(at, this.#breakpoints.get(at)!, t);
    if (t.vm === this.#vm) this.#lifted = { task: t, at };
  }
  #putBack(t: Task): void {
    const { at } = this.#lifted!;
    this.#lifted = undefined;
    const original = this.#breakpoints.get(at);
    if (original !== undefined) this.#poke(at, original.length === 2 ? BREAK_2 : BREAK_4, t);
  }
}

const describeTask = (t: Task): string =>
  `${t.comm}, ${t.wait === undefined ? t.state : `in ${t.machine.calls.describe(t)}`}` +
  (t.blocked === 0n ? "" : `, blocks ${blockedNames(t)}`);

const blockedNames = (t: Task): string => {
  const names: string[] = [];
  for (let signo = 1; signo <= 64; signo++) {
    if ((t.blocked >> BigInt(signo - 1) & 1n) !== 0n) names.push(signalName(signo));
  }
  return names.length > 8 ? `${names.length} signals` : names.join(" ");
};
