/** Options of IP, IPv6 and TCP (ip(7), ipv6(7), tcp(7)): tables of what is kept and told; few of them change anything on a loopback. */
import { E } from "../../syscalls/abi/errno.ts";
import { SOL } from "../../syscalls/abi/net.ts";
import type { Task } from "../task/task.ts";
import type { InetSocket } from "./inet.ts";
import { Ip } from "./ip.ts";
import { int32, intOf } from "./options.ts";

export const IP = {
  TOS: 1,
  TTL: 2,
  HDRINCL: 3,
  RECVOPTS: 6,
  RETOPTS: 7,
  PKTINFO: 8,
  MTU_DISCOVER: 10,
  RECVERR: 11,
  RECVTTL: 12,
  RECVTOS: 13,
  MTU: 14,
  FREEBIND: 15,
  TRANSPARENT: 19,
  RECVORIGDSTADDR: 20,
  MINTTL: 21,
  BIND_ADDRESS_NO_PORT: 24,
  MULTICAST_IF: 32,
  MULTICAST_TTL: 33,
  MULTICAST_LOOP: 34,
  ADD_MEMBERSHIP: 35,
  DROP_MEMBERSHIP: 36,
  MULTICAST_ALL: 49,
  UNICAST_IF: 50,
  LOCAL_PORT_RANGE: 51,
} as const;

export const IPV6 = {
  UNICAST_HOPS: 16,
  MULTICAST_IF: 17,
  MULTICAST_HOPS: 18,
  MULTICAST_LOOP: 19,
  ADD_MEMBERSHIP: 20,
  DROP_MEMBERSHIP: 21,
  MTU_DISCOVER: 23,
  MTU: 24,
  RECVERR: 25,
  V6ONLY: 26,
  RECVPKTINFO: 49,
  PKTINFO: 50,
  RECVHOPLIMIT: 51,
  HOPLIMIT: 52,
  RECVTCLASS: 66,
  TCLASS: 67,
  DONTFRAG: 62,
  FREEBIND: 78,
} as const;

export const TCP = {
  NODELAY: 1,
  MAXSEG: 2,
  CORK: 3,
  KEEPIDLE: 4,
  KEEPINTVL: 5,
  KEEPCNT: 6,
  SYNCNT: 7,
  LINGER2: 8,
  DEFER_ACCEPT: 9,
  WINDOW_CLAMP: 10,
  INFO: 11,
  QUICKACK: 12,
  CONGESTION: 13,
  USER_TIMEOUT: 18,
  FASTOPEN: 23,
  TIMESTAMP: 24,
  NOTSENT_LOWAT: 25,
  FASTOPEN_CONNECT: 30,
  ULP: 31,
} as const;

/** Kept: initial value, and the range that is accepted. */
interface Kept {
  readonly initial: number;
  readonly least?: number;
  readonly most?: number;
  /** Any value but 0 counts as 1. */
  readonly flag?: boolean;
}
const flag = (initial = 0): Kept => ({ initial, flag: true });
const range = (initial: number, least: number, most: number): Kept => ({ initial, least, most });
const any = (initial: number): Kept => ({ initial });

const KEPT: Readonly<Record<number, Readonly<Record<number, Kept>>>> = {
  [SOL.IP]: {
    [IP.TOS]: any(0),
    [IP.TTL]: range(64, 1, 255),
    [IP.RECVOPTS]: flag(),
    [IP.RETOPTS]: flag(),
    [IP.PKTINFO]: flag(),
    [IP.MTU_DISCOVER]: range(1, 0, 5),
    [IP.RECVERR]: flag(),
    [IP.RECVTTL]: flag(),
    [IP.RECVTOS]: flag(),
    [IP.FREEBIND]: flag(),
    [IP.TRANSPARENT]: flag(),
    [IP.RECVORIGDSTADDR]: flag(),
    [IP.MINTTL]: range(0, 0, 255),
    [IP.BIND_ADDRESS_NO_PORT]: flag(),
    [IP.MULTICAST_TTL]: range(1, 0, 255),
    [IP.MULTICAST_LOOP]: flag(1),
    [IP.MULTICAST_ALL]: flag(1),
    [IP.UNICAST_IF]: any(0),
    [IP.LOCAL_PORT_RANGE]: any(0),
  },
  [SOL.IPV6]: {
    [IPV6.UNICAST_HOPS]: range(64, -1, 255),
    [IPV6.MULTICAST_IF]: any(0),
    [IPV6.MULTICAST_HOPS]: range(1, -1, 255),
    [IPV6.MULTICAST_LOOP]: range(1, 0, 1),
    [IPV6.MTU_DISCOVER]: range(1, 0, 5),
    [IPV6.RECVERR]: flag(),
    [IPV6.RECVPKTINFO]: flag(),
    [IPV6.RECVHOPLIMIT]: flag(),
    [IPV6.RECVTCLASS]: flag(),
    [IPV6.TCLASS]: range(0, -1, 255),
    [IPV6.DONTFRAG]: flag(),
    [IPV6.FREEBIND]: flag(),
  },
  [SOL.TCP]: {
    [TCP.NODELAY]: flag(),
    [TCP.MAXSEG]: range(536, 88, 32767),
    [TCP.CORK]: flag(),
    [TCP.KEEPIDLE]: range(7200, 1, 32767),
    [TCP.KEEPINTVL]: range(75, 1, 32767),
    [TCP.KEEPCNT]: range(9, 1, 127),
    [TCP.SYNCNT]: range(6, 1, 127),
    [TCP.LINGER2]: any(60),
    [TCP.DEFER_ACCEPT]: any(0),
    [TCP.WINDOW_CLAMP]: any(0),
    [TCP.QUICKACK]: flag(1),
    [TCP.USER_TIMEOUT]: range(0, 0, 0x7fffffff),
    [TCP.FASTOPEN]: any(0),
    [TCP.TIMESTAMP]: any(0),
    [TCP.NOTSENT_LOWAT]: any(0),
    [TCP.FASTOPEN_CONNECT]: flag(),
  },
};

