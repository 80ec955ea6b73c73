/** Internet addresses: one form for both versions (IPv4 mapped into IPv6), and the sockaddr_in and sockaddr_in6 that carry them. */
import { E, fail } from "../../syscalls/abi/errno.ts";
import { AF } from "../../syscalls/abi/net.ts";

const hex = (n: number): string => n.toString(16);

export class Ip {
  /** Equal for equal addresses. */
  readonly key: string;
  /** @param bytes 16, network order */
  constructor(readonly bytes: Uint8Array) {
    this.key = String.fromCharCode(...bytes);
  }
  static v4(a: number, b: number, c: number, d: number): Ip {
    return new Ip(Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d));
  }

  /** An IPv4 address. */
  get v4(): boolean {
    return this.bytes[10] === 0xff && this.bytes[11] === 0xff && this.bytes.subarray(0, 10).every((b) => b === 0);
  }
  /** 0.0.0.0 or ::. */
  get any(): boolean {
    return this.key === ANY4.key || this.key === ANY6.key;
  }
  get loopback(): boolean {
    return this.v4 ? this.bytes[12] === 127 : this.key === LOOPBACK6.key;
  }
  get multicast(): boolean {
    return this.v4 ? (this.bytes[12] & 0xf0) === 0xe0 : this.bytes[0] === 0xff;
  }
  get broadcast(): boolean {
    return this.key === BROADCAST.key;
  }
  equals(other: Ip): boolean {
    return this.key === other.key;
  }
  /** As the host's calls take it. */
  get text(): string {
    const b = this.bytes;
    if (this.v4) return b.subarray(12).join(".");
    return Array.from({ length: 8 }, (_, i) => hex((b[2 * i] << 8) | b[2 * i + 1])).join(":");
  }
  /** Of text as the host gives it; undefined when it is none. */
  static parse(text: string): Ip | undefined {
    const four = /^(?:::ffff:)?(\d+)\.(\d+)\.(\d+)\.(\d+)$/i.exec(text);
    if (four !== null) return Ip.v4(Number(four[1]), Number(four[2]), Number(four[3]), Number(four[4]));
    if (!text.includes(":")) return undefined;
    const [head, tail] = text.split("%")[0].split("::");
    const words = (s: string | undefined) => s ? s.split(":").map((w) => parseInt(w, 16)) : [];
    const front = words(head), back = words(tail);
    const all = [...front, ...new Array(Math.max(0, 8 - front.length - back.length)).fill(0), ...back];
    return new Ip(Uint8Array.from({ length: 16 }, (_, i) => (i & 1) === 0 ? all[i >> 1] >> 8 : all[i >> 1] & 255));
  }
}

export const ANY4 = Ip.v4(0, 0, 0, 0), LOOPBACK4 = Ip.v4(127, 0, 0, 1), BROADCAST = Ip.v4(255, 255, 255, 255);
export const ANY6 = new Ip(new Uint8Array(16));
export const LOOPBACK6 = new Ip(Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1));

/** An address and a port. */
export interface Endpoint {
  readonly ip: Ip;
  readonly port: number;
}
export const unbound = (domain: number): Endpoint => ({ ip: domain === AF.INET ? ANY4 : ANY6, port: 0 });

export const familyOf = (address: Uint8Array): number =>
  address.length < 2 ? fail(E.INVAL) : address[0] | (address[1] << 8);

/** sizeof(struct sockaddr_in), and what of a sockaddr_in6 must be there. */
const SIZE4 = 16, LEAST6 = 24, SIZE6 = 28;

/** A sockaddr as a socket of `domain` takes it: EINVAL when too short, EAFNOSUPPORT for another family. `mixed`: a sockaddr_in will do for AF_INET6. */
export const decodeAddress = (address: Uint8Array, domain: number, mixed = false): Endpoint => {
  const family = familyOf(address);
  if (domain === AF.INET || (mixed && family === AF.INET)) {
    if (address.length < SIZE4) fail(E.INVAL);
    if (family !== AF.INET) fail(E.AFNOSUPPORT);
    return { ip: Ip.v4(address[4], address[5], address[6], address[7]), port: (address[2] << 8) | address[3] };
  }
  if (address.length < LEAST6) fail(E.INVAL);
  if (family !== AF.INET6) fail(E.AFNOSUPPORT);
  return { ip: new Ip(address.slice(8, 24)), port: (address[2] << 8) | address[3] };
};

/** The sockaddr of an endpoint as a socket of `domain` tells it. */
export const encodeAddress = ({ ip, port }: Endpoint, domain: number): Uint8Array => {
  const out = new Uint8Array(domain === AF.INET ? SIZE4 : SIZE6);
  out[0] = domain;
  out[2] = port >> 8;
  out[3] = port & 255;
  if (domain === AF.INET) out.set(ip.bytes.subarray(12), 4);
  else out.set(ip.bytes, 8);
  return out;
};
