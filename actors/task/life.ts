/**
 * A task's life as an Effect fiber: parked between turns (`turn.ts`), everything it holds given back when the fiber's scope closes, however it ends.
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

/** The fiber. Begins parked: the task is runnable once it is committed. */
export const life = (task: Task): Effect.Effect<void> =>
  Effect.scoped(
    Effect.gen(function* () {
      yield* Effect.acquireRelease(
        Effect.sync(() => void task.machine.counters.liveFibers++),
        () =>
          Effect.sync(() => {
            exitTask(task, SIG.KILL);
            task.machine.counters.liveFibers--;
          }),
      );
      const parked = park(task);
      if (task.state === "new") task.state = "runnable";
      if (task.state === "runnable") task.machine.makeRunnable(task);
      while (alive(task)) {
        yield* parked;
        if (alive(task)) turn(task);
      }
    }),
  );
