/** Datagrams to and from the host's network: one socket of the host for each guest's socket that talks to it. */
import { E } from "../../syscalls/abi/errno.ts";
import { type HostAddress, type HostDatagrams, hostResolver, mayReach, openDatagrams } from "../world/host_net.ts";
import { type Endpoint, Ip, LOOPBACK4 } from "./ip.ts";
import type { UdpSocket } from "./udp.ts";

export class HostUdp {
  #door: HostDatagrams | undefined;
  #pending = false;
  /** The resolver that answers for an address of the loopback, and that address. */
  #resolver: { readonly host: string; readonly as: Endpoint } | undefined;

  constructor(readonly socket: UdpSocket) {}

  /** Asks the host's resolver, wherever it is, in the place of an address of the loopback. */
  ask(bytes: Uint8Array, as: Endpoint): number {
    const host = this.#resolver?.host ?? hostResolver() ?? as.ip.text;
    this.#resolver = { host, as };
    return this.#send(bytes, { hostname: host, port: as.port });
  }
  send(bytes: Uint8Array, to: Endpoint): number {
    return this.#send(bytes, { hostname: to.ip.text, port: to.port });
  }

  #send(bytes: Uint8Array, address: HostAddress): number {
    const { machine, net } = this.socket;
    if (!net.reachesHost) return -E.NETUNREACH;
    if (!mayReach(address)) return -E.ACCES;
    if (this.#door === undefined) {
      // While it is open an answer may come.
      this.#wait(true);
      this.#door = openDatagrams(
        address.hostname.includes(":"),
        (data, from) => machine.fromHost(() => this.#received(data, from)),
        (no) => machine.fromHost(() => this.socket.failWith(no)),
      );
    }
    this.#door.send(bytes.slice(), address);
    return bytes.length;
  }
  #received(bytes: Uint8Array, { hostname, port }: HostAddress): void {
    const ip = Ip.parse(hostname), resolver = this.#resolver;
    if (ip === undefined) return;
    const from = resolver?.host === hostname && resolver.as.port === port ? resolver.as : { ip, port };
    this.socket.arrive(bytes, from, LOOPBACK4);
  }
  #wait(on: boolean): void {
    if (on === this.#pending) return;
    this.#pending = on;
    this.socket.machine.hostPending += on ? 1 : -1;
  }
  close(): void {
    this.#wait(false);
    this.#door?.close();
  }
}
