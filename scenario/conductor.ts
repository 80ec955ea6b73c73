/**
 * Leads a machine through a scenario: lets each task make its calls in the order of the lines, keeps the others resting meanwhile, and holds what happens against what the
 * lines say.
 */
import { alive, BLOCKED, type Machine, type Task } from "../actors/mod.ts";
import type { SchedulePolicy } from "../actors/world/order.ts";
import { DATA } from "../fuzz/layout.ts";
import { signalName } from "../syscalls/abi/signals.ts";
import { type Names, prepare, type Prepared, wordsOfResult } from "./calls.ts";
import type { Script } from "./cpu.ts";
import { type Line, type Scenario, ScenarioError } from "./parse.ts";

type Step = Extract<Line, { kind: "step" }>;

/** What is known of a scripted task. */
interface Part {
  readonly name: string;
  readonly index: number;
  /** The call it is in. */
  call: { readonly line: Step; readonly prepared: Prepared; blocked: boolean } | undefined;
  /** Its last call's result, until a line has taken it. */
  result: { readonly number: number; readonly line: Step; readonly prepared: Prepared } | undefined;
  /** Signals it has handled and no line has told yet. */
  readonly handled: number[];
}

const VARIABLES = 64;
/** Scratch memory of tasks lies behind the variables, 1 KiB each. */
const SCRATCH = DATA + 0x1000, SCRATCH_SIZE = 0x400;

export class Conductor implements Script, Names {
  failure: ScenarioError | undefined;
  /** All lines are done, or one failed. */
  finished = false;
  output = "";
  machine!: Machine;
  #current = 0;
  #calls = 0;
  /** The current line's call has been made. */
  #made = false;
  /** Resting turns in a row: when every runnable task has had some, nothing moves by itself. */
  #resting = 0;
  #quiet = false;
  readonly #parts = new Map<Task, Part>();
  readonly #tasks = new Map<string, Task>();
  readonly #numbers = new Map<string, number>();
  readonly #variables: string[] = [];

  constructor(readonly scenario: Scenario) {}

  // ---- names -------------------------------------------------------------------------------------------------------
  number(name: string): number | undefined {
    return this.#tasks.get(name)?.tid ?? this.#numbers.get(name);
  }
  variable(name: string): number {
    if (!this.#variables.includes(name)) this.#variables.push(name);
    const i = this.#variables.indexOf(name);
    if (i >= VARIABLES) throw new Error("too many variables");
    return DATA + 8 * i;
  }
  scratch(t: Task): number {
    return SCRATCH + SCRATCH_SIZE * (this.#parts.get(t)!.index % 40);
  }
  #introduce(t: Task, name: string): void {
    this.#tasks.set(name, t);
    this.#parts.set(t, { name, index: this.#parts.size, call: undefined, result: undefined, handled: [] });
  }
  /** The first task. */
  begin(t: Task): void {
    const first = this.scenario.lines.find((l) => l.kind === "step")!;
    this.#introduce(t, (first as Step).task);
  }
  /** A task was made: it gets the name the current line gives it. */
  made(child: Task): void {
    const line = this.scenario.lines[this.#current];
    const name = line?.kind === "step"
      ? line.expect?.find((w) => /^[a-z][a-z0-9_]*$/i.test(w) && w !== "waits")
      : undefined;
    this.#introduce(child, name ?? `task${child.tid}`);
  }
  #task(line: Line & { task: string }): Task {
    const t = this.#tasks.get(line.task);
    if (t === undefined) throw new ScenarioError(line.at, `there is no task ${line.task} yet`);
    return t;
  }

  // ---- what the machine tells --------------------------------------------------------------------------------------
  /** A call has been dispatched. */
  dispatched(t: Task, result: number): void {
    const call = this.#parts.get(t)?.call;
    if (call !== undefined && result === BLOCKED) call.blocked = true;
  }
  handles(signal: number): void {
    this.#resting = 0;
    this.#parts.get(this.machine.current!)!.handled.push(signal);
  }
  next(cpu: { lo(i: number): number; hi(i: number): number }): ReturnType<Script["next"]> {
    const t = this.machine.current!, part = this.#parts.get(t)!;
    if (part.call !== undefined) {
      const { line, prepared } = part.call;
      part.result = { number: cpu.hi(10) * 0x100000000 + cpu.lo(10), line, prepared };
      part.call = undefined;
      this.#resting = 0;
    }
    this.#guarded(() => this.#advance());
    if (this.finished) return undefined;
    const line = this.scenario.lines[this.#current];
    if (line?.kind === "step" && line.words.length > 0 && !this.#made && this.#tasks.get(line.task) === t) {
      return this.#guarded(() => this.#make(t, part, line));
    }
    this.#resting++;
    return undefined;
  }
  /** Nothing can run: what the lines say must hold now. */
  quiet(): void {
    this.#quiet = true;
    this.#guarded(() => this.#advance());
    this.#quiet = false;
  }

  #guarded<T>(act: () => T): T | undefined {
    try {
      return act();
    } catch (error) {
      if (!(error instanceof ScenarioError)) throw error;
      this.#finish(error);
      return undefined;
    }
  }
  #finish(failure?: ScenarioError): void {
    this.failure ??= failure;
    if (this.finished) return;
    this.finished = true;
    this.machine.killAll();
  }

