/** System V IPC; POSIX message queues are absent. */
import {
  absent,
  address,
  by,
  call,
  enumerationArg,
  type Family,
  flags,
  hex,
  inStruct,
  int,
  long,
  size,
  uint,
} from "../abi/call.ts";
import { IPC_GET_FLAGS, MSG_COMMAND, MSG_FLAGS, SEM_COMMAND, SEMBUF, SHM_COMMAND, SHMAT_FLAGS } from "../abi/ipc.ts";
import { TIMESPEC } from "../abi/timespec.ts";

const key = { ...hex("key"), reg: "i32" } as const;
const getFlags = flags("flags", IPC_GET_FLAGS, "i32");
const NO_MQ = "as a kernel built without POSIX message queues";

export const ipc = {
  mq_open: absent(180, "open a POSIX message queue", NO_MQ),
  mq_unlink: absent(181, "remove a POSIX message queue", NO_MQ),
  mq_timedsend: absent(182, "send to a POSIX message queue", NO_MQ),
  mq_timedreceive: absent(183, "receive from a POSIX message queue", NO_MQ),
  mq_notify: absent(184, "be told of a message", NO_MQ),
  mq_getsetattr: absent(185, "attributes of a POSIX message queue", NO_MQ),
  msgget: call(186, [key, getFlags], "find or make a message queue"),
  msgctl: call(187, [int("msqid"), enumerationArg("cmd", MSG_COMMAND), address("buf")], "manage a message queue"),
  msgrcv: call(
    188,
    [int("msqid"), address("msgp"), size("msgsz"), long("msgtyp"), flags("msgflg", MSG_FLAGS, "i32")],
    "receive a message",
    { result: "size" },
  ),
  msgsnd: call(
    189,
    [int("msqid"), address("msgp"), size("msgsz"), flags("msgflg", MSG_FLAGS, "i32")],
    "send a message",
  ),
  semget: call(190, [key, int("nsems"), getFlags], "find or make a semaphore set"),
  semctl: call(
    191,
    [int("semid"), int("semnum"), enumerationArg("cmd", SEM_COMMAND), by("arg", "cmd", {})],
    "manage a semaphore set",
  ),
  semtimedop: call(
    192,
    [int("semid"), inStruct("sops", SEMBUF, "nsops"), uint("nsops"), inStruct("timeout", TIMESPEC)],
    "operate on semaphores, waiting no longer than told",
  ),
  semop: call(193, [int("semid"), inStruct("sops", SEMBUF, "nsops"), uint("nsops")], "operate on semaphores"),
  shmget: call(194, [key, size("size"), getFlags], "find or make a shared memory segment"),
  shmctl: call(195, [int("shmid"), enumerationArg("cmd", SHM_COMMAND), address("buf")], "manage a segment"),
  shmat: call(196, [int("shmid"), address("shmaddr"), flags("shmflg", SHMAT_FLAGS, "i32")], "attach a segment", {
    result: "address",
  }),
  shmdt: call(197, [address("shmaddr")], "detach a segment"),
} satisfies Family;
