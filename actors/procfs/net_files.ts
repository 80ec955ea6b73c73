/** /proc/pid/net: one loopback interface, and tables whose headings are Linux's. The socket actors may register rows. */
import type { NetNamespace } from "../namespaces/net.ts";
import type { ProcTask } from "./subject.ts";
import { directory, type DirectoryEntry, text } from "./tree.ts";

export type NetTable = "tcp" | "tcp6" | "udp" | "udp6" | "raw" | "raw6" | "unix" | "netlink" | "packet";

/** Rows of a table of sockets, each line ended; the owner of the sockets sets this. */
export const netRows: Partial<Record<NetTable, (net: NetNamespace) => string>> = {};

const INET = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode";
const INET6 =
  "  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode";
const HEADINGS: Readonly<Record<NetTable, string>> = {
  tcp: INET.padEnd(149),
  tcp6: INET6,
  udp:
    "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops"
      .padEnd(127),
  udp6: INET6 + " ref pointer drops",
  raw:
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops",
  raw6: INET6 + " ref pointer drops",
  unix: "Num       RefCount Protocol Flags    Type St Inode Path",
  netlink: "sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode",
  packet: "sk               RefCnt Type Proto  Iface R Rmem   User   Inode",
};

const table = (name: NetTable) =>
  text<ProcTask>(({ task }) =>
    `${HEADINGS[name]}\n${task.holdings.namespaces ? netRows[name]?.(task.namespaces.of.net) ?? "" : ""}`
  );

const DEVICES = "Inter-|   Receive                                                |  Transmit\n" +
  " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n" +
  "    lo:       0       0    0    0    0     0          0         0        0       0    0    0    0     0       0          0\n";

export const netDirectory: DirectoryEntry<ProcTask> = directory<ProcTask>({
  ...Object.fromEntries((Object.keys(HEADINGS) as NetTable[]).map((name) => [name, table(name)])),
  arp: text(() => "IP address       HW type     Flags       HW address            Mask     Device\n"),
  dev: text(() => DEVICES),
  dev_mcast: text(() => ""),
  if_inet6: text(({ task }) =>
    task.namespaces.of.net.up ? "00000000000000000000000000000001 01 80 10 80       lo\n" : ""
  ),
  igmp: text(() => "Idx\tDevice    : Count Querier\tGroup    Users Timer\tReporter\n"),
  ipv6_route: text(() =>
    "00000000000000000000000000000001 80 00000000000000000000000000000000 00 00000000000000000000000000000000 00000000 00000002 00000000 80200001       lo\n"
  ),
  protocols: text(() =>
    "protocol  size sockets  memory press maxhdr  slab module     cl co di ac io in de sh ss gs se re sp bi br ha uh gp em\n"
  ),
  route: text(() =>
    "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT                                                       \n"
  ),
  sockstat: text(() =>
    "sockets: used 0\nTCP: inuse 0 orphan 0 tw 0 alloc 0 mem 0\nUDP: inuse 0 mem 0\nUDPLITE: inuse 0\nRAW: inuse 0\nFRAG: inuse 0 memory 0\n"
  ),
  snmp: text(() => ""),
  netstat: text(() => ""),
  wireless: text(() => ""),
});
