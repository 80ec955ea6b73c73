/** What TCP and UDP sockets have in common: addresses, ports, and the options of IP and IPv6. */
import { E } from "../../syscalls/abi/errno.ts";
import type { NetNamespace } from "../namespaces/net.ts";
import { AF, SOL } from "../../syscalls/abi/net.ts";
import { CAP, type Credentials, nsCapable } from "../credentials.ts";
import type { Task } from "../task/task.ts";
import { getInetOption, setInetOption } from "./inet_options.ts";
import {
  ANY4,
  ANY6,
  decodeAddress,
  encodeAddress,
  type Endpoint,
  familyOf,
  type Ip,
  LOOPBACK4,
  LOOPBACK6,
  unbound,
} from "./ip.ts";
import type { Ports } from "./ports.ts";
import { Socket } from "./socket.ts";

export abstract class InetSocket extends Socket {
  local: Endpoint;
  /** What bind(2) gave it, and a connect that is dissolved leaves: an address, a port. */
  #boundIp = false;
  #boundPort = false;
  remote: Endpoint | undefined;
  v6only = false;
  /** Options of IP, IPv6 and TCP that are kept and told, by level and number. */
  readonly protocolOptions = new Map<string, number>();
  /** fsuid of the maker: SO_REUSEPORT shares only with one's own. */
  readonly uid: number;

  constructor(
    net: NetNamespace,
    cred: Credentials,
    domain: number,
    type: number,
    protocol: number,
    readonly ports: Ports,
    flags = 0,
  ) {
    super(net, cred, domain, type, protocol, flags);
    this.uid = cred.fsuid;
    this.local = unbound(domain);
  }

  /** May be bound to. */
  protected mayHave(ip: Ip): boolean {
    return ip.any || ip.loopback;
  }

  override bind(t: Task, address: Uint8Array): number {
    const wanted = this.#wanted(address);
    if (typeof wanted === "number") return wanted;
    const { ip, port } = wanted;
    if (!this.mayHave(ip)) return -E.ADDRNOTAVAIL;
    if (port !== 0 && port < 1024 && !nsCapable(t.cred, this.net.owner, CAP.NET_BIND_SERVICE)) return -E.ACCES;
    if (this.local.port !== 0 || this.#started) return -E.INVAL;
    const taken = this.take(ip, port);
    if (taken < 0) return taken;
    this.#boundIp = !ip.any;
    this.#boundPort = port !== 0;
    return 0;
  }
  /** Gives back what only connecting took. */
  protected unconnect(): void {
    this.remote = undefined;
    const ip = this.#boundIp ? this.local.ip : this.anyAddress, { port } = this.local;
    if (!this.#boundPort) this.ports.remove(this);
    this.local = { ip, port: this.#boundPort ? port : 0 };
  }
  get #started(): boolean {
    return this.remote !== undefined;
  }
  #wanted(address: Uint8Array): Endpoint | number {
    // A zero family with a zero address has always been taken for AF_INET.
    if (this.domain === AF.INET && address.length >= 16 && familyOf(address) === AF.UNSPEC) {
      return address.subarray(4, 8).every((b) => b === 0)
        ? { ip: ANY4, port: (address[2] << 8) | address[3] }
        : -E.AFNOSUPPORT;
    }
    const wanted = decodeAddress(address, this.domain);
    return this.domain === AF.INET6 && wanted.ip.v4 && this.v6only ? -E.INVAL : wanted;
  }

  /** Takes an address and a port (0: any). */
  protected take(ip: Ip, port: number): number {
    const before = this.local;
    this.local = { ip, port: 0 };
    const got = this.ports.take(this, port);
    if (got < 0) {
      this.local = before;
      return got;
    }
    this.local = { ip, port: got };
    return 0;
  }
  /** Takes some port if it has none. */
  protected autobind(): number {
    if (this.local.port !== 0) return 0;
    return this.take(this.local.ip, 0) < 0 ? -E.AGAIN : 0;
  }

  /** Where a connect or send goes; the unspecified address means this machine. */
  protected destination(address: Uint8Array, mixed: boolean): Endpoint | number {
    const to = decodeAddress(address, this.domain, mixed);
    if (this.domain === AF.INET6 && to.ip.v4 && this.v6only) return -E.NETUNREACH;
    if (!to.ip.any) return to;
    return { ip: to.ip.v4 ? LOOPBACK4 : LOOPBACK6, port: to.port };
  }
  /** Own address when talking to `to`. */
  protected sourceFor(to: Ip): Ip {
    if (!this.local.ip.any) return this.local.ip;
    return to.v4 ? LOOPBACK4 : LOOPBACK6;
  }
  /** The unspecified address of its domain. */
  get anyAddress(): Ip {
    return this.domain === AF.INET ? ANY4 : ANY6;
  }

  override name(): Uint8Array {
    return encodeAddress(this.local, this.domain);
  }
  override peerName(): Uint8Array | number {
    return this.remote === undefined ? -E.NOTCONN : encodeAddress(this.remote, this.domain);
  }

  override protocolOption(_t: Task, level: number, name: number): Uint8Array | number | undefined {
    if (level === SOL.IPV6 && this.domain !== AF.INET6) return -E.OPNOTSUPP;
    return getInetOption(this, level, name);
  }
  override setProtocolOption(t: Task, level: number, name: number, value: Uint8Array): number | undefined {
    if (level === SOL.IPV6 && this.domain !== AF.INET6) return -E.NOPROTOOPT;
    return setInetOption(this, t, level, name, value);
  }
  /** IP_ADD_MEMBERSHIP and IP_DROP_MEMBERSHIP. */
  membership(_group: Ip, _join: boolean): number {
    return -E.PROTO;
  }
}
