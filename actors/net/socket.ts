/**
 * What all sockets have in common (socket(7)): the operations the calls use, options of SOL_SOCKET, the pending error, shutdown. Like every open file a socket never waits:
 * it answers -EAGAIN, and the handler waits on its queue. One subclass per protocol.
 */
import { E, fail } from "../../syscalls/abi/errno.ts";
import type { NetNamespace } from "../namespaces/net.ts";
import { MSG, SOCK } from "../../syscalls/abi/net.ts";
import { SI, SIG } from "../../syscalls/abi/signals.ts";
import type { Credentials } from "../credentials.ts";
import type { Machine } from "../machine.ts";
import type { Task } from "../task/task.ts";
import { AnonymousInode } from "../vfs/anonymous.ts";
import { S_IFSOCK } from "../vfs/inode.ts";
import { O_RDWR, OpenFile } from "../vfs/open_file.ts";
import type { WaitQueue } from "../wait_queue.ts";
import { interfaceIoctl } from "./interfaces.ts";
import { SocketOptions } from "./options.ts";

/** Bits of `Socket.shut`. */
export const SHUT_RECEIVE = 1, SHUT_SEND = 2, SHUT_BOTH = 3;

const FIONREAD = 0x541b, SIOCOUTQ = 0x5411;

/** Who sent a message (struct ucred). */
export interface Sender {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}
/** Of a message whose sender is not known. */
export const NOBODY: Sender = { pid: 0, uid: 65534, gid: 65534 };

export const senderOf = (t: Task): Sender => ({ pid: t.group.tgid, uid: t.cred.euid, gid: t.cred.egid });

/** A control message. */
export interface ControlMessage {
  readonly level: number;
  readonly type: number;
  readonly data: Uint8Array;
}

/** What goes with the bytes of a message. */
export interface Outgoing {
  readonly flags: number;
  /** sockaddr, as given. */
  readonly to?: Uint8Array;
  /** SCM_RIGHTS; the references are the socket's once `send` gave 0 or more. */
  files?: OpenFile[];
  /** SCM_CREDENTIALS. */
  readonly sender?: Sender;
  /** Other control messages. */
  readonly control?: readonly ControlMessage[];
}

/** What came with the bytes of a message. */
export class Incoming {
  /** MSG_TRUNC, MSG_EOR, MSG_OOB, MSG_CTRUNC. */
  flags = 0;
  /** sockaddr of the sender; undefined: none is told. */
  from: Uint8Array | undefined;
  sender: Sender | undefined;
  /** The references are the receiver's. */
  files: OpenFile[] | undefined;
  /** Further control messages. */
  control: ControlMessage[] | undefined;
  constructor(readonly wanted: number) {}
}

export abstract class Socket extends OpenFile {
  readonly options = new SocketOptions();
  /** Pending error, a positive errno: told once. */
  error = 0;
  /** SHUT_RECEIVE and SHUT_SEND bits. */
  shut = 0;
  readonly machine: Machine;
  /** Credentials told by SO_PEERCRED, and the peer's groups. */
  peerCredentials: { sender: Sender; groups: readonly number[] } | undefined;

  constructor(
    readonly net: NetNamespace,
    cred: Credentials,
    readonly domain: number,
    readonly type: number,
    readonly protocol: number,
    flags = 0,
  ) {
    const machine = net.of;
    const inode = new AnonymousInode(machine, S_IFSOCK, 0o777, cred);
    inode.reopen = () => fail(E.NXIO);
    super(inode, `socket:[${inode.ino}]`, O_RDWR | flags);
    this.machine = machine;
  }

  /** Messages keep their bounds. */
  get messages(): boolean {
    return this.type !== SOCK.STREAM;
  }
  get listening(): boolean {
    return false;
  }

