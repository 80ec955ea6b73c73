/**
 * TCP sockets (tcp(7)). Inside the machine the two ends know each other and bytes go straight into the other's inbox; there are no segments, so nothing is lost or late. What
 * is at the other end is a `Remote`: another socket here, or a connection of the host.
 */
import { E } from "../../syscalls/abi/errno.ts";
import type { NetNamespace } from "../namespaces/net.ts";
import { AF, IPPROTO, MSG, SOCK } from "../../syscalls/abi/net.ts";
import type { Credentials } from "../credentials.ts";
import type { Task } from "../task/task.ts";
import { POLLERR, POLLHUP, POLLIN, POLLOUT, POLLPRI, POLLRDHUP, POLLRDNORM, POLLWRNORM } from "../vfs/open_file.ts";
import { ByteQueue } from "./byte_queue.ts";
import { connectToHost, hostResolverFor } from "./host_tcp.ts";
import { InetSocket } from "./inet.ts";
import { type Endpoint, familyOf, unbound } from "./ip.ts";
import { portsOf } from "./ports.ts";
import { type Incoming, type Outgoing, SHUT_BOTH, SHUT_RECEIVE, SHUT_SEND, Socket } from "./socket.ts";
import { tcpOption } from "./tcp_info.ts";

/** The other end of a connection. */
export interface Remote {
  /** Nothing is taken any more; bytes sent to it are answered with a reset. */
  readonly dead: boolean;
  /** Bytes it takes now from a sender with this send buffer. */
  room(sendBuffer: number): number;
  put(bytes: Uint8Array): void;
  /** An urgent byte. */
  urgent(byte: number): void;
  /** No more bytes will come. `gone`: nor will any be read. */
  finish(gone: boolean): void;
  /** The connection is broken off. */
  reset(): void;
  /** Bytes that came from it were read. */
  drained(): void;
}

/** Send buffer before connecting, and what Linux tunes it to on a loopback. */
const FIRST_SEND_BUFFER = 16384, TUNED_SEND_BUFFER = 2626560, RECEIVE_BUFFER = 131072;
const SOMAXCONN = 4096;
const DNS = 53;
const SIOCATMARK = 0x8905;

export class TcpSocket extends InetSocket implements Remote {
  state: "closed" | "listening" | "connecting" | "established" = "closed";
  /** What connect(2) has told the guest so far. */
  #told: "nothing" | "under way" | "done" = "nothing";
  readonly inbox = new ByteQueue(this.machine.memory);
  other: Remote | undefined;
  dead = false;
  finSent = false;
  finReceived = false;
  /** Connections not accepted yet, and who found no place among them. */
  readonly #children: TcpSocket[] = [];
  readonly #knocking: TcpSocket[] = [];
  #listener: TcpSocket | undefined;
  backlog = 0;
  /** It could not send or was seen not to be ready: to be woken when there is room. */
  #short = false;
  /** Urgent byte, and how many bytes of the inbox come before it. */
  #urgent: number | undefined;
  #mark = -1;

  constructor(net: NetNamespace, readonly cred: Credentials, domain: number, flags = 0) {
    super(net, cred, domain, SOCK.STREAM, IPPROTO.TCP, portsOf(net).tcp, flags);
    this.options.sendBuffer = FIRST_SEND_BUFFER;
    this.options.receiveBuffer = RECEIVE_BUFFER;
  }

