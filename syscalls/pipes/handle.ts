/** Pipes: two descriptors, or none. */
import { makePipe, O_CLOEXEC, O_DIRECT, O_NONBLOCK, RLIMIT, type Task } from "../../actors/mod.ts";
import type { Handlers } from "../abi/call.ts";
import { E } from "../abi/errno.ts";
import type { pipes } from "./declare.ts";

export const pipesHandlers: Handlers<Task, typeof pipes> = {
  pipe2(t, at, flags) {
    if ((flags & ~(O_CLOEXEC | O_NONBLOCK | O_DIRECT)) !== 0) return -E.INVAL;
    const [reading, writing] = makePipe(t.machine, t, flags & ~O_CLOEXEC);
    const limit = t.group.limits[RLIMIT.NOFILE].soft, cloexec = (flags & O_CLOEXEC) !== 0;
    const r = t.files.add(reading, cloexec, limit);
    const w = r < 0 ? r : t.files.add(writing, cloexec, limit);
    const undo = (): void => {
      if (r < 0) reading.release();
      else t.files.close(r);
      if (w < 0) writing.release();
      else t.files.close(w);
    };
    if (w < 0) {
      undo();
      return w;
    }
    try {
      t.mem.setU32(at, r);
      t.mem.setU32(at + 4, w);
    } catch (error) {
      undo();
      throw error;
    }
    return 0;
  },
};
