/**
 * AF_UNIX sockets (unix(7)): streams, datagrams and sequenced packets. The two ends of a connection know each other; what one sends goes straight into the other's queue and
 * is charged to the sender until it is read.
 */
import { E, fail } from "../../syscalls/abi/errno.ts";
import { type NetNamespace, perNet } from "../namespaces/net.ts";
import { AF, SOCK } from "../../syscalls/abi/net.ts";
import type { Task } from "../task/task.ts";
import {
  type OpenFile,
  POLLERR,
  POLLHUP,
  POLLIN,
  POLLOUT,
  POLLRDHUP,
  POLLRDNORM,
  POLLWRBAND,
  POLLWRNORM,
} from "../vfs/open_file.ts";
import { WaitQueue } from "../wait_queue.ts";
import { type Carrier, collect } from "./passed_files.ts";
import { type Incoming, type Outgoing, senderOf, SHUT_BOTH, SHUT_RECEIVE, SHUT_SEND, Socket } from "./socket.ts";
import { autobind, bindUnix, findUnix, unbindUnix, type UnixName, UNNAMED } from "./unix_names.ts";
import { MessageQueue } from "./unix_queue.ts";
import { receiveMessage, receiveStream } from "./unix_receive.ts";
import { sendMessage, sendStream } from "./unix_send.ts";

/** net.unix.max_dgram_qlen. */
const MOST_DATAGRAMS = 10;
/** net.core.somaxconn. */
const SOMAXCONN = 4096;

const OPPOSITE = [0, SHUT_SEND, SHUT_RECEIVE, SHUT_BOTH];

/** All AF_UNIX sockets of a network namespace that are not closed, for /proc/net/unix. */
export const unixSockets = perNet(() => new Set<UnixSocket>());

export class UnixSocket extends Socket implements Carrier {
  readonly carrier = true;
  state: "closed" | "listening" | "connected" = "closed";
  /** The other end; for datagrams where they go by default. May be closed already. */
  peer: UnixSocket | undefined;
  dead = false;
  readonly inbox = new MessageQueue();
  /** What its messages take that are not read yet. */
  charged = 0;
  /** Connections not yet accepted; it listens. */
  readonly #waiting: UnixSocket[] = [];
  backlog = 0;
  /** Datagram sockets connected to this one. */
  readonly senders = new Set<UnixSocket>();
  /** Who waits for room in its inbox or among its connections. */
  readonly #room = new WaitQueue();
  /** Own name; `bound`: the registry leads here by it. */
  #name: UnixName | undefined;
  #bound = false;
  /** Where a waiting connect or send hopes for room. */
  #awaited: UnixSocket | undefined;

  constructor(net: NetNamespace, t: Task, type: number, flags = 0) {
    super(net, t.cred, AF.UNIX, type, 0, flags);
    unixSockets(net).add(this);
  }

