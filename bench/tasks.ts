/**
 * The curve over 1 to 10,000 live tasks in one machine: what a thread costs to make and to end, beside qemu-riscv64, and what one that waits takes of memory.
 * `deno run -A bench/tasks.ts`; part of `deno task bench`.
 */
import { boot } from "../boot.ts";
import { MemoryStdio } from "../mod.ts";

const COUNTS = [1, 10, 100, 1000, 10000];
const SOURCE = new URL("tasks/tasks.c", import.meta.url).pathname;

/** Microseconds a task for making and ending, and bytes a waiting task. */
interface Cost {
  readonly micros: number;
  readonly bytes?: number;
}

const compiled = (directory: string): string | undefined => {
  const binary = `${directory}/tasks`;
  try {
    const { success } = new Deno.Command("riscv64-linux-gnu-gcc", {
      args: ["-O2", "-static", "-o", binary, SOURCE, "-lpthread"],
    }).outputSync();
    return success ? binary : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
};

const microsOf = (output: string, count: number): number => {
  const [made, ended] = output.trim().split("\n").at(-1)!.split(" ").map(Number);
  return (made + ended) / count / 1000;
};

const here = async (guest: string, count: number): Promise<Cost> => {
  let output = "", alive = 0;
  const stdio = new MemoryStdio({
    stdout: (bytes) => {
      output += new TextDecoder().decode(bytes);
      if (alive === 0) alive = Deno.memoryUsage().rss;
    },
  });
  const before = Deno.memoryUsage().rss;
  const { status, message } = await boot({ guest, args: [String(count)], env: [], stdio });
  if (status !== 0) throw new Error(`tasks ${count}: status ${status} ${message ?? ""}`);
  return { micros: microsOf(output, count), bytes: Math.max(0, alive - before) / count };
};

const qemu = (guest: string, count: number): Cost | undefined => {
  try {
    const { success, stdout } = new Deno.Command("qemu-riscv64", { args: [guest, String(count)] }).outputSync();
    return success ? { micros: microsOf(new TextDecoder().decode(stdout), count) } : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
};

const row = (cells: readonly string[]): string => cells.map((c) => c.padStart(14)).join("");

const main = async (): Promise<void> => {
  const directory = Deno.makeTempDirSync();
  const guest = compiled(directory);
  if (guest === undefined) return console.log("\ntasks: no riscv64-linux-gnu-gcc here");
  // The first machine of a process loads effect and warms the kernel up.
  await here(guest, 200);
  console.log("\nlive threads: made, waiting together, ended and joined");
  console.log(row(["tasks", "us a task", "of 100's", "qemu us", "ratio", "KiB a task"]));
  const rows: { count: number; own: Cost; other: Cost | undefined }[] = [];
  for (const count of COUNTS) rows.push({ count, own: await here(guest, count), other: qemu(guest, count) });
  const base = rows.find((r) => r.count === 100)!.own.micros;
  for (const { count, own, other } of rows) {
    console.log(row([
      String(count),
      own.micros.toFixed(1),
      (own.micros / base).toFixed(2),
      other === undefined ? "-" : other.micros.toFixed(1),
      other === undefined ? "-" : (own.micros / other.micros).toFixed(2),
      // Less than a page a task is noise.
      count < 1000 ? "-" : (own.bytes! / 1024).toFixed(1),
    ]));
  }
  Deno.removeSync(directory, { recursive: true });
};

if (import.meta.main) await main();
