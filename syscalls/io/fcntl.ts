/** fcntl(2): a table from command to what it does. */
import {
  asyncChanged,
  O_APPEND,
  O_ASYNC,
  O_DIRECT,
  O_NOATIME,
  O_NONBLOCK,
  type OpenFile,
  RLIMIT,
  type Task,
} from "../../actors/mod.ts";
import { E } from "../abi/errno.ts";
import { F } from "../abi/files.ts";
import { getLock, setLock } from "./locks.ts";

type Command = (t: Task, file: OpenFile, arg: number, fd: number) => number;

const F_OWNER_PID = 1, F_OWNER_PGRP = 2;
const SETTABLE = O_APPEND | O_ASYNC | O_DIRECT | O_NOATIME | O_NONBLOCK;

const duplicate = (cloexec: boolean): Command => (t, file, arg) => {
  const limit = t.group.limits[RLIMIT.NOFILE].soft;
  if (arg >= limit) return -E.INVAL;
  const added = t.files.add(file.retain(), cloexec, limit, arg);
  if (added < 0) file.release();
  return added;
};

/** Commands that pipes and memfds answer by methods of their own. */
interface Sized {
  pipeSize?(): number;
  setPipeSize?(size: number): number;
  seals?(): number;
  addSeals?(seals: number): number;
}

const COMMANDS: Readonly<Record<number, Command>> = {
  [F.DUPFD]: duplicate(false),
  [F.DUPFD_CLOEXEC]: duplicate(true),
  [F.GETFD]: (t, _file, _arg, fd) => t.files.cloexec(fd) ? 1 : 0,
  [F.SETFD](t, _file, arg, fd) {
    t.files.setCloexec(fd, arg % 2 === 1);
    return 0;
  },
  [F.GETFL]: (_t, file) => file.flags & ~0o2000000,
  [F.SETFL](t, file, arg, fd) {
    file.flags = (file.flags & ~SETTABLE) | (arg % 0x100000000 & SETTABLE);
    file.flagsChanged();
    asyncChanged(t.machine, file, fd);
    return 0;
  },
  [F.GETLK]: (t, file, arg) => getLock(t, file, arg, false),
  [F.SETLK]: (t, file, arg) => setLock(t, file, arg, false, false),
  [F.SETLKW]: (t, file, arg) => setLock(t, file, arg, false, true),
  [F.OFD_GETLK]: (t, file, arg) => getLock(t, file, arg, true),
  [F.OFD_SETLK]: (t, file, arg) => setLock(t, file, arg, true, false),
  [F.OFD_SETLKW]: (t, file, arg) => setLock(t, file, arg, true, true),
  [F.SETOWN](t, file, arg) {
    const pid = arg | 0;
    if (pid === -0x80000000) return -E.INVAL;
    file.owner = t.means(Math.abs(pid));
    file.ownerType = pid < 0 ? F_OWNER_PGRP : F_OWNER_PID;
    file.ownerCredentials = t.cred;
    return 0;
  },
  [F.GETOWN]: (t, file) => file.ownerType === F_OWNER_PGRP ? -t.sees(file.owner) : t.sees(file.owner),
  [F.SETOWN_EX](t, file, arg) {
    const type = t.mem.i32(arg), pid = t.mem.i32(arg + 4);
    if (type < 0 || type > F_OWNER_PGRP || pid < 0) return -E.INVAL;
    file.owner = t.means(pid);
    file.ownerType = type;
    file.ownerCredentials = t.cred;
    return 0;
  },
  [F.GETOWN_EX](t, file, arg) {
    t.mem.setU32(arg, file.ownerType);
    t.mem.setU32(arg + 4, t.sees(file.owner));
    return 0;
  },
  [F.SETSIG](_t, file, arg) {
    if (arg > 64) return -E.INVAL;
    file.ownerSignal = arg;
    return 0;
  },
  [F.GETSIG]: (_t, file) => file.ownerSignal,
  [F.DUPFD_QUERY]: (t, file, arg) => t.files.peek(arg) === file ? 1 : 0,
  [F.GETLEASE]: () => 2,
  [F.GETPIPE_SZ]: (_t, file) => (file as OpenFile & Sized).pipeSize?.() ?? -E.BADF,
  [F.SETPIPE_SZ]: (_t, file, arg) => (file as OpenFile & Sized).setPipeSize?.(arg) ?? -E.BADF,
  [F.GET_SEALS]: (_t, file) => (file as OpenFile & Sized).seals?.() ?? -E.INVAL,
  [F.ADD_SEALS]: (_t, file, arg) => (file as OpenFile & Sized).addSeals?.(arg) ?? -E.INVAL,
};

/** Commands an O_PATH descriptor answers. */
const FOR_PATHS = new Set<number>([F.DUPFD, F.DUPFD_CLOEXEC, F.GETFD, F.SETFD, F.GETFL, F.DUPFD_QUERY]);

export const fcntl = (t: Task, fd: number, command: number, arg: number): number => {
  const file = t.files.get(fd, FOR_PATHS.has(command));
  return COMMANDS[command]?.(t, file, arg, fd) ?? -E.INVAL;
};