/** A kept option's value. */
export const keptOption = (s: InetSocket, level: number, name: number): number =>
  s.protocolOptions.get(`${level}:${name}`) ?? KEPT[level]?.[name]?.initial ?? 0;

const CUBIC = new TextEncoder().encode("cubic".padEnd(16, "\0"));

/** Value of an option, negative errno, undefined when there is none. */
export const getInetOption = (s: InetSocket, level: number, name: number): Uint8Array | number | undefined => {
  if (level === SOL.IPV6 && name === IPV6.V6ONLY) return int32(s.v6only ? 1 : 0);
  if (name === (level === SOL.IP ? IP.MTU : IPV6.MTU) && (level === SOL.IP || level === SOL.IPV6)) {
    return s.remote === undefined ? -E.NOTCONN : int32(65535 + (level === SOL.IPV6 ? 1 : 0));
  }
  if (level === SOL.IP && name === IP.MULTICAST_IF) return new Uint8Array(4);
  if (level === SOL.TCP && name === TCP.CONGESTION) return CUBIC;
  return KEPT[level]?.[name] === undefined ? undefined : int32(keptOption(s, level, name));
};

/** Sets an option: 0, negative errno, undefined when there is none. */
export const setInetOption = (
  s: InetSocket,
  _t: Task,
  level: number,
  name: number,
  value: Uint8Array,
): number | undefined => {
  const special = SPECIAL[level]?.[name];
  if (special !== undefined) return special(s, value);
  const option = KEPT[level]?.[name];
  if (option === undefined) return undefined;
  // IP takes single bytes too.
  if (value.length < 4 && (level !== SOL.IP || value.length === 0)) return -E.INVAL;
  const wanted = value.length < 4 ? value[0] : intOf(value);
  if (option.least !== undefined && (wanted < option.least || wanted > option.most!)) return -E.INVAL;
  s.protocolOptions.set(`${level}:${name}`, option.flag ? (wanted !== 0 ? 1 : 0) : wanted);
  return 0;
};

type Setter = (s: InetSocket, value: Uint8Array) => number;

const membership = (join: boolean, six: boolean): Setter => (s, value) => {
  if (value.length < (six ? 20 : 8)) return -E.INVAL;
  const group = six ? new Ip(value.slice(0, 16)) : Ip.v4(value[0], value[1], value[2], value[3]);
  return group.multicast ? s.membership(group, join) : -E.INVAL;
};

const SPECIAL: Readonly<Record<number, Readonly<Record<number, Setter>>>> = {
  [SOL.IP]: {
    [IP.ADD_MEMBERSHIP]: membership(true, false),
    [IP.DROP_MEMBERSHIP]: membership(false, false),
    [IP.MULTICAST_IF]: (_s, value) => value.length < 4 ? -E.INVAL : 0,
  },
  [SOL.IPV6]: {
    [IPV6.ADD_MEMBERSHIP]: membership(true, true),
    [IPV6.DROP_MEMBERSHIP]: membership(false, true),
    [IPV6.V6ONLY](s, value) {
      if (value.length < 4 || s.local.port !== 0) return -E.INVAL;
      s.v6only = intOf(value) !== 0;
      return 0;
    },
  },
  [SOL.TCP]: {
    [TCP.CONGESTION](_s, value) {
      const name = new TextDecoder().decode(value).replace(/\0.*$/s, "");
      return name === "cubic" || name === "reno" ? 0 : -E.NOENT;
    },
    [TCP.ULP]: () => -E.NOENT,
  },
};
