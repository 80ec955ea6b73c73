/** Making, ending and waiting for tasks: fetch, then let the actors do. */
import {
  type CloneRequest,
  cloneTask,
  ENTERABLE,
  enterNamespace,
  enterThoseOf,
  execProgram,
  exitGroup,
  exitTask,
  FLAG_OF,
  NamespaceFile,
  NO_RESULT,
  pidfdTarget,
  readPath,
  scanChildren,
  type Task,
  unshare,
  W,
  type WaitEvent,
  type WaitResult,
  type Who,
} from "../../actors/mod.ts";
import { AT } from "../abi/at.ts";
import type { Handlers } from "../abi/call.ts";
import { CLONE } from "../abi/clone.ts";
import { E, fail } from "../abi/errno.ts";
import { encodeStruct } from "../abi/layout.ts";
import { RUSAGE, rusageOf } from "../abi/rusage.ts";
import { SIG } from "../abi/signals.ts";
import { fromRegisters, fromStruct } from "./clone_arguments.ts";
import type { process } from "./declare.ts";
import { stringsAt } from "./strings.ts";

const make = (t: Task, request: CloneRequest | number): number => {
  if (typeof request === "number") return request;
  const child = cloneTask(t, request);
  if (typeof child === "number") return child;
  const { tid } = child, seen = t.sees(tid);
  if ((request.flags & CLONE.VFORK) === 0) return seen;
  const blockedOn = {
    what: `vfork child ${tid}`,
    queues: [],
    killable: true,
    poll: () => {
      if (t.vforkChild !== undefined) return t.block(blockedOn);
      t.trace?.vforkDone(tid);
      return seen;
    },
  };
  return t.block(blockedOn);
};

const wait = (
  t: Task,
  what: string,
  who: Who,
  options: number,
  found: (event: WaitEvent) => number,
  nothing: () => number,
): number => {
  const look = (): number => {
    const result: WaitResult = scanChildren(t, who, options);
    if (result === "childless") return -E.CHILD;
    if (result !== "none") return found(result);
    return (options & W.NOHANG) !== 0 ? nothing() : t.block(waiting);
  };
  const waiting = { what, queues: [t.group.childEvents], poll: look, restart: "restart" as const };
  return look();
};

const writeUsage = (t: Task, at: number, event: WaitEvent): void => {
  if (at !== 0) t.mem.write(at, encodeStruct(RUSAGE, rusageOf(event.used)));
};

const selectPid = (t: Task, pid: number): Who =>
  pid === -1
    ? { kind: "any" }
    : pid > 0
    ? { kind: "pid", pid: t.means(pid) }
    : { kind: "pgid", pgid: pid === 0 ? t.group.pgid : t.means(-pid) };

const selectId = (t: Task, which: number, id: number): Who => {
  switch (which) {
    case 0:
      return { kind: "any" };
    case 1:
      return id <= 0 ? fail(E.INVAL) : { kind: "pid", pid: t.means(id) };
    case 2:
      return id < 0 ? fail(E.INVAL) : { kind: "pgid", pgid: id === 0 ? t.group.pgid : t.means(id) };
    case 3:
      return id < 0 ? fail(E.INVAL) : { kind: "group", group: pidfdTarget(t.files.get(id)) ?? fail(E.BADF) };
    default:
      return fail(E.INVAL);
  }
};

const WAIT4_OPTIONS = W.NOHANG | W.UNTRACED | W.CONTINUED | W.NOTHREAD | W.CLONE | W.ALL;
const WAITID_OPTIONS = WAIT4_OPTIONS | W.EXITED | W.NOWAIT;

export const processHandlers: Handlers<Task, typeof process> = {
  clone: (t, _flags, stack, parentTid, _tls, childTid) => make(t, fromRegisters(t, stack, parentTid, childTid)),
  clone3: (t, args, size) => make(t, fromStruct(t, args, size)),
  execve: (t, path, argv, envp) => execProgram(t, -100, readPath(t, path), 0, stringsAt(t, argv, envp)),
  execveat(t, dirfd, path, argv, envp, flags) {
    if ((flags & ~(AT.SYMLINK_NOFOLLOW | AT.EMPTY_PATH)) !== 0) return -E.INVAL;
    return execProgram(t, dirfd, readPath(t, path), flags, stringsAt(t, argv, envp));
  },
  exit(t, status) {
    exitTask(t, (status & 0xff) << 8);
    return NO_RESULT;
  },
  exit_group(t, status) {
    exitGroup(t, (status & 0xff) << 8);
    return NO_RESULT;
  },
  wait4(t, pid, statusAt, options, usageAt) {
    if ((options & ~WAIT4_OPTIONS) !== 0) return -E.INVAL;
    if (pid === -0x80000000) return -E.SRCH;
    const found = (event: WaitEvent): number => {
      if (statusAt !== 0) t.mem.setU32(statusAt, event.status);
      writeUsage(t, usageAt, event);
      return t.sees(event.pid);
    };
    return wait(t, `wait4(${pid})`, selectPid(t, pid), options | W.EXITED, found, () => 0);
  },
  waitid(t, which, id, infoAt, options, usageAt) {
    if ((options & ~WAITID_OPTIONS) !== 0 || (options & (W.EXITED | W.STOPPED | W.CONTINUED)) === 0) return -E.INVAL;
    const write = (signo: number, code: number, pid: number, uid: number, status: number): void => {
      if (infoAt === 0) return;
      // Only these fields are written (SYSCALL_DEFINE5(waitid)); the rest of the siginfo stays as it was.
      t.mem.setU32(infoAt, signo);
      t.mem.setU32(infoAt + 4, 0);
      t.mem.setU32(infoAt + 8, code);
      t.mem.setU32(infoAt + 16, pid);
      t.mem.setU32(infoAt + 20, uid);
      t.mem.setU32(infoAt + 24, status);
    };
    const nothing = (): number => {
      write(0, 0, 0, 0, 0);
      return 0;
    };
    const found = (event: WaitEvent): number => {
      writeUsage(t, usageAt, event);
      write(SIG.CHLD, event.code, t.sees(event.pid), event.uid, event.siStatus);
      return 0;
    };
    const who = selectId(t, which, id);
    const nonblocking = which === 3 && t.files.get(id).nonblocking && (options & W.NOHANG) === 0;
    const result = wait(
      t,
      `waitid(${which}, ${id})`,
      who,
      nonblocking ? options | W.NOHANG : options,
      found,
      nonblocking ? () => -E.AGAIN : nothing,
    );
    if (result === -E.CHILD) nothing();
    return result;
  },
  set_tid_address(t, at) {
    t.clearTid = at;
    return t.sees(t.tid);
  },
  unshare: (t, flags) => unshare(t, flags),
  setns(t, fd, flags) {
    const file = t.files.get(fd);
    if (file instanceof NamespaceFile) {
      const { namespace } = file.inode;
      if (flags !== 0 && flags !== FLAG_OF[namespace.kind]) return -E.INVAL;
      enterNamespace(t, namespace);
      return 0;
    }
    const group = pidfdTarget(file) ?? fail(E.INVAL);
    if (flags === 0 || (flags & ~ENTERABLE) !== 0) return -E.INVAL;
    enterThoseOf(t, group.leader, flags);
    return 0;
  },
};
