/** /proc/sys: kernel settings (proc_sys(5)). Most are constants that an administrator may overwrite without effect; a few are the machine's own. */
import { E, fail } from "../../syscalls/abi/errno.ts";
import { KERNEL_RELEASE, KERNEL_VERSION } from "../../syscalls/abi/system.ts";
import { CAP, nsCapable } from "../credentials.ts";
import type { Machine } from "../machine.ts";
import { PTY_MAX, terminalsOf } from "../tty/terminals.ts";
import { directory, type DirectoryEntry, type Entry, text } from "./tree.ts";

type Setting = Entry<Machine>;

/** What was written to settings that nothing else keeps. */
const overwritten = new WeakMap<Machine, Map<string, string>>();

let names = 0;
type Value = string | number | ((machine: Machine) => string | number);
const valueOf = (value: Value, machine: Machine): string =>
  String(typeof value === "function" ? value(machine) : value);

/** A setting that starts at `value` and keeps what is written to it. */
const kept = (value: Value): Setting => {
  const key = String(names++);
  return text<Machine>((machine) => (overwritten.get(machine)?.get(key) ?? valueOf(value, machine)) + "\n", {
    mode: 0o644,
    write(machine, _t, written) {
      let values = overwritten.get(machine);
      if (values === undefined) overwritten.set(machine, values = new Map());
      values.set(key, written.replace(/\n$/, ""));
    },
  });
};
const fixed = (value: Value): Setting => text<Machine>((machine) => valueOf(value, machine) + "\n");

const name = (field: "hostname" | "domainname"): Setting =>
  text<Machine>((_machine, t) => t.namespaces.of.uts[field] + "\n", {
    mode: 0o644,
    write(_machine, t, written) {
      const value = written.replace(/\n[^]*$/, "");
      if (value.length > 64) fail(E.INVAL);
      if (!nsCapable(t.cred, t.namespaces.of.uts.owner, CAP.SYS_ADMIN)) fail(E.PERM);
      t.namespaces.of.uts[field] = value;
    },
  });

