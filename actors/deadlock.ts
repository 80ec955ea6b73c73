/**
 * What a machine in which nothing can run any more tells its user: every task that is left, the call it waits in, what for, and, where memory tells, who holds what it
 * wants; and what it tells when Dolly itself broke.
 */
import { BadAddress } from "../cpu/types.ts";
import type { Machine } from "./machine.ts";
import type { Task } from "./task/task.ts";

/** FUTEX_TID_MASK: the owner in the word of a priority-inheritance or robust lock. */
const TID_MASK = 0x3fffffff;
/** In glibc's pthread_mutex_t the owner's tid lies 8 bytes behind the futex word, which is 1 or 2 while held. */
const GLIBC_OWNER = 8;

/** Who the futex word says holds the lock; undefined when it says nothing that fits a task of the machine. */
const ownerOf = (t: Task, addr: number): { readonly text: string } | undefined => {
  const { tasks } = t.machine;
  const nameOf = (tid: number): string | undefined => {
    const owner = tasks.get(tid);
    return owner === undefined ? undefined : `task ${tid} (${owner.comm})`;
  };
  try {
    const value = t.mem.u32(addr);
    const inWord = nameOf(value & TID_MASK);
    if (inWord !== undefined) return { text: `its word names ${inWord}` };
    const behind = value === 1 || value === 2 ? nameOf(t.mem.u32(addr + GLIBC_OWNER)) : undefined;
    return { text: behind === undefined ? `its word is ${value}` : `a mutex held by ${behind}` };
  } catch {
    return undefined;
  }
};

const waitOf = (t: Task): string => {
  if (t.state === "stopped") return "stopped by a signal, waits for SIGCONT";
  if (t.state === "traced") return `in a ptrace stop, waits for its tracer ${t.trace?.tracer.tid}`;
  if (t.vforkChild !== undefined) return `vfork child ${t.vforkChild.tid} (${t.vforkChild.comm})`;
  const what = t.wait?.what;
  if (what === undefined) return t.state;
  const futex = /futex (?:word |lock )?0x([0-9a-f]+)/.exec(what);
  const owner = futex === null ? undefined : ownerOf(t, parseInt(futex[1], 16));
  return owner === undefined ? what : `${what}; ${owner.text}`;
};

/** The report, several lines. */
export const describeDeadlock = (machine: Machine): string => {
  const lines = ["deadlock: no task can run and nothing is pending"];
  for (const t of machine.tasks.values()) {
    if (t.state === "zombie" || t.state === "dead") continue;
    const thread = t.pid === t.tid ? `process ${t.pid}` : `process ${t.pid}, thread ${t.tid}`;
    const call = t.wait === undefined && t.vforkChild === undefined ? "" : `\n    in ${machine.calls.describe(t)}`;
    lines.push(`  ${thread} (${t.comm}): ${waitOf(t)}${call}`);
  }
  return lines.join("\n");
};

/** A defect of Dolly that ended a fiber, as its stack: an effect Cause, or what was thrown. */
export const defectText = (cause: unknown): string => {
  const reasons = (cause as { reasons?: readonly { defect?: unknown }[] } | undefined)?.reasons;
  if (reasons !== undefined) return reasons.map((r) => defectText(r.defect ?? r)).join("\n") || String(cause);
  if (cause instanceof BadAddress) return `bad address 0x${cause.addr.toString(16)} outside of a call`;
  return cause instanceof Error ? cause.stack ?? cause.message : String(cause);
};