  #make(t: Task, part: Part, line: Step): ReturnType<Script["next"]> {
    if (part.result !== undefined) {
      throw new ScenarioError(line.at, `line ${part.result.line.at} has returned by now, which no line tells`);
    }
    this.#made = true;
    this.#resting = 0;
    if (line.words[0] === "fault") return "fault";
    const prepared = prepare(t, this, line.at, line.words);
    part.call = { line, prepared, blocked: false };
    return { ...prepared, place: ++this.#calls };
  }

  // ---- lines -------------------------------------------------------------------------------------------------------
  /** Goes on over all lines that hold. */
  #advance(): void {
    while (!this.finished) {
      const line = this.scenario.lines[this.#current];
      if (line === undefined) return this.#end();
      const done = line.kind === "step"
        ? this.#step(line)
        : line.kind === "state"
        ? this.#state(line)
        : this.#says(line);
      if (!done) return;
      this.#current++;
      this.#made = false;
      this.#resting = 0;
    }
  }
  #end(): void {
    if (!this.#settled()) return;
    if (this.scenario.deadlock) this.#deadlocked();
    for (const part of this.#parts.values()) {
      if (part.handled.length > 0) {
        throw new ScenarioError(
          this.#lastLine,
          `task ${part.name} handled ${signalName(part.handled[0])}, which no line tells`,
        );
      }
      if (part.result !== undefined) {
        throw new ScenarioError(part.result.line.at, "the call has returned, which no line tells");
      }
    }
    this.#finish();
  }
  /** Nobody can go on, and no timer will help. */
  #deadlocked(): void {
    if (this.machine.timers.next !== Infinity) {
      throw new ScenarioError(this.#lastLine, "no deadlock: a timer is pending");
    }
    for (const t of this.machine.tasks.values()) {
      if (this.#stateOf(t) !== "running") continue;
      throw new ScenarioError(this.#lastLine, `no deadlock: task ${this.#parts.get(t)?.name} can run`);
    }
  }
  get #lastLine(): number {
    return this.scenario.lines.at(-1)!.at;
  }
  /** Every task that can run has rested: what was going on has come to its end. */
  #settled(): boolean {
    return this.#quiet || this.#resting > 3 * this.machine.tasks.size + 8;
  }
  /** Nothing moves: virtual time may bring it on; otherwise the line fails. */
  #stuck(line: Line, why: string): false {
    if (!this.#settled()) return false;
    const { timers, clock } = this.machine;
    // With nothing to run the machine itself passes the time.
    if (this.#quiet && timers.next !== Infinity) return false;
    if (timers.next === Infinity) throw new ScenarioError(line.at, why);
    clock.advance(Math.max(0, timers.next - clock.monotonic()));
    timers.fireDue(clock.monotonic());
    this.#resting = 0;
    return false;
  }

  #step(line: Step): boolean {
    const t = this.#task(line), part = this.#parts.get(t)!;
    if (line.words[0] === "handles") return this.#handled(line, part);
    if (line.words[0] === "set" || line.words[0] === "get") return this.#memory(line, t);
    if (line.words.length > 0 && !this.#made) {
      if (!alive(t)) throw new ScenarioError(line.at, `task ${line.task} has ended`);
      if (part.call !== undefined) return this.#stuck(line, `task ${line.task} is still in line ${part.call.line.at}`);
      if (t.state === "stopped") return this.#stuck(line, `task ${line.task} is stopped`);
      return false;
    }
    if (part.result !== undefined) return this.#returned(line, t, part);
    if (!alive(t)) return this.#died(line, part);
    if (part.call === undefined) {
      return line.words[0] === "fault"
        ? this.#stuck(line, "the fault was survived")
        : this.#stuck(line, "no call is under way");
    }
    if (line.expect?.includes("waits")) {
      if (part.call.blocked) return true;
      return this.#stuck(line, "the call neither waits nor returns");
    }
    return this.#stuck(line, `the call does not return: ${t.wait?.what ?? t.state}`);
  }
  #died(line: Step, part: Part): boolean {
    const ends = part.call?.prepared.ends ?? false;
    if (!ends && !line.expect?.includes("dies") && line.words[0] !== "fault") {
      throw new ScenarioError(line.at, `task ${line.task} has ended in this call`);
    }
    part.call = undefined;
    return true;
  }
  #returned(line: Step, t: Task, part: Part): boolean {
    const { number, prepared } = part.result!;
    part.result = undefined;
    const names = [...this.#tasks].filter(([, task]) => task.tid === number).map(([name]) => name);
    const words = wordsOfResult(t, prepared, number, names);
    if (line.expect === undefined) {
      if (number < 0 && number > -4096) throw new ScenarioError(line.at, `the call failed: ${words[0]}`);
    } else {
      for (const wanted of line.expect) {
        if (words.includes(wanted)) continue;
        throw new ScenarioError(line.at, `expected ${wanted}, got ${words.join(", ")}`);
      }
    }
    if (line.as !== undefined) this.#numbers.set(line.as, number);
    if (number >= 0) { for (const [name, n] of Object.entries(prepared.names?.(t) ?? {})) this.#numbers.set(name, n); }
    return true;
  }
  #handled(line: Step, part: Part): boolean {
    if (part.handled.length === 0) return this.#stuck(line, `task ${line.task} handles no signal`);
    const got = signalName(part.handled.shift()!), wanted = line.words[1];
    if (got !== wanted) throw new ScenarioError(line.at, `task ${line.task} handles ${got} first`);
    return true;
  }
  /** `set x 5` and `get x -> 5`: memory as the task sees it, without a call. */
  #memory(line: Step, t: Task): boolean {
    const [verb, name, value] = line.words;
    if (!alive(t)) throw new ScenarioError(line.at, `task ${line.task} has ended`);
    const at = this.variable(name);
    if (verb === "set") {
      t.mem.setU32(at, this.number(value) ?? Number(value));
      return true;
    }
    const found = t.mem.u32(at), wanted = line.expect?.[0] ?? "";
    if (`${found}` === wanted || this.number(wanted) === found) return true;
    throw new ScenarioError(line.at, `${name} is ${found}, expected ${wanted}`);
  }

  #state(line: Extract<Line, { kind: "state" }>): boolean {
    if (!this.#settled()) return false;
    const t = this.#task(line), found = this.#stateOf(t);
    if (found !== line.state) throw new ScenarioError(line.at, `task ${line.task} is ${found}`);
    return true;
  }
  #stateOf(t: Task): string {
    if (this.machine.tasks.get(t.tid) !== t || t.state === "dead") return "gone";
    if (t.state === "blocked" || t.state === "vfork") return "waiting";
    return t.state === "zombie" || t.state === "stopped" ? t.state : "running";
  }
  #says(line: Extract<Line, { kind: "output" }>): boolean {
    if (this.output === line.output) return true;
    throw new ScenarioError(line.at, `the output is ${JSON.stringify(this.output)}`);
  }

  /** The task of the current line goes first. */
  get policy(): SchedulePolicy {
    return {
      name: "scenario",
      next: (tids) => {
        const line = this.scenario.lines[this.#current];
        const wanted = line !== undefined && "task" in line ? this.#tasks.get(line.task)?.tid : undefined;
        // While nothing moves everybody gets turns.
        const index = this.#resting < 2 && wanted !== undefined ? tids.indexOf(wanted) : -1;
        return Math.max(0, index);
      },
      slice: () => 1,
    };
  }
}
