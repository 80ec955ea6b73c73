/** Memory of the VM group: mappings, the break, locking, advice, barriers, and the riscv calls about code and the CPU's extensions. */
import {
  absent,
  address,
  call,
  cell,
  enumerationArg,
  type Family,
  fd,
  flags,
  inoutStruct,
  int,
  long,
  offset,
  size,
  ulong,
} from "../abi/call.ts";
import {
  HWPROBE_PAIR,
  MADVICE,
  MAP_FLAGS,
  MCL_FLAGS,
  MEMBARRIER_COMMANDS,
  MLOCK_FLAGS,
  MPOL_MODES,
  MREMAP_FLAGS,
  MS_FLAGS,
  PROT_FLAGS,
} from "../abi/mman.ts";

const UNBUILT = "as a kernel built without it";

export const memory = {
  brk: call(214, [address("addr")], "set or ask for the end of the heap", { result: "address" }),
  munmap: call(215, [address("addr"), size("length")], "remove mappings"),
  mremap: call(
    216,
    [address("old_address"), size("old_size"), size("new_size"), flags("flags", MREMAP_FLAGS), address("new_address")],
    "resize or move a mapping",
    { result: "address" },
  ),
  mmap: call(
    222,
    [
      address("addr"),
      size("length"),
      flags("prot", PROT_FLAGS),
      flags("flags", MAP_FLAGS),
      fd(),
      offset(),
    ],
    "map a file or anonymous memory",
    { result: "address" },
  ),
  mprotect: call(226, [address("addr"), size("len"), flags("prot", PROT_FLAGS)], "change access to mappings"),
  msync: call(227, [address("addr"), size("length"), flags("flags", MS_FLAGS)], "write a shared mapping back"),
  mlock: call(228, [address("addr"), size("len")], "keep pages resident", {
    support: "partial",
    note: "counted and limited; no page ever leaves memory anyway",
  }),
  munlock: call(229, [address("addr"), size("len")], "undo mlock"),
  mlockall: call(230, [flags("flags", MCL_FLAGS)], "keep all pages resident", {
    support: "partial",
    note: "counted and limited; no page ever leaves memory anyway",
  }),
  munlockall: call(231, [], "undo mlockall"),
  mlock2: call(284, [address("addr"), size("len"), flags("flags", MLOCK_FLAGS)], "mlock with flags", {
    support: "partial",
    note: "as mlock",
  }),
  mincore: call(232, [address("addr"), size("length"), address("vec")], "which pages are resident", {
    support: "partial",
    note: "a page of fresh memory that was only read is reported absent",
  }),
  madvise: call(233, [address("addr"), size("length"), enumerationArg("advice", MADVICE)], "advise about memory use"),
  mbind: call(
    235,
    [
      address("addr"),
      ulong("len"),
      enumerationArg("mode", MPOL_MODES),
      address("nodemask"),
      ulong("maxnode"),
      int("flags"),
    ],
    "NUMA policy of a range",
    { support: "partial", note: "one node: arguments are checked, nothing is kept" },
  ),
  get_mempolicy: call(
    236,
    [cell("policy", 32, "out"), address("nmask"), ulong("maxnode"), address("addr"), long("flags")],
    "ask for the NUMA policy",
    { support: "partial", note: "one node, always MPOL_DEFAULT" },
  ),
  set_mempolicy: call(
    237,
    [enumerationArg("mode", MPOL_MODES), address("nmask"), ulong("maxnode")],
    "NUMA policy of the task",
    { support: "partial", note: "one node: arguments are checked, nothing is kept" },
  ),
  riscv_hwprobe: call(
    258,
    [
      inoutStruct("pairs", HWPROBE_PAIR, "pair_count"),
      size("pair_count"),
      size("cpusetsize"),
      address("cpus"),
      int("flags"),
    ],
    "what the CPU can do",
  ),
  riscv_flush_icache: call(
    259,
    [address("start"), address("end"), ulong("flags")],
    "make new code visible to fetches",
  ),
  membarrier: call(
    283,
    [enumerationArg("cmd", MEMBARRIER_COMMANDS), int("flags"), int("cpu_id")],
    "memory barrier on all tasks",
  ),
  pkey_mprotect: call(
    288,
    [address("addr"), size("len"), flags("prot", PROT_FLAGS), int("pkey")],
    "mprotect with a protection key",
    { support: "partial", note: "a CPU without keys: only key -1" },
  ),
  pkey_alloc: call(289, [int("flags"), ulong("access_rights")], "get a protection key", {
    support: "partial",
    note: "a CPU without keys: ENOSPC",
  }),
  pkey_free: call(290, [int("pkey")], "give a protection key back", {
    support: "partial",
    note: "a CPU without keys: EINVAL",
  }),
  remap_file_pages: absent(234, "non-linear mapping", "deprecated since Linux 3.16"),
  migrate_pages: absent(238, "move a process's pages to other nodes", UNBUILT),
  move_pages: absent(239, "move pages to other nodes", UNBUILT),
  set_mempolicy_home_node: absent(450, "preferred node of a range", UNBUILT),
  process_madvise: absent(440, "madvise on another process", "not written"),
  memfd_secret: absent(447, "memory hidden from the kernel", UNBUILT),
  map_shadow_stack: absent(453, "map a shadow stack", UNBUILT),
  mseal: absent(462, "forbid changes to mappings", "mappings carry no seal"),
} satisfies Family;
