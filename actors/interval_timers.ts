/**
 * setitimer's three timers of a thread group (kernel/time/itimer.c). They survive execve, are not inherited by fork, and end with the group. Times are ns;
 * a value of 0 is disarmed.
 */
import { SIG } from "../syscalls/abi/signals.ts";
import { armCpuTimer, cancelCpuTimer, type CpuTimer, groupCpuTime } from "./cpu_timers.ts";
import { fromKernel } from "./signals/sender.ts";
import { exitHooks } from "./task/exit.ts";
import type { Task } from "./task/task.ts";
import type { ThreadGroup } from "./task/thread_group.ts";

export interface IntervalValue {
  readonly value: number;
  readonly interval: number;
}

interface CpuState {
  timer: CpuTimer | undefined;
  interval: number;
}
/** ITIMER_VIRTUAL and ITIMER_PROF: all CPU time counts as user time, so they differ in their signal only. */
const cpuTimers = new WeakMap<ThreadGroup, Map<number, CpuState>>();

/** The next time on the grid of `interval` after `now`. */
export const nextOnGrid = (last: number, interval: number, now: number): number => {
  const next = last + interval;
  return next > now ? next : next + Math.floor((now - next) / interval + 1) * interval;
};

/** What getitimer reports. */
export const getIntervalTimer = (t: Task, which: number): IntervalValue => {
  const { group } = t;
  if (which === 0) {
    const { timer, interval } = group.realTimer;
    const left = timer?.armed ? Math.max(1000, timer.deadline - t.machine.clock.monotonic()) : 0;
    return { value: left, interval };
  }
  const state = cpuTimers.get(group)?.get(which);
  const left = state?.timer === undefined ? 0 : Math.max(1000, state.timer.deadline - groupCpuTime(group));
  return { value: left, interval: state?.interval ?? 0 };
};

/** Arms or disarms. */
export const setIntervalTimer = (t: Task, which: number, { value, interval }: IntervalValue): void => {
  if (which === 0) setReal(t, value, interval);
  else setCpu(t.group, which, value, interval);
};

const setReal = (t: Task, value: number, interval: number): void => {
  const { group, machine } = t;
  const real = group.realTimer;
  if (real.timer !== undefined) machine.timers.cancel(real.timer);
  real.timer = undefined;
  real.interval = value === 0 ? 0 : interval;
  const arm = (deadline: number): void => {
    real.timer = machine.timers.at(deadline, () => {
      real.timer = undefined;
      machine.signals.sendToGroup(group, fromKernel(SIG.ALRM));
      if (real.interval > 0) arm(nextOnGrid(deadline, real.interval, machine.clock.monotonic()));
    });
  };
  if (value > 0) arm(machine.clock.monotonic() + value);
};

const setCpu = (group: ThreadGroup, which: number, value: number, interval: number): void => {
  let states = cpuTimers.get(group);
  if (states === undefined) cpuTimers.set(group, states = new Map());
  const old = states.get(which);
  if (old?.timer !== undefined) cancelCpuTimer(old.timer);
  const state: CpuState = { timer: undefined, interval: value === 0 ? 0 : interval };
  states.set(which, state);
  const signo = which === 1 ? SIG.VTALRM : SIG.PROF;
  const arm = (deadline: number): void => {
    state.timer = armCpuTimer(group, undefined, deadline, () => {
      state.timer = undefined;
      group.leader.machine.signals.sendToGroup(group, fromKernel(signo));
      if (state.interval > 0) arm(nextOnGrid(deadline, state.interval, groupCpuTime(group)));
    });
  };
  if (value > 0) arm(groupCpuTime(group) + value);
};

exitHooks.group.push((group) => {
  const { timer } = group.realTimer;
  if (timer !== undefined) group.leader.machine.timers.cancel(timer);
  group.realTimer = { timer: undefined, interval: 0 };
  group.chargeCpu = undefined;
});
