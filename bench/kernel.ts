/** What kernel operations cost, beside qemu-riscv64 on the same binary. `deno run -A bench/kernel.ts`; part of `deno task bench`. */
import { built, byTurns, DENO, MOD, print, QEMU, ran, ratio, type Section, withDirectory } from "./beside.ts";

const REPEATS = 5;

const OPERATIONS: readonly (readonly [name: string, count: number, what: string])[] = [
  ["getpid", 1_000_000, "getpid"],
  ["thread", 10_000, "thread create and join"],
  ["fork", 500, "fork and wait"],
  ["vfork", 2_000, "vfork and wait"],
  ["pipe", 20_000, "pipe ping-pong of two threads"],
  ["futex", 20_000, "futex ping-pong"],
  ["mmap", 30_000, "mmap 64 KiB, two touches, munmap"],
  ["raise", 100_000, "raise with a handler"],
];

export const kernelOperations = (directory: string): Section | undefined => {
  const guest = built(directory, "programs/operations.c", ["-lpthread"]);
  if (guest === undefined) return undefined;
  const rows = OPERATIONS.map(([name, count, what]) => {
    const micros = (command: string, args: readonly string[]) => () => {
      const output = ran(command, [...args, guest, name, String(count)])?.output;
      return output === undefined ? undefined : Number(output) / 1000;
    };
    const [own, qemu] = byTurns(REPEATS, micros(DENO, ["run", "-A", MOD, "run"]), micros(QEMU, []));
    return { name: what, figures: [own, qemu, ratio(own, qemu)] };
  });
  return { title: "kernel operations, microseconds each", columns: ["dolly", "qemu", "ratio"], rows };
};

if (import.meta.main) {
  const section = await withDirectory(kernelOperations);
  if (section !== undefined) print(section);
}
