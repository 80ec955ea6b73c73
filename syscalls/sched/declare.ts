/** Scheduling: policies, priorities, affinity, yielding. */
import {
  address,
  call,
  enumerationArg,
  type Family,
  flags,
  hex,
  inoutStruct,
  inStruct,
  int,
  outStruct,
  pid,
  uint,
} from "../abi/call.ts";
import { IOPRIO_WHO, PRIO_WHICH, SCHED_ATTR, SCHED_PARAM, SCHED_POLICY } from "../abi/sched.ts";
import { TIMESPEC } from "../abi/timespec.ts";

const KEPT = { support: "partial", note: "kept and reported; tasks get turns by the machine's own policy" } as const;
const policy = flags("policy", SCHED_POLICY, "i32");

export const sched = {
  ioprio_set: call(30, [enumerationArg("which", IOPRIO_WHO), int("who"), hex("ioprio")], "set I/O priority", KEPT),
  ioprio_get: call(31, [enumerationArg("which", IOPRIO_WHO), int("who")], "ask for I/O priority"),
  sched_setparam: call(118, [pid(), inStruct("param", SCHED_PARAM)], "set real-time priority", KEPT),
  sched_setscheduler: call(119, [pid(), policy, inStruct("param", SCHED_PARAM)], "set policy", KEPT),
  sched_getscheduler: call(120, [pid()], "ask for the policy"),
  sched_getparam: call(121, [pid(), outStruct("param", SCHED_PARAM)], "ask for the real-time priority"),
  sched_setaffinity: call(122, [pid(), uint("cpusetsize"), address("mask")], "CPUs to run on: there is one"),
  sched_getaffinity: call(123, [pid(), uint("cpusetsize"), address("mask")], "CPUs a task may run on"),
  sched_yield: call(124, [], "let others run"),
  sched_get_priority_max: call(125, [policy], "highest priority of a policy"),
  sched_get_priority_min: call(126, [policy], "lowest priority of a policy"),
  sched_rr_get_interval: call(127, [pid(), outStruct("tp", TIMESPEC)], "length of a time slice", KEPT),
  setpriority: call(140, [enumerationArg("which", PRIO_WHICH), int("who"), int("prio")], "set nice values", KEPT),
  getpriority: call(141, [enumerationArg("which", PRIO_WHICH), int("who")], "20 minus the lowest nice value"),
  sched_setattr: call(274, [pid(), inoutStruct("attr", SCHED_ATTR), uint("flags")], "set scheduling attributes", {
    support: "partial",
    note: "no SCHED_DEADLINE (EPERM), no utilisation clamps (EOPNOTSUPP)",
  }),
  sched_getattr: call(
    275,
    [pid(), outStruct("attr", SCHED_ATTR), uint("size"), uint("flags")],
    "ask for scheduling attributes",
  ),
} satisfies Family;
