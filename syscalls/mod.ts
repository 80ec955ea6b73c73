/** All families of system calls: rows and handlers side by side. The dispatch table, `docs/SYSCALLS.md` and the generators are made from this list. */
import type { Family } from "./abi/call.ts";
import { Dispatch, type FamilyWithHandlers } from "./dispatch.ts";
import { futex } from "./futex/declare.ts";
import { futexHandlers } from "./futex/handle.ts";
import { ids } from "./ids/declare.ts";
import { idsHandlers } from "./ids/handle.ts";
import { ipc } from "./ipc/declare.ts";
import { ipcHandlers } from "./ipc/handle.ts";
import { limits } from "./limits/declare.ts";
import { limitsHandlers } from "./limits/handle.ts";
import { memory } from "./memory/declare.ts";
import { memoryHandlers } from "./memory/handle.ts";
import { files } from "./files/declare.ts";
import { filesHandlers } from "./files/handle.ts";
import { io } from "./io/declare.ts";
import { loadLateFiles } from "./files/late.ts";
import { ioHandlers } from "./io/handle.ts";
import { sched } from "./sched/declare.ts";
import { schedHandlers } from "./sched/handle.ts";
import { system } from "./system/declare.ts";
import { systemHandlers } from "./system/handle.ts";
import { time } from "./time/declare.ts";
import { timeHandlers } from "./time/handle.ts";
import { net } from "./net/declare.ts";
import { loadNet, netHandlers } from "./net/handle.ts";
import { pipes } from "./pipes/declare.ts";
import { pipesHandlers } from "./pipes/handle.ts";
import { poll } from "./poll/declare.ts";
import { pollHandlers } from "./poll/handle.ts";
import { process } from "./process/declare.ts";
import { processHandlers } from "./process/handle.ts";
import { ptrace } from "./ptrace/declare.ts";
import { loadPtrace, ptraceHandlers } from "./ptrace/handle.ts";
import { loadSeccomp } from "./system/seccomp.ts";
import { signals } from "./signals/declare.ts";
import { signalsHandlers } from "./signals/handle.ts";

const families: Record<string, FamilyWithHandlers> = {
  process: { rows: process, handlers: processHandlers },
  signals: { rows: signals, handlers: signalsHandlers },
  files: { rows: files, handlers: filesHandlers },
  io: { rows: io, handlers: ioHandlers },
  sched: { rows: sched, handlers: schedHandlers },
  system: { rows: system, handlers: systemHandlers },
  time: { rows: time, handlers: timeHandlers },
  pipes: { rows: pipes, handlers: pipesHandlers },
  poll: { rows: poll, handlers: pollHandlers },
  futex: { rows: futex, handlers: futexHandlers },
  memory: { rows: memory, handlers: memoryHandlers },
  ids: { rows: ids, handlers: idsHandlers },
  ipc: { rows: ipc, handlers: ipcHandlers },
  limits: { rows: limits, handlers: limitsHandlers },
  net: { rows: net, handlers: netHandlers },
  ptrace: { rows: ptrace, handlers: ptraceHandlers },
};

/** Declarations by family name. */
export const FAMILIES: Readonly<Record<string, Family>> = Object.fromEntries(
  Object.entries(families).map(([name, f]) => [name, f.rows]),
);

/** The dispatch table of all families. */
export const makeDispatch = (): Dispatch => new Dispatch(Object.values(families));
/** Loads the calls that otherwise come with their first use. */
export const loadLateCalls = async (): Promise<void> => {
  await Promise.all([loadNet(), loadPtrace(), loadSeccomp(), loadLateFiles()]);
};
export type { Dispatch } from "./dispatch.ts";
