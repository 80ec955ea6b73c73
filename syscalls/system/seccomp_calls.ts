/** seccomp(2), and prctl(PR_SET_SECCOMP) which is an older way to say the same. */
import { setFilter, setStrict } from "../../actors/seccomp/mod.ts";
import type { Task } from "../../actors/mod.ts";
import type { Handlers } from "../abi/call.ts";
import { E } from "../abi/errno.ts";
import { SECCOMP, SECCOMP_FLAG, SECCOMP_MODE, SECCOMP_RET } from "../abi/seccomp.ts";
import type { system } from "./declare.ts";

/** Nobody can be told of calls yet: there are no listeners. */
const AVAILABLE = new Set<number>(Object.values(SECCOMP_RET).filter((action) => action !== SECCOMP_RET.USER_NOTIF));
const FLAGS = SECCOMP_FLAG.TSYNC | SECCOMP_FLAG.LOG | SECCOMP_FLAG.SPEC_ALLOW | SECCOMP_FLAG.TSYNC_ESRCH;

export const calls: Handlers<Task, Pick<typeof system, "seccomp" | "prctl">> = {
  seccomp(t, operation, flags, at) {
    switch (operation) {
      case SECCOMP.SET_MODE_STRICT:
        return flags !== 0 || at !== 0 ? -E.INVAL : setStrict(t);
      case SECCOMP.SET_MODE_FILTER:
        return (flags & ~FLAGS) !== 0 ? -E.INVAL : setFilter(t, flags, at);
      case SECCOMP.GET_ACTION_AVAIL:
        if (flags !== 0) return -E.INVAL;
        return AVAILABLE.has(t.mem.u32(at) | 0) ? 0 : -E.OPNOTSUPP;
      default:
        return -E.INVAL;
    }
  },
  prctl(t, _option, mode, at) {
    if (mode === SECCOMP_MODE.STRICT) return setStrict(t);
    return mode === SECCOMP_MODE.FILTER ? setFilter(t, 0, at) : -E.INVAL;
  },
};
