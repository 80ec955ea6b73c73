/** The files of /proc about the machine: cpuinfo, meminfo, stat, uptime, version and the like (proc(5)), in Linux's formats. */
import { KERNEL_RELEASE, KERNEL_VERSION } from "../../syscalls/abi/system.ts";
import { clockOffset } from "../clocks.ts";
import type { Machine } from "../machine.ts";
import { kB, ticks } from "./numbers.ts";
import { census } from "./process_state.ts";
import { type Entry, text } from "./tree.ts";

/** Memory the machine reports: its limit, or 2 GiB, in bytes (the same as sysinfo's). */
export const totalMemory = (machine: Machine): number =>
  Number.isFinite(machine.maxMemory) ? machine.maxMemory : 2 ** 31;

const usedMemory = (machine: Machine): number => {
  const seen = new Set<object>();
  let pages = 0;
  for (const { holdings, vm } of machine.tasks.values()) {
    if (!holdings.vm || seen.has(vm)) continue;
    seen.add(vm);
    pages += vm.space.residentPages;
  }
  return pages * 4096;
};

/** As the interpreter has it: RV64GC with Zicond, Zba, Zbb, Zbs. */
const ISA = "rv64imafdc_zicntr_zicond_zicsr_zifencei_zba_zbb_zbs";
const cpuinfo = (): string =>
  `processor\t: 0\nhart\t\t: 0\nisa\t\t: ${ISA}\nmmu\t\t: sv39\nuarch\t\t: dolly\nmvendorid\t: 0x0\nmarchid\t\t: 0x0\nmimpid\t\t: 0x0\nhart isa\t: ${ISA}\n\n`;

const meminfo = (machine: Machine): string => {
  const total = totalMemory(machine), used = usedMemory(machine);
  const free = Math.max(0, total - used);
  const rows: readonly (readonly [string, number])[] = [
    ["MemTotal", total],
    ["MemFree", free],
    ["MemAvailable", free],
    ["Buffers", 0],
    ["Cached", 0],
    ["SwapCached", 0],
    ["Active", used],
    ["Inactive", 0],
    ["Active(anon)", used],
    ["Inactive(anon)", 0],
    ["Active(file)", 0],
    ["Inactive(file)", 0],
    ["Unevictable", 0],
    ["Mlocked", 0],
    ["SwapTotal", 0],
    ["SwapFree", 0],
    ["Zswap", 0],
    ["Zswapped", 0],
    ["Dirty", 0],
    ["Writeback", 0],
    ["AnonPages", used],
    ["Mapped", 0],
    ["Shmem", 0],
    ["KReclaimable", 0],
    ["Slab", 0],
    ["SReclaimable", 0],
    ["SUnreclaim", 0],
    ["KernelStack", 0],
    ["PageTables", 0],
    ["SecPageTables", 0],
    ["NFS_Unstable", 0],
    ["Bounce", 0],
    ["WritebackTmp", 0],
    ["CommitLimit", total / 2],
    ["Committed_AS", used],
    ["VmallocTotal", 2 ** 36],
    ["VmallocUsed", 0],
    ["VmallocChunk", 0],
    ["Percpu", 0],
    ["AnonHugePages", 0],
    ["ShmemHugePages", 0],
    ["ShmemPmdMapped", 0],
    ["FileHugePages", 0],
    ["FilePmdMapped", 0],
  ];
  return rows.map(([name, bytes]) => `${(name + ":").padEnd(16)}${kB(bytes)}\n`).join("") +
    "HugePages_Total:       0\nHugePages_Free:        0\nHugePages_Rsvd:        0\nHugePages_Surp:        0\nHugepagesize:       2048 kB\nHugetlb:               0 kB\n";
};

/** Guest CPU time of all tasks, living and gone, ns. */
const busyTime = (machine: Machine): number => {
  let ns = machine.counters.instructions;
  for (const t of machine.tasks.values()) if (t.holdings.cpu) ns += t.cpu.retired;
  return ns;
};
const upFor = (machine: Machine): number => machine.clock.monotonic();