  // ---- listening -----------------------------------------------------------------------------------------------------
  override get listening(): boolean {
    return this.state === "listening";
  }
  get waitingChildren(): number {
    return this.#children.length;
  }
  override listen(_t: Task, backlog: number): number {
    if (this.state !== "closed" && this.state !== "listening") return -E.INVAL;
    if (this.#told !== "nothing") return -E.INVAL;
    if (this.local.port === 0 && this.autobind() < 0) return -E.ADDRINUSE;
    if (this.state === "closed" && !this.ports.mayListen(this)) return -E.ADDRINUSE;
    this.backlog = Math.min(backlog >>> 0, SOMAXCONN);
    this.state = "listening";
    this.shut = 0;
    this.queue.wake();
    return 0;
  }

  get crowded(): boolean {
    return this.#children.length > this.backlog;
  }

  /** A connection has come: makes the server's end of it. */
  admit(remote: Remote, from: Endpoint, to: Endpoint): TcpSocket {
    const child = new TcpSocket(this.net, this.cred, this.domain);
    child.options.inherit(this.options);
    for (const [key, value] of this.protocolOptions) child.protocolOptions.set(key, value);
    child.v6only = this.v6only;
    child.local = to;
    child.remote = from;
    child.ports.accepted(child);
    child.#join(remote);
    child.#told = "done";
    this.#children.push(child);
    this.queue.wake();
    return child;
  }

  override accept(_t: Task): Socket | number {
    if (!this.listening) return -E.INVAL;
    const child = this.#children.shift();
    if (child === undefined) return -E.AGAIN;
    while (this.#knocking.length > 0 && !this.crowded) this.#knocking.shift()!.#enter(this);
    return child;
  }

  // ---- connecting ----------------------------------------------------------------------------------------------------
  override connect(t: Task, address: Uint8Array): number {
    if (familyOf(address) === AF.UNSPEC) return this.#disconnect();
    if (this.#told === "done" || this.listening) return -E.ISCONN;
    if (this.#told === "under way") return this.connected();
    const to = this.destination(address, false);
    if (typeof to === "number") return to;
    if (to.ip.multicast || to.ip.broadcast) return -E.NETUNREACH;
    if (to.ip.loopback && !this.net.up) return -E.NETUNREACH;
    const before = this.local;
    if (to.ip.loopback) this.local = { ip: this.sourceFor(to.ip), port: before.port };
    if (this.autobind() < 0) return -E.ADDRNOTAVAIL;
    this.remote = to;
    this.#told = "under way";
    this.state = "connecting";
    this.shut = 0;
    if (to.ip.loopback) this.#knock(t, to);
    else {
      const refused = connectToHost(this, t, to);
      if (refused < 0) {
        this.#told = "nothing";
        this.state = "closed";
        return refused;
      }
    }
    return this.nonblocking || this.state === "connecting" ? -E.INPROGRESS : this.connected();
  }

  #knock(t: Task, to: Endpoint): void {
    const listener = this.ports.find<TcpSocket>(to.ip, to.port, (s) => s.listening ? 1 : 0);
    if (listener === undefined) {
      // Names are asked of whoever the host asks, as with datagrams.
      const resolver = to.port === DNS ? hostResolverFor(this.net) : undefined;
      if (resolver === undefined || connectToHost(this, t, { ip: resolver, port: DNS }) < 0) {
        this.refused(E.CONNREFUSED);
      }
    } else if (listener.crowded) {
      this.#listener = listener;
      listener.#knocking.push(this);
    } else this.#enter(listener);
  }
  #enter(listener: TcpSocket): void {
    this.#listener = undefined;
    const child = listener.admit(this, this.local, this.remote!);
    this.established(child);
  }
  /** The connection stands. */
  established(remote: Remote): void {
    this.#join(remote);
    this.queue.wake();
  }
  #join(remote: Remote): void {
    this.other = remote;
    this.state = "established";
    if (this.options.sendBuffer === FIRST_SEND_BUFFER) this.options.sendBuffer = TUNED_SEND_BUFFER;
  }
  /** The connection did not come about. */
  refused(error: number): void {
    this.state = "closed";
    this.shut = SHUT_BOTH;
    this.failWith(error);
  }

  override connected(): number {
    if (this.state === "connecting") return -E.ALREADY;
    if (this.#told === "under way" && this.state === "closed" && !this.finReceived) {
      this.#told = "nothing";
      this.remote = undefined;
      this.shut = 0;
      return this.takeError() || -E.CONNABORTED;
    }
    this.#told = "done";
    return 0;
  }

  /** connect to AF_UNSPEC: the connection is broken off (tcp_disconnect). */
  #disconnect(): number {
    const broken = this.state === "established" || this.state === "connecting";
    this.#leave(true);
    this.state = "closed";
    this.#told = "nothing";
    this.unconnect();
    this.other = undefined;
    this.finSent = this.finReceived = false;
    this.shut = 0;
    this.inbox.clear();
    if (broken) this.error = E.CONNRESET;
    this.queue.wake();
    return 0;
  }

