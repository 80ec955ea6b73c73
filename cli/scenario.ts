/** `scenario FILE…`: runs scripted scenarios, one line each. */
import { runScenario } from "../scenario/run.ts";

/** 0 when all hold, 1 when one does not, 2 when one cannot be read. */
export const scenarioCommand = async (files: readonly string[]): Promise<number> => {
  let status = 0;
  for (const file of files) {
    let text: string;
    try {
      text = Deno.readTextFileSync(file);
    } catch (error) {
      console.error(`dolly scenario: ${file}: ${(error as Error).message}`);
      return 2;
    }
    const { title, failure } = await runScenario(text).catch((error: Error) => ({
      title: "",
      failure: { line: 0, message: error.stack ?? error.message },
    }));
    if (failure === undefined) console.log(`ok ${file}: ${title}`);
    else {
      console.log(`FAILED ${file}:${failure.line}: ${failure.message}`);
      status = 1;
    }
  }
  return status;
};
