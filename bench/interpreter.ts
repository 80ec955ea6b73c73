/**
 * Throughput of the interpreter on the kernels of `bench/guests`, beside qemu-riscv64 on the same binaries. The
 * guests are freestanding and make two system calls, write and exit, which the loop below answers; the kernel has no
 * part in it.
 *
 *     deno run -A bench/interpreter.ts [KERNEL...]
 */

import {
  type AddressSpace,
  type Backing,
  CodeMemory,
  type Cpu,
  createAddressSpace,
  ElfError,
  loadElf,
  parseElf,
  Trap,
} from "../cpu/mod.ts";

const GUESTS = new URL("./guests/", import.meta.url);
const COMPILER = "riscv64-linux-gnu-gcc";
const FLAGS = "-O2 -march=rv64gc -static -nostdlib -ffreestanding -fno-tree-loop-distribute-patterns".split(" ");
const STACK_TOP = 0x3f000000;
const STACK_SIZE = 1 << 20;
const SLICE = 1_000_000;
const REPEATS = 3;
const SYS_WRITE = 64;
const SYS_EXIT = 93;

interface Measured {
  readonly seconds: number;
  readonly output: string;
}

function compile(name: string, directory: string): string {
  const binary = `${directory}/${name}`;
  const { success, stderr } = new Deno.Command(COMPILER, {
    args: [...FLAGS, "-o", binary, new URL(`${name}.c`, GUESTS).pathname],
  }).outputSync();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return binary;
}

function backingOf(bytes: Uint8Array): Backing {
  return {
    inode: { dev: 0, ino: 1 },
    path: "",
    size: () => bytes.length,
    fill(at, into) {
      into.fill(0);
      into.set(bytes.subarray(at, at + into.length));
    },
    retain() {},
    release() {},
  };
}

function load(bytes: Uint8Array): { space: AddressSpace; cpu: Cpu } {
  const space = createAddressSpace(new CodeMemory());
  const image = parseElf((at, length) => bytes.subarray(at, at + length), bytes.length);
  if (image instanceof ElfError) throw new Error("not an ELF image");
  const loaded = loadElf(space, image, backingOf(bytes), 0);
  if (typeof loaded === "number") throw new Error(`loading failed: ${loaded}`);
  const common = { shared: false, fixed: true, noReplace: false, offset: 0 };
  space.mmap({ ...common, addr: STACK_TOP - STACK_SIZE, length: STACK_SIZE, prot: 3 });
  const cpu = space.newCpu();
  cpu.pc = loaded.entry;
  cpu.setNumber(2, STACK_TOP - 64);
  return { space, cpu };
}

/** Runs to the exit call. */
function interpret(bytes: Uint8Array): Measured & { instructions: number } {
  const { space, cpu } = load(bytes);
  let output = "";
  const start = performance.now();
  for (;;) {
    const trap = cpu.run(SLICE);
    if (trap === Trap.BudgetSpent) continue;
    if (trap !== Trap.Syscall) throw new Error(`trap ${trap} at ${cpu.pc.toString(16)}`);
    if (cpu.lo(17) === SYS_EXIT) break;
    if (cpu.lo(17) === SYS_WRITE) output += new TextDecoder().decode(space.read(cpu.lo(11), cpu.lo(12)));
    cpu.pc += 4;
  }
  return { seconds: (performance.now() - start) / 1000, output, instructions: cpu.retired };
}

function qemu(binary: string): Measured | undefined {
  try {
    const start = performance.now();
    const { stdout } = new Deno.Command("qemu-riscv64", { args: [binary] }).outputSync();
    return { seconds: (performance.now() - start) / 1000, output: new TextDecoder().decode(stdout) };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function best<T extends Measured>(measure: () => T): T {
  const runs = Array.from({ length: REPEATS }, measure);
  return runs.reduce((a, b) => b.seconds < a.seconds ? b : a);
}

function row(cells: readonly string[]): string {
  return cells.map((c, i) => i === 0 ? c.padEnd(12) : c.padStart(12)).join("");
}

function main(names: readonly string[]): void {
  const directory = Deno.makeTempDirSync();
  console.log(row(["kernel", "M instr", "seconds", "M instr/s", "qemu s", "ratio"]));
  let logarithms = 0, compared = 0;
  for (const name of names) {
    const binary = compile(name, directory);
    const bytes = Deno.readFileSync(binary);
    const own = best(() => interpret(bytes));
    const other = qemu(binary) && best(() => qemu(binary)!);
    if (other && other.output !== own.output) throw new Error(`${name}: ${own.output} against qemu's ${other.output}`);
    const ratio = other ? own.seconds / other.seconds : NaN;
    if (other) logarithms += Math.log(ratio), compared++;
    const speed = own.instructions / own.seconds / 1e6;
    const figures = [own.instructions / 1e6, own.seconds, speed, other?.seconds ?? NaN, ratio];
    console.log(row([name, ...figures.map((n, i) => i === 0 || i === 2 ? n.toFixed(0) : n.toFixed(2))]));
  }
  if (compared > 0) console.log(row(["geo. mean", "", "", "", "", Math.exp(logarithms / compared).toFixed(2)]));
  Deno.removeSync(directory, { recursive: true });
}

if (import.meta.main) {
  const all = [...Deno.readDirSync(GUESTS)].map((e) => e.name).filter((n) => n.endsWith(".c")).map((n) =>
    n.slice(0, -2)
  );
  main(Deno.args.length > 0 ? Deno.args : all.sort());
}
