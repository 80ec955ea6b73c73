/** The one network interface, lo: its facts, and the ioctls that ask for them (netdevice(7)). */
import { E } from "../../syscalls/abi/errno.ts";
import { AF } from "../../syscalls/abi/net.ts";
import { CAP, nsCapable } from "../credentials.ts";
import type { NetNamespace } from "../namespaces/net.ts";
import type { Task } from "../task/task.ts";

export const LO = {
  index: 1,
  name: "lo",
  mtu: 65536,
  type: 772,
  queue: 1000,
} as const;

const IFF_UP = 1, IFF_LOOPBACK = 8, IFF_RUNNING = 0x40, IFF_LOWER_UP = 0x10000;

/** Its flags, as netlink tells them; ioctls tell the lower half. */
export const flagsOfLo = (net: NetNamespace): number =>
  net.up ? IFF_UP | IFF_LOOPBACK | IFF_RUNNING | IFF_LOWER_UP : IFF_LOOPBACK;

/** Sets the flags of lo that `change` names, of which only IFF_UP does anything: 0 or EPERM. */
export const changeLo = (t: Task, net: NetNamespace, flags: number, change: number): number => {
  if (!nsCapable(t.cred, net.owner, CAP.NET_ADMIN)) return -E.PERM;
  if ((change & IFF_UP) !== 0) net.setUp((flags & IFF_UP) !== 0);
  return 0;
};

const IFNAMSIZ = 16, IFREQ = 40;
const SIOCGIFNAME = 0x8910, SIOCGIFCONF = 0x8912;

const internet = (...ip: number[]) => (value: DataView): void => {
  value.setUint16(0, AF.INET, true);
  ip.forEach((b, i) => value.setUint8(4 + i, b));
};

/** What fills the union of an ifreq, by request. */
const ASK: Readonly<Record<number, (value: DataView, net: NetNamespace) => void>> = {
  0x8913: (v, net) => v.setUint16(0, flagsOfLo(net) & 0xffff, true), // SIOCGIFFLAGS
  0x8915: internet(127, 0, 0, 1), // SIOCGIFADDR
  0x8917: internet(127, 0, 0, 1), // SIOCGIFDSTADDR
  0x8919: internet(0, 0, 0, 0), // SIOCGIFBRDADDR
  0x891b: internet(255, 0, 0, 0), // SIOCGIFNETMASK
  0x891d: () => {}, // SIOCGIFMETRIC
  0x8921: (v) => v.setInt32(0, LO.mtu, true), // SIOCGIFMTU
  0x8927: (v) => v.setUint16(0, LO.type, true), // SIOCGIFHWADDR
  0x8933: (v) => v.setInt32(0, LO.index, true), // SIOCGIFINDEX
  0x8942: (v) => v.setInt32(0, LO.queue, true), // SIOCGIFTXQLEN
  0x8970: () => {}, // SIOCGIFMAP
};
/** Requests that answer for Internet sockets only. */
const INTERNET_ONLY = new Set([0x8915, 0x8917, 0x8919, 0x891b]);
/** Requests that would change it, and SIOCETHTOOL. */
const SIOCSIFFLAGS = 0x8914;
const CHANGE = new Set([SIOCSIFFLAGS, 0x8916, 0x8918, 0x891a, 0x891c, 0x891e, 0x8922, 0x8923, 0x8924, 0x8943]);
const SIOCETHTOOL = 0x8946;

const nameAt = (t: Task, at: number): string => {
  const bytes = t.mem.read(at, IFNAMSIZ), end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end)).split(":")[0];
};

/** The ioctls of interfaces; -ENOTTY for others. */
export const interfaceIoctl = (t: Task, net: NetNamespace, domain: number, request: number, arg: number): number => {
  const { mem } = t;
  if (request === SIOCGIFCONF) return configuration(t, net, arg);
  if (request === SIOCGIFNAME) {
    if (mem.i32(arg + IFNAMSIZ) !== LO.index) return -E.NODEV;
    mem.write(arg, new TextEncoder().encode(LO.name.padEnd(IFNAMSIZ, "\0")));
    return 0;
  }
  if (request === SIOCETHTOOL) return -E.OPNOTSUPP;
  if (CHANGE.has(request)) {
    if (!nsCapable(t.cred, net.owner, CAP.NET_ADMIN)) return -E.PERM;
    if (nameAt(t, arg) !== LO.name) return -E.NODEV;
    return request === SIOCSIFFLAGS ? changeLo(t, net, mem.u16(arg + IFNAMSIZ), 0xffff) : 0;
  }
  const fill = ASK[request];
  if (fill === undefined || (INTERNET_ONLY.has(request) && domain !== AF.INET && domain !== AF.INET6)) return -E.NOTTY;
  if (nameAt(t, arg) !== LO.name) return -E.NODEV;
  if (INTERNET_ONLY.has(request) && !net.addressed) return -E.ADDRNOTAVAIL;
  const value = new Uint8Array(16);
  fill(new DataView(value.buffer), net);
  mem.write(arg + IFNAMSIZ, value);
  return 0;
};

/** SIOCGIFCONF: a list of interfaces with IPv4 addresses; without a buffer only its length. */
const configuration = (t: Task, net: NetNamespace, arg: number): number => {
  const { mem } = t, room = mem.i32(arg), buffer = mem.u64(arg + 8);
  if (buffer === 0) {
    mem.setU32(arg, net.addressed ? IFREQ : 0);
    return 0;
  }
  if (room < IFREQ || !net.addressed) {
    mem.setU32(arg, 0);
    return 0;
  }
  const row = new Uint8Array(IFREQ);
  row.set(new TextEncoder().encode(LO.name));
  internet(127, 0, 0, 1)(new DataView(row.buffer, IFNAMSIZ));
  mem.write(buffer, row);
  mem.setU32(arg, IFREQ);
  return 0;
};
