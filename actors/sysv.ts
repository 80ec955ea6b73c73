/** System V IPC: shared memory, semaphores, message queues. */
export { checkAccess, checkOwner, type IpcObject, permissionsOf, type Registry, seconds } from "./sysv/registry.ts";
export { attachSegment, detachSegment, getSegment, removeSegment, type Segment, segments } from "./sysv/shm.ts";
export {
  countWaiting,
  getSemaphores,
  operateSemaphores,
  removeSemaphores,
  type SemaphoreSet,
  semaphoreSets,
  type SemOperation,
  setSemaphores,
} from "./sysv/sem.ts";
export {
  getQueue,
  type Message,
  type MessageQueue,
  messageQueues,
  receiveMessage,
  removeQueue,
  sendMessage,
} from "./sysv/msg.ts";
