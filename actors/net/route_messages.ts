/** Answers to NETLINK_ROUTE requests (rtnetlink(7)): links, addresses and routes of lo, which can be set up and down; whatever else would change something is refused. */
import { concat } from "../bytes.ts";
import { E } from "../../syscalls/abi/errno.ts";
import { AF } from "../../syscalls/abi/net.ts";
import { CAP, nsCapable } from "../credentials.ts";
import type { NetNamespace } from "../namespaces/net.ts";
import type { Task } from "../task/task.ts";
import { changeLo, flagsOfLo, LO } from "./interfaces.ts";
import {
  align,
  attribute,
  dumped,
  error,
  message,
  NLM_F,
  NLMSG_HEADER as HEADER,
  type Reply,
  type Request,
  requestsIn,
  text,
  words,
} from "./netlink_messages.ts";

const RTM = { NEWLINK: 16, GETLINK: 18, SETLINK: 19, NEWADDR: 20, GETADDR: 22, NEWROUTE: 24, GETROUTE: 26 } as const;
/** Requests without an answer of their own: neighbours, rules, queueing disciplines… all empty. */
const EMPTY = new Set([30, 34, 38, 42, 46, 58, 66, 74, 78, 82, 86, 90, 94, 98, 102, 106, 110]);
const link = (net: NetNamespace): Uint8Array => {
  const head = new Uint8Array(16), view = new DataView(head.buffer);
  view.setUint16(2, LO.type, true);
  view.setInt32(4, LO.index, true);
  view.setUint32(8, flagsOfLo(net), true);
  return concat([
    head,
    attribute(3, text(LO.name)), // IFLA_IFNAME
    attribute(13, words(LO.queue)), // IFLA_TXQLEN
    attribute(16, Uint8Array.of(net.up ? 0 : 2)), // IFLA_OPERSTATE: unknown, down
    attribute(17, Uint8Array.of(0)), // IFLA_LINKMODE
    attribute(4, words(LO.mtu)), // IFLA_MTU
    attribute(1, new Uint8Array(6)), // IFLA_ADDRESS
    attribute(2, new Uint8Array(6)), // IFLA_BROADCAST
    attribute(6, text(net.up ? "noqueue" : "noop")), // IFLA_QDISC
    attribute(7, new Uint8Array(96)), // IFLA_STATS
    attribute(23, new Uint8Array(200)), // IFLA_STATS64
  ]);
};

const FOREVER = new Uint8Array(Uint32Array.of(0xffffffff, 0xffffffff, 0, 0).buffer);
const V4 = Uint8Array.of(127, 0, 0, 1), V6 = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);
const HOST_SCOPE = 254, PERMANENT = 0x80;

const internet = (family: number, prefix: number): Uint8Array => {
  const head = Uint8Array.of(family, prefix, PERMANENT, HOST_SCOPE, LO.index, 0, 0, 0);
  const cache = attribute(6, FOREVER), flags = attribute(8, words(PERMANENT));
  return family === AF.INET
    ? concat([head, attribute(1, V4), attribute(2, V4), attribute(3, text(LO.name)), flags, cache])
    : concat([head, attribute(1, V6), cache, flags]);
};

/** A route of the local table: what belongs to this machine. */
const route = (family: number, to: Uint8Array, prefix: number): Uint8Array => {
  const LOCAL_TABLE = 255, KERNEL = 2, LOCAL = 2;
  const head = Uint8Array.of(family, prefix, 0, 0, LOCAL_TABLE, KERNEL, HOST_SCOPE, LOCAL, 0, 0, 0, 0);
  return concat([head, attribute(15, words(LOCAL_TABLE)), attribute(1, to), attribute(4, words(LO.index))]);
};

/** Bodies of a dump and their type; undefined: there is no such thing. */
const dump = (type: number, family: number, net: NetNamespace): { type: number; bodies: Uint8Array[] } | undefined => {
  const four = family !== AF.INET6 && net.addressed, six = family !== AF.INET && net.up;
  switch (type) {
    case RTM.GETLINK:
      return { type: RTM.NEWLINK, bodies: [link(net)] };
    case RTM.GETADDR:
      return {
        type: RTM.NEWADDR,
        bodies: [...four ? [internet(AF.INET, 8)] : [], ...six ? [internet(AF.INET6, 128)] : []],
      };
    case RTM.GETROUTE:
      return {
        type: RTM.NEWROUTE,
        bodies: [
          ...four && net.up ? [route(AF.INET, Uint8Array.of(127, 0, 0, 0), 8), route(AF.INET, V4, 32)] : [],
          ...six ? [route(AF.INET6, V6, 128)] : [],
        ],
      };
    default:
      return EMPTY.has(type) ? { type: 0, bodies: [] } : undefined;
  }
};

