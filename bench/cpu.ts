/**
 * CPU programs interpreted, translated, and under qemu-riscv64 on the same binaries. Those of `bench/kernels` are freestanding and make two system calls, write and exit, which
 * the loop below answers; the kernel has no part in them. The others are whole programs, run as a user would. Medians of runs taken by turns.
 *
 *     deno run -A bench/cpu.ts [NAME...]
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
import { debianSysroot, Unavailable } from "../tools/debian_sysroot.ts";
import { riscv64Esbuild } from "../tools/riscv64_esbuild.ts";
import {
  built,
  byTurns,
  DENO,
  geometricMean,
  MOD,
  print,
  QEMU,
  ran,
  ratio,
  type Section,
  withDirectory,
} from "./beside.ts";

const FLAGS = "-march=rv64gc -nostdlib -ffreestanding -fno-tree-loop-distribute-patterns".split(" ");
const STACK_TOP = 0x3f000000;
const STACK_SIZE = 1 << 20;
const SLICE = 4_000_000;
const REPEATS = 5;
const SYS_WRITE = 64;
const SYS_EXIT = 93;

/** The freestanding programs: what they are about, and how often the work is done where it is measured, for a second or more. */
const KERNELS: readonly (readonly [name: string, about: string, scale: number])[] = [
  ["bytecode", "indirect jumps", 5],
  ["chase", "memory latency", 4],
  ["crc32", "integer", 6],
  ["fib", "calls", 4],
  ["mandelbrot", "floating point", 100],
  ["matmul", "floating point, memory", 20],
  ["quicksort", "unpredictable branches", 3],
  ["sieve", "memory", 12],
];

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
function run(bytes: Uint8Array, translate: boolean): { seconds: number; output: string; instructions: number } {
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

/** What both print must be the same. */
function sameOutput(name: string, own: string, other: string | undefined): void {
  if (other !== undefined && own !== other) throw new Error(`${name}: ${own} against qemu's ${other}`);
}

type Row = Section["rows"][number];

function kernelRow(directory: string, name: string, about: string, scale: number): Row | undefined {
  const once = built(directory, `kernels/${name}.c`, FLAGS);
  if (once === undefined) return undefined;
  const interpreted = run(Deno.readFileSync(once), false);
  const binary = built(directory, `kernels/${name}.c`, [...FLAGS, `-DSCALE=${scale}`])!;
  const bytes = Deno.readFileSync(binary);
  let output = "";
  const [own, qemu] = byTurns(REPEATS, () => {
    const translated = run(bytes, true);
    output = translated.output;
    return translated.seconds;
  }, () => {
    const other = ran(QEMU, [binary]);
    sameOutput(name, output, other?.output);
    return other?.seconds;
  });
  const speeds = [
    interpreted.instructions / interpreted.seconds / 1e6,
    interpreted.instructions * scale / own! / 1e6,
  ];
  return { name: `${name} (${about})`, figures: [...speeds, own, qemu, ratio(own, qemu)] };
}

/** A program as a user would run it. */
interface Program {
  readonly name: string;
  readonly about: string;
  /** Undefined where it cannot be had. */
  find(
    directory: string,
  ): { readonly root?: string; readonly file: string; readonly args: readonly string[] } | undefined;
}

const PYTHON = `
def steps(n):
    total, seen = 0, {}
    for i in range(n):
        total = (total * 31 + i) % 1000003
        seen[total % 1000] = seen.get(total % 1000, 0) + 1
    return total, len(seen)
print(steps(4000000))
`;

/** 20,000 functions, 7 MB. */
function javascript(): string {
  const functions: string[] = [];
  for (let i = 0; i < 20_000; i++) {
    functions.push(
      `export function compute${i}(first, second = ${i}, ...others) {\n  const result = { first, second, name: "compute ${i}" };\n` +
        `  for (const [index, other] of others.entries()) {\n    if (other === undefined || index % ${
          i % 7 + 2
        } === 0) continue;\n` +
        `    result.second += typeof other === "number" ? other * ${i} : compute${
          (i * 7) % 6000
        }(other, index);\n  }\n` +
        `  return result.second > ${i * 3} ? { ...result, large: true } : result;\n}\n`,
    );
  }
  return functions.join("\n");
}

const PROGRAMS: readonly Program[] = [
  {
    name: "trees",
    about: "allocation",
    find(directory) {
      const file = built(directory, "programs/trees.c", []);
      return file === undefined ? undefined : { file, args: ["18"] };
    },
  },
  {
    name: "python3",
    about: "interpreter",
    find() {
      try {
        return { root: debianSysroot(["python3"]), file: "/usr/bin/python3", args: ["-c", PYTHON] };
      } catch (error) {
        if (error instanceof Unavailable) return undefined;
        throw error;
      }
    },
  },
  {
    name: "esbuild",
    about: "compiler",
    find(directory) {
      const file = riscv64Esbuild();
      if (file === undefined) return undefined;
      Deno.writeTextFileSync(`${directory}/input.js`, javascript());
      return { file, args: [`${directory}/input.js`, "--minify", `--outfile=${directory}/output.js`] };
    },
  },
];

function programRow(directory: string, { name, about, find }: Program): Row | undefined {
  const program = find(directory);
  if (program === undefined) return undefined;
  const { root, file, args } = program;
  const inside = root === undefined ? [] : ["--root", root];
  const beside = root === undefined ? [file] : ["-L", root, `${root}${file}`];
  let output = "";
  const [own, qemu] = byTurns(3, () => {
    const dolly = ran(DENO, ["run", "-A", MOD, "run", ...inside, "--", file, ...args])!;
    output = dolly.output;
    return dolly.seconds;
  }, () => {
    const other = ran(QEMU, [...beside, ...args]);
    sameOutput(name, output, other?.output);
    return other?.seconds;
  });
  return { name: `${name} (${about})`, figures: [undefined, undefined, own, qemu, ratio(own, qemu)] };
}

export function cpuPrograms(directory: string, names: readonly string[] = []): Section | undefined {
  const wanted = (name: string) => names.length === 0 || names.includes(name);
  const rows = [
    ...KERNELS.filter(([name]) => wanted(name)).map(([...kernel]) => kernelRow(directory, ...kernel)),
    ...PROGRAMS.filter(({ name }) => wanted(name)).map((program) => programRow(directory, program)),
  ].filter((row) => row !== undefined);
  if (rows.length === 0) return undefined;
  const ratios = rows.map(({ figures }) => figures[4]).filter((r) => r !== undefined);
  if (ratios.length > 0) {
    const figures = [undefined, undefined, undefined, undefined, geometricMean(ratios)];
    rows.push({ name: "geometric mean", figures });
  }
  const columns = ["interp. M/s", "transl. M/s", "dolly s", "qemu s", "ratio"];
  return { title: "CPU programs; millions of instructions a second, seconds", columns, rows };
}

if (import.meta.main) {
  const section = await withDirectory((directory) => cpuPrograms(directory, Deno.args));
  if (section !== undefined) print(section);
}