  override peerName(): Uint8Array | number {
    return this.state === "established" ? super.peerName() : -E.NOTCONN;
  }

  // ---- bytes ---------------------------------------------------------------------------------------------------------
  override send(_t: Task, bytes: Uint8Array, m: Outgoing): number {
    if (this.error !== 0) return this.takeError();
    if ((this.shut & SHUT_SEND) !== 0) return -E.PIPE;
    if (this.state === "connecting") return -E.AGAIN;
    const { other } = this;
    if (this.state !== "established" || other === undefined) return -E.PIPE;
    if (bytes.length === 0) return 0;
    if (other.dead) {
      this.reset();
      return bytes.length;
    }
    const room = other.room(this.options.sendBuffer);
    if (room < bytes.length) this.#short = true;
    if (room <= 0) return -E.AGAIN;
    const n = Math.min(room, bytes.length);
    if (!this.machine.memory.fits(n)) return -E.NOBUFS;
    if ((m.flags & MSG.OOB) !== 0 && n === bytes.length) {
      if (n > 1) other.put(bytes.subarray(0, n - 1));
      other.urgent(bytes[n - 1]);
    } else other.put(n === bytes.length ? bytes : bytes.subarray(0, n));
    return n;
  }

  override receive(_t: Task, into: Uint8Array, m: Incoming): number {
    if (this.listening) return -E.NOTCONN;
    if ((m.wanted & MSG.ERRQUEUE) !== 0) return -E.AGAIN;
    if ((m.wanted & MSG.OOB) !== 0) return this.#receiveUrgent(into, m);
    if (this.inbox.length > 0) return this.#takeBytes(into, m.wanted);
    if (this.finReceived) return 0;
    if (this.error !== 0) return this.takeError();
    if ((this.shut & SHUT_RECEIVE) !== 0) return 0;
    return this.state === "closed" ? -E.NOTCONN : -E.AGAIN;
  }
  #takeBytes(into: Uint8Array, wanted: number): number {
    // Reads stop at the urgent mark.
    const most = this.#mark > 0 ? Math.min(into.length, this.#mark) : into.length;
    const target = most === into.length ? into : into.subarray(0, most);
    if ((wanted & MSG.PEEK) !== 0) return this.inbox.peek(target);
    let n: number;
    if ((wanted & MSG.TRUNC) !== 0) this.inbox.skip(n = Math.min(target.length, this.inbox.length));
    else n = this.inbox.take(target);
    if (this.#mark >= 0) this.#mark -= n;
    if (n > 0) this.other?.drained();
    return n;
  }
  #receiveUrgent(into: Uint8Array, m: Incoming): number {
    if (this.options.oobInline || this.#urgent === undefined) return -E.INVAL;
    m.flags |= MSG.OOB;
    if (into.length === 0) {
      m.flags |= MSG.TRUNC;
      return 0;
    }
    into[0] = this.#urgent;
    if ((m.wanted & MSG.PEEK) === 0) this.#urgent = undefined;
    return 1;
  }

  override get pendingBytes(): number {
    return this.inbox.length;
  }

