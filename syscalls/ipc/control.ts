/** The control commands of System V objects: state written as structs, ownership changed, removal. One table of commands per kind. */
import {
  CAP,
  capable,
  checkAccess,
  checkOwner,
  countWaiting,
  type IpcObject,
  type MessageQueue,
  messageQueues,
  permissionsOf,
  type Registry,
  removeQueue,
  removeSegment,
  removeSemaphores,
  saidGid,
  saidUid,
  seconds,
  type Segment,
  segments,
  type SemaphoreSet,
  semaphoreSets,
  setSemaphores,
  type Task,
} from "../../actors/mod.ts";
import { E, fail } from "../abi/errno.ts";
import {
  IPC,
  MSG,
  MSG_LIMITS,
  MSGINFO,
  MSQID_DS,
  SEM,
  SEM_LIMITS,
  SEMID_DS,
  SEMINFO,
  SHM,
  SHM_INFO_STRUCT,
  SHM_LIMITS,
  SHMID_DS,
  SHMINFO,
} from "../abi/ipc.ts";
import { encodeStruct, type Layout, type StructValue } from "../abi/layout.ts";

const READ = 0o444;

const put = (t: Task, at: number, layout: Layout, value: StructValue): number => {
  t.mem.write(at, encodeStruct(layout, value));
  return 0;
};

/** IPC_SET: owner and permission bits from a struct that begins with ipc64_perm. */
const setOwner = (t: Task, object: IpcObject & { changedAt: number }, at: number): number => {
  const uid = saidUid(t.cred, t.mem.u32(at + 4)), gid = saidGid(t.cred, t.mem.u32(at + 8));
  const mode = t.mem.u32(at + 20);
  checkOwner(t, object);
  object.uid = uid;
  object.gid = gid;
  object.mode = (object.mode & ~0o777) | (mode & 0o777);
  object.changedAt = seconds(t.machine);
  return 0;
};

/** The three STAT commands: by id, by index with or without the permission check. The index ones return the id. */
const stat = <T extends IpcObject>(t: Task, registry: Registry<T>, id: number, how: "id" | "index" | "any"): T => {
  const object = how === "id" ? registry.find(id) : registry.at(id);
  if (how !== "any") checkAccess(t, object, READ);
  return object;
};

const segmentState = (t: Task, s: Segment) => ({
  perm: permissionsOf(t, s),
  segsz: s.bytes,
  atime: s.attachedAt,
  dtime: s.detachedAt,
  ctime: s.changedAt,
  cpid: t.sees(s.creatorPid),
  lpid: t.sees(s.lastPid),
  nattch: s.attached,
});

/** shmctl(2). */
export const controlSegment = (t: Task, id: number, command: number, at: number): number => {
  const registry = segments(t);
  switch (command) {
    case IPC.INFO:
      put(t, at, SHMINFO, {
        max: SHM_LIMITS.max,
        min: 1,
        mni: SHM_LIMITS.mni,
        seg: SHM_LIMITS.mni,
        all: SHM_LIMITS.max,
      });
      return registry.highest;
    case SHM.INFO: {
      const all = registry.all.filter((s) => s !== undefined);
      const pages = (of: (s: Segment) => number) => all.reduce((sum, s) => sum + of(s), 0);
      put(t, at, SHM_INFO_STRUCT, {
        used_ids: all.length,
        tot: pages((s) => s.size() / 4096),
        rss: pages((s) => s.residentPages),
      });
      return registry.highest;
    }
    case IPC.STAT:
      return put(t, at, SHMID_DS, segmentState(t, stat(t, registry, id, "id")));
    case SHM.STAT:
    case SHM.STAT_ANY: {
      const segment = stat(t, registry, id, command === SHM.STAT ? "index" : "any");
      put(t, at, SHMID_DS, segmentState(t, segment));
      return segment.id;
    }
    case IPC.SET:
      return setOwner(t, registry.find(id), at);
    case IPC.RMID:
      removeSegment(t, registry.find(id));
      return 0;
    case SHM.LOCK:
    case SHM.UNLOCK: {
      const segment = registry.find(id);
      if (!capable(t.cred, CAP.IPC_LOCK)) checkOwner(t, segment);
      segment.mode = command === SHM.LOCK ? segment.mode | SHM.LOCKED : segment.mode & ~SHM.LOCKED;
      return 0;
    }
    default:
      return -E.INVAL;
  }
};

const setState = (t: Task, s: SemaphoreSet) => ({
  perm: permissionsOf(t, s),
  otime: s.operatedAt,
  ctime: s.changedAt,
  nsems: s.count,
});

