/** The shipped scenarios hold, and bad files are answered with a line number. */
import assert from "node:assert/strict";
import { runScenario } from "../../scenario/run.ts";

const SHIPPED = new URL("../scenarios/", import.meta.url);
for (const { name } of [...Deno.readDirSync(SHIPPED)].sort((a, b) => a.name < b.name ? -1 : 1)) {
  Deno.test(`scenario ${name} holds`, async () => {
    const { title, failure } = await runScenario(Deno.readTextFileSync(new URL(name, SHIPPED)));
    assert.equal(failure, undefined, `line ${failure?.line}: ${failure?.message}`);
    assert.notEqual(title, "");
  });
}

/** Text, line and message of its failure. */
const BAD: readonly (readonly [text: string, line: number, message: RegExp])[] = [
  ["", 1, /no steps/],
  ["title x\nnonsense", 2, /neither/],
  ["a: getpid ->", 1, /nothing is expected/],
  ["a:", 1, /does nothing/],
  ['a: write 1 "x', 1, /string without end/],
  ["a: getpid\nb: getpid", 2, /no task b/],
  ["a: frobnicate", 1, /no system call/],
  ["a: kill a SIGNONE", 1, /SIGNONE is no task/],
  ["a: wait4", 1, /whom is missing/],
  ["a: getpid 1 2", 1, /takes 0 arguments/],
  ["a: sleep soon", 1, /no time/],
  ["a is asleep\na: getpid", 1, /none of running/],
  ["a: getpid -> 7", 1, /expected 7, got 1000/],
  ["a: fork -> b\na: wait4 b", 2, /does not return/],
  ["a: fork -> b\n\na: wait4 b -> waits\nb: exit 3\na: -> b, exited 4", 5, /expected exited 4, got .*exited 3/],
  ["a: fork -> b\na: wait4 b -> waits\nb: exit 3", 2, /which no line tells/],
  ["a: handle SIGUSR1\na: kill a SIGUSR1", 2, /handled SIGUSR1, which no line tells/],
  ["a: getpid\na is zombie", 2, /task a is running/],
  ["a: exit 0\na: getpid", 2, /has ended/],
  ["a: getpid\ndeadlock", 1, /no deadlock: task a can run/],
  ["a: getpid\ndeadlock\na: getpid", 3, /nothing can follow/],
  ['a: write 1 "x"\noutput "y"', 2, /the output is "x"/],
  ["a: set x 1\na: get x -> 2", 2, /x is 1, expected 2/],
];
for (const [text, line, message] of BAD) {
  Deno.test(`a scenario fails at its line: ${JSON.stringify(text)}`, async () => {
    const { failure } = await runScenario(text);
    assert.match(failure?.message ?? "it holds", message);
    assert.equal(failure?.line, line);
  });
}
