/** Numbers, flags and structs of the socket calls (linux/socket.h, asm-generic/socket.h, linux/in.h, linux/in6.h, linux/tcp.h, linux/un.h). */
import { enumeration, flagSet, prefixed } from "./flags.ts";
import { struct } from "./layout.ts";

export const AF = { UNSPEC: 0, UNIX: 1, INET: 2, INET6: 10, NETLINK: 16, PACKET: 17 } as const;
export const SOCK = {
  STREAM: 1,
  DGRAM: 2,
  RAW: 3,
  RDM: 4,
  SEQPACKET: 5,
  NONBLOCK: 0o4000,
  CLOEXEC: 0o2000000,
} as const;
export const IPPROTO = { IP: 0, ICMP: 1, TCP: 6, UDP: 17, IPV6: 41, ICMPV6: 58, RAW: 255 } as const;
export const SOL = { SOCKET: 1, IP: 0, TCP: 6, UDP: 17, IPV6: 41, NETLINK: 270 } as const;

export const SO = {
  DEBUG: 1,
  REUSEADDR: 2,
  TYPE: 3,
  ERROR: 4,
  DONTROUTE: 5,
  BROADCAST: 6,
  SNDBUF: 7,
  RCVBUF: 8,
  KEEPALIVE: 9,
  OOBINLINE: 10,
  NO_CHECK: 11,
  PRIORITY: 12,
  LINGER: 13,
  REUSEPORT: 15,
  PASSCRED: 16,
  PEERCRED: 17,
  RCVLOWAT: 18,
  SNDLOWAT: 19,
  RCVTIMEO: 20,
  SNDTIMEO: 21,
  BINDTODEVICE: 25,
  ATTACH_FILTER: 26,
  DETACH_FILTER: 27,
  PEERNAME: 28,
  TIMESTAMP: 29,
  ACCEPTCONN: 30,
  PEERSEC: 31,
  SNDBUFFORCE: 32,
  RCVBUFFORCE: 33,
  PASSSEC: 34,
  TIMESTAMPNS: 35,
  MARK: 36,
  PROTOCOL: 38,
  DOMAIN: 39,
  RXQ_OVFL: 40,
  PEEK_OFF: 42,
  BUSY_POLL: 46,
  INCOMING_CPU: 49,
  COOKIE: 57,
  PEERGROUPS: 59,
  ZEROCOPY: 60,
  RCVTIMEO_NEW: 66,
  SNDTIMEO_NEW: 67,
  PEERPIDFD: 77,
} as const;

export const MSG = {
  OOB: 1,
  PEEK: 2,
  DONTROUTE: 4,
  CTRUNC: 8,
  TRUNC: 0x20,
  DONTWAIT: 0x40,
  EOR: 0x80,
  WAITALL: 0x100,
  ERRQUEUE: 0x2000,
  NOSIGNAL: 0x4000,
  MORE: 0x8000,
  WAITFORONE: 0x10000,
  CMSG_COMPAT: -0x80000000,
  FASTOPEN: 0x20000000,
  CMSG_CLOEXEC: 0x40000000,
} as const;

export const SCM = { RIGHTS: 1, CREDENTIALS: 2 } as const;

export const DOMAIN = enumeration("AF", prefixed("AF_", AF));
export const SOCKET_TYPE = flagSet("SOCK", { SOCK_CLOEXEC: SOCK.CLOEXEC, SOCK_NONBLOCK: SOCK.NONBLOCK }, 15, {
  SOCK_STREAM: 1,
  SOCK_DGRAM: 2,
  SOCK_RAW: 3,
  SOCK_RDM: 4,
  SOCK_SEQPACKET: 5,
});
export const ACCEPT_FLAGS = flagSet("SOCK", { SOCK_CLOEXEC: SOCK.CLOEXEC, SOCK_NONBLOCK: SOCK.NONBLOCK });
export const MSG_FLAGS = flagSet("MSG", prefixed("MSG_", MSG));
export const SHUT = enumeration("SHUT", { SHUT_RD: 0, SHUT_WR: 1, SHUT_RDWR: 2 });
export const LEVEL = enumeration("SOL", {
  SOL_IP: 0,
  SOL_SOCKET: 1,
  SOL_TCP: 6,
  SOL_UDP: 17,
  SOL_IPV6: 41,
  SOL_NETLINK: 270,
});

export const MSGHDR = struct("msghdr", {
  name: "u64",
  namelen: "u32",
  iov: "u64",
  iovlen: "u64",
  control: "u64",
  controllen: "u64",
  flags: "i32",
});
export const MMSGHDR = struct("mmsghdr", { hdr: MSGHDR, len: "u32" });
