/** Options of SOL_SOCKET as a table from number to how it is read and set (net/core/sock.c). Values are the bytes the guest sees. */
import { E } from "../../syscalls/abi/errno.ts";
import { AF, SO, SOCK } from "../../syscalls/abi/net.ts";
import { CAP, nsCapable, seenGid, seenUid } from "../credentials.ts";
import type { Task } from "../task/task.ts";
import type { Socket } from "./socket.ts";

/** What the options say. */
export class SocketOptions {
  sendBuffer = 212992;
  receiveBuffer = 212992;
  reuseAddress = false;
  reusePort = false;
  passCredentials = false;
  broadcast = false;
  keepAlive = false;
  oobInline = false;
  lingerOn = false;
  lingerSeconds = 0;
  receiveLow = 1;
  /** ns; 0: no limit. */
  receiveTimeout = 0;
  sendTimeout = 0;
  timestamps = 0;
  /** Offset of the next MSG_PEEK; -1: off. */
  peekOffset = -1;
  /** What is only kept and told. */
  readonly kept = new Map<number, number>();

  /** As an accepted socket gets them. */
  inherit(from: SocketOptions): void {
    const { kept, ...plain } = from;
    Object.assign(this, plain);
    for (const [name, value] of kept) this.kept.set(name, value);
  }
}

/** Largest buffers (net.core.rmem_max, wmem_max). */
const MOST = 212992;

export const int32 = (value: number): Uint8Array => {
  const out = new Uint8Array(4);
  new DataView(out.buffer).setInt32(0, value, true);
  return out;
};
/** The int an option was set to; the caller has checked the length. */
export const intOf = (value: Uint8Array): number =>
  new DataView(value.buffer, value.byteOffset, value.byteLength).getInt32(0, true);

const words = (...values: number[]): Uint8Array => {
  const out = new Uint8Array(4 * values.length), view = new DataView(out.buffer);
  values.forEach((v, i) => view.setInt32(4 * i, v, true));
  return out;
};

interface Option {
  /** Least length of a value that is set; default 4. */
  readonly size?: number;
  readonly get?: (s: Socket, t: Task) => Uint8Array | number;
  readonly set?: (s: Socket, t: Task, value: Uint8Array) => number;
}

type Switch = {
  [K in keyof SocketOptions]: SocketOptions[K] extends boolean ? K : never;
}[keyof SocketOptions];

const flag = (key: Switch): Option => ({
  get: (s) => int32(s.options[key] ? 1 : 0),
  set(s, _t, value) {
    (s.options as { -readonly [K in Switch]: boolean })[key] = intOf(value) !== 0;
    return 0;
  },
});

/** Kept and told, without effect here. */
const kept = (name: number, initial = 0): Option => ({
  get: (s) => int32(s.options.kept.get(name) ?? initial),
  set(s, _t, value) {
    s.options.kept.set(name, intOf(value));
    return 0;
  },
});
const keptFlag = (name: number): Option => ({
  get: (s) => int32(s.options.kept.get(name) ?? 0),
  set(s, _t, value) {
    s.options.kept.set(name, intOf(value) !== 0 ? 1 : 0);
    return 0;
  },
});
const fixed = (get: (s: Socket, t: Task) => Uint8Array | number): Option => ({ get });

const buffer = (key: "sendBuffer" | "receiveBuffer", least: number, forced: boolean): Option => ({
  get: forced ? undefined : (s) => int32(s.options[key]),
  set(s, t, value) {
    if (forced && !nsCapable(t.cred, s.net.owner, CAP.NET_ADMIN)) return -E.PERM;
    const wanted = intOf(value);
    const size = forced ? Math.min(Math.max(wanted, 0), 0x3fffffff) : Math.min(wanted >>> 0, MOST);
    s.options[key] = Math.max(size * 2, least);
    return 0;
  },
});

const timeval = (key: "receiveTimeout" | "sendTimeout"): Option => ({
  size: 16,
  get(s) {
    const out = new Uint8Array(16), view = new DataView(out.buffer), ns = s.options[key];
    view.setBigInt64(0, BigInt(Math.floor(ns / 1e9)), true);
    view.setBigInt64(8, BigInt(Math.floor((ns % 1e9) / 1000)), true);
    return out;
  },
  set(s, _t, value) {
    const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
    const sec = Number(view.getBigInt64(0, true)), usec = Number(view.getBigInt64(8, true));
    if (usec < 0 || usec >= 1e6) return -E.DOM;
    // A negative time ends every wait at once.
    s.options[key] = sec < 0 ? 1 : sec > 9e6 ? 0 : sec * 1e9 + usec * 1e3;
    return 0;
  },
});

const LINGER: Option = {
  size: 8,
  get: (s) => words(s.options.lingerOn ? 1 : 0, s.options.lingerSeconds),
  set(s, _t, value) {
    s.options.lingerOn = intOf(value) !== 0;
    if (s.options.lingerOn) s.options.lingerSeconds = intOf(value.subarray(4));
    return 0;
  },
};

const PEERCRED = fixed((s, t) => {
  const { sender } = s.peerCredentials ?? { sender: { pid: 0, uid: -1, gid: -1 } };
  return words(t.sees(sender.pid), seenUid(t.cred, sender.uid), seenGid(t.cred, sender.gid));
});

