/** Scheduling calls: find the task, decode, let the scheduling rules decide. */
import {
  CAP,
  capable,
  changeScheduling,
  isRealTime,
  selectTasks,
  setAffinity,
  setIoPriority,
  setNice,
  type Task,
  writeTimespec,
} from "../../actors/mod.ts";
import type { Handlers } from "../abi/call.ts";
import { E, fail } from "../abi/errno.ts";
import { decodeStruct, encodeStruct } from "../abi/layout.ts";
import { SCHED, SCHED_ATTR, SCHED_ATTR_SIZE_VER0, SCHED_FLAG } from "../abi/sched.ts";
import type { sched } from "./declare.ts";

const find = (t: Task, pid: number): Task => pid < 0 ? fail(E.INVAL) : pid === 0 ? t : t.named(pid) ?? fail(E.SRCH);

/** The cpumask of one CPU is one 64-bit word. */
const MASK_BYTES = 8;
const PAGE = 4096;

/** The largest of what setting each gave: an error of one is reported if none went worse later (set_one_prio). */
const setEach = (tasks: Task[] | undefined, set: (task: Task) => number): number => {
  if (tasks === undefined) return -E.INVAL;
  let result = -E.SRCH;
  for (const task of tasks) {
    const one = set(task);
    if (one !== 0) result = one;
    else if (result === -E.SRCH) result = 0;
  }
  return result;
};

/** I/O priority: class in bits 13.., level below. */
const checkIoPriority = (t: Task, value: number): number => {
  const level = value & 7;
  switch (value >> 13) {
    case 0:
      return level !== 0 ? -E.INVAL : 0;
    case 1:
      return capable(t.cred, CAP.SYS_NICE) || capable(t.cred, CAP.SYS_ADMIN) ? 0 : -E.PERM;
    case 2:
    case 3:
      return 0;
    default:
      return -E.INVAL;
  }
};

/** struct sched_attr as far as the caller's size goes; E2BIG with the kernel's size written back. */
const readAttributes = (t: Task, at: number): { [field: string]: number } => {
  const tooBig = (): never => {
    t.mem.setU32(at, SCHED_ATTR.size);
    return fail(E["2BIG"]);
  };
  const size = t.mem.u32(at) || SCHED_ATTR_SIZE_VER0;
  if (size < SCHED_ATTR_SIZE_VER0 || size > PAGE) tooBig();
  const bytes = t.mem.read(at, size);
  if (bytes.subarray(SCHED_ATTR.size).some((byte) => byte !== 0)) tooBig();
  const whole = new Uint8Array(SCHED_ATTR.size);
  whole.set(bytes.subarray(0, SCHED_ATTR.size));
  return decodeStruct(SCHED_ATTR, whole);
};

const setScheduler = (t: Task, pid: number, policy: number | undefined, param: number): number => {
  if (param === 0 || pid < 0) return -E.INVAL;
  const priority = t.mem.i32(param);
  const target = find(t, pid);
  return changeScheduling(t, target, {
    policy: policy === undefined ? target.policy : policy & ~SCHED.RESET_ON_FORK,
    priority,
    resetOnFork: policy === undefined ? target.resetOnFork : (policy & SCHED.RESET_ON_FORK) !== 0,
  });
};

const PRIORITIES: Readonly<Record<number, readonly [number, number]>> = {
  [SCHED.OTHER]: [0, 0],
  [SCHED.FIFO]: [1, 99],
  [SCHED.RR]: [1, 99],
  [SCHED.BATCH]: [0, 0],
  [SCHED.IDLE]: [0, 0],
  [SCHED.DEADLINE]: [0, 0],
};

