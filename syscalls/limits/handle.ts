/** Limit calls: RLIM_INFINITY (all ones) is Infinity inside. */
import { CAP, groupUsage, type Limit, nsCapable, setLimit, type Task } from "../../actors/mod.ts";
import type { Handlers } from "../abi/call.ts";
import { E } from "../abi/errno.ts";
import { encodeStruct } from "../abi/layout.ts";
import { RUSAGE, rusageOf } from "../abi/rusage.ts";
import type { limits } from "./declare.ts";

const RLIM_NLIMITS = 16;
const RLIM_INFINITY = 0xffffffffffffffffn;

const isResource = (resource: number): boolean => resource >= 0 && resource < RLIM_NLIMITS;
const decode = (raw: bigint): number => raw === RLIM_INFINITY ? Infinity : Number(raw);
const encode = (limit: number): bigint => limit === Infinity ? RLIM_INFINITY : BigInt(limit);

const readLimit = (t: Task, at: number): Limit => ({ soft: decode(t.mem.big(at)), hard: decode(t.mem.big(at + 8)) });
const writeLimit = (t: Task, at: number, { soft, hard }: Limit): void => {
  t.mem.setBig(at, encode(soft));
  t.mem.setBig(at + 8, encode(hard));
};

/** Limits of another process: same user and group ids throughout, or CAP_SYS_RESOURCE. */
const mayChange = (t: Task, target: Task): boolean => {
  if (target.group === t.group || nsCapable(t.cred, target.cred.userNamespace, CAP.SYS_RESOURCE)) return true;
  const { ruid, rgid } = t.cred, o = target.cred;
  return o.ruid === ruid && o.euid === ruid && o.suid === ruid && o.rgid === rgid && o.egid === rgid && o.sgid === rgid;
};

export const limitsHandlers: Handlers<Task, typeof limits> = {
  getrlimit(t, resource, at) {
    if (!isResource(resource)) return -E.INVAL;
    writeLimit(t, at, t.group.limits[resource]);
    return 0;
  },
  setrlimit(t, resource, at) {
    const limit = readLimit(t, at);
    return isResource(resource) ? setLimit(t, t, resource, limit) : -E.INVAL;
  },
  getrusage(t, who, at) {
    const used = who === 0
      ? groupUsage(t.group)
      : who === -1
      ? t.group.childrenUsed
      : who === 1
      ? { ...groupUsage(t.group), utime: t.cpuTime, stime: 0 }
      : undefined;
    if (used === undefined) return -E.INVAL;
    t.mem.write(at, encodeStruct(RUSAGE, rusageOf(used)));
    return 0;
  },
  prlimit64(t, pid, resource, next, old) {
    const limit = next === 0 ? undefined : readLimit(t, next);
    const target = pid === 0 ? t : t.named(pid);
    if (target === undefined) return -E.SRCH;
    if (!mayChange(t, target)) return -E.PERM;
    if (!isResource(resource)) return -E.INVAL;
    const before = target.group.limits[resource];
    if (limit !== undefined) {
      const refused = setLimit(t, target, resource, limit);
      if (refused !== 0) return refused;
    }
    if (old !== 0) writeLimit(t, old, before);
    return 0;
  },
};
