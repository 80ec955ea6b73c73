/**
 * Sockets for echo requests (icmp(7)), as ping uses them: datagram sockets, which see only the answers to their own, and raw ones, which see every message with its header. The
 * loopback answers; the host's network cannot be asked.
 */
import { E } from "../../syscalls/abi/errno.ts";
import type { NetNamespace } from "../namespaces/net.ts";
import { AF, IPPROTO, SOCK } from "../../syscalls/abi/net.ts";
import type { Credentials } from "../credentials.ts";
import type { Task } from "../task/task.ts";
import type { Endpoint, Ip } from "./ip.ts";
import { portsOf } from "./ports.ts";
import type { Outgoing } from "./socket.ts";
import { UdpSocket } from "./udp.ts";
import { headerOf } from "./udp_control.ts";

/** Types of echo request and reply, by version. */
const ECHO = { 4: { request: 8, reply: 0 }, 6: { request: 128, reply: 129 } } as const;
const SOL_RAW = 255, SOL_ICMPV6 = 58;

/** The Internet checksum (RFC 1071). */
const checksum = (bytes: Uint8Array): number => {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum += (bytes[i] << 8) | (bytes[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return ~sum & 0xffff;
};

export class IcmpSocket extends UdpSocket {
  constructor(net: NetNamespace, cred: Credentials, domain: number, type: number, flags: number) {
    const protocol = domain === AF.INET ? IPPROTO.ICMP : IPPROTO.ICMPV6;
    super(net, cred, domain, flags, type, protocol, portsOf(net).icmp);
  }

  override send(_t: Task, bytes: Uint8Array, m: Outgoing): number {
    const to = this.target(m);
    if (typeof to === "number") return to;
    if (!to.ip.loopback || !this.net.up) return -E.NETUNREACH;
    if (bytes.length < 8) return -E.INVAL;
    const six = this.domain === AF.INET6, echo = ECHO[six ? 6 : 4], raw = this.type === SOCK.RAW;
    const request = bytes.slice();
    if (!raw) {
      if (request[0] !== echo.request || request[1] !== 0) return -E.INVAL;
      if (this.autobind() < 0) return -E.AGAIN;
      new DataView(request.buffer).setUint16(4, this.local.port);
    }
    const header = headerOf(this, six, m.control ?? []);
    const from = { ip: this.sourceFor(to.ip), port: 0 };
    this.#seal(request);
    if (raw) this.#hear(request, from, to.ip, header.hops);
    if (request[0] === echo.request) {
      const reply = request.slice();
      reply[0] = echo.reply;
      this.#seal(reply);
      this.#hear(reply, { ip: to.ip, port: 0 }, from.ip, 64);
    }
    return bytes.length;
  }
  /** Puts the checksum in; those of IPv6 nobody looks at. */
  #seal(message: Uint8Array): void {
    message[2] = message[3] = 0;
    if (this.domain === AF.INET) new DataView(message.buffer).setUint16(2, checksum(message));
  }

  #hear(message: Uint8Array, from: Endpoint, to: Ip, hops: number): void {
    const header = { hops, trafficClass: 0 };
    if (this.type !== SOCK.RAW || this.domain === AF.INET6) return this.arrive(message, from, to, header);
    const packet = new Uint8Array(20 + message.length), view = new DataView(packet.buffer);
    packet[0] = 0x45;
    view.setUint16(2, packet.length);
    packet[8] = hops;
    packet[9] = IPPROTO.ICMP;
    packet.set(from.ip.bytes.subarray(12), 12);
    packet.set(to.bytes.subarray(12), 16);
    view.setUint16(10, checksum(packet.subarray(0, 20)));
    packet.set(message, 20);
    this.arrive(packet, from, to, header);
  }

  /** Filters are accepted: nothing else comes here anyway. */
  override setProtocolOption(t: Task, level: number, name: number, value: Uint8Array): number | undefined {
    if (level === SOL_RAW || level === SOL_ICMPV6) return 0;
    return super.setProtocolOption(t, level, name, value);
  }
}
