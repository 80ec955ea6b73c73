/**
 * Netlink sockets (netlink(7)): enough of NETLINK_ROUTE that programs find the interface lo, its addresses and routes; NETLINK_SOCK_DIAG for ss; NETLINK_KOBJECT_UEVENT, on
 * which nothing ever comes. Requests are answered at once into the asker's own queue.
 */
import { E } from "../../syscalls/abi/errno.ts";
import { type NetNamespace, perNet } from "../namespaces/net.ts";
import { AF, SOL } from "../../syscalls/abi/net.ts";
import type { Task } from "../task/task.ts";
import { POLLERR, POLLIN, POLLOUT, POLLRDNORM, POLLWRNORM } from "../vfs/open_file.ts";
import { familyOf } from "./ip.ts";
import { int32, intOf } from "./options.ts";
import type { Reply } from "./netlink_messages.ts";
import { answerRoute } from "./route_messages.ts";
import { answerDiag } from "./sock_diag.ts";
import { copyMessage, type Incoming, type Outgoing, Socket } from "./socket.ts";

const SIZE = 12;
const ROUTE = 0, SOCK_DIAG = 4, UEVENT = 15;
const portsOf = perNet(() => new Map<number, NetlinkSocket>());

const address = (port: number, groups: number): Uint8Array => {
  const out = new Uint8Array(SIZE), view = new DataView(out.buffer);
  view.setUint16(0, AF.NETLINK, true);
  view.setUint32(4, port >>> 0, true);
  view.setUint32(8, groups, true);
  return out;
};

export class NetlinkSocket extends Socket {
  #port = 0;
  #groups = 0;
  #peer = 0;
  readonly #inbox: Uint8Array[] = [];
  readonly #options = new Map<number, number>();

  /** EPROTONOSUPPORT for protocols not known. */
  static knows(protocol: number): boolean {
    return protocol === ROUTE || protocol === SOCK_DIAG || protocol === UEVENT;
  }
  constructor(net: NetNamespace, t: Task, type: number, protocol: number, flags: number) {
    super(net, t.cred, AF.NETLINK, type, protocol, flags);
  }
  override get messages(): boolean {
    return true;
  }

  override bind(t: Task, bytes: Uint8Array): number {
    if (bytes.length < SIZE || familyOf(bytes) !== AF.NETLINK) return -E.INVAL;
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    const port = view.getUint32(4, true);
    if (this.#port !== 0 && port !== this.#port) return -E.INVAL;
    if (this.#port === 0) {
      const taken = this.#take(t, port);
      if (taken < 0) return taken;
    }
    this.#groups = view.getUint32(8, true);
    return 0;
  }
  /** Takes a port; 0: the process id if it is free, else any. */
  #take(t: Task, wanted: number): number {
    const all = portsOf(this.net);
    if (wanted !== 0 && all.has(wanted)) return -E.ADDRINUSE;
    let port = wanted || t.sees(t.pid);
    for (let other = 0xfffff001; wanted === 0 && all.has(port); other--) port = other;
    all.set(port, this);
    this.#port = port;
    return 0;
  }
  override connect(t: Task, bytes: Uint8Array): number {
    if (familyOf(bytes) === AF.UNSPEC) return this.#peer = 0;
    if (bytes.length < SIZE || familyOf(bytes) !== AF.NETLINK) return -E.INVAL;
    if (this.#port === 0) this.#take(t, 0);
    this.#peer = new DataView(bytes.buffer, bytes.byteOffset).getUint32(4, true);
    return 0;
  }
  override name(): Uint8Array {
    return address(this.#port, this.#groups);
  }
  override peerName(): Uint8Array | number {
    return address(this.#peer, 0);
  }

  override send(t: Task, bytes: Uint8Array, m: Outgoing): number {
    if (this.#port === 0) this.#take(t, 0);
    const to = m.to === undefined || m.to.length < SIZE
      ? this.#peer
      : new DataView(m.to.buffer, m.to.byteOffset).getUint32(4, true);
    if (to !== 0) return -E.CONNREFUSED;
    const replies: Reply[] = this.protocol === ROUTE
      ? answerRoute(bytes, this.#port, this.net, t)
      : this.protocol === SOCK_DIAG
      ? answerDiag(bytes, this.#port, this.net)
      : [];
    for (const reply of replies) this.#inbox.push(reply);
    if (replies.length > 0) this.queue.wake();
    return bytes.length;
  }
  override receive(_t: Task, into: Uint8Array, m: Incoming): number {
    if (this.error !== 0) return this.takeError();
    const head = this.#inbox[0];
    if (head === undefined) return -E.AGAIN;
    if ((m.wanted & 2) === 0) this.#inbox.shift();
    m.from = address(0, 0);
    return copyMessage(head, into, m);
  }
  override get pendingBytes(): number {
    return this.#inbox[0]?.length ?? 0;
  }
  override get signalsBroken(): boolean {
    return false;
  }
  override poll(): number {
    return POLLOUT | POLLWRNORM | (this.#inbox.length > 0 ? POLLIN | POLLRDNORM : 0) | (this.error ? POLLERR : 0);
  }

  override protocolOption(_t: Task, level: number, name: number): Uint8Array | number | undefined {
    return level === SOL.NETLINK ? int32(this.#options.get(name) ?? 0) : -E.NOPROTOOPT;
  }
  override setProtocolOption(_t: Task, level: number, name: number, value: Uint8Array): number | undefined {
    if (level !== SOL.NETLINK) return -E.NOPROTOOPT;
    if (value.length < 4) return -E.INVAL;
    // Memberships (1, 2) are accepted; the others are flags.
    this.#options.set(name, intOf(value) !== 0 ? 1 : 0);
    return 0;
  }
  protected override closed(): void {
    const all = portsOf(this.net);
    if (all.get(this.#port) === this) all.delete(this.#port);
  }
}