  // ---- names ---------------------------------------------------------------------------------------------------------
  get address(): Uint8Array | undefined {
    return this.#name?.address;
  }
  override bind(t: Task, address: Uint8Array): number {
    if (this.#name !== undefined && address.length === 2) return 0;
    this.#name = bindUnix(t, this, address, this.#name !== undefined);
    this.#bound = true;
    return 0;
  }
  /** Gives it a name before it sends, where the receiver wants to know who it is. */
  autobind(): void {
    if (this.#name !== undefined) return;
    this.#name = autobind(this);
    this.#bound = true;
  }
  override name(): Uint8Array {
    return this.address ?? UNNAMED;
  }
  override peerName(): Uint8Array | number {
    return this.peer === undefined ? -E.NOTCONN : this.peer.name();
  }

  // ---- connections ---------------------------------------------------------------------------------------------------
  override get listening(): boolean {
    return this.state === "listening";
  }
  get waitingConnections(): number {
    return this.#waiting.length;
  }
  override listen(t: Task, backlog: number): number {
    if (this.type === SOCK.DGRAM) return -E.OPNOTSUPP;
    if (this.#name === undefined) return -E.INVAL;
    if (this.state === "connected") return -E.INVAL;
    this.backlog = Math.min(backlog >>> 0, SOMAXCONN);
    this.state = "listening";
    this.peerCredentials = { sender: senderOf(t), groups: t.cred.groups };
    this.queue.wake();
    return 0;
  }

  override connect(t: Task, address: Uint8Array): number {
    if (this.type === SOCK.DGRAM) return this.#aim(t, address);
    const other = findUnix(t, this, address);
    if (this.options.passCredentials) this.autobind();
    if (!other.listening || (other.shut & SHUT_RECEIVE) !== 0) return -E.CONNREFUSED;
    if (this.state === "connected") return -E.ISCONN;
    if (this.state === "listening") return -E.INVAL;
    if (other.#waiting.length > other.backlog) {
      this.#awaited = other;
      return -E.AGAIN;
    }
    const server = new UnixSocket(this.net, t, this.type);
    server.#name = other.#name;
    server.options.passCredentials = other.options.passCredentials;
    server.options.sendBuffer = other.options.sendBuffer;
    server.peerCredentials = { sender: senderOf(t), groups: t.cred.groups };
    this.peerCredentials = other.peerCredentials;
    this.#join(server);
    other.#waiting.push(server);
    other.queue.wake();
    this.queue.wake();
    return 0;
  }

  /** Where datagrams go from now on; AF_UNSPEC: nowhere. */
  #aim(t: Task, address: Uint8Array): number {
    if (address.length < 2) return -E.INVAL;
    if (address[0] === AF.UNSPEC && address[1] === 0) {
      this.#setPeer(undefined);
      return 0;
    }
    const other = findUnix(t, this, address);
    if (this.options.passCredentials) this.autobind();
    if (!other.mayReceiveFrom(this)) return -E.PERM;
    this.#setPeer(other);
    this.state = "connected";
    return 0;
  }
  #setPeer(peer: UnixSocket | undefined): void {
    this.peer?.senders.delete(this);
    this.peer = peer;
    if (peer === undefined) this.state = "closed";
    else peer.senders.add(this);
    this.queue.wake();
  }
  /** The datagram peer is gone. */
  forgetPeer(): void {
    this.#setPeer(undefined);
  }
  mayReceiveFrom(from: UnixSocket): boolean {
    return this.peer === undefined || this.peer === from;
  }
  /** No more datagrams for now, except from the one it is connected with. */
  crowdedFor(from: UnixSocket): boolean {
    return this.peer !== from && this.inbox.length > MOST_DATAGRAMS;
  }

  #join(other: UnixSocket): void {
    this.peer = other;
    other.peer = this;
    this.state = other.state = "connected";
    if (this.type === SOCK.DGRAM) {
      this.senders.add(other);
      other.senders.add(this);
    }
  }

  /** socketpair(2). */
  static pair(net: NetNamespace, t: Task, type: number, flags: number): [UnixSocket, UnixSocket] {
    const a = new UnixSocket(net, t, type, flags), b = new UnixSocket(net, t, type, flags);
    a.#join(b);
    a.peerCredentials = b.peerCredentials = { sender: senderOf(t), groups: t.cred.groups };
    return [a, b];
  }

  override accept(_t: Task): Socket | number {
    if (this.type === SOCK.DGRAM) return -E.OPNOTSUPP;
    if (!this.listening) return -E.INVAL;
    const next = this.#waiting.shift();
    if (next === undefined) return (this.shut & SHUT_RECEIVE) !== 0 ? -E.INVAL : -E.AGAIN;
    this.#room.wake();
    return next;
  }

