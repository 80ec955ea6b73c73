/** The command line behind its first word: `run` on its own path, all else through the option library. */
import "../actors/world/async_hooks_hidden.ts"; // first of all: a bundler may move it behind effect in `actors/effect.ts`

/** Runs a command; the exit status. */
export const main = async (words: readonly string[]): Promise<number> => {
  if (words[0] === "run") return await (await import("./run.ts")).runCommand(words.slice(1));
  return await (await import("./full.ts")).full(words);
};
