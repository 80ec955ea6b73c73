/**
 * The kernels of `bench/guests` interpreted, translated, and under qemu-riscv64 on the same binaries. The guests are
 * freestanding and make two system calls, write and exit, which the loop below answers; the kernel has no part in it.
 * Translated and qemu run the work SCALE times (a second or more), by turns, best of three; the interpreter once.
 *
 *     deno run -A bench/kernels.ts [KERNEL...]
 */

import { AUTO, Translator } from "../cpu/jit/mod.ts";
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
/** How often a kernel's work is done where it is measured translated. */
const SCALES: Record<string, number> = {
  bytecode: 5,
  chase: 4,
  crc32: 6,
  fib: 4,
  mandelbrot: 100,
  matmul: 20,
  quicksort: 3,
  sieve: 12,
};
const SYS_WRITE = 64;
const SYS_EXIT = 93;

interface Measured {
  readonly seconds: number;
  readonly output: string;
}

function compile(name: string, directory: string, scale: number): string {
  const binary = `${directory}/${name}.${scale}`;
  const { success, stderr } = new Deno.Command(COMPILER, {
    args: [...FLAGS, `-DSCALE=${scale}`, "-o", binary, new URL(`${name}.c`, GUESTS).pathname],
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

function load(bytes: Uint8Array, translate: boolean): { space: AddressSpace; cpu: Cpu } {
  const code = new CodeMemory();
  if (translate) {
    const translator = new Translator(AUTO);
    code.translate = (host) => translator.attach(host);
  }
  const space = createAddressSpace(code);
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
function run(bytes: Uint8Array, translate: boolean): Measured & { instructions: number } {
  const { space, cpu } = load(bytes, translate);
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

function row(cells: readonly string[]): string {
  return cells.map((c, i) => i === 0 ? c.padEnd(12) : c.padStart(12)).join("");
}

/** Best times of both, taken by turns. */
function compare(name: string, binary: string): { own: number; other: number } {
  const bytes = Deno.readFileSync(binary);
  let own = Infinity, other = Infinity;
  for (let i = 0; i < REPEATS; i++) {
    const a = run(bytes, true), b = qemu(binary);
    if (b && b.output !== a.output) throw new Error(`${name}: ${a.output} against qemu's ${b.output}`);
    own = Math.min(own, a.seconds);
    other = Math.min(other, b?.seconds ?? NaN);
  }
  return { own, other };
}

/** What a throwaway interpreter reached on a CRC loop before this one was written. */
const SKETCH = 300;

function main(names: readonly string[]): void {
  const directory = Deno.makeTempDirSync();
  console.log(row(["kernel", "interpreted", "", "translated", "", "qemu", ""]));
  console.log(row(["", "M instr/s", "ratio", "M instr/s", "seconds", "seconds", "ratio"]));
  let logarithms = 0, compared = 0, sketched = 0;
  for (const name of names) {
    const interpreted = run(Deno.readFileSync(compile(name, directory, 1)), false);
    const scale = SCALES[name] ?? 1;
    const { own, other } = compare(name, compile(name, directory, scale));
    const ratio = own / other;
    if (ratio > 0) logarithms += Math.log(ratio), compared++;
    const speed = interpreted.instructions / interpreted.seconds / 1e6;
    const translated = interpreted.instructions * scale / own / 1e6;
    if (name === "crc32") sketched = speed / SKETCH;
    const slow = interpreted.seconds * scale / other;
    const figures = [
      speed.toFixed(0),
      slow.toFixed(2),
      translated.toFixed(0),
      own.toFixed(2),
      other.toFixed(2),
      ratio.toFixed(2),
    ];
    console.log(row([name, ...figures]));
  }
  if (compared > 0) console.log(row(["geo. mean", "", "", "", "", "", Math.exp(logarithms / compared).toFixed(2)]));
  if (sketched > 0) {
    console.log(`crc32 interpreted, over the first sketch's ${SKETCH} M instr/s: ${sketched.toFixed(2)}`);
  }
  Deno.removeSync(directory, { recursive: true });
}

if (import.meta.main) {
  const all = [...Deno.readDirSync(GUESTS)].map((e) => e.name).filter((n) => n.endsWith(".c")).map((n) =>
    n.slice(0, -2)
  );
  main(Deno.args.length > 0 ? Deno.args : all.sort());
}
