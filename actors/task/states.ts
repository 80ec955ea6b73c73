/** The states of a task and the legal steps between them, as data. `docs/task_states.dot` is the same graph; a test holds them together. */

export type TaskState =
  | "new"
  | "runnable"
  | "running"
  | "blocked"
  | "vfork"
  | "stopped"
  | "traced"
  | "exiting"
  | "zombie"
  | "dead";

/** Which states may follow each state. */
export const TRANSITIONS: Readonly<Record<TaskState, readonly TaskState[]>> = {
  new: ["runnable", "exiting"],
  runnable: ["running", "exiting"],
  running: ["runnable", "blocked", "vfork", "stopped", "traced", "exiting"],
  blocked: ["running", "exiting"],
  vfork: ["running", "exiting"],
  stopped: ["runnable", "traced", "exiting"],
  traced: ["runnable", "exiting"],
  exiting: ["zombie", "dead"],
  zombie: ["dead"],
  dead: [],
};

/** Neither leaving nor gone. */
export const alive = ({ state }: { readonly state: TaskState }): boolean =>
  state !== "exiting" && state !== "zombie" && state !== "dead";

/** The graph in dot's language. */
export const statesAsDot = (): string =>
  [
    "// The life of a task; made from TRANSITIONS in actors/task/states.ts.",
    "digraph task {",
    ...Object.entries(TRANSITIONS).flatMap(([from, tos]) => tos.map((to) => `  ${from} -> ${to};`)),
    "}",
    "",
  ].join("\n");

/** Throws when the step is not legal: a broken invariant. */
export const checkTransition = (tid: number, from: TaskState, to: TaskState): void => {
  if (from !== to && !TRANSITIONS[from].includes(to)) throw new Error(`task ${tid}: ${from} -> ${to} is no legal step`);
};
