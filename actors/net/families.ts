/** Which class answers which socket(2): domain, type and protocol (net/socket.c __sock_create). */
import { E, fail } from "../../syscalls/abi/errno.ts";
import { AF, IPPROTO, SOCK } from "../../syscalls/abi/net.ts";
import { CAP, nsCapable } from "../credentials.ts";
import type { NetNamespace } from "../namespaces/net.ts";
import type { Task } from "../task/task.ts";
import type { Socket } from "./socket.ts";
import { IcmpSocket } from "./icmp.ts";
import { NetlinkSocket } from "./netlink.ts";
import { TcpSocket } from "./tcp.ts";
import { UdpSocket } from "./udp.ts";
import { checkUnix, makeUnix, UnixSocket } from "./unix.ts";

const check = (domain: number, type: number): void => {
  if (domain < 0 || domain >= 46) fail(E.AFNOSUPPORT);
  if (type < 0 || type >= 11) fail(E.INVAL);
};

export const makeSocket = (
  net: NetNamespace,
  t: Task,
  domain: number,
  type: number,
  protocol: number,
  flags: number,
): Socket => {
  check(domain, type);
  switch (domain) {
    case AF.UNIX:
      return makeUnix(net, t, type, protocol, flags);
    case AF.INET:
    case AF.INET6:
      return makeInet(net, t, domain, type, protocol, flags);
    case AF.NETLINK:
      if (type !== SOCK.RAW && type !== SOCK.DGRAM) return fail(E.SOCKTNOSUPPORT);
      if (!NetlinkSocket.knows(protocol)) return fail(E.PROTONOSUPPORT);
      return new NetlinkSocket(net, t, type, protocol, flags);
    default:
      return fail(E.AFNOSUPPORT);
  }
};

/** Protocols of AF_INET and AF_INET6 (inet_create). */
const makeInet = (
  net: NetNamespace,
  t: Task,
  domain: number,
  type: number,
  protocol: number,
  flags: number,
): Socket => {
  if (protocol < 0 || protocol > 262) fail(E.INVAL);
  const icmp = domain === AF.INET ? IPPROTO.ICMP : IPPROTO.ICMPV6;
  if (type === SOCK.RAW && !nsCapable(t.cred, net.owner, CAP.NET_RAW)) return fail(E.PERM);
  if (protocol === icmp && (type === SOCK.DGRAM || type === SOCK.RAW)) {
    return new IcmpSocket(net, t.cred, domain, type, flags);
  }
  const standard = type === SOCK.STREAM ? IPPROTO.TCP : type === SOCK.DGRAM ? IPPROTO.UDP : -1;
  if (standard < 0) return fail(type === SOCK.RAW ? E.PROTONOSUPPORT : E.SOCKTNOSUPPORT);
  if (protocol !== 0 && protocol !== standard) return fail(E.PROTONOSUPPORT);
  return type === SOCK.STREAM ? new TcpSocket(net, t.cred, domain, flags) : new UdpSocket(net, t.cred, domain, flags);
};

export const makeSocketPair = (
  net: NetNamespace,
  t: Task,
  domain: number,
  type: number,
  protocol: number,
  flags: number,
): [Socket, Socket] => {
  check(domain, type);
  if (domain === AF.UNIX) {
    checkUnix(type, protocol);
    return UnixSocket.pair(net, t, type === SOCK.RAW ? SOCK.DGRAM : type, flags);
  }
  makeSocket(net, t, domain, type, protocol, flags).release();
  return fail(E.OPNOTSUPP);
};
