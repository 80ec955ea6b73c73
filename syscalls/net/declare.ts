/** Sockets. */
import {
  call,
  cell,
  enumerationArg,
  type Family,
  fd,
  flags,
  inBytes,
  inoutStruct,
  inStruct,
  int,
  outBytes,
  size,
  sockaddr,
  uint,
} from "../abi/call.ts";
import { ACCEPT_FLAGS, DOMAIN, LEVEL, MMSGHDR, MSG_FLAGS, MSGHDR, SHUT, SOCKET_TYPE } from "../abi/net.ts";
import { TIMESPEC } from "../abi/timespec.ts";

const message = flags("flags", MSG_FLAGS);
const peer = [sockaddr("addr", "out", "addrlen"), cell("addrlen", 32, "inout")] as const;

export const net = {
  socket: call(
    198,
    [
      enumerationArg("domain", DOMAIN),
      flags("type", SOCKET_TYPE, "i32"),
      int("protocol"),
    ],
    "make a socket",
    {
      result: "fd",
      support: "partial",
      note: "AF_UNIX, TCP and UDP over IPv4 and IPv6, echo requests, netlink route, sock_diag and uevent",
    },
  ),
  socketpair: call(199, [
    enumerationArg("domain", DOMAIN),
    flags("type", SOCKET_TYPE, "i32"),
    int("protocol"),
    cell("sv", 64, "out", "hex"),
  ], "make a pair of connected sockets"),
  bind: call(200, [fd(), sockaddr("addr", "in", "addrlen"), int("addrlen")], "give a socket a name"),
  listen: call(201, [fd(), int("backlog")], "wait for connections"),
  accept: call(202, [fd(), ...peer], "take a connection", { result: "fd" }),
  accept4: call(242, [fd(), ...peer, flags("flags", ACCEPT_FLAGS, "i32")], "take a connection, with flags", {
    result: "fd",
  }),
  connect: call(203, [fd(), sockaddr("addr", "in", "addrlen"), int("addrlen")], "connect a socket"),
  getsockname: call(204, [fd(), ...peer], "a socket's own name"),
  getpeername: call(205, [fd(), ...peer], "name of what a socket is connected to"),
  sendto: call(
    206,
    [
      fd(),
      inBytes("buf", "len"),
      size("len"),
      message,
      sockaddr("addr", "in", "addrlen"),
      int("addrlen"),
    ],
    "send a message",
    { result: "size" },
  ),
  recvfrom: call(207, [fd(), outBytes("buf", "len"), size("len"), message, ...peer], "receive a message", {
    result: "size",
  }),
  setsockopt: call(
    208,
    [
      fd(),
      enumerationArg("level", LEVEL),
      int("optname"),
      inBytes("optval", "optlen"),
      int("optlen"),
    ],
    "set an option of a socket",
    {
      support: "partial",
      note: "tuning options are kept and told without effect; so are filters, which let everything pass",
    },
  ),
  getsockopt: call(209, [
    fd(),
    enumerationArg("level", LEVEL),
    int("optname"),
    cell("optval", 32, "out"),
    cell("optlen", 32, "inout"),
  ], "an option of a socket"),
  shutdown: call(210, [fd(), enumerationArg("how", SHUT)], "end one or both directions of a connection"),
  sendmsg: call(211, [fd(), inStruct("msg", MSGHDR), message], "send a message with control data", { result: "size" }),
  recvmsg: call(212, [fd(), inoutStruct("msg", MSGHDR), message], "receive a message with control data", {
    result: "size",
    support: "partial",
    note: "nothing is ever in the error queue",
  }),
  recvmmsg: call(243, [
    fd(),
    inoutStruct("msgvec", MMSGHDR, "vlen"),
    uint("vlen"),
    message,
    inoutStruct("timeout", TIMESPEC),
  ], "receive several messages"),
  sendmmsg: call(269, [fd(), inoutStruct("msgvec", MMSGHDR, "vlen"), uint("vlen"), message], "send several messages"),
} satisfies Family;