  // ---- as the other's remote -----------------------------------------------------------------------------------------
  room(sendBuffer: number): number {
    return this.options.receiveBuffer + sendBuffer - this.inbox.length;
  }
  put(bytes: Uint8Array): void {
    this.inbox.put(bytes);
    this.queue.wake();
  }
  urgent(byte: number): void {
    this.#mark = this.inbox.length;
    if (this.options.oobInline) this.inbox.put(Uint8Array.of(byte));
    else this.#urgent = byte;
    this.signalOwner();
    this.queue.wake();
  }
  finish(_gone: boolean): void {
    this.finReceived = true;
    this.shut |= SHUT_RECEIVE;
    this.#ended();
    this.queue.wake();
  }
  reset(): void {
    if (this.state !== "established") return;
    this.state = "closed";
    this.other = undefined;
    this.shut = SHUT_BOTH;
    this.failWith(this.finReceived ? E.PIPE : E.CONNRESET);
  }
  drained(): void {
    if (!this.#short || !this.#mayWrite) return;
    this.#short = false;
    this.queue.wake();
  }
  /** Both directions have ended. */
  #ended(): void {
    if (this.finSent && this.finReceived) this.state = "closed";
  }
  /** A third of the room is free. */
  get #mayWrite(): boolean {
    const { other } = this;
    if (other === undefined) return true;
    return other.dead || other.room(this.options.sendBuffer) * 3 >= this.options.sendBuffer;
  }

  // ---- ends ----------------------------------------------------------------------------------------------------------
  override shutdown(_t: Task, how: number): number {
    if (how < 0 || how > 2) return -E.INVAL;
    const bits = how + 1;
    if (this.listening) {
      if ((bits & SHUT_RECEIVE) !== 0) this.#disconnect();
      return 0;
    }
    if (this.state === "connecting") {
      this.#disconnect();
      return 0;
    }
    if (this.state === "closed") {
      this.shut |= bits;
      return -E.NOTCONN;
    }
    this.shut |= bits;
    if ((bits & SHUT_SEND) !== 0 && !this.finSent) {
      this.finSent = true;
      this.other?.finish(false);
      this.#ended();
    }
    this.queue.wake();
    return 0;
  }

  override poll(): number {
    if (this.listening) return this.#children.length > 0 ? POLLIN | POLLRDNORM : 0;
    let events = this.error !== 0 ? POLLERR : 0;
    if (this.shut === SHUT_BOTH || this.state === "closed") events |= POLLHUP;
    if ((this.shut & SHUT_RECEIVE) !== 0) events |= POLLIN | POLLRDNORM | POLLRDHUP;
    if (this.state === "connecting") return events;
    if (this.inbox.length >= this.options.receiveLow) events |= POLLIN | POLLRDNORM;
    if ((this.shut & SHUT_SEND) !== 0 || this.#mayWrite) events |= POLLOUT | POLLWRNORM;
    else this.#short = true;
    if (this.#urgent !== undefined) events |= POLLPRI;
    return events;
  }

  override ioctl(t: Task, request: number, arg: number): number {
    if (request !== SIOCATMARK) return super.ioctl(t, request, arg);
    t.mem.setU32(arg, this.#mark === 0 ? 1 : 0);
    return 0;
  }

  override protocolOption(t: Task, level: number, name: number): Uint8Array | number | undefined {
    return tcpOption(this, level, name) ?? super.protocolOption(t, level, name);
  }

  /** Lets go of whoever is at the other end, or waits to be let in. */
  #leave(abort: boolean): void {
    for (const child of this.#children.splice(0)) {
      child.other?.reset();
      child.other = undefined;
      child.release();
    }
    for (const client of this.#knocking.splice(0)) {
      client.#listener = undefined;
      client.refused(E.CONNREFUSED);
    }
    if (this.#listener !== undefined) {
      const queue = this.#listener.#knocking;
      queue.splice(queue.indexOf(this), 1);
      this.#listener = undefined;
    }
    const { other } = this;
    if (other === undefined) return;
    if (abort || this.inbox.length > 0) other.reset();
    else other.finish(true);
  }

  protected override closed(): void {
    this.dead = true;
    this.#leave(this.options.lingerOn && this.options.lingerSeconds === 0);
    this.inbox.clear();
    this.ports.remove(this);
    this.local = unbound(this.domain);
    this.state = "closed";
    // A writer that waits for room finds out.
    this.other?.drained();
  }
}
