/** Datagrams to and from the host's network. */
import { E } from "../../syscalls/abi/errno.ts";
import type { Machine } from "../machine.ts";
import type { Endpoint } from "./ip.ts";
import type { UdpSocket } from "./udp.ts";

export class HostUdp {
  constructor(readonly socket: UdpSocket) {}
  /** Whether this machine may reach the host's network at all. */
  static possible(machine: Machine): boolean {
    return machine.clock.real;
  }
  send(_bytes: Uint8Array, _to: Endpoint): number {
    return -E.NETUNREACH;
  }
  close(): void {}
}
