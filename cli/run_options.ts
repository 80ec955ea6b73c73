/** The options of `run`, once: the fast parser, the help text and the shell completions come from this table. */

/** How an option takes its value: none, a required one, or only as `--name=value`. */
export type Takes = "nothing" | "value" | "optional value";

export interface RunOption {
  readonly name: string;
  readonly takes: Takes;
  readonly value?: string;
  readonly doc: string;
  readonly choices?: readonly string[];
  /** May be given more than once. */
  readonly repeat?: boolean;
}

export const RUN_OPTIONS: readonly RunOption[] = [
  { name: "root", takes: "value", value: "DIR", doc: "make DIR of the host the guest's root directory" },
  { name: "sysroot", takes: "value", value: "DIR", doc: "look every path up under DIR first, then on the host" },
  {
    name: "overlay",
    takes: "optional value",
    value: "DIR",
    doc: "leave the host's files as they are: changes stay in memory, or are kept in DIR for the next run",
  },
  {
    name: "bind",
    takes: "value",
    value: "HOSTDIR:GUESTDIR[:ro]",
    doc: "show a directory or file of the host at a place of the guest; may be repeated",
    repeat: true,
  },
  { name: "cwd", takes: "value", value: "DIR", doc: "working directory of the guest" },
  {
    name: "env",
    takes: "value",
    value: "K=V",
    doc: "set a variable of the guest's environment; may be repeated",
    repeat: true,
  },
  {
    name: "publish",
    takes: "value",
    value: "[ADDR:]HOSTPORT:GUESTPORT",
    doc:
      "connections to a port of the host (of 127.0.0.1 unless ADDR is given) come to the guest's port; may be repeated",
    repeat: true,
  },
  { name: "clear-env", takes: "nothing", doc: "do not pass the host's environment on" },
  { name: "strace", takes: "optional value", value: "FILE", doc: "print every system call on stderr, or into FILE" },
  {
    name: "stats",
    takes: "optional value",
    value: "FILE",
    doc: "print counters of the run as JSON on stderr, or into FILE",
  },
  { name: "seed", takes: "value", value: "N", doc: "make clock, randomness and order deterministic" },
  {
    name: "schedule",
    takes: "value",
    value: "POLICY",
    doc: "order of tasks: fair, random or pct",
    choices: ["fair", "random", "pct"],
  },
  {
    name: "record",
    takes: "value",
    value: "FILE",
    doc: "record the run for replay",
  },
  { name: "trace", takes: "value", value: "FILE", doc: "write a Chrome/Perfetto trace of tasks and calls" },
  {
    name: "jit",
    takes: "value",
    value: "MODE",
    doc: "translation of hot code to WebAssembly: when it pays, never, or of all code that runs twice",
    choices: ["auto", "off", "always"],
  },
  { name: "max-tasks", takes: "value", value: "N", doc: "most tasks that may exist at once" },
  {
    name: "max-memory",
    takes: "value",
    value: "SIZE",
    doc: "most memory of all guest programs, files in memory, pipes and sockets together: 512M, 2G",
  },
  { name: "max-files", takes: "value", value: "N", doc: "most files, sockets and pipe ends open at once" },
  {
    name: "timeout",
    takes: "value",
    value: "DURATION",
    doc: "kill everything after that long and exit with 124: 500ms, 10s, 5m; by the guest's clock with --seed",
  },
  {
    name: "mmap-base",
    takes: "value",
    value: "SIZE",
    doc:
      "lowest address of mappings the guest leaves to the kernel; 1G for Java, whose compiler cannot call what lies lower",
  },
  {
    name: "gdb",
    takes: "value",
    value: "PORT",
    doc: "wait for gdb (target remote :PORT) before the first instruction",
  },
];
