/** Start-up: hello world as a whole process beside a `deno run` of nothing, in time and in peak memory. `deno run -A bench/startup.ts`; part of `deno task bench`. */
import { byTurns, DENO, MOD, print, QEMU, ran, ratio, type Section, withDirectory } from "./beside.ts";

const REPEATS = 15;
const HELLO = new URL("../tests/guests/bin/hello", import.meta.url).pathname;

/** Largest resident set in MiB, looked at until the process is gone. */
const peakMemory = async (command: string, args: readonly string[]): Promise<number | undefined> => {
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command(command, { args: [...args], stdin: "null", stdout: "null", stderr: "null" }).spawn();
  } catch {
    return undefined;
  }
  let peak = 0, over = false;
  const end = child.status.then(() => over = true);
  while (!over) {
    try {
      const status = Deno.readTextFileSync(`/proc/${child.pid}/status`);
      peak = Math.max(peak, Number(/VmHWM:\s*(\d+)/.exec(status)?.[1] ?? 0) / 1024);
    } catch { /* gone */ }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await end;
  return peak;
};

export const startUp = async (directory: string): Promise<Section> => {
  const empty = `${directory}/empty.ts`;
  Deno.writeTextFileSync(empty, "");
  const commands: (readonly [name: string, command: string, args: readonly string[]])[] = [
    ["empty deno run script", DENO, ["run", "-A", empty]],
    ["dolly run hello (static glibc)", DENO, ["run", "-A", MOD, "run", HELLO]],
    ["qemu-riscv64 hello", QEMU, [HELLO]],
  ];
  for (const [, command, args] of commands) ran(command, args);
  const times = byTurns(
    REPEATS,
    ...commands.map(([, command, args]) => () => {
      const seconds = ran(command, args)?.seconds;
      return seconds === undefined ? undefined : seconds * 1000;
    }),
  );
  const rows = [];
  let memory: number | undefined;
  for (const [i, [name, command, args]] of commands.entries()) {
    const peak = times[i] === undefined ? undefined : await peakMemory(command, args);
    memory ??= peak;
    rows.push({ name, figures: [times[i], ratio(times[i], times[0]), peak, ratio(peak, memory)] });
  }
  return { title: "start-up, whole process", columns: ["ms", "x empty", "peak MiB", "x empty"], rows };
};

if (import.meta.main) print(await withDirectory(startUp));