const OPTIONS: Readonly<Record<number, Option>> = {
  [SO.DEBUG]: {
    get: keptFlag(SO.DEBUG).get,
    set: (s, t, v) =>
      intOf(v) !== 0 && !nsCapable(t.cred, s.net.owner, CAP.NET_ADMIN) ? -E.ACCES : keptFlag(SO.DEBUG).set!(s, t, v),
  },
  [SO.REUSEADDR]: flag("reuseAddress"),
  [SO.REUSEPORT]: {
    get: flag("reusePort").get,
    set: (s, t, v) =>
      intOf(v) !== 0 && s.domain !== AF.INET && s.domain !== AF.INET6 ? -E.OPNOTSUPP : flag("reusePort").set!(s, t, v),
  },
  [SO.TYPE]: fixed((s) => int32(s.type)),
  [SO.PROTOCOL]: fixed((s) => int32(s.protocol)),
  [SO.DOMAIN]: fixed((s) => int32(s.domain)),
  [SO.ERROR]: fixed((s) => int32(-s.takeError())),
  [SO.ACCEPTCONN]: fixed((s) => int32(s.listening ? 1 : 0)),
  [SO.DONTROUTE]: keptFlag(SO.DONTROUTE),
  [SO.BROADCAST]: flag("broadcast"),
  [SO.SNDBUF]: buffer("sendBuffer", 4608, false),
  [SO.RCVBUF]: buffer("receiveBuffer", 2304, false),
  [SO.SNDBUFFORCE]: buffer("sendBuffer", 4608, true),
  [SO.RCVBUFFORCE]: buffer("receiveBuffer", 2304, true),
  [SO.KEEPALIVE]: flag("keepAlive"),
  [SO.OOBINLINE]: flag("oobInline"),
  [SO.NO_CHECK]: keptFlag(SO.NO_CHECK),
  [SO.PRIORITY]: kept(SO.PRIORITY),
  [SO.LINGER]: LINGER,
  [SO.PASSCRED]: flag("passCredentials"),
  [SO.PEERCRED]: PEERCRED,
  [SO.RCVLOWAT]: {
    get: (s) => int32(s.options.receiveLow),
    set(s, _t, value) {
      const n = intOf(value);
      s.options.receiveLow = n < 0 ? 0x7fffffff : n || 1;
      return 0;
    },
  },
  [SO.SNDLOWAT]: fixed(() => int32(1)),
  [SO.RCVTIMEO]: timeval("receiveTimeout"),
  [SO.SNDTIMEO]: timeval("sendTimeout"),
  [SO.RCVTIMEO_NEW]: timeval("receiveTimeout"),
  [SO.SNDTIMEO_NEW]: timeval("sendTimeout"),
  [SO.BINDTODEVICE]: {
    size: 0,
    get: (s) => s.options.kept.get(SO.BINDTODEVICE) === 1 ? new TextEncoder().encode("lo\0") : new Uint8Array(0),
    set(s, _t, value) {
      const end = value.indexOf(0), name = new TextDecoder().decode(end < 0 ? value : value.subarray(0, end));
      if (name !== "" && name !== "lo") return -E.NODEV;
      s.options.kept.set(SO.BINDTODEVICE, name === "" ? 0 : 1);
      return 0;
    },
  },
  [SO.ATTACH_FILTER]: { size: 16, set: () => 0 },
  [SO.DETACH_FILTER]: { set: () => -E.NOENT },
  [SO.PEERNAME]: fixed((s) => s.peerName()),
  [SO.TIMESTAMP]: {
    get: (s) => int32(s.options.timestamps === 1 ? 1 : 0),
    set: (s, _t, v) => (s.options.timestamps = intOf(v) !== 0 ? 1 : 0, 0),
  },
  [SO.TIMESTAMPNS]: {
    get: (s) => int32(s.options.timestamps === 2 ? 1 : 0),
    set: (s, _t, v) => (s.options.timestamps = intOf(v) !== 0 ? 2 : 0, 0),
  },
  [SO.PASSSEC]: keptFlag(SO.PASSSEC),
  [SO.MARK]: kept(SO.MARK),
  [SO.RXQ_OVFL]: keptFlag(SO.RXQ_OVFL),
  [SO.PEEK_OFF]: {
    get: (s) => s.domain === AF.UNIX || s.type === SOCK.DGRAM ? int32(s.options.peekOffset) : -E.OPNOTSUPP,
    set: (s, _t, v) =>
      s.domain === AF.UNIX || s.type === SOCK.DGRAM ? (s.options.peekOffset = intOf(v), 0) : -E.OPNOTSUPP,
  },
  [SO.BUSY_POLL]: kept(SO.BUSY_POLL),
  [SO.INCOMING_CPU]: kept(SO.INCOMING_CPU, -1),
  [SO.COOKIE]: fixed((s) => {
    const out = new Uint8Array(8);
    new DataView(out.buffer).setBigUint64(0, BigInt(s.serial + 1), true);
    return out;
  }),
  [SO.PEERGROUPS]: fixed((s) => s.peerCredentials === undefined ? -E.NODATA : words(...s.peerCredentials.groups)),
  [SO.ZEROCOPY]: keptFlag(SO.ZEROCOPY),
};

/** Value of an option of SOL_SOCKET, or negative errno. */
export const getSocketOption = (s: Socket, t: Task, name: number): Uint8Array | number =>
  OPTIONS[name]?.get?.(s, t) ?? -E.NOPROTOOPT;

/** Sets an option of SOL_SOCKET: 0 or negative errno. */
export const setSocketOption = (s: Socket, t: Task, name: number, value: Uint8Array): number => {
  const option = OPTIONS[name];
  if (option === undefined) return value.length < 4 ? -E.INVAL : -E.NOPROTOOPT;
  if (value.length < (option.size ?? 4)) return -E.INVAL;
  if (option.set === undefined) return -E.NOPROTOOPT;
  const result = option.set(s, t, value);
  if (result === 0) s.optionChanged();
  return result;
};
