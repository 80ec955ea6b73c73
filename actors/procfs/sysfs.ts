/** /sys: the little that programs ask of it: one CPU, one memory node, transparent huge pages, an empty rest (sysfs(5)). */
import type { Machine } from "../machine.ts";
import type { Inode } from "../vfs/inode.ts";
import { directory, type DirectoryEntry, type Entry, text, TreeNode } from "./tree.ts";

/** st_dev of sysfs. */
export const SYSFS = 23;

type Children = Readonly<Record<string, Entry<Machine>>>;
const dir = (children: Children): DirectoryEntry<Machine> => directory<Machine>(children);
const value = (content: string | number): Entry<Machine> => text<Machine>(() => `${content}\n`);

const cpu0 = dir({
  online: value(1),
  topology: dir({
    cluster_id: value(-1),
    core_cpus: value(1),
    core_cpus_list: value(0),
    core_id: value(0),
    core_siblings: value(1),
    core_siblings_list: value(0),
    package_cpus: value(1),
    package_cpus_list: value(0),
    physical_package_id: value(0),
    thread_siblings: value(1),
    thread_siblings_list: value(0),
  }),
});

const cpu = dir({
  cpu0,
  isolated: value(""),
  kernel_max: value(63),
  offline: value(""),
  online: value(0),
  possible: value(0),
  present: value(0),
});

const node = dir({
  has_cpu: value(0),
  has_memory: value(0),
  has_normal_memory: value(0),
  node0: dir({ cpulist: value(0), cpumap: value(1), distance: value(10) }),
  online: value(0),
  possible: value(0),
});

const hugePages = dir({
  defrag: value("always defer defer+madvise [madvise] never"),
  enabled: value("always madvise [never]"),
  hpage_pmd_size: value(2097152),
  shmem_enabled: value("always within_size advise [never] deny force"),
  use_zero_page: value(1),
});

const loopback = dir({
  address: value("00:00:00:00:00:00"),
  carrier: value(1),
  flags: value("0x9"),
  ifindex: value(1),
  mtu: value(65536),
  operstate: value("unknown"),
  type: value(772),
});

const root = dir({
  block: dir({}),
  bus: dir({}),
  class: dir({ block: dir({}), net: dir({ lo: loopback }), tty: dir({}) }),
  dev: dir({ block: dir({}), char: dir({}) }),
  devices: dir({ system: dir({ cpu, node }), virtual: dir({ net: dir({ lo: loopback }) }) }),
  firmware: dir({}),
  fs: dir({ cgroup: dir({}) }),
  kernel: dir({
    mm: dir({ hugepages: dir({}), transparent_hugepage: hugePages }),
    notes: value(""),
    security: dir({}),
  }),
  module: dir({}),
  power: dir({}),
});

/** The root of a machine's /sys, read-only. */
export const makeSysfs = (machine: Machine): Inode => new TreeNode({ machine, dev: SYSFS }, root, machine, "");
