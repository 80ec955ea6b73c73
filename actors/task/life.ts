/**
 * A task's life as an Effect fiber: parked between turns (`turn.ts`), everything it holds given back by its finalizer, however it ends.
 */
import { Effect } from "../effect.ts";
import { SIG } from "../../syscalls/abi/signals.ts";
import { exitTask } from "./exit.ts";
import type { Task } from "./task.ts";
import { alive } from "./states.ts";
import { turn } from "./turn.ts";

/** Parks the fiber until the machine hands it a turn. */
const park = (task: Task): Effect.Effect<void> =>
  Effect.callback<void>((resume) => {
    task.resume = () => resume(Effect.void);
  });

/** The fiber. Begins parked: the task is runnable once it is committed. A loop and a finalizer, not a generator in a scope: those took a third of a thread's making. */
export const life = (task: Task): Effect.Effect<void> => {
  const { counters } = task.machine;
  const parked = park(task);
  const turns = Effect.whileLoop({
    while: () => alive(task),
    body: () => parked,
    step: () => {
      if (alive(task)) turn(task);
    },
  });
  const begin = Effect.suspend(() => {
    counters.liveFibers++;
    if (task.state === "new") task.state = "runnable";
    if (task.state === "runnable") task.machine.makeRunnable(task);
    return turns;
  });
  return Effect.onExit(begin, () =>
    Effect.sync(() => {
      exitTask(task, SIG.KILL);
      counters.liveFibers--;
    }));
};
