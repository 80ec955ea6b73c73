/** What kernel operations cost, beside qemu-riscv64 on the same binary: the best of three runs each, taken by turns. `deno run -A bench/operations.ts`; part of `deno task bench`. */
const SOURCE = new URL("operations/operations.c", import.meta.url).pathname;
const MOD = new URL("../mod.ts", import.meta.url).pathname;
const REPEATS = 3;

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

/** Nanoseconds of one operation; undefined where the command is not there. */
const measure = (command: string, args: readonly string[]): number | undefined => {
  try {
    const { success, stdout, stderr } = new Deno.Command(command, { args: [...args] }).outputSync();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
    return Number(new TextDecoder().decode(stdout));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
};

const least = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || b === undefined ? a ?? b : Math.min(a, b);
const micros = (ns: number | undefined): string => ns === undefined ? "-" : (ns / 1000).toFixed(2);

const main = (): void => {
  const directory = Deno.makeTempDirSync();
  const guest = `${directory}/operations`;
  const built = measure("riscv64-linux-gnu-gcc", ["-O2", "-static", "-w", "-o", guest, SOURCE, "-lpthread"]);
  if (built === undefined) return console.log("\nkernel operations: no riscv64-linux-gnu-gcc here");
  console.log("\nkernel operations, microseconds each");
  console.log(`${"".padEnd(36)}${"dolly".padStart(10)}${"qemu".padStart(10)}${"ratio".padStart(8)}`);
  for (const [name, count, what] of OPERATIONS) {
    let own: number | undefined, other: number | undefined;
    for (let i = 0; i < REPEATS; i++) {
      own = least(own, measure(Deno.execPath(), ["run", "-A", MOD, "run", guest, name, String(count)]));
      other = least(other, measure("qemu-riscv64", [guest, name, String(count)]));
    }
    const ratio = own === undefined || other === undefined ? "-" : (own / other).toFixed(2);
    console.log(`${what.padEnd(36)}${micros(own).padStart(10)}${micros(other).padStart(10)}${ratio.padStart(8)}`);
  }
  Deno.removeSync(directory, { recursive: true });
};

if (import.meta.main) main();
