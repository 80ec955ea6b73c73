/** Datagrams to and from the host's network: one socket of the host for each guest's socket that talks to it. */
import { E } from "../../syscalls/abi/errno.ts";
import type { Machine } from "../machine.ts";
import { type HostDatagrams, mayReach, openDatagrams } from "../world/host_net.ts";
import { type Endpoint, Ip, LOOPBACK4 } from "./ip.ts";
import type { UdpSocket } from "./udp.ts";

export class HostUdp {
  #door: HostDatagrams | undefined;
  #pending = false;

  constructor(readonly socket: UdpSocket) {}
  /** Whether this machine may reach the host's network at all. */
  static possible(machine: Machine): boolean {
    return machine.clock.real;
  }

  send(bytes: Uint8Array, to: Endpoint): number {
    const { machine } = this.socket;
    if (!HostUdp.possible(machine)) return -E.NETUNREACH;
    const address = { hostname: to.ip.text, port: to.port };
    if (!mayReach(address)) return -E.ACCES;
    if (this.#door === undefined) {
      // While it is open an answer may come.
      this.#wait(true);
      this.#door = openDatagrams(
        !to.ip.v4,
        (data, from) =>
          machine.fromHost(() => {
            const ip = Ip.parse(from.hostname);
            if (ip !== undefined) this.socket.arrive({ bytes: data, from: { ip, port: from.port }, to: LOOPBACK4 });
          }),
        (no) => machine.fromHost(() => this.socket.failWith(no)),
      );
    }
    this.#door.send(bytes.slice(), address);
    return bytes.length;
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
