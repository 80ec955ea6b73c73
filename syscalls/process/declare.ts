/** Making, ending and waiting for tasks. */
import {
  address,
  by,
  call,
  cell,
  dirfd,
  type Family,
  fd,
  flags,
  hex,
  inoutStruct,
  int,
  outStruct,
  path,
  pid,
  size,
  strings,
} from "../abi/call.ts";
import { CLONE_ARGS, CLONE_FLAGS, IDTYPE, WAIT_OPTIONS } from "../abi/clone.ts";
import { AT_FLAGS } from "../abi/at.ts";
import { RUSAGE } from "../abi/rusage.ts";

export const process = {
  clone: call(
    220,
    [
      flags("flags", CLONE_FLAGS, "u64"),
      address("child_stack"),
      cell("parent_tid", 32, "out", "pid"),
      hex("tls"),
      address("child_tid"),
    ],
    "make a task",
    { result: "pid" },
  ),
  clone3: call(435, [inoutStruct("cl_args", CLONE_ARGS), size("size")], "make a task, arguments in a struct", {
    result: "pid",
    support: "partial",
    note: "CLONE_INTO_CGROUP is refused with EBADF",
  }),
  execve: call(221, [path("pathname"), strings("argv"), strings("envp")], "run another program", { result: "none" }),
  execveat: call(
    281,
    [dirfd(), path("pathname"), strings("argv"), strings("envp"), flags("flags", AT_FLAGS)],
    "run another program, found from a descriptor",
    {
      result: "none",
    },
  ),
  exit: call(93, [int("status")], "end this task", { result: "never" }),
  exit_group: call(94, [int("status")], "end all tasks of the group", { result: "never" }),
  wait4: call(
    260,
    [pid(), cell("wstatus", 32, "out", "wstatus"), flags("options", WAIT_OPTIONS), outStruct("rusage", RUSAGE)],
    "wait for a child",
    { result: "pid" },
  ),
  waitid: call(
    95,
    [
      flags("which", IDTYPE, "i32"),
      by("id", "which", {}, "i32"),
      address("infop"),
      flags("options", WAIT_OPTIONS),
      outStruct("rusage", RUSAGE),
    ],
    "wait for a child, selected by kind",
  ),
  set_tid_address: call(96, [address("tidptr")], "where exit clears the tid", { result: "pid" }),
  unshare: call(97, [flags("flags", CLONE_FLAGS, "u64")], "stop sharing parts of the execution context"),
  setns: call(268, [fd(), flags("nstype", CLONE_FLAGS, "i32")], "enter namespaces of a descriptor or of a process"),
} satisfies Family;
