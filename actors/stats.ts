/** What `--stats` prints: counters of a run as plain data, read when the machine has stopped. */
import type { Machine } from "./machine.ts";

/** Shape of the JSON. Times in milliseconds, memory in bytes. */
export interface Stats {
  readonly instructions: number;
  /** Hash of schedule, calls with results, signals: equal for runs that went the same way. */
  readonly traceHash: string;
  readonly tasks_created: number;
  readonly peak_cpus: number;
  /** 0 unless something leaked. */
  readonly live_cpus: number;
  readonly live_fibers: number;
  readonly live_vm_groups: number;
  readonly turns: number;
  readonly context_switches: number;
  readonly syscalls: Readonly<Record<string, number>>;
  /** Calls that were answered ENOSYS because nobody built them. */
  readonly unknown_syscalls: Readonly<Record<string, number>>;
}

export const statsOf = (machine: Machine): Stats => {
  const { counters } = machine;
  const syscalls: Record<string, number> = {};
  counters.syscalls.forEach((count, nr) => {
    if (count > 0) syscalls[nr === 1023 ? "out_of_range" : machine.calls.name(nr)] = count;
  });
  const unknown = Object.fromEntries([...counters.unknown].map(([nr, count]) => [machine.calls.name(nr), count]));
  let instructions = counters.instructions;
  for (const t of machine.tasks.values()) if (t.holdings.cpu) instructions += t.cpu.retired;
  return {
    instructions,
    traceHash: machine.trace.text,
    tasks_created: counters.tasksCreated,
    peak_cpus: counters.peakCpus,
    live_cpus: counters.liveCpus,
    live_fibers: counters.liveFibers,
    live_vm_groups: counters.liveVmGroups,
    turns: counters.turns,
    context_switches: counters.contextSwitches,
    syscalls,
    unknown_syscalls: unknown,
  };
};
