/** Identity calls: fetch the numbers, let the credential and process-group rules decide. */
import {
  CAP,
  capableHere,
  KEEP,
  newSession,
  saidGid,
  saidUid,
  seenGid,
  seenUid,
  setCapabilities,
  setFsGid,
  setFsUid,
  setGid,
  setGroups,
  setProcessGroup,
  setReGid,
  setResGid,
  setResUid,
  setReUid,
  setUid,
  type Task,
  toKernel,
} from "../../actors/mod.ts";
import type { Handlers } from "../abi/call.ts";
import { E, fail } from "../abi/errno.ts";
import type { ids } from "./declare.ts";

const NGROUPS_MAX = 65536;
const CAP_V1 = 0x19980330, CAP_V2 = 0x20071026, CAP_V3 = 0x20080522;

/** 32-bit words of capability data per set, or 0 for an unknown version, whose place is then filled with the newest one. */
const capWords = (t: Task, header: number): number => {
  const version = t.mem.u32(header);
  if (version === CAP_V1) return 1;
  if (version === CAP_V2 || version === CAP_V3) return 2;
  t.mem.setU32(header, CAP_V3);
  return 0;
};

const find = (t: Task, pid: number): Task | undefined => pid === 0 ? t : t.named(pid);

export const idsHandlers: Handlers<Task, typeof ids> = {
  capget(t, header, data) {
    const words = capWords(t, header);
    if (words === 0) return data === 0 ? 0 : -E.INVAL;
    if (data === 0) return 0;
    const pid = t.mem.i32(header + 4);
    if (pid < 0) return -E.INVAL;
    const target = find(t, pid);
    if (target === undefined) return -E.SRCH;
    const { capEffective, capPermitted, capInheritable } = target.cred;
    for (let word = 0; word < words; word++) {
      [capEffective, capPermitted, capInheritable].forEach((set, i) =>
        t.mem.setU32(data + word * 12 + i * 4, Number((set >> BigInt(32 * word)) & 0xffffffffn))
      );
    }
    return 0;
  },
  capset(t, header, data) {
    const words = capWords(t, header);
    if (words === 0) return -E.INVAL;
    const pid = t.mem.i32(header + 4);
    if (pid !== 0 && pid !== t.sees(t.tid)) return -E.PERM;
    const sets = [0n, 0n, 0n];
    for (let word = 0; word < words; word++) {
      for (let i = 0; i < 3; i++) sets[i] |= BigInt(t.mem.u32(data + word * 12 + i * 4)) << BigInt(32 * word);
    }
    return setCapabilities(t, sets[0], sets[1], sets[2]);
  },
  setregid: (t, r, e) => setReGid(t, saidGid(t.cred, r), saidGid(t.cred, e)),
  setgid: (t, gid) => setGid(t, saidGid(t.cred, gid)),
  setreuid: (t, r, e) => setReUid(t, saidUid(t.cred, r), saidUid(t.cred, e)),
  setuid: (t, uid) => setUid(t, saidUid(t.cred, uid)),
  setresuid: (t, r, e, s) => setResUid(t, saidUid(t.cred, r), saidUid(t.cred, e), saidUid(t.cred, s)),
  getresuid(t, ruid, euid, suid) {
    t.mem.setU32(ruid, seenUid(t.cred, t.cred.ruid));
    t.mem.setU32(euid, seenUid(t.cred, t.cred.euid));
    t.mem.setU32(suid, seenUid(t.cred, t.cred.suid));
    return 0;
  },
  setresgid: (t, r, e, s) => setResGid(t, saidGid(t.cred, r), saidGid(t.cred, e), saidGid(t.cred, s)),
  getresgid(t, rgid, egid, sgid) {
    t.mem.setU32(rgid, seenGid(t.cred, t.cred.rgid));
    t.mem.setU32(egid, seenGid(t.cred, t.cred.egid));
    t.mem.setU32(sgid, seenGid(t.cred, t.cred.sgid));
    return 0;
  },
  // An id without a number changes nothing.
  setfsuid(t, uid) {
    const { cred } = t, kernel = toKernel(cred.userNamespace.uids, uid);
    return seenUid(cred, setFsUid(t, kernel < 0 ? KEEP : kernel));
  },
  setfsgid(t, gid) {
    const { cred } = t, kernel = toKernel(cred.userNamespace.gids, gid);
    return seenGid(cred, setFsGid(t, kernel < 0 ? KEEP : kernel));
  },
  setpgid: setProcessGroup,
  getpgid: (t, pid) => t.sees((find(t, pid) ?? fail(E.SRCH)).group.pgid),
  getsid: (t, pid) => t.sees((find(t, pid) ?? fail(E.SRCH)).group.sid),
  setsid: newSession,
  getgroups(t, size, list) {
    const { groups } = t.cred;
    if (size < 0 || (size !== 0 && size < groups.length)) return -E.INVAL;
    if (size !== 0) groups.forEach((gid, i) => t.mem.setU32(list + i * 4, seenGid(t.cred, gid)));
    return groups.length;
  },
  setgroups(t, size, list) {
    const { gids, setgroups } = t.cred.userNamespace;
    if (!capableHere(t.cred, CAP.SETGID) || gids === undefined || !setgroups) return -E.PERM;
    if (size < 0 || size > NGROUPS_MAX) return -E.INVAL;
    return setGroups(
      t,
      Array.from({ length: size }, (_, i) => {
        const gid = toKernel(gids, t.mem.u32(list + i * 4));
        return gid < 0 ? fail(E.INVAL) : gid;
      }),
    );
  },
  getpid: (t) => t.sees(t.group.tgid),
  // 1 is the machine's init, which is nobody here.
  getppid: (t) => t.sees(t.group.parent?.group.tgid ?? 1),
  getuid: (t) => seenUid(t.cred, t.cred.ruid),
  geteuid: (t) => seenUid(t.cred, t.cred.euid),
  getgid: (t) => seenGid(t.cred, t.cred.rgid),
  getegid: (t) => seenGid(t.cred, t.cred.egid),
  gettid: (t) => t.sees(t.tid),
};
