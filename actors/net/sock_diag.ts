/** Answers to NETLINK_SOCK_DIAG requests (sock_diag(7)): what ss(8) asks for. */
import { concat } from "../bytes.ts";
import { E } from "../../syscalls/abi/errno.ts";
import { AF, IPPROTO } from "../../syscalls/abi/net.ts";
import type { NetNamespace } from "../namespaces/net.ts";
import type { InetSocket } from "./inet.ts";
import { unbound } from "./ip.ts";
import {
  attribute,
  dumped,
  error,
  NLM_F,
  NLMSG_HEADER,
  type Reply,
  type Request,
  requestsIn,
  words,
} from "./netlink_messages.ts";
import { portsOf } from "./ports.ts";
import { TcpSocket } from "./tcp.ts";
import { TCP_STATE, tcpState } from "./tcp_info.ts";
import { type UnixSocket, unixSockets } from "./unix.ts";

const BY_FAMILY = 20;
/** UNIX_DIAG_* attributes, and the bits of `udiag_show` that ask for them. */
const UNIX_DIAG = { NAME: 0, VFS: 1, PEER: 2, RQLEN: 4, SHUTDOWN: 6, UID: 7 } as const;
const SHOW = { NAME: 1, VFS: 2, PEER: 4, RQLEN: 16, UID: 64 } as const;

/** struct inet_diag_msg. */
const inetRow = (s: InetSocket, state: number): Uint8Array => {
  const out = new Uint8Array(72), view = new DataView(out.buffer);
  const remote = s.remote ?? unbound(s.domain), from = s.domain === AF.INET ? 12 : 0;
  out[0] = s.domain;
  out[1] = state;
  view.setUint16(4, s.local.port);
  view.setUint16(6, remote.port);
  out.set(s.local.ip.bytes.subarray(from), 8);
  out.set(remote.ip.bytes.subarray(from), 24);
  view.setUint32(44, s.serial, true);
  const listening = s instanceof TcpSocket && s.listening;
  view.setUint32(56, listening ? s.waitingChildren : s.pendingBytes, true);
  view.setUint32(60, listening ? s.backlog : s.unsentBytes, true);
  view.setUint32(64, s.uid, true);
  view.setUint32(68, s.inode.ino, true);
  return out;
};

const inetRows = (net: NetNamespace, family: number, protocol: number, states: number): Uint8Array[] => {
  const { tcp, udp } = portsOf(net);
  const table = protocol === IPPROTO.TCP ? tcp : protocol === IPPROTO.UDP ? udp : undefined;
  const out: Uint8Array[] = [];
  for (const s of table?.all() ?? []) {
    if (s.domain !== family) continue;
    const state = s instanceof TcpSocket
      ? tcpState(s)
      : s.remote === undefined
      ? TCP_STATE.CLOSE
      : TCP_STATE.ESTABLISHED;
    if ((states & (1 << state)) !== 0) out.push(inetRow(s, state));
  }
  return out;
};

/** struct unix_diag_msg with the attributes asked for. */
const unixRow = (s: UnixSocket, state: number, show: number): Uint8Array => {
  const head = new Uint8Array(16), view = new DataView(head.buffer);
  head[0] = AF.UNIX;
  head[1] = s.type;
  head[2] = state;
  view.setUint32(4, s.inode.ino, true);
  view.setUint32(8, s.serial, true);
  const parts: Uint8Array[] = [head];
  if ((show & SHOW.NAME) !== 0 && s.address !== undefined) {
    parts.push(attribute(UNIX_DIAG.NAME, s.address[2] === 0 ? s.address.subarray(2) : s.address.subarray(2, -1)));
  }
  if ((show & SHOW.PEER) !== 0 && s.peer !== undefined && !s.peer.dead) {
    parts.push(attribute(UNIX_DIAG.PEER, words(s.peer.inode.ino)));
  }
  if ((show & SHOW.RQLEN) !== 0) {
    const rows = s.listening ? words(s.waitingConnections, s.backlog) : words(s.pendingBytes, s.unsentBytes);
    parts.push(attribute(UNIX_DIAG.RQLEN, rows));
  }
  if ((show & SHOW.UID) !== 0) parts.push(attribute(UNIX_DIAG.UID, words(s.inode.stat().uid)));
  parts.push(attribute(UNIX_DIAG.SHUTDOWN, Uint8Array.of(s.shut)));
  return concat(parts);
};

const unixRows = (net: NetNamespace, states: number, show: number): Uint8Array[] => {
  const out: Uint8Array[] = [];
  for (const s of unixSockets(net)) {
    const state = s.listening ? TCP_STATE.LISTEN : s.state === "connected" ? TCP_STATE.ESTABLISHED : TCP_STATE.CLOSE;
    if ((states & (1 << state)) !== 0) out.push(unixRow(s, state, show));
  }
  return out;
};

const answerOne = (r: Request, port: number, net: NetNamespace): Reply[] => {
  if (r.type !== BY_FAMILY) return r.type < 16 ? [] : [error(r, port, E.INVAL)];
  if (r.bytes.length < NLMSG_HEADER + 8) return [error(r, port, E.INVAL)];
  if ((r.flags & NLM_F.DUMP) === 0) return [error(r, port, E.NOENT)];
  const view = new DataView(r.bytes.buffer, r.bytes.byteOffset, r.bytes.byteLength);
  const family = r.bytes[NLMSG_HEADER], protocol = r.bytes[NLMSG_HEADER + 1];
  const word = (at: number) => r.bytes.length >= NLMSG_HEADER + at + 4 ? view.getUint32(NLMSG_HEADER + at, true) : 0;
  if (family === AF.UNIX) return dumped(r, port, BY_FAMILY, unixRows(net, word(4), word(12)));
  if (family === AF.INET || family === AF.INET6) {
    return dumped(r, port, BY_FAMILY, inetRows(net, family, protocol, word(4)));
  }
  return family === AF.NETLINK || family === AF.PACKET ? dumped(r, port, BY_FAMILY, []) : [error(r, port, E.NOENT)];
};

/** The datagrams that answer the requests in `bytes`. */
export const answerDiag = (bytes: Uint8Array, port: number, net: NetNamespace): Reply[] =>
  requestsIn(bytes).flatMap((r) => answerOne(r, port, net));