/** A request about one interface, by index or name: what it answers when that is lo. */
const ofLo = (r: Request, port: number, answer: (head: DataView) => Reply): Reply => {
  const view = new DataView(r.bytes.buffer, r.bytes.byteOffset, r.bytes.byteLength);
  let wanted = r.bytes.length >= HEADER + 8 ? view.getInt32(HEADER + 4, true) : 0;
  for (let at = HEADER + 16; at + 4 <= r.bytes.length;) {
    const length = view.getUint16(at, true);
    if (length < 4) break;
    const name = new TextDecoder().decode(r.bytes.subarray(at + 4, at + length)).replace(/\0.*$/s, "");
    if (view.getUint16(at + 2, true) === 3) wanted = name === LO.name ? LO.index : -1;
    at += align(length);
  }
  return wanted === LO.index ? answer(view) : error(r, port, E.NODEV);
};

/** RTM_NEWLINK and RTM_SETLINK of lo: up or down. */
const setLink = (r: Request, port: number, net: NetNamespace, t: Task): Reply[] => {
  if (r.bytes.length < HEADER + 16) return [error(r, port, E.INVAL)];
  const reply = ofLo(r, port, (head) => {
    const flags = head.getUint32(HEADER + 8, true), change = head.getUint32(HEADER + 12, true);
    return error(r, port, -changeLo(t, net, flags, change === 0 ? 0xffffffff : change));
  });
  const failed = new DataView(reply.buffer).getInt32(HEADER, true) !== 0;
  return failed || (r.flags & NLM_F.ACK) !== 0 ? [reply] : [];
};

/** RTM_NEWADDR: lo gets the one address that it can have, if it has not got it by coming up. */
const addAddress = (r: Request, port: number, net: NetNamespace, t: Task): Reply[] => {
  const { bytes } = r;
  if (bytes.length < HEADER + 8) return [error(r, port, E.INVAL)];
  if (!nsCapable(t.cred, net.owner, CAP.NET_ADMIN)) return [error(r, port, E.PERM)];
  const [family, prefix] = bytes.subarray(HEADER),
    index = new DataView(bytes.buffer, bytes.byteOffset).getInt32(HEADER + 4, true);
  if (index !== LO.index) return [error(r, port, E.NODEV)];
  const told = bytes.subarray(HEADER + 12, HEADER + 16).every((b, i) => b === V4[i]);
  if (family !== AF.INET || prefix !== 8 || !told) return [error(r, port, E.OPNOTSUPP)];
  if (net.addressed) return [error(r, port, E.EXIST)];
  net.addressed = true;
  return (r.flags & NLM_F.ACK) !== 0 ? [error(r, port, 0)] : [];
};

const answerOne = (r: Request, port: number, net: NetNamespace, t: Task): Reply[] => {
  const { type, flags } = r;
  if (type < 16) return (flags & NLM_F.ACK) !== 0 ? [error(r, port, 0)] : [];
  // Each family of requests: NEW, DEL, GET, SET.
  if (type === RTM.NEWLINK || type === RTM.SETLINK) return setLink(r, port, net, t);
  if (type === RTM.NEWADDR) return addAddress(r, port, net, t);
  if ((type & 3) !== 2) return [error(r, port, E.PERM)];
  if ((flags & NLM_F.DUMP) !== 0) {
    const found = dump(type, r.bytes[HEADER] ?? 0, net);
    if (found === undefined) return [error(r, port, E.OPNOTSUPP)];
    return dumped(r, port, found.type, found.bodies);
  }
  if (type === RTM.GETLINK) return [ofLo(r, port, () => message(r, port, RTM.NEWLINK, 0, link(net)))];
  return [error(r, port, type === RTM.GETROUTE ? E.NETUNREACH : E.OPNOTSUPP)];
};

/** The datagrams that answer the requests in `bytes`. */
export const answerRoute = (bytes: Uint8Array, port: number, net: NetNamespace, t: Task): Reply[] =>
  requestsIn(bytes).flatMap((r) => answerOne(r, port, net, t));