/** Commands about the values of a set. */
const controlValues = (t: Task, set: SemaphoreSet, num: number, command: number, arg: number): number => {
  if (command === SEM.GETALL) {
    checkAccess(t, set, READ);
    t.mem.write(arg, new Uint8Array(Uint16Array.from(set.values).buffer));
    return 0;
  }
  if (command === SEM.SETALL) {
    checkAccess(t, set, 0o222);
    return setSemaphores(t, set, 0, Array.from({ length: set.count }, (_, i) => t.mem.u16(arg + i * 2)));
  }
  if (num < 0 || num >= set.count) return -E.INVAL;
  // An int below 0 comes as a word so large that its low bits are lost.
  if (command === SEM.SETVAL) return setSemaphores(t, set, num, [arg > Number.MAX_SAFE_INTEGER ? -1 : arg | 0]);
  checkAccess(t, set, READ);
  switch (command) {
    case SEM.GETVAL:
      return set.values[num];
    case SEM.GETPID:
      return t.sees(set.pids[num]);
    case SEM.GETNCNT:
      return countWaiting(set, num, false);
    default:
      return countWaiting(set, num, true);
  }
};

const SEM_INFO_VALUES = {
  mni: SEM_LIMITS.mni,
  mns: SEM_LIMITS.mns,
  msl: SEM_LIMITS.msl,
  opm: SEM_LIMITS.opm,
  vmx: SEM_LIMITS.vmx,
  map: SEM_LIMITS.mns,
  mnu: SEM_LIMITS.mns,
  ume: SEM_LIMITS.opm,
};

/** semctl(2). */
export const controlSemaphores = (t: Task, id: number, num: number, command: number, arg: number): number => {
  const registry = semaphoreSets(t);
  switch (command) {
    case IPC.INFO:
    case SEM.INFO: {
      const used = command === SEM.INFO;
      const semaphores = registry.all.reduce((sum, set) => sum + (set?.count ?? 0), 0);
      put(t, arg, SEMINFO, {
        ...SEM_INFO_VALUES,
        usz: used ? registry.count : 20,
        aem: used ? semaphores : SEM_LIMITS.aem,
      });
      return registry.highest;
    }
    case IPC.STAT:
      return put(t, arg, SEMID_DS, setState(t, stat(t, registry, id, "id")));
    case SEM.STAT:
    case SEM.STAT_ANY: {
      const set = stat(t, registry, id, command === SEM.STAT ? "index" : "any");
      put(t, arg, SEMID_DS, setState(t, set));
      return set.id;
    }
    case IPC.SET:
      return setOwner(t, registry.find(id), arg);
    case IPC.RMID:
      removeSemaphores(t, registry.find(id));
      return 0;
    default:
      return command >= SEM.GETPID && command <= SEM.SETALL
        ? controlValues(t, registry.find(id), num, command, arg)
        : -E.INVAL;
  }
};

const queueState = (t: Task, q: MessageQueue) => ({
  perm: permissionsOf(t, q),
  stime: q.sentAt,
  rtime: q.receivedAt,
  ctime: q.changedAt,
  cbytes: q.bytes,
  qnum: q.messages.length,
  qbytes: q.maxBytes,
  lspid: t.sees(q.lastSender),
  lrpid: t.sees(q.lastReceiver),
});

/** IPC_SET also sets the queue's size, beyond the default only for the privileged. */
const setQueue = (t: Task, queue: MessageQueue, at: number): number => {
  const bytes = t.mem.u64(at + 88);
  checkOwner(t, queue);
  if (bytes > MSG_LIMITS.mnb && !capable(t.cred, CAP.SYS_RESOURCE)) return fail(E.PERM);
  setOwner(t, queue, at);
  queue.maxBytes = bytes;
  queue.changed.wake();
  return 0;
};

/** msgctl(2). */
export const controlQueue = (t: Task, id: number, command: number, at: number): number => {
  const registry = messageQueues(t);
  switch (command) {
    case IPC.INFO:
    case MSG.INFO: {
      const used = command === MSG.INFO;
      const sum = (of: (q: MessageQueue) => number) =>
        registry.all.reduce((total, q) => total + (q === undefined ? 0 : of(q)), 0);
      put(t, at, MSGINFO, {
        max: MSG_LIMITS.max,
        mnb: MSG_LIMITS.mnb,
        mni: MSG_LIMITS.mni,
        pool: used ? registry.count : MSG_LIMITS.mni * MSG_LIMITS.mnb / 1024,
        map: used ? sum((q) => q.messages.length) : MSG_LIMITS.mnb,
        tql: used ? sum((q) => q.bytes) : MSG_LIMITS.mnb,
        ssz: 16,
        seg: 0xffff,
      });
      return registry.highest;
    }
    case IPC.STAT:
      return put(t, at, MSQID_DS, queueState(t, stat(t, registry, id, "id")));
    case MSG.STAT:
    case MSG.STAT_ANY: {
      const queue = stat(t, registry, id, command === MSG.STAT ? "index" : "any");
      put(t, at, MSQID_DS, queueState(t, queue));
      return queue.id;
    }
    case IPC.SET:
      return setQueue(t, registry.find(id), at);
    case IPC.RMID:
      removeQueue(t, registry.find(id));
      return 0;
    default:
      return -E.INVAL;
  }
};
