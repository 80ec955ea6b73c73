/**
 * What all measurements share: guests built for riscv64, commands run beside each other by turns, medians, one table. What is not on this machine (gcc, qemu) is left out
 * of the table.
 */

const COMPILER = "riscv64-linux-gnu-gcc";
export const QEMU = "qemu-riscv64";
export const DENO = Deno.execPath();
export const MOD = new URL("../mod.ts", import.meta.url).pathname;

/** A command's output and how long it took, start to end. Undefined where there is no such command; throws when it fails. */
export const ran = (command: string, args: readonly string[]): { output: string; seconds: number } | undefined => {
  const start = performance.now();
  try {
    const { success, stdout, stderr } = new Deno.Command(command, { args: [...args] }).outputSync();
    const seconds = (performance.now() - start) / 1000;
    if (!success) throw new Error(`${command} ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
    return { output: new TextDecoder().decode(stdout), seconds };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
};

/** The guest built from a source of `bench/`; undefined without a compiler. */
export const built = (directory: string, source: string, flags: readonly string[]): string | undefined => {
  const binary = `${directory}/${source.replace(/^.*\/|\.c$/g, "")}`;
  const path = new URL(source, import.meta.url).pathname;
  return ran(COMPILER, ["-O2", "-static", "-w", "-o", binary, path, ...flags]) && binary;
};

export const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1];

/** The median of each measurement, taken by turns; undefined where one has nothing to say. */
export const byTurns = (repeats: number, ...measures: (() => number | undefined)[]): (number | undefined)[] => {
  const values: number[][] = measures.map(() => []);
  for (let i = 0; i < repeats; i++) {
    measures.forEach((measure, k) => {
      const value = measure();
      if (value !== undefined) values[k].push(value);
    });
  }
  return values.map((v) => v.length === 0 ? undefined : median(v));
};

/** Ours over another's. */
export const ratio = (own: number | undefined, other: number | undefined): number | undefined =>
  own === undefined || other === undefined ? undefined : own / other;

export const geometricMean = (ratios: readonly number[]): number =>
  Math.exp(ratios.reduce((sum, r) => sum + Math.log(r), 0) / ratios.length);

/** A part of the table: a title, the columns' names, rows of a name and figures. */
export interface Section {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly { readonly name: string; readonly figures: readonly (number | undefined)[] }[];
}

const figure = (value: number | undefined): string =>
  value === undefined ? "-" : value >= 1000 ? value.toFixed(0) : value >= 100 ? value.toFixed(1) : value.toFixed(2);

export const print = ({ title, columns, rows }: Section): void => {
  console.log(`\n${title}`);
  console.log(`${"".padEnd(34)}${columns.map((c) => c.padStart(13)).join("")}`);
  for (const { name, figures } of rows) {
    console.log(`${name.padEnd(34)}${figures.map((v) => figure(v).padStart(13)).join("")}`);
  }
};

/** Runs a measurement with a folder of its own. */
export const withDirectory = async <T>(measure: (directory: string) => T | Promise<T>): Promise<T> => {
  const directory = Deno.makeTempDirSync();
  try {
    return await measure(directory);
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
};