  abstract bind(t: Task, address: Uint8Array): number;
  listen(_t: Task, _backlog: number): number {
    return -E.OPNOTSUPP;
  }
  /** 0, a negative errno, or -EINPROGRESS: not yet, the queue tells when; `connected` then has the result. */
  abstract connect(t: Task, address: Uint8Array): number;
  /** How a connection under way stands: 0, -EALREADY while it is, or the error. */
  connected(): number {
    return 0;
  }
  /** A new connection, or negative errno. */
  accept(_t: Task): Socket | number {
    return -E.OPNOTSUPP;
  }
  /** Own sockaddr. */
  abstract name(): Uint8Array;
  /** sockaddr of the other end, or negative errno. */
  abstract peerName(): Uint8Array | number;
  /** Takes the first bytes or the whole message: bytes taken, or negative errno. EPIPE: the handler raises SIGPIPE where `signalsBroken`. */
  abstract send(t: Task, bytes: Uint8Array, m: Outgoing): number;
  /** Fills `into`: bytes (of a message with MSG_TRUNC its whole length), or negative errno. */
  abstract receive(t: Task, into: Uint8Array, m: Incoming): number;
  shutdown(_t: Task, _how: number): number {
    return -E.OPNOTSUPP;
  }
  /** Queues to wait on for room to send, besides the socket's own. */
  sendQueues(_m: Outgoing): readonly WaitQueue[] {
    return [];
  }
  override get signalsBroken(): boolean {
    return this.type === SOCK.STREAM;
  }
  override get readTimeout(): number {
    return this.options.receiveTimeout;
  }
  override get writeTimeout(): number {
    return this.options.sendTimeout;
  }
  /** Bytes that can be read. */
  abstract readonly pendingBytes: number;
  /** Bytes sent and not yet taken. */
  get unsentBytes(): number {
    return 0;
  }

  /** An option of the protocol; undefined: not known. */
  protocolOption(_t: Task, _level: number, _name: number): Uint8Array | number | undefined {
    return undefined;
  }
  /** 0 or negative errno; undefined: not known. */
  setProtocolOption(_t: Task, _level: number, _name: number, _value: Uint8Array): number | undefined {
    return undefined;
  }
  /** An option of SOL_SOCKET was set. */
  optionChanged(): void {}

  override read(t: Task, into: Uint8Array): number {
    return this.receive(t, into, new Incoming(0));
  }
  override write(t: Task, from: Uint8Array): number {
    return this.send(t, from, WRITE);
  }
  override ioctl(t: Task, request: number, arg: number): number {
    if (request === FIONREAD) {
      if (this.listening) return -E.INVAL;
      t.mem.setU32(arg, this.pendingBytes);
      return 0;
    }
    if (request === SIOCOUTQ) {
      t.mem.setU32(arg, this.unsentBytes);
      return 0;
    }
    return interfaceIoctl(t, this.net, this.domain, request, arg);
  }

  /** SIGURG to whom fcntl(F_SETOWN) named. */
  signalOwner(): void {
    const { owner, ownerType, machine } = this;
    if (owner === 0) return;
    const info = { signo: SIG.URG, code: SI.KERNEL };
    for (const group of machine.groups.values()) {
      if (ownerType === 2 ? group.pgid === owner : group.tgid === owner) machine.signals.sendToGroup(group, info);
    }
  }

  /** Tells the pending error once: 0 or negative errno. */
  takeError(): number {
    const { error } = this;
    this.error = 0;
    return -error;
  }
  failWith(error: number): void {
    this.error = error;
    this.queue.wake();
  }
}

const WRITE: Outgoing = { flags: 0 };

/** Copies a message's start: bytes copied; sets MSG_TRUNC when not all fitted. The result of the call: the real length with MSG_TRUNC wanted. */
export const copyMessage = (bytes: Uint8Array, into: Uint8Array, m: Incoming): number => {
  const n = Math.min(bytes.length, into.length);
  into.set(n === bytes.length ? bytes : bytes.subarray(0, n));
  if (n < bytes.length) m.flags |= MSG.TRUNC;
  return (m.wanted & MSG.TRUNC) !== 0 ? bytes.length : n;
};
