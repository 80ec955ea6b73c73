/**
 * The curve over 1 to 10,000 live tasks in one machine: what a thread costs to make and to end, beside qemu-riscv64, and what one that waits takes of memory.
 * `deno run -A bench/tasks.ts`; part of `deno task bench`.
 */
import { boot } from "../boot.ts";
import { MemoryStdio } from "../mod.ts";
import { built, print, QEMU, ran, ratio, type Section, withDirectory } from "./beside.ts";

const COUNTS = [1, 10, 100, 1000, 10000];

const microsOf = (output: string, count: number): number => {
  const [made, ended] = output.trim().split("\n").at(-1)!.split(" ").map(Number);
  return (made + ended) / count / 1000;
};

/** Microseconds a task for making and ending, and KiB a waiting task. */
const here = async (guest: string, count: number): Promise<{ micros: number; kib: number }> => {
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
  return { micros: microsOf(output, count), kib: Math.max(0, alive - before) / count / 1024 };
};

export const taskCurve = async (directory: string): Promise<Section | undefined> => {
  const guest = built(directory, "programs/tasks.c", ["-lpthread"]);
  if (guest === undefined) return undefined;
  // The first machine of a process loads effect and warms the kernel up.
  await here(guest, 200);
  const rows: { name: string; figures: (number | undefined)[] }[] = [];
  for (const count of COUNTS) {
    const { micros, kib } = await here(guest, count);
    const other = ran(QEMU, [guest, String(count)])?.output;
    const qemu = other === undefined ? undefined : microsOf(other, count);
    // Less than a page a task is noise.
    rows.push({ name: String(count), figures: [micros, qemu, ratio(micros, qemu), count < 1000 ? undefined : kib] });
  }
  const title = "live tasks: made, waiting together, ended and joined; microseconds a task";
  return { title, columns: ["dolly", "qemu", "ratio", "KiB a task"], rows };
};

if (import.meta.main) {
  const section = await withDirectory(taskCurve);
  if (section !== undefined) print(section);
}
