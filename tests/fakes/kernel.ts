/**
 * A kernel without guest code: real machine, real address spaces and groups, tasks that a test drives by hand. A blocked call parks the task as the life loop does;
 * `look` is the task's next turn.
 */
import { BLOCKED } from "../../actors/blocking.ts";
import { credentialsOf } from "../../actors/credentials.ts";
import { FileTable } from "../../actors/file_table.ts";
import { FsContext } from "../../actors/fs_context.ts";
import { Machine } from "../../actors/machine.ts";
import { SignalHandlers } from "../../actors/signal_handlers.ts";
import { Signals } from "../../actors/signals/generate.ts";
import { PendingSet } from "../../actors/signals/pending.ts";
import { Task } from "../../actors/task/task.ts";
import { ThreadGroup } from "../../actors/task/thread_group.ts";
import { beginWait, endWait } from "../../actors/task/waiting.ts";
import { VmGroup } from "../../actors/vm_group.ts";
import { VirtualClock } from "../../actors/world/clock.ts";
import { SeededEntropy } from "../../actors/world/entropy.ts";
import { fair } from "../../actors/world/order.ts";
import { BadAddress, CodeMemory, createAddressSpace } from "../../cpu/mod.ts";
import { Errno } from "../../syscalls/abi/errno.ts";

const IMAGE = {
  exe: "/bin/guest",
  argStart: 0,
  argEnd: 0,
  envStart: 0,
  envEnd: 0,
  stackTop: 0,
  auxv: new Uint8Array(0),
  entry: 0,
  loadBase: 0,
  interpreterBase: 0,
  trampoline: 0,
};

/** Where `newTask` maps 64 KiB of readable and writable memory. */
export const MEMORY = 0x100000;

export const newMachine = (): Machine => {
  const machine = new Machine(new VirtualClock(), new SeededEntropy(1), fair());
  machine.signals = new Signals(machine);
  return machine;
};

/** A task in a process of its own, or (with `of`) a thread of that task. */
export const newTask = (machine: Machine, of?: Task): Task => {
  const tid = machine.allocateId();
  const vm = of?.vm.share() ?? new VmGroup(createAddressSpace(new CodeMemory()), IMAGE, machine.counters);
  const group = of?.group ?? new ThreadGroup(tid, tid, tid, machine.namespaces.of.pidForChildren);
  const fs = of?.fs.share() ?? new FsContext({ inode: undefined!, path: "/" }, { inode: undefined!, path: "/" }, 0o22);
  const t = new Task(
    machine,
    tid,
    group,
    vm,
    vm.space.newCpu(),
    of?.files.share() ?? new FileTable(),
    fs,
    of?.handlers.share() ?? new SignalHandlers(),
    (of?.namespaces ?? machine.namespaces).share(),
    of?.cred ?? credentialsOf(0, 0),
    new PendingSet(),
  );
  if (of === undefined) {
    group.leader = t;
    machine.groups.set(tid, group);
    vm.space.mmap({
      addr: MEMORY,
      length: 65536,
      prot: 3,
      shared: false,
      fixed: true,
      noReplace: false,
      offset: 0,
    });
  }
  group.tasks.push(t);
  group.live++;
  t.state = "runnable";
  t.state = "running";
  machine.tasks.set(tid, t);
  machine.counters.liveCpus++;
  return t;
};

/** Makes a call as dispatch does: failures are negative numbers, a blocked task parks. */
export const call = (t: Task, run: () => number): number => {
  let result: number;
  try {
    result = run();
  } catch (error) {
    if (error instanceof Errno) result = -error.no;
    else if (error instanceof BadAddress) result = -14;
    else throw error;
  }
  if (result === BLOCKED) {
    beginWait(t);
    t.state = "blocked";
    t.notified = false;
  }
  return result;
};

/** The parked task's next turn: its call's result, or BLOCKED. */
export const look = (t: Task): number => {
  const wait = t.wait;
  if (wait === undefined) throw new Error(`task ${t.tid} is not waiting`);
  t.notified = false;
  let result = wait.poll();
  if (result === BLOCKED && t.machine.clock.monotonic() >= (wait.deadline ?? Infinity)) {
    result = wait.timedOut === undefined ? -110 : wait.timedOut();
  }
  if (result !== BLOCKED) {
    endWait(t);
    t.state = "running";
  }
  return result;
};

/** Virtual time passes; due timers fire. */
export const pass = (machine: Machine, ns: number): void => {
  machine.clock.advance(ns);
  machine.timers.fireDue(machine.clock.monotonic());
};
