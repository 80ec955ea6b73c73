/** A campaign: programs of consecutive seeds, each under an order of its own, until the number is reached or something fails. */
import { compile, TooLarge } from "./compile.ts";
import { generate, type Limits } from "./generate.ts";
import { runProgram, type RunResult } from "./machine.ts";
import { countSteps, type Program } from "./program.ts";

export interface Totals {
  programs: number;
  steps: number;
  reached: number;
  stuck: number;
  endless: number;
}
export interface Finding {
  readonly seed: number;
  readonly program: Program;
  readonly result: RunResult;
}

/** Seed of run `n` of a campaign. */
export const seedOf = (campaign: number, n: number): number => (Math.imul(campaign, 0x9e3779b1) + n) >>> 0;

/** Runs programs `from` … `to`; the first failure, or undefined. */
export const runCampaign = async (
  campaign: number,
  from: number,
  to: number,
  totals: Totals,
  limits: Limits,
): Promise<Finding | undefined> => {
  for (let n = from; n < to; n++) {
    const seed = seedOf(campaign, n);
    const program = generate(seed, limits);
    let compiled;
    try {
      compiled = compile(program);
    } catch (error) {
      if (error instanceof TooLarge) continue;
      throw error;
    }
    const result = await runProgram(compiled, seed);
    totals.programs++;
    totals.steps += countSteps(program);
    totals.reached += result.results.reduce((sum: number, r) => sum + (r === undefined ? 0 : 1), 0);
    if (result.stuck !== undefined) totals.stuck++;
    if (result.endless) totals.endless++;
    if (result.failure !== undefined) return { seed, program, result };
  }
  return undefined;
};
