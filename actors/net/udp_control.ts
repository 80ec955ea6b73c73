/** What travels with a datagram besides its bytes: hop limit, traffic class, source address; from options and control messages of the sender to those of the receiver. */
import { E, fail } from "../../syscalls/abi/errno.ts";
import { AF, SO, SOL } from "../../syscalls/abi/net.ts";
import type { InetSocket } from "./inet.ts";
import { IP, IPV6, keptOption } from "./inet_options.ts";
import { intOf } from "./options.ts";
import { Ip } from "./ip.ts";
import type { ControlMessage } from "./socket.ts";

/** The part of a datagram's header a program can set. */
export interface Header {
  readonly hops: number;
  readonly trafficClass: number;
  /** Source address asked for by a control message. */
  readonly source?: Ip;
}

/** An int in a control message, within bounds; EINVAL. */
const bounded = ({ data }: ControlMessage, least: number, most: number): number => {
  if (data.length < 4) return fail(E.INVAL);
  const value = intOf(data);
  return value < least || value > most ? fail(E.INVAL) : value;
};

/** What the socket's options and a message's control messages say; EINVAL for those that are wrong. */
export const headerOf = (s: InetSocket, six: boolean, control: readonly ControlMessage[]): Header => {
  let hops = six ? keptOption(s, SOL.IPV6, IPV6.UNICAST_HOPS) : keptOption(s, SOL.IP, IP.TTL);
  let trafficClass = six ? keptOption(s, SOL.IPV6, IPV6.TCLASS) : keptOption(s, SOL.IP, IP.TOS);
  let source: Ip | undefined;
  for (const m of control) {
    if (m.level === SOL.IPV6 && six) {
      if (m.type === IPV6.HOPLIMIT) hops = bounded(m, -1, 255);
      else if (m.type === IPV6.TCLASS) trafficClass = bounded(m, -1, 255);
      else if (m.type === IPV6.PKTINFO) {
        if (m.data.length < 20) return fail(E.INVAL);
        const ip = new Ip(m.data.slice(0, 16));
        if (!ip.any) source = ip;
      } else return fail(E.INVAL);
    } else if (m.level === SOL.IP) {
      if (m.type === IP.TTL) hops = bounded(m, 1, 255);
      else if (m.type === IP.TOS) trafficClass = m.data.length >= 4 ? intOf(m.data) & 255 : m.data[0];
      else if (m.type === IP.PKTINFO) {
        if (m.data.length < 12) return fail(E.INVAL);
        const ip = Ip.v4(m.data[4], m.data[5], m.data[6], m.data[7]);
        if (!ip.any) source = ip;
      } else return fail(E.INVAL);
    }
  }
  if (source !== undefined && !source.loopback) return fail(six ? E.INVAL : E.NETUNREACH);
  return { hops: hops < 0 ? 64 : hops, trafficClass: Math.max(0, trafficClass), source };
};

const words = (...w: number[]): Uint8Array => new Uint8Array(Int32Array.from(w).buffer);
const longs = (...w: bigint[]): Uint8Array => new Uint8Array(BigInt64Array.from(w).buffer);

/** Seconds and the rest in the unit asked for, as a control message of SOL_SOCKET. */
export const timestampOf = (s: InetSocket, at: bigint): ControlMessage[] => {
  const { timestamps } = s.options, sec = at / 1000000000n, ns = at % 1000000000n;
  if (timestamps === 1) return [{ level: SOL.SOCKET, type: SO.TIMESTAMP, data: longs(sec, ns / 1000n) }];
  return timestamps === 2 ? [{ level: SOL.SOCKET, type: SO.TIMESTAMPNS, data: longs(sec, ns) }] : [];
};

/** The control messages a receiver has asked for by its options, in Linux's order. */
export const controlFor = (s: InetSocket, to: Ip, { hops, trafficClass }: Header): ControlMessage[] => {
  const out: ControlMessage[] = [];
  const add = (level: number, type: number, data: Uint8Array) => out.push({ level, type, data });
  const asked = (level: number, name: number): boolean => keptOption(s, level, name) === 1;
  if (s.domain === AF.INET6 && asked(SOL.IPV6, IPV6.RECVPKTINFO)) {
    const info = new Uint8Array(20);
    info.set(to.bytes);
    info[16] = 1;
    add(SOL.IPV6, IPV6.PKTINFO, info);
  }
  if (to.v4) {
    if (asked(SOL.IP, IP.PKTINFO)) {
      const info = new Uint8Array(12);
      info[0] = 1;
      info.set(to.bytes.subarray(12), 4);
      info.set(to.bytes.subarray(12), 8);
      add(SOL.IP, IP.PKTINFO, info);
    }
    if (asked(SOL.IP, IP.RECVTTL)) add(SOL.IP, IP.TTL, words(hops));
    if (asked(SOL.IP, IP.RECVTOS)) add(SOL.IP, IP.TOS, Uint8Array.of(trafficClass));
  } else {
    if (asked(SOL.IPV6, IPV6.RECVHOPLIMIT)) add(SOL.IPV6, IPV6.HOPLIMIT, words(hops));
    if (asked(SOL.IPV6, IPV6.RECVTCLASS)) add(SOL.IPV6, IPV6.TCLASS, words(trafficClass));
  }
  return out;
};
