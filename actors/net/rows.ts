/** /proc/net/tcp, udp, unix and their relatives: a row for each socket, as Linux prints them. */
import { AF, SOCK } from "../../syscalls/abi/net.ts";
import type { NetNamespace } from "../namespaces/net.ts";
import { netRows } from "../procfs/net_files.ts";
import type { InetSocket } from "./inet.ts";
import { type Endpoint, unbound } from "./ip.ts";
import { portsOf } from "./ports.ts";
import { TcpSocket } from "./tcp.ts";
import { tcpState } from "./tcp_info.ts";
import { type UnixSocket, unixSockets } from "./unix.ts";

const hex = (n: number, digits: number): string => n.toString(16).toUpperCase().padStart(digits, "0");

/** Address words in the machine's byte order, and the port. */
const place = ({ ip, port }: Endpoint, domain: number): string => {
  const view = new DataView(ip.bytes.buffer, ip.bytes.byteOffset, 16);
  const words = domain === AF.INET ? [12] : [0, 4, 8, 12];
  return words.map((at) => hex(view.getUint32(at, true), 8)).join("") + ":" + hex(port, 4);
};

const CLOSE = 7, ESTABLISHED = 1;
const NOWHERE = "0000000000000000";

const common = (s: InetSocket, state: number, waiting: number): string =>
  `${place(s.local, s.domain)} ${place(s.remote ?? unbound(s.domain), s.domain)} ${hex(state, 2)} 00000000:${
    hex(waiting, 8)
  } 00:00000000 00000000 ${String(s.inode.stat().uid).padStart(5)} ${"0".padStart(8)} ${s.inode.ino}`;

/** Those that listen or have a connection: one that is only bound is not shown. */
const tcpRows = (net: NetNamespace, domain: number): string =>
  [...portsOf(net).tcp.all()].filter((s) => s.domain === domain && tcpState(s as TcpSocket) !== CLOSE).map((s, i) => {
    const tcp = s as TcpSocket, waiting = tcp.listening ? tcp.waitingChildren : tcp.pendingBytes;
    const tail = tcp.listening ? "100 0 0 10 0" : "20 4 30 10 -1";
    return `${String(i).padStart(4)}: ${common(s, tcpState(tcp), waiting)} 1 ${NOWHERE} ${tail}`.padEnd(149) + "\n";
  }).join("");

const udpRows = (net: NetNamespace, domain: number): string =>
  [...portsOf(net).udp.all()].filter((s) => s.domain === domain).map((s, i) => {
    const state = s.remote === undefined ? CLOSE : ESTABLISHED;
    return `${String(i).padStart(5)}: ${common(s, state, s.pendingBytes)} 2 ${NOWHERE} 0`.padEnd(127) + "\n";
  }).join("");

const unixRow = (s: UnixSocket): string => {
  const address = s.address?.subarray(2);
  const path = address === undefined
    ? ""
    : address[0] === 0
    ? " @" + new TextDecoder().decode(address.subarray(1)).replaceAll("\0", "@")
    : " " + new TextDecoder().decode(address).replace(/\0.*$/s, "");
  const refs = s.type === SOCK.DGRAM ? 2 : s.state === "connected" ? 3 : 2;
  const state = s.state === "connected" ? 3 : 1;
  return `${NOWHERE}: ${hex(refs, 8)} 00000000 ${hex(s.listening ? 0x10000 : 0, 8)} ${hex(s.type, 4)} ${
    hex(state, 2)
  } ${String(s.inode.ino).padStart(5)}${path}\n`;
};

netRows.tcp = (net) => tcpRows(net, AF.INET);
netRows.tcp6 = (net) => tcpRows(net, AF.INET6);
netRows.udp = (net) => udpRows(net, AF.INET);
netRows.udp6 = (net) => udpRows(net, AF.INET6);
netRows.unix = (net) => [...unixSockets(net)].map(unixRow).join("");
