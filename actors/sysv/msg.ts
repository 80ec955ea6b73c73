/** Message queues (ipc/msg.c): typed messages in order of arrival. Senders wait for room, receivers for a message they want; both look again when woken. */
import { E } from "../../syscalls/abi/errno.ts";
import { IPC, MSG, MSG_LIMITS } from "../../syscalls/abi/ipc.ts";
import { BLOCKED } from "../blocking.ts";
import type { Task } from "../task/task.ts";
import { WaitQueue } from "../wait_queue.ts";
import { checkAccess, checkOwner, type IpcObject, type NewObject, perNamespace, seconds } from "./registry.ts";

export interface Message {
  readonly type: number;
  readonly text: Uint8Array;
}

/** Bytes of memory that a message takes. */
const weight = ({ text }: Message): number => text.length + 48;

export class MessageQueue implements IpcObject {
  readonly key: number;
  readonly id: number;
  uid: number;
  gid: number;
  readonly cuid: number;
  readonly cgid: number;
  mode: number;
  removed = false;
  readonly messages: Message[] = [];
  bytes = 0;
  maxBytes: number = MSG_LIMITS.mnb;
  sentAt = 0;
  receivedAt = 0;
  lastSender = 0;
  lastReceiver = 0;
  readonly changed = new WaitQueue();
  constructor(base: NewObject, public changedAt: number) {
    ({ key: this.key, id: this.id, uid: this.uid, gid: this.gid, cuid: this.cuid, cgid: this.cgid, mode: this.mode } =
      base);
  }
}

export const messageQueues = perNamespace<MessageQueue>(MSG_LIMITS.mni);

/** msgget(2). */
export const getQueue = (t: Task, key: number, flags: number): number =>
  messageQueues(t).get(t, key, flags, (base) => new MessageQueue(base, seconds(t.machine)), () => {});

/** msgsnd(2). */
export const sendMessage = (t: Task, id: number, message: Message, flags: number): number => {
  const queue = messageQueues(t).find(id);
  const send = (): number => {
    if (queue.removed) return -E.IDRM;
    checkAccess(t, queue, 0o222);
    if (queue.bytes + message.text.length > queue.maxBytes || queue.messages.length + 1 > queue.maxBytes) {
      return BLOCKED;
    }
    if (!t.machine.memory.take(weight(message))) return -E.NOMEM;
    queue.messages.push(message);
    queue.bytes += message.text.length;
    queue.lastSender = t.pid;
    queue.sentAt = seconds(t.machine);
    queue.changed.wake();
    return 0;
  };
  const result = send();
  if (result !== BLOCKED) return result;
  if ((flags & IPC.NOWAIT) !== 0) return -E.AGAIN;
  return t.block({ what: `room in message queue ${id}`, queues: [queue.changed], poll: send, restart: "nohand" });
};

/** Index of the message wanted: any, of a type, of another type, or of the lowest type up to -type; -1 when there is none. */
const choose = (messages: readonly Message[], type: number, flags: number): number => {
  if ((flags & MSG.COPY) !== 0) return type >= 0 && type < messages.length ? type : -1;
  if (type === 0) return messages.length > 0 ? 0 : -1;
  if (type > 0) return messages.findIndex((m) => (m.type === type) !== ((flags & MSG.EXCEPT) !== 0));
  let best = -1;
  messages.forEach((m, i) => {
    if (m.type <= -type && (best < 0 || m.type < messages[best].type)) best = i;
  });
  return best;
};

/** msgrcv(2): `take` writes the message to the guest and gives the result. */
export const receiveMessage = (
  t: Task,
  id: number,
  size: number,
  type: number,
  flags: number,
  take: (message: Message) => number,
): number => {
  const queue = messageQueues(t).find(id);
  const copy = (flags & MSG.COPY) !== 0;
  const receive = (): number => {
    if (queue.removed) return -E.IDRM;
    checkAccess(t, queue, 0o444);
    const index = choose(queue.messages, type, flags);
    if (index < 0) return BLOCKED;
    const message = queue.messages[index];
    if (message.text.length > size && (flags & MSG.NOERROR) === 0) return -E["2BIG"];
    if (!copy) {
      queue.messages.splice(index, 1);
      queue.bytes -= message.text.length;
      t.machine.memory.give(weight(message));
      queue.lastReceiver = t.pid;
      queue.receivedAt = seconds(t.machine);
      queue.changed.wake();
    }
    return take(message);
  };
  const result = receive();
  if (result !== BLOCKED) return result;
  if ((flags & IPC.NOWAIT) !== 0 || copy) return -E.NOMSG;
  return t.block({ what: `a message of queue ${id}`, queues: [queue.changed], poll: receive, restart: "nohand" });
};

/** IPC_RMID: everybody who waits gets EIDRM. */
export const removeQueue = (t: Task, queue: MessageQueue): void => {
  checkOwner(t, queue);
  messageQueues(t).remove(queue);
  for (const message of queue.messages) t.machine.memory.give(weight(message));
  queue.changed.wake();
};
