/**
 * Makes a failing program small: takes steps away (with all their children), puts children in the place of their clone, empties handlers, as long as the same kind
 * of failure comes under some order. Then shortens the schedule.
 */
import { compile, TooLarge } from "./compile.ts";
import { runProgram, type RunResult } from "./machine.ts";
import { type Arg, countSteps, type Program, type Step } from "./program.ts";

/** What makes two failures the same: the invariant's name, or where a defect was thrown. */
export const kindOf = (failure: string): string => {
  const [first, where = ""] = failure.split("\n");
  return first.startsWith("BrokenInvariant") ? first.split(":").slice(0, 2).join() : first.replace(/\d+/g, "N") + where;
};

export interface Failing {
  readonly program: Program;
  readonly choices: readonly number[];
  readonly result: RunResult;
}

/** Runs a compiled program under an order. */
export type Run = (program: ReturnType<typeof compile>, order: number | readonly number[]) => Promise<RunResult>;

/** A failure of this kind under one of the orders; undefined when there is none. */
const failsUnder = async (
  program: Program,
  kind: string,
  orders: readonly (number | readonly number[])[],
  run: Run,
): Promise<Failing | undefined> => {
  let compiled;
  try {
    compiled = compile(program);
  } catch (error) {
    if (error instanceof TooLarge) return undefined;
    throw error;
  }
  for (const order of orders) {
    const result = await run(compiled, order);
    if (result.failure !== undefined && kindOf(result.failure) === kind) {
      return { program, choices: result.choices, result };
    }
  }
  return undefined;
};

/** Every way to leave one thing out; large things first. */
function* smaller(steps: readonly Step[]): Generator<Step[]> {
  for (let size = steps.length >> 1; size >= 1; size >>= 1) {
    for (let at = 0; at + size <= steps.length; at += size) yield [...steps.slice(0, at), ...steps.slice(at + size)];
  }
  for (let i = 0; i < steps.length; i++) {
    const s = steps[i];
    const put = (...what: Step[]) => [...steps.slice(0, i), ...what, ...steps.slice(i + 1)];
    if ("clone" in s) {
      for (const child of smaller(s.child)) yield put({ ...s, child });
      for (let bit = 1; bit !== 0; bit <<= 1) {
        if ((s.clone & bit) !== 0) yield put({ ...s, clone: (s.clone & ~bit) >>> 0 });
      }
      if (s.three) yield put({ ...s, three: false, clearHandlers: false, chosen: undefined });
      if (s.exit !== 17) yield put({ ...s, exit: 17 });
    } else if ("exec" in s) {
      for (const exec of smaller(s.exec)) yield put({ exec });
    } else if ("call" in s) {
      for (let a = 0; a < s.args.length; a++) {
        if (s.args[a] !== 0 && s.call !== "rt_sigaction") yield put({ ...s, args: s.args.with(a, 0 as Arg) });
      }
    }
  }
}

function* smallerPrograms(p: Program): Generator<Program> {
  for (const steps of smaller(p.steps)) yield { ...p, steps };
  for (let i = 0; i < p.handlers.length; i++) {
    for (const h of smaller(p.handlers[i])) yield { ...p, handlers: p.handlers.with(i, h) };
  }
}

/** The smallest failing program and schedule found. Sites keep their numbers when others go. */
export const shrink = async (
  found: Failing,
  progress: (steps: number) => void = () => {},
  run: Run = runProgram,
): Promise<Failing> => {
  const kind = kindOf(found.result.failure!);
  let best = found, tries = 0;
  const orders = Array.from({ length: 12 }, (_, i) => i + 1);
  for (let better = true; better && tries < 6000;) {
    better = false;
    for (const candidate of smallerPrograms(best.program)) {
      if (++tries > 6000) break;
      const failing = await failsUnder(candidate, kind, [best.choices, ...orders], run);
      if (failing === undefined) continue;
      best = failing;
      better = true;
      progress(countSteps(best.program));
      break;
    }
  }
  return await shrinkChoices(best, kind, run);
};

/** Fewer choices, and zero where it does not matter. */
const shrinkChoices = async (found: Failing, kind: string, run: Run): Promise<Failing> => {
  let best = found;
  const attempt = async (choices: readonly number[]): Promise<boolean> => {
    const failing = await failsUnder(best.program, kind, [choices], run);
    if (failing === undefined) return false;
    best = { ...failing, choices };
    return true;
  };
  for (let n = best.choices.length >> 1; n >= 1; n >>= 1) {
    while (best.choices.length > n && await attempt(best.choices.slice(0, best.choices.length - n)));
  }
  for (let i = 0; i < best.choices.length; i++) {
    if (best.choices[i] !== 0) await attempt(best.choices.with(i, 0));
  }
  return best;
};