/** A random UUID in text form. */
const uuid = (machine: Machine): string => {
  const bytes = new Uint8Array(16);
  machine.entropy.fill(bytes);
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((b) => b.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
};
const bootIds = new WeakMap<Machine, string>();
const bootId = (machine: Machine): string => {
  let id = bootIds.get(machine);
  if (id === undefined) bootIds.set(machine, id = uuid(machine));
  return id;
};

const fileMax = ({ files: { limit } }: Machine): number | string => limit === Infinity ? "9223372036854775807" : limit;

const settings = (children: Readonly<Record<string, Setting>>): DirectoryEntry<Machine> => directory<Machine>(children);

const kernel = settings({
  cap_last_cap: fixed(40),
  core_pattern: kept("core"),
  core_pipe_limit: kept(0),
  core_uses_pid: kept(1),
  ctrl_alt_del: kept(0),
  dmesg_restrict: kept(0),
  domainname: name("domainname"),
  hostname: name("hostname"),
  io_uring_disabled: kept(2),
  keys: settings({
    maxkeys: kept(200),
    maxbytes: kept(20000),
    root_maxkeys: kept(1000000),
    root_maxbytes: kept(25000000),
  }),
  kptr_restrict: kept(1),
  msgmax: kept(8192),
  msgmnb: kept(16384),
  msgmni: kept(32000),
  ngroups_max: fixed(65536),
  osrelease: fixed(KERNEL_RELEASE),
  ostype: fixed("Linux"),
  overflowgid: kept(65534),
  overflowuid: kept(65534),
  panic: kept(0),
  perf_event_max_sample_rate: kept(100000),
  perf_event_mlock_kb: kept(516),
  perf_event_paranoid: kept(2),
  pid_max: fixed(32768),
  printk: kept("4\t4\t1\t7"),
  pty: settings({
    max: kept(PTY_MAX),
    nr: fixed((machine) => terminalsOf(machine).indices.length),
    reserve: kept(1024),
  }),
  random: settings({
    boot_id: fixed(bootId),
    entropy_avail: fixed(256),
    poolsize: fixed(256),
    urandom_min_reseed_secs: kept(60),
    uuid: fixed(uuid),
    write_wakeup_threshold: kept(256),
  }),
  randomize_va_space: kept(0),
  sched_autogroup_enabled: kept(0),
  sched_child_runs_first: kept(0),
  sched_rr_timeslice_ms: kept(100),
  sched_rt_period_us: kept(1000000),
  sched_rt_runtime_us: kept(950000),
  sem: kept("32000\t1024000000\t500\t32000"),
  shm_rmid_forced: kept(0),
  shmall: kept("18446744073692774399"),
  shmmax: kept("18446744073692774399"),
  shmmni: kept(4096),
  tainted: fixed(0),
  "threads-max": fixed((machine) => machine.maxTasks),
  unprivileged_bpf_disabled: kept(2),
  version: fixed(KERNEL_VERSION),
});

const vm = settings({
  admin_reserve_kbytes: kept(8192),
  dirty_background_ratio: kept(10),
  dirty_ratio: kept(20),
  drop_caches: kept(0),
  max_map_count: kept(65530),
  min_free_kbytes: kept(22528),
  mmap_min_addr: kept(65536),
  mmap_rnd_bits: kept(18),
  nr_hugepages: kept(0),
  nr_overcommit_hugepages: kept(0),
  overcommit_kbytes: kept(0),
  overcommit_memory: kept(0),
  overcommit_ratio: kept(50),
  panic_on_oom: kept(0),
  swappiness: kept(60),
  user_reserve_kbytes: kept(131072),
  vfs_cache_pressure: kept(100),
});

const fs = settings({
  "aio-max-nr": kept(65536),
  "aio-nr": fixed(0),
  "dentry-state": fixed("0\t0\t45\t0\t0\t0"),
  epoll: settings({ max_user_watches: kept(429496) }),
  "file-max": kept(fileMax),
  "file-nr": fixed((machine) => `${machine.files.open}\t0\t${fileMax(machine)}`),
  "inode-nr": fixed("0\t0"),
  inotify: settings({ max_queued_events: kept(16384), max_user_instances: kept(128), max_user_watches: kept(65536) }),
  "lease-break-time": kept(45),
  "leases-enable": kept(1),
  mqueue: settings({
    msg_default: kept(10),
    msg_max: kept(10),
    msgsize_default: kept(8192),
    msgsize_max: kept(8192),
    queues_max: kept(256),
  }),
  nr_open: kept(1048576),
  overflowgid: kept(65534),
  overflowuid: kept(65534),
  "pipe-max-size": kept(1048576),
  "pipe-user-pages-hard": kept(0),
  "pipe-user-pages-soft": kept(16384),
  protected_hardlinks: kept(0),
  protected_symlinks: kept(0),
  suid_dumpable: kept(0),
});

const net = settings({
  core: settings({
    default_qdisc: kept("pfifo_fast"),
    netdev_max_backlog: kept(1000),
    optmem_max: kept(131072),
    rmem_default: kept(212992),
    rmem_max: kept(212992),
    somaxconn: kept(4096),
    wmem_default: kept(212992),
    wmem_max: kept(212992),
  }),
  ipv4: settings({
    ip_forward: kept(0),
    ip_local_port_range: kept("32768\t60999"),
    ip_unprivileged_port_start: kept(1024),
    ip_nonlocal_bind: kept(0),
    ping_group_range: kept("0\t2147483647"),
    tcp_congestion_control: kept("cubic"),
    tcp_available_congestion_control: fixed("reno cubic"),
    tcp_fin_timeout: kept(60),
    tcp_fastopen: kept(1),
    tcp_keepalive_intvl: kept(75),
    tcp_keepalive_probes: kept(9),
    tcp_keepalive_time: kept(7200),
    tcp_max_syn_backlog: kept(512),
    tcp_rmem: kept("4096\t131072\t6291456"),
    tcp_syncookies: kept(1),
    tcp_wmem: kept("4096\t16384\t4194304"),
  }),
  ipv6: settings({
    conf: settings({
      all: settings({ disable_ipv6: kept(0) }),
      default: settings({ disable_ipv6: kept(0) }),
      lo: settings({ disable_ipv6: kept(0) }),
    }),
    bindv6only: kept(0),
  }),
  unix: settings({ max_dgram_qlen: kept(10) }),
});

const user = settings(Object.fromEntries(
  ["cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"].map((kind) => [`max_${kind}_namespaces`, kept(15000)]),
));

export const sysctl: DirectoryEntry<Machine> = settings({
  debug: settings({}),
  dev: settings({ tty: settings({ legacy_tiocsti: kept(0) }) }),
  fs,
  kernel,
  net,
  user,
  vm,
});
