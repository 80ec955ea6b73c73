/**
 * `deno task bench`: everything beside qemu-riscv64 in one run — CPU programs, kernel operations, start-up and memory, the curve over live tasks. Prints one table, the
 * machine first, and writes the same as JSON to `bench/results.json` (or the file named).
 */
import { cpuPrograms } from "./cpu.ts";
import { print, QEMU, ran, type Section, withDirectory } from "./beside.ts";
import { kernelOperations } from "./kernel.ts";
import { startUp } from "./startup.ts";
import { taskCurve } from "./tasks.ts";

const machine = (): string => {
  const model = /model name\s*:\s*(.*)/.exec(Deno.readTextFileSync("/proc/cpuinfo"))?.[1] ?? "CPU unknown";
  const load = Deno.loadavg()[0].toFixed(1);
  const qemu = ran(QEMU, ["--version"])?.output.split("\n")[0] ?? "no qemu";
  const { deno, v8 } = Deno.version;
  return `${navigator.hardwareConcurrency} CPUs (${model}), load ${load}, Deno ${deno}, V8 ${v8}, ${qemu}`;
};

const file = Deno.args[0] ?? new URL("results.json", import.meta.url).pathname;
const line = machine();
console.log(line);
const sections: Section[] = [];
for (const measure of [cpuPrograms, kernelOperations, startUp, taskCurve]) {
  const section = await withDirectory<Section | undefined>((directory) => measure(directory));
  if (section === undefined) continue;
  print(section);
  sections.push(section);
}
Deno.writeTextFileSync(
  file,
  JSON.stringify({ machine: line, date: new Date().toISOString(), sections }, null, 2) + "\n",
);
