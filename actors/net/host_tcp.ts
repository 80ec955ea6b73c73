/**
 * TCP connections to and from the host's network: the host's connection plays the other end of a guest's socket. Bytes wait here on their way out; reading pauses while the guest
 * has enough to read. Host operations under way keep an idle machine waiting, and what the guest has sent leaves before the run ends.
 */
import { E } from "../../syscalls/abi/errno.ts";
import type { Machine } from "../machine.ts";
import type { NetNamespace } from "../namespaces/net.ts";
import type { Task } from "../task/task.ts";
import {
  connectHost,
  type HostAddress,
  type HostConnection,
  hostResolver,
  mayReach,
  networkErrno,
} from "../world/host_net.ts";
import { ANY4, type Endpoint, Ip } from "./ip.ts";
import type { Remote, TcpSocket } from "./tcp.ts";

/** Most bytes on their way out, and bytes unread at which reading pauses. */
const OUTGOING = 1 << 20, ENOUGH = 1 << 18;
const PIECE = 65536;

const endpoint = ({ hostname, port }: HostAddress): Endpoint => ({ ip: Ip.parse(hostname) ?? ANY4, port });

/** Runs a host operation; its end is delivered in the machine's loop. */
const during = <T>(machine: Machine, operation: Promise<T>, then: (value: T) => void, failed: (no: number) => void) => {
  machine.hostPending++;
  const settle = (deliver: () => void) =>
    machine.fromHost(() => {
      machine.hostPending--;
      deliver();
    });
  operation.then((value) => settle(() => then(value)), (error) => settle(() => failed(networkErrno(error).no)));
};

export class HostRemote implements Remote {
  dead = false;
  readonly #machine: Machine;
  #socket: TcpSocket | undefined;
  readonly #out: Uint8Array[] = [];
  #queued = 0;
  #writing = false;
  #reading = false;
  #finishing = false;
  #gone = false;
  #ended = false;
  readonly #flushed = Promise.withResolvers<void>();

  constructor(machine: Machine, readonly connection: HostConnection) {
    this.#machine = machine;
    machine.leaving.add(this.#flushed.promise);
  }
  /** Begins to pass bytes to the guest's socket. */
  attach(socket: TcpSocket): void {
    this.#socket = socket;
    this.#read();
  }

  room(): number {
    return OUTGOING - this.#queued;
  }
  put(bytes: Uint8Array): void {
    this.#out.push(bytes.slice());
    this.#queued += bytes.length;
    this.#write();
  }
  urgent(byte: number): void {
    this.put(Uint8Array.of(byte));
  }
  finish(gone: boolean): void {
    this.#finishing = true;
    if (gone) this.#leave();
    this.#write();
  }
  reset(): void {
    this.#out.length = 0;
    this.#queued = 0;
    this.#leave();
    this.#end();
  }
  drained(): void {
    this.#read();
  }

  /** The guest's socket is closed: only what it has sent still matters. */
  #leave(): void {
    this.#gone = true;
    this.#socket = undefined;
  }
  /** Nothing more happens on this connection. */
  #end(): void {
    if (this.#ended) return;
    this.#ended = this.dead = true;
    this.connection.close();
    this.#machine.leaving.delete(this.#flushed.promise);
    this.#flushed.resolve();
  }

  #write(): void {
    if (this.#writing || this.#ended) return;
    const next = this.#out.shift();
    if (next === undefined) {
      if (this.#finishing) this.#closeWrite();
      return;
    }
    this.#writing = true;
    during(this.#machine, this.connection.write(next), () => {
      this.#writing = false;
      this.#queued -= next.length;
      this.#socket?.drained();
      this.#write();
    }, () => this.#broken());
  }
  #closeWrite(): void {
    if (this.#gone) return this.#end();
    this.#writing = true;
    during(this.#machine, this.connection.closeWrite(), () => this.#writing = false, () => this.#writing = false);
  }

  #read(): void {
    const socket = this.#socket;
    if (socket === undefined || this.#reading || this.#ended || socket.inbox.length > ENOUGH) return;
    this.#reading = true;
    const buffer = new Uint8Array(PIECE);
    during(this.#machine, this.connection.read(buffer), (n) => {
      const to = this.#socket;
      if (to === undefined) return;
      if (n === 0) {
        // What comes after the end is nothing: no more reading.
        to.finish(false);
        return;
      }
      this.#reading = false;
      to.put(buffer.subarray(0, n));
      this.#read();
    }, () => this.#broken());
  }
  #broken(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    this.#out.length = 0;
    this.#end();
    socket?.reset();
  }
}

/** The host's name server, if it may be asked from here. */
export const hostResolverFor = (net: NetNamespace): Ip | undefined => {
  const name = net.reachesHost ? hostResolver() : undefined;
  return name === undefined ? undefined : Ip.parse(name);
};

/** Begins to connect a socket to an address of the host's network: 0, or a negative errno when that cannot be. */
export const connectToHost = (s: TcpSocket, t: Task, to: Endpoint): number => {
  const { machine } = t;
  if (!s.net.reachesHost) return -E.NETUNREACH;
  const address = { hostname: to.ip.text, port: to.port };
  if (to.port === 0) return -E.CONNREFUSED;
  if (!mayReach(address)) return -E.ACCES;
  s.retain();
  during(machine, connectHost(address), (connection) => {
    if (s.state !== "connecting" || s.refs === 1) connection.close();
    else {
      const remote = new HostRemote(machine, connection);
      if (s.local.ip.any) s.local = { ip: endpoint(connection.local).ip, port: s.local.port };
      s.established(remote);
      remote.attach(s);
    }
    s.release();
  }, (no) => {
    if (s.state === "connecting") s.refused(no);
    s.release();
  });
  return 0;
};
