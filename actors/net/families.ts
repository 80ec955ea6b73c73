/** Which class answers which socket(2): domain, type and protocol (net/socket.c __sock_create). */
import { E, fail } from "../../syscalls/abi/errno.ts";
import { AF, SOCK } from "../../syscalls/abi/net.ts";
import type { Machine } from "../machine.ts";
import type { Task } from "../task/task.ts";
import type { Socket } from "./socket.ts";
import { checkUnix, makeUnix, UnixSocket } from "./unix.ts";

const check = (domain: number, type: number): void => {
  if (domain < 0 || domain >= 46) fail(E.AFNOSUPPORT);
  if (type < 0 || type >= 11) fail(E.INVAL);
};

export const makeSocket = (
  machine: Machine,
  t: Task,
  domain: number,
  type: number,
  protocol: number,
  flags: number,
): Socket => {
  check(domain, type);
  switch (domain) {
    case AF.UNIX:
      return makeUnix(machine, t, type, protocol, flags);
    default:
      return fail(E.AFNOSUPPORT);
  }
};

export const makeSocketPair = (
  machine: Machine,
  t: Task,
  domain: number,
  type: number,
  protocol: number,
  flags: number,
): [Socket, Socket] => {
  check(domain, type);
  if (domain === AF.UNIX) {
    checkUnix(type, protocol);
    return UnixSocket.pair(machine, t, type === SOCK.RAW ? SOCK.DGRAM : type, flags);
  }
  makeSocket(machine, t, domain, type, protocol, flags).release();
  return fail(E.OPNOTSUPP);
};
