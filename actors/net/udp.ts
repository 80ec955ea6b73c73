/** UDP sockets (udp(7)): datagrams on the loopback, and to the host's network through its door. */
import { E } from "../../syscalls/abi/errno.ts";
import type { NetNamespace } from "../namespaces/net.ts";
import { AF, IPPROTO, MSG, SOCK, SOL } from "../../syscalls/abi/net.ts";
import type { Credentials } from "../credentials.ts";
import type { Task } from "../task/task.ts";
import { POLLERR, POLLHUP, POLLIN, POLLOUT, POLLRDHUP, POLLRDNORM, POLLWRBAND, POLLWRNORM } from "../vfs/open_file.ts";
import { HostUdp } from "./host_udp.ts";
import { controlFor, type Header, headerOf, timestampOf } from "./udp_control.ts";
import { InetSocket } from "./inet.ts";
import { IP, IPV6, keptOption } from "./inet_options.ts";
import { encodeAddress, type Endpoint, familyOf, type Ip, unbound } from "./ip.ts";
import { portsOf } from "./ports.ts";
import { copyMessage, type Incoming, type Outgoing, SHUT_BOTH, SHUT_RECEIVE, SHUT_SEND } from "./socket.ts";

interface Datagram {
  readonly bytes: Uint8Array;
  readonly from: Endpoint;
  readonly to: Ip;
  readonly header: Header;
  /** When it came, ns since the epoch. */
  readonly at: bigint;
}
/** Of a datagram from outside. */
const PLAIN: Header = { hops: 64, trafficClass: 0 };

const LARGEST = 65507;
const DNS = 53;
/** Charged for a datagram beyond its bytes. */
const OVERHEAD = 512;

export class UdpSocket extends InetSocket {
  #inbox: Datagram[] = [];
  #held = 0;
  readonly #groups = new Set<string>();
  #host: HostUdp | undefined;

  constructor(
    net: NetNamespace,
    cred: Credentials,
    domain: number,
    flags = 0,
    type: number = SOCK.DGRAM,
    protocol: number = IPPROTO.UDP,
    ports = portsOf(net).udp,
  ) {
    super(net, cred, domain, type, protocol, ports, flags);
  }

  protected override mayHave(ip: Ip): boolean {
    return super.mayHave(ip) || ip.multicast || ip.broadcast;
  }

  override connect(_t: Task, address: Uint8Array): number {
    if (familyOf(address) === AF.UNSPEC) {
      this.unconnect();
      this.queue.wake();
      return 0;
    }
    const to = this.destination(address, true);
    if (typeof to === "number") return to;
    if (to.ip.broadcast && !this.options.broadcast) return -E.ACCES;
    if (to.ip.loopback ? !this.net.up : !this.net.reachesHost) return -E.NETUNREACH;
    const ip = to.ip.loopback ? this.sourceFor(to.ip) : this.local.ip;
    if (this.local.port === 0) {
      if (this.take(ip, 0) < 0) return -E.AGAIN;
    } else this.local = { ip, port: this.local.port };
    this.remote = to;
    this.queue.wake();
    return 0;
  }

  override send(_t: Task, bytes: Uint8Array, m: Outgoing): number {
    if ((m.flags & MSG.OOB) !== 0) return -E.OPNOTSUPP;
    if (bytes.length > LARGEST) return -E.MSGSIZE;
    const to = this.target(m);
    if (typeof to === "number") return to;
    if (to.port === 0) return -E.INVAL;
    if (this.error !== 0) return this.takeError();
    if ((this.shut & SHUT_SEND) !== 0) return -E.PIPE;
    if (to.ip.broadcast && !this.options.broadcast) return -E.ACCES;
    if (to.ip.loopback && !this.net.up) return -E.NETUNREACH;
    if (this.autobind() < 0) return -E.AGAIN;
    const header = headerOf(this, !to.ip.v4, m.control ?? []);
    const from = { ip: header.source ?? this.sourceFor(to.ip), port: this.local.port };
    if (to.ip.multicast) this.#multicast(bytes, from, to, header);
    else if (to.ip.loopback) this.#deliver(bytes, from, to, header);
    else {
      this.#host ??= new HostUdp(this);
      return this.#host.send(bytes, to);
    }
    return bytes.length;
  }
  /** Where a message goes, or negative errno. */
  protected target(m: Outgoing): Endpoint | number {
    if (m.to === undefined) return this.remote ?? -E.DESTADDRREQ;
    let address = m.to;
    // Some leave the family out.
    if (this.domain === AF.INET && address.length >= 16 && familyOf(address) === AF.UNSPEC) {
      address = address.slice();
      address[0] = AF.INET;
    }
    return this.destination(address, true);
  }