const statText = (machine: Machine): string => {
  const busy = ticks(busyTime(machine)), idle = Math.max(0, ticks(upFor(machine)) - busy);
  const { running, blocked } = census(machine);
  const boot = (machine.clock.realtime() - BigInt(machine.clock.monotonic())) / 1000000000n;
  return `cpu  ${busy} 0 0 ${idle} 0 0 0 0 0 0\ncpu0 ${busy} 0 0 ${idle} 0 0 0 0 0 0\nintr 0\nctxt ${machine.counters.contextSwitches}\nbtime ${boot}\n` +
    `processes ${machine.counters.tasksCreated}\nprocs_running ${
      Math.max(1, running)
    }\nprocs_blocked ${blocked}\nsoftirq 0 0 0 0 0 0 0 0 0 0 0\n`;
};

const hundredths = (ns: number): string => {
  const all = Math.floor(ns / 1e7);
  return `${Math.floor(all / 100)}.${String(all % 100).padStart(2, "0")}`;
};
/** @param offset of the reader's clock, ns */
const uptime = (machine: Machine, offset: number): string =>
  `${hundredths(upFor(machine) + offset)} ${hundredths(Math.max(0, upFor(machine) - busyTime(machine)))}\n`;

const loadavg = (machine: Machine): string => {
  const { running, total } = census(machine);
  const load = Math.max(0, running - 1).toFixed(2);
  const last = Math.max(0, ...machine.tasks.keys());
  return `${load} ${load} ${load} ${Math.max(1, running)}/${total} ${last}\n`;
};

const FILE_SYSTEMS = [
  "sysfs",
  "tmpfs",
  "bdev",
  "proc",
  "cgroup2",
  "devtmpfs",
  "sockfs",
  "pipefs",
  "ramfs",
  "devpts",
  "mqueue",
];
const filesystems = FILE_SYSTEMS.map((name) => `nodev\t${name}\n`).join("") + "\text4\n";

const devices =
  "Character devices:\n  1 mem\n  4 tty\n  5 /dev/tty\n  5 /dev/console\n  5 /dev/ptmx\n 10 misc\n128 ptm\n136 pts\n\nBlock devices:\n";

const vmstat = (machine: Machine): string => {
  const pages = Math.ceil(usedMemory(machine) / 4096);
  const free = Math.ceil(totalMemory(machine) / 4096) - pages;
  return `nr_free_pages ${free}\nnr_anon_pages ${pages}\nnr_mapped 0\nnr_file_pages 0\nnr_dirty 0\nnr_writeback 0\npgpgin 0\npgpgout 0\npswpin 0\npswpout 0\n` +
    `pgfault 0\npgmajfault 0\noom_kill 0\n`;
};

/** Files directly under /proc. */
export const systemFiles: Readonly<Record<string, Entry<Machine>>> = {
  buddyinfo: text(() => "", { mode: 0o400 }),
  cgroups: text(() => "#subsys_name\thierarchy\tnum_cgroups\tenabled\n"),
  cmdline: text(() => "console=ttyS0\n"),
  consoles: text(() => "tty0                 -WU (EC p  )    4:1\n"),
  cpuinfo: text(cpuinfo),
  crypto: text(() => ""),
  devices: text(() => devices),
  diskstats: text(() => ""),
  filesystems: text(() => filesystems),
  interrupts: text(() => "           CPU0       \n"),
  iomem: text(() => "", { mode: 0o400 }),
  ioports: text(() => "", { mode: 0o400 }),
  loadavg: text(loadavg),
  locks: text(() => ""),
  meminfo: text(meminfo),
  misc: text(() => ""),
  modules: text(() => ""),
  partitions: text(() => "major minor  #blocks  name\n\n"),
  softirqs: text(() => "                    CPU0       \n"),
  stat: text(statText),
  swaps: text(() => "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"),
  uptime: text((machine, t) => uptime(machine, clockOffset(t, "boottime"))),
  version: text(() => `Linux version ${KERNEL_RELEASE} (dolly@dolly) (clang) ${KERNEL_VERSION}\n`),
  vmstat: text(vmstat),
  zoneinfo: text(() => ""),
};
