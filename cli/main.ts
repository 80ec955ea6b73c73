/** The command line behind its first word: `run` on its own path, all else through the option library. */

/** Runs a command; the exit status. */
export const main = async (words: readonly string[]): Promise<number> => {
  if (words[0] === "run") return await (await import("./run.ts")).runCommand(words.slice(1));
  await import("../actors/world/async_hooks_hidden.ts"); // before the option library brings effect
  return await (await import("./full.ts")).full(words);
};