  #deliver(bytes: Uint8Array, from: Endpoint, to: Endpoint, header: Header): void {
    const receiver = this.ports.find<UdpSocket>(to.ip, to.port, (s) => s.#accepts(from));
    if (receiver !== undefined) receiver.arrive(bytes.slice(), from, to.ip, header);
    else if (to.port === DNS && this.net.reachesHost) {
      // Names are asked of whoever the host asks.
      this.#host ??= new HostUdp(this);
      this.#host.ask(bytes, to);
    } else {
      // Port unreachable: told to those connected to it, and to those that ask.
      const asked = keptOption(this, SOL.IP, IP.RECVERR) === 1 || keptOption(this, SOL.IPV6, IPV6.RECVERR) === 1;
      const { remote } = this;
      if (remote === undefined ? asked : remote.port === to.port && remote.ip.equals(to.ip)) {
        this.failWith(E.CONNREFUSED);
      }
    }
  }
  /** 2: connected to the sender, 1: takes from everybody, 0: no. */
  #accepts(from: Endpoint): number {
    const { remote } = this;
    if (remote === undefined) return 1;
    return remote.port === from.port && remote.ip.equals(from.ip) ? 2 : 0;
  }
  #multicast(bytes: Uint8Array, from: Endpoint, to: Endpoint, header: Header): void {
    for (const s of this.ports.at(to.port)) {
      if (s instanceof UdpSocket && s.#groups.has(to.ip.key)) s.arrive(bytes.slice(), from, to.ip, header);
    }
  }
  override membership(group: Ip, join: boolean): number {
    if (join === this.#groups.has(group.key)) return join ? -E.ADDRINUSE : -E.ADDRNOTAVAIL;
    if (join) this.#groups.add(group.key);
    else this.#groups.delete(group.key);
    return 0;
  }

  /** A datagram has come; dropped when there is no room. */
  arrive(bytes: Uint8Array, from: Endpoint, to: Ip, header = PLAIN): void {
    const size = bytes.length + OVERHEAD;
    if ((this.shut & SHUT_RECEIVE) !== 0 || this.#held + size > this.options.receiveBuffer) return;
    if (!this.machine.memory.take(size)) return;
    this.#held += size;
    this.#inbox.push({ bytes, from, to, header, at: this.machine.clock.realtime() });
    this.queue.wake();
  }

  override receive(_t: Task, into: Uint8Array, m: Incoming): number {
    if ((m.wanted & (MSG.OOB | MSG.ERRQUEUE)) !== 0) return (m.wanted & MSG.OOB) !== 0 ? -E.OPNOTSUPP : -E.AGAIN;
    if (this.error !== 0) return this.takeError();
    const head = this.#inbox[0];
    if (head === undefined) return (this.shut & SHUT_RECEIVE) !== 0 ? 0 : -E.AGAIN;
    const n = copyMessage(head.bytes, into, m);
    m.from = encodeAddress(head.from, this.domain);
    m.control = [...timestampOf(this, head.at), ...controlFor(this, head.to, head.header)];
    if ((m.wanted & MSG.PEEK) === 0) {
      this.#inbox.shift();
      const size = head.bytes.length + OVERHEAD;
      this.#held -= size;
      this.machine.memory.give(size);
    }
    return n;
  }
  override get pendingBytes(): number {
    return this.#inbox[0]?.bytes.length ?? 0;
  }

  override shutdown(_t: Task, how: number): number {
    if (how < 0 || how > 2) return -E.INVAL;
    if (this.remote === undefined) return -E.NOTCONN;
    this.shut |= how + 1;
    this.queue.wake();
    return 0;
  }

  override poll(): number {
    let events = POLLOUT | POLLWRNORM | POLLWRBAND;
    if (this.error !== 0) events |= POLLERR;
    if (this.shut === SHUT_BOTH) events |= POLLHUP;
    if ((this.shut & SHUT_RECEIVE) !== 0) events |= POLLIN | POLLRDNORM | POLLRDHUP;
    if (this.#inbox.length > 0) events |= POLLIN | POLLRDNORM;
    return events;
  }

  protected override closed(): void {
    this.ports.remove(this);
    this.local = unbound(this.domain);
    this.#inbox = [];
    this.machine.memory.give(this.#held);
    this.#held = 0;
    this.#host?.close();
  }
}
