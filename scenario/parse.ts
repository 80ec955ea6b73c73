/**
 * The text of a scenario: one step a line, in the order in which they happen.
 *
 *   title a child's exit status reaches its parent
 *   a: fork -> b                  task a makes task b
 *   a: wait4 b -> waits           the call does not return yet
 *   b: exit 3
 *   a: -> b, exited 3             now it has returned
 *   b is gone
 *
 * The whole language: docs/SCENARIOS.md.
 */

/** What a line asks for. */
export type Line =
  | {
    readonly kind: "step";
    readonly at: number;
    readonly text: string;
    readonly task: string;
    /** The call and its arguments; empty for `a: -> …`. */
    readonly words: readonly string[];
    /** Undefined when the line has no arrow. */
    readonly expect: readonly string[] | undefined;
    /** The name the result gets. */
    readonly as: string | undefined;
  }
  | {
    readonly kind: "state";
    readonly at: number;
    readonly text: string;
    readonly task: string;
    readonly state: string;
  }
  | { readonly kind: "output"; readonly at: number; readonly text: string; readonly output: string };

export interface Scenario {
  readonly title: string;
  readonly lines: readonly Line[];
  /** Line of `deadlock`: the scenario ends with nothing able to run. */
  readonly deadlock: boolean;
}

/** A mistake in the file: which line, and what is wrong with it. */
export class ScenarioError extends Error {
  override name = "ScenarioError";
  constructor(readonly line: number, message: string) {
    super(message);
  }
}

export const STATES = ["running", "waiting", "stopped", "zombie", "gone"] as const;
const NAME = /^[a-z][a-z0-9_]*$/i;

/** Words at spaces, commas and parentheses; strings keep theirs and their quotes. */
const wordsOf = (text: string, at: number): string[] => {
  const words: string[] = [];
  let rest = text.trim();
  while (rest !== "") {
    const m = /^"(?:[^"\\]|\\.)*"|^[^\s,()"]+/.exec(rest);
    if (m === null) throw new ScenarioError(at, `a string without end: ${rest}`);
    words.push(m[0]);
    rest = rest.slice(m[0].length).replace(/^[\s,()]+/, "");
  }
  return words;
};

/** Items of an expectation are separated by commas; `exited 3` is one. */
const itemsOf = (text: string): string[] =>
  (text.match(/"(?:[^"\\]|\\.)*"|[^,]+/g) ?? []).map((s) => s.trim().replace(/\s+/g, " ")).filter((s) => s !== "");

/** Splits off a comment that is not inside a string. */
const uncommented = (line: string, at: number): string => {
  const [text] = /^(?:"(?:[^"\\]|\\.)*"|[^"#])*/.exec(line)!;
  if (line[text.length] === '"') throw new ScenarioError(at, `a string without end: ${line.slice(text.length)}`);
  return text.trim();
};

const stepOf = (at: number, text: string, task: string, rest: string): Line => {
  const arrow = /^((?:"(?:[^"\\]|\\.)*"|[^"])*?)->(.*)$/.exec(rest);
  const words = wordsOf(arrow?.[1] ?? rest, at);
  const expect = arrow === null ? undefined : itemsOf(arrow[2]);
  if (expect?.length === 0) throw new ScenarioError(at, "nothing is expected after ->");
  if (words.length === 0 && expect === undefined) throw new ScenarioError(at, `task ${task} does nothing`);
  let as: string | undefined;
  if (words.at(-2) === "as") {
    as = words.pop()!;
    words.pop();
    if (!NAME.test(as)) throw new ScenarioError(at, `${as} is no name`);
  }
  return { kind: "step", at, text, task, words, expect, as };
};

/** Throws ScenarioError. */
export const parseScenario = (text: string): Scenario => {
  const lines: Line[] = [];
  let title = "", deadlock = false;
  text.split("\n").forEach((raw, i) => {
    const at = i + 1, line = uncommented(raw, at);
    if (line === "") return;
    const step = /^([a-z][a-z0-9_]*)\s*:(.*)$/i.exec(line);
    const state = /^([a-z][a-z0-9_]*)\s+is\s+(\w+)$/i.exec(line);
    if (deadlock) throw new ScenarioError(at, "nothing can follow deadlock");
    if (line.startsWith("title ")) title = line.slice(6).trim();
    else if (line === "deadlock") deadlock = true;
    else if (line.startsWith("output ")) {
      lines.push({ kind: "output", at, text: line, output: stringOf(line.slice(7).trim(), at) });
    } else if (step !== null) lines.push(stepOf(at, line, step[1], step[2]));
    else if (state !== null) {
      if (!(STATES as readonly string[]).includes(state[2])) {
        throw new ScenarioError(at, `${state[2]} is none of ${STATES.join(", ")}`);
      }
      lines.push({ kind: "state", at, text: line, task: state[1], state: state[2] });
    } else throw new ScenarioError(at, `neither "TASK: CALL -> RESULT" nor "TASK is STATE": ${line}`);
  });
  if (!lines.some((l) => l.kind === "step")) throw new ScenarioError(1, "the scenario has no steps");
  return { title, lines, deadlock };
};

/** The content of a quoted string. */
export const stringOf = (word: string, at: number): string => {
  try {
    const value: unknown = JSON.parse(word);
    if (typeof value === "string") return value;
  } catch { /* said below */ }
  throw new ScenarioError(at, `${word} is no string in quotes`);
};