  // ---- messages ------------------------------------------------------------------------------------------------------
  override send(t: Task, bytes: Uint8Array, m: Outgoing): number {
    return this.type === SOCK.STREAM ? sendStream(this, t, bytes, m) : sendMessage(this, t, bytes, m);
  }
  override receive(_t: Task, into: Uint8Array, m: Incoming): number {
    return this.type === SOCK.STREAM ? receiveStream(this, into, m) : receiveMessage(this, into, m);
  }
  /** A message of it was read or dropped. */
  credit(charge: number): void {
    this.charged -= charge;
    if (this.writable4) this.queue.wake();
  }
  /** Enough room to be worth a wake (unix_writable). */
  get writable4(): boolean {
    return this.state !== "listening" && this.charged * 4 <= this.options.sendBuffer;
  }
  /** Something was read: who waits for room in the inbox looks again. */
  drained(): void {
    this.#room.wake();
    for (const sender of this.senders) sender.queue.wake();
  }
  waitFor(other: UnixSocket): void {
    this.#awaited = other;
  }
  override sendQueues(): readonly WaitQueue[] {
    const other = this.#awaited;
    this.#awaited = undefined;
    return other === undefined ? [] : [other.#room];
  }
  override get pendingBytes(): number {
    return this.type === SOCK.DGRAM ? this.inbox.head?.length ?? 0 : this.inbox.bytes;
  }
  override get unsentBytes(): number {
    return this.charged;
  }

  // ---- ends ----------------------------------------------------------------------------------------------------------
  override shutdown(_t: Task, how: number): number {
    if (how < 0 || how > 2) return -E.INVAL;
    const bits = how + 1;
    this.shut |= bits;
    const { peer } = this;
    if (peer !== undefined && this.type !== SOCK.DGRAM) {
      peer.shut |= OPPOSITE[bits];
      peer.queue.wake();
    }
    this.queue.wake();
    this.#room.wake();
    return 0;
  }

  override poll(): number {
    let events = 0;
    if (this.error !== 0) events |= POLLERR;
    if (this.shut === SHUT_BOTH) events |= POLLHUP;
    if ((this.shut & SHUT_RECEIVE) !== 0) events |= POLLRDHUP | POLLIN | POLLRDNORM;
    if (this.inbox.length > 0 || this.#waiting.length > 0) events |= POLLIN | POLLRDNORM;
    if (this.type !== SOCK.DGRAM && this.state === "closed") events |= POLLHUP;
    const { peer } = this;
    const crowded = this.type === SOCK.DGRAM && peer !== undefined && !peer.dead && peer.crowdedFor(this);
    if (this.writable4 && !crowded) events |= POLLOUT | POLLWRNORM | POLLWRBAND;
    return events;
  }

  /** Every queue that may carry files: its own, and those of connections nobody has accepted. */
  *carried(): Iterable<OpenFile> {
    yield* this.inbox.files();
    for (const child of this.#waiting) yield* child.inbox.files();
  }
  drop(): void {
    this.inbox.clear();
    for (const child of this.#waiting) child.inbox.clear();
  }

  override release(): void {
    super.release();
    if (this.refs > 0) collect(this);
  }

  protected override closed(): void {
    this.dead = true;
    unixSockets(this.net).delete(this);
    if (this.#name !== undefined && this.#bound) unbindUnix(this, this.#name);
    const { peer } = this;
    if (peer !== undefined && this.type !== SOCK.DGRAM) {
      const embryo = this.#unaccepted;
      peer.shut = SHUT_BOTH;
      if (this.inbox.length > 0 || embryo) peer.error = E.CONNRESET;
      peer.queue.wake();
    }
    peer?.senders.delete(this);
    this.inbox.clear();
    for (const child of this.#waiting.splice(0)) {
      child.#unaccepted = true;
      child.release();
    }
    this.shut = SHUT_BOTH;
    this.drained();
  }
  #unaccepted = false;
}

/** A new AF_UNIX socket; ESOCKTNOSUPPORT, EPROTONOSUPPORT. */
export const makeUnix = (net: NetNamespace, t: Task, type: number, protocol: number, flags: number): UnixSocket => {
  checkUnix(type, protocol);
  // A raw AF_UNIX socket is a datagram socket.
  return new UnixSocket(net, t, type === SOCK.RAW ? SOCK.DGRAM : type, flags);
};
export const checkUnix = (type: number, protocol: number): void => {
  if (protocol !== 0 && protocol !== AF.UNIX) fail(E.PROTONOSUPPORT);
  if (type !== SOCK.STREAM && type !== SOCK.DGRAM && type !== SOCK.RAW && type !== SOCK.SEQPACKET) {
    fail(E.SOCKTNOSUPPORT);
  }
};
