/** System V IPC calls: arguments fetched; the actors keep segments, sets and queues. */
import {
  attachSegment,
  detachSegment,
  getQueue,
  getSegment,
  getSemaphores,
  operateSemaphores,
  readTimespec,
  receiveMessage,
  type SemOperation,
  sendMessage,
  type Task,
} from "../../actors/mod.ts";
import type { Handlers } from "../abi/call.ts";
import { E } from "../abi/errno.ts";
import { IPC, MSG, MSG_LIMITS, SEM_LIMITS, SEMBUF } from "../abi/ipc.ts";
import { controlQueue, controlSegment, controlSemaphores } from "./control.ts";
import type { ipc } from "./declare.ts";

const readOperations = (t: Task, at: number, count: number): SemOperation[] =>
  Array.from({ length: count }, (_, i) => {
    const p = at + i * SEMBUF.size;
    return { num: t.mem.u16(p), op: (t.mem.u16(p + 2) << 16) >> 16, flags: t.mem.u16(p + 4) };
  });

const operate = (t: Task, id: number, at: number, count: number, timeout: number): number => {
  const deadline = timeout === 0 ? undefined : t.machine.clock.monotonic() + readTimespec(t.mem, timeout);
  if (count < 1 || id < 0) return -E.INVAL;
  if (count > SEM_LIMITS.opm) return -E["2BIG"];
  return operateSemaphores(t, id, readOperations(t, at, count), deadline);
};

export const ipcHandlers: Handlers<Task, typeof ipc> = {
  msgget: getQueue,
  msgctl: controlQueue,
  msgrcv(t, id, at, size, type, flags) {
    if (id < 0 || size >= 2 ** 63) return -E.INVAL;
    if ((flags & MSG.COPY) !== 0 && ((flags & MSG.EXCEPT) !== 0 || (flags & IPC.NOWAIT) === 0)) return -E.INVAL;
    return receiveMessage(t, id, size, type, flags, (message) => {
      const text = message.text.subarray(0, Math.min(size, message.text.length));
      t.mem.setU64(at, message.type);
      t.mem.write(at + 8, text);
      return text.length;
    });
  },
  msgsnd(t, id, at, size, flags) {
    const type = t.mem.i64(at);
    if (size > MSG_LIMITS.max || id < 0 || type < 1) return -E.INVAL;
    return sendMessage(t, id, { type, text: t.mem.read(at + 8, size) }, flags);
  },
  semget: getSemaphores,
  semctl: controlSemaphores,
  semtimedop: operate,
  semop: (t, id, at, count) => operate(t, id, at, count, 0),
  shmget: getSegment,
  shmctl: controlSegment,
  shmat: attachSegment,
  shmdt: detachSegment,
};