export const schedHandlers: Handlers<Task, typeof sched> = {
  ioprio_set(t, which, who, value) {
    const refused = checkIoPriority(t, value);
    return refused !== 0 ? refused : setEach(selectTasks(t, which - 1, who), (task) => setIoPriority(t, task, value));
  },
  ioprio_get(t, which, who) {
    const tasks = selectTasks(t, which - 1, who);
    if (tasks === undefined) return -E.INVAL;
    if (tasks.length === 0) return -E.SRCH;
    return tasks.map((task) => task.ioPriority).reduce((best, value) => Math.min(best || value, value || best));
  },
  sched_setparam: (t, pid, param) => setScheduler(t, pid, undefined, param),
  sched_setscheduler: (t, pid, policy, param) => policy < 0 ? -E.INVAL : setScheduler(t, pid, policy, param),
  sched_getscheduler(t, pid) {
    const target = find(t, pid);
    return target.policy | (target.resetOnFork ? SCHED.RESET_ON_FORK : 0);
  },
  sched_getparam(t, pid, at) {
    if (at === 0) return -E.INVAL;
    t.mem.setU32(at, find(t, pid).rtPriority);
    return 0;
  },
  sched_setaffinity(t, pid, size, at) {
    const mask = t.mem.read(at, Math.min(size, MASK_BYTES));
    return setAffinity(t, pid < 0 ? fail(E.SRCH) : find(t, pid), mask);
  },
  sched_getaffinity(t, pid, size, at) {
    if (size % MASK_BYTES !== 0 || size === 0) return -E.INVAL;
    const target = pid < 0 ? fail(E.SRCH) : find(t, pid);
    t.mem.write(at, target.affinity?.slice(0, MASK_BYTES) ?? Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0));
    return MASK_BYTES;
  },
  sched_yield(t) {
    t.yieldRequested = true;
    return 0;
  },
  sched_get_priority_max: (_t, policy) => PRIORITIES[policy]?.[1] ?? -E.INVAL,
  sched_get_priority_min: (_t, policy) => PRIORITIES[policy]?.[0] ?? -E.INVAL,
  sched_rr_get_interval(t, pid, at) {
    const { policy } = find(t, pid);
    writeTimespec(t, at, policy === SCHED.RR ? 100e6 : policy === SCHED.FIFO ? 0 : 3e6);
    return 0;
  },
  setpriority(t, which, who, prio) {
    const nice = Math.max(-20, Math.min(19, prio));
    return setEach(selectTasks(t, which, who), (task) => setNice(t, task, nice));
  },
  getpriority(t, which, who) {
    const tasks = selectTasks(t, which, who);
    if (tasks === undefined) return -E.INVAL;
    return tasks.length === 0 ? -E.SRCH : Math.max(...tasks.map((task) => 20 - task.nice));
  },
  sched_setattr(t, pid, at, flags) {
    if (at === 0 || pid < 0 || flags !== 0) return -E.INVAL;
    const a = readAttributes(t, at);
    if ((a.policy | 0) < 0 || (a.flags & ~SCHED_FLAG.ALL) !== 0) return -E.INVAL;
    const target = find(t, pid);
    if ((a.flags & SCHED_FLAG.UTIL) !== 0) return -E.OPNOTSUPP;
    const keepPolicy = (a.flags & (SCHED_FLAG.KEEP_POLICY | SCHED_FLAG.KEEP_PARAMS)) !== 0;
    const keepParams = (a.flags & SCHED_FLAG.KEEP_PARAMS) !== 0;
    const policy = keepPolicy ? target.policy : a.policy;
    if (policy === SCHED.DEADLINE) return -E.PERM;
    return changeScheduling(t, target, {
      policy,
      priority: keepParams ? target.rtPriority : a.priority,
      nice: keepParams ? undefined : a.nice,
      resetOnFork: (a.flags & SCHED_FLAG.RESET_ON_FORK) !== 0,
    });
  },
  sched_getattr(t, pid, at, size, flags) {
    if (at === 0 || pid < 0 || size > PAGE || size < SCHED_ATTR_SIZE_VER0 || flags !== 0) return -E.INVAL;
    const target = find(t, pid);
    const length = Math.min(size, SCHED_ATTR.size);
    const bytes = encodeStruct(SCHED_ATTR, {
      size: length,
      policy: target.policy,
      flags: target.resetOnFork ? SCHED_FLAG.RESET_ON_FORK : 0,
      nice: isRealTime(target.policy) ? 0 : target.nice,
      priority: target.rtPriority,
      util_max: 1024,
    });
    t.mem.write(at, bytes.subarray(0, length));
    return 0;
  },
};
