/** Who a task is: ids, credentials, capabilities, process groups, sessions. */
import { address, call, cell, type Family, inoutStruct, int, pid, uid } from "../abi/call.ts";
import { struct } from "../abi/layout.ts";

export const CAP_HEADER = struct("cap_user_header", { version: "u32", pid: "i32" });

export const ids = {
  capget: call(90, [inoutStruct("hdrp", CAP_HEADER), address("datap")], "capability sets of a task"),
  capset: call(91, [inoutStruct("hdrp", CAP_HEADER), address("datap")], "change own capability sets"),
  setregid: call(143, [uid("rgid"), uid("egid")], "set real and effective group"),
  setgid: call(144, [uid("gid")], "set group"),
  setreuid: call(145, [uid("ruid"), uid("euid")], "set real and effective user"),
  setuid: call(146, [uid("uid")], "set user"),
  setresuid: call(147, [uid("ruid"), uid("euid"), uid("suid")], "set real, effective and saved user"),
  getresuid: call(148, [cell("ruid", 32, "out"), cell("euid", 32, "out"), cell("suid", 32, "out")], "ask for users"),
  setresgid: call(149, [uid("rgid"), uid("egid"), uid("sgid")], "set real, effective and saved group"),
  getresgid: call(150, [cell("rgid", 32, "out"), cell("egid", 32, "out"), cell("sgid", 32, "out")], "ask for groups"),
  setfsuid: call(151, [uid("fsuid")], "user for file access"),
  setfsgid: call(152, [uid("fsgid")], "group for file access"),
  setpgid: call(154, [pid(), pid("pgid")], "move a process to a process group"),
  getpgid: call(155, [pid()], "process group of a process", { result: "pid" }),
  getsid: call(156, [pid()], "session of a process", { result: "pid" }),
  setsid: call(157, [], "begin a session", { result: "pid" }),
  getgroups: call(158, [int("size"), address("list")], "supplementary groups"),
  setgroups: call(159, [int("size"), address("list")], "set supplementary groups"),
  getpid: call(172, [], "thread group id", { result: "pid" }),
  getppid: call(173, [], "thread group id of the parent", { result: "pid" }),
  getuid: call(174, [], "real user"),
  geteuid: call(175, [], "effective user"),
  getgid: call(176, [], "real group"),
  getegid: call(177, [], "effective group"),
  gettid: call(178, [], "task id", { result: "pid" }),
} satisfies Family;
