/** The socket calls themselves: fetch, then let the socket do. Loaded by `handle.ts` when a program makes its first socket. */
import { getSocketOption, makeSocket, makeSocketPair, setSocketOption, type Socket } from "../../actors/net/mod.ts";
import { type OpenFile, RLIMIT, type Task } from "../../actors/mod.ts";
import type { Handlers } from "../abi/call.ts";
import { E, fail } from "../abi/errno.ts";
import { AF, SOCK, SOL } from "../abi/net.ts";
import { readAddress, socketOf, writeAddress } from "./addresses.ts";
import type { net } from "./declare.ts";
import { recvfrom, recvmmsg, recvmsg } from "./receive.ts";
import { sendmmsg, sendmsg, sendto } from "./send.ts";
import { waitOn } from "./waiting.ts";

const FLAGS = SOCK.NONBLOCK | SOCK.CLOEXEC;
const limit = (t: Task): number => t.group.limits[RLIMIT.NOFILE].soft;

/** Type and flags of the second argument of socket(2). */
const typeOf = (word: number): { type: number; flags: number; cloexec: boolean } => {
  if ((word & ~15 & ~FLAGS) !== 0) return fail(E.INVAL);
  return { type: word & 15, flags: word & SOCK.NONBLOCK, cloexec: (word & SOCK.CLOEXEC) !== 0 };
};

const install = (t: Task, file: OpenFile, cloexec: boolean): number => {
  const fd = t.files.add(file, cloexec, limit(t));
  if (fd < 0) file.release();
  return fd;
};

const accept = (t: Task, fd: number, addr: number, addrLength: number, word: number): number => {
  if ((word & ~FLAGS) !== 0) return -E.INVAL;
  const s = socketOf(t, fd), cloexec = (word & SOCK.CLOEXEC) !== 0;
  const attempt = (): number => {
    if (t.files.full) return -E.NFILE;
    // The descriptor comes first, so that no connection is lost for want of one.
    const place = install(t, s.retain(), cloexec);
    if (place < 0) return place;
    const connection = s.accept(t);
    if (typeof connection === "number") {
      t.files.close(place);
      return connection;
    }
    connection.flags |= word & SOCK.NONBLOCK;
    t.files.put(place, connection, cloexec);
    if (addr === 0) return place;
    try {
      const name = connection.peerName();
      if (typeof name === "number") {
        t.files.close(place);
        return -E.CONNABORTED;
      }
      writeAddress(t, addr, addrLength, name);
    } catch (error) {
      t.files.close(place);
      throw error;
    }
    return place;
  };
  const first = attempt();
  if (first !== -E.AGAIN || s.nonblocking) return first;
  return waitOn(t, s, { what: "accept", timeout: s.options.receiveTimeout, attempt });
};

const connect = (t: Task, s: Socket, address: Uint8Array): number => {
  const first = s.connect(t, address);
  const timeout = s.options.sendTimeout;
  if (first === -E.AGAIN) {
    if (s.nonblocking) return first;
    return waitOn(t, s, {
      what: "connect",
      timeout,
      queues: s.sendQueues({ flags: 0 }),
      attempt: () => s.connect(t, address),
    });
  }
  if ((first !== -E.INPROGRESS && first !== -E.ALREADY) || s.nonblocking) return first;
  const attempt = (): number => {
    const n = s.connected();
    return n === -E.ALREADY ? -E.AGAIN : n;
  };
  const now = attempt();
  return now === -E.AGAIN ? waitOn(t, s, { what: "connect", timeout, attempt, late: -E.INPROGRESS }) : now;
};

const unknownOption = (s: Socket): number => s.domain === AF.UNIX ? -E.OPNOTSUPP : -E.NOPROTOOPT;

export const calls: Handlers<Task, typeof net> = {
  socket(t, domain, word, protocol) {
    const { type, flags, cloexec } = typeOf(word);
    return install(t, makeSocket(t.namespaces.of.net, t, domain, type, protocol, flags), cloexec);
  },
  socketpair(t, domain, word, protocol, at) {
    const { type, flags, cloexec } = typeOf(word);
    const [a, b] = makeSocketPair(t.namespaces.of.net, t, domain, type, protocol, flags);
    const first = install(t, a, cloexec);
    if (first < 0) {
      b.release();
      return first;
    }
    const second = install(t, b, cloexec);
    if (second < 0) {
      t.files.close(first);
      return second;
    }
    try {
      t.mem.setU32(at, first);
      t.mem.setU32(at + 4, second);
    } catch (error) {
      t.files.close(first);
      t.files.close(second);
      throw error;
    }
    return 0;
  },
  bind(t, fd, addr, length) {
    const s = socketOf(t, fd);
    return s.bind(t, readAddress(t, addr, length));
  },
  listen: (t, fd, backlog) => socketOf(t, fd).listen(t, backlog),
  accept: (t, fd, addr, length) => accept(t, fd, addr, length, 0),
  accept4: accept,
  connect(t, fd, addr, length) {
    const s = socketOf(t, fd);
    return connect(t, s, readAddress(t, addr, length));
  },
  getsockname(t, fd, addr, length) {
    writeAddress(t, addr, length, socketOf(t, fd).name());
    return 0;
  },
  getpeername(t, fd, addr, length) {
    const name = socketOf(t, fd).peerName();
    if (typeof name === "number") return name;
    writeAddress(t, addr, length, name);
    return 0;
  },
  sendto,
  recvfrom,
  setsockopt(t, fd, level, name, at, length) {
    const s = socketOf(t, fd);
    if (length < 0) return -E.INVAL;
    const value = t.mem.read(at, Math.min(length, 4096));
    if (level === SOL.SOCKET) return setSocketOption(s, t, name, value);
    return s.setProtocolOption(t, level, name, value) ?? unknownOption(s);
  },
  getsockopt(t, fd, level, name, at, lengthAt) {
    const s = socketOf(t, fd);
    const room = t.mem.i32(lengthAt);
    if (room < 0 && (level === SOL.SOCKET || s.domain !== AF.UNIX)) return -E.INVAL;
    const value = level === SOL.SOCKET
      ? getSocketOption(s, t, name)
      : s.protocolOption(t, level, name) ?? unknownOption(s);
    if (typeof value === "number") return value;
    const part = value.subarray(0, room);
    t.mem.write(at, part);
    t.mem.setU32(lengthAt, part.length);
    return 0;
  },
  shutdown: (t, fd, how) => socketOf(t, fd).shutdown(t, how),
  sendmsg,
  recvmsg,
  recvmmsg,
  sendmmsg,
};
