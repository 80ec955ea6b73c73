/** Who has which port of TCP or UDP on this machine: conflicts, ephemeral ports, and who is meant by an address and port (inet_hashtables.c, udp.c). */
import { E } from "../../syscalls/abi/errno.ts";
import type { Machine } from "../machine.ts";
import { perNet } from "../namespaces/net.ts";
import type { InetSocket } from "./inet.ts";
import type { Ip } from "./ip.ts";

/** net.ipv4.ip_local_port_range. */
const FIRST_EPHEMERAL = 32768, LAST_EPHEMERAL = 60999;

/** Whether some address belongs to both. */
const overlap = (a: InetSocket, b: InetSocket): boolean => {
  const x = a.local.ip, y = b.local.ip;
  if (!x.v4 && x.any) return !y.v4 || !a.v6only;
  if (!y.v4 && y.any) return !x.v4 || !b.v6only;
  return x.v4 === y.v4 && (x.any || y.any || x.equals(y));
};

/** How well a socket's own address fits a destination: 0 not at all. */
const fit = (s: InetSocket, ip: Ip): number => {
  const own = s.local.ip;
  if (own.equals(ip)) return 3;
  if (!own.any) return 0;
  if (own.v4) return ip.v4 ? 2 : 0;
  return !ip.v4 ? 2 : s.v6only ? 0 : 1;
};

export class Ports {
  readonly #byPort = new Map<number, Set<InetSocket>>();
  /** Accepted connections, which hold a port but are never meant by it: there may be thousands. */
  readonly #accepted = new Map<number, Set<InetSocket>>();
  #turn = 0;

  constructor(readonly machine: Machine) {}

  *#holders(port: number): Iterable<InetSocket> {
    yield* this.#byPort.get(port) ?? [];
    yield* this.#accepted.get(port) ?? [];
  }
  /** Whether the socket may have its address and this port. */
  #free(s: InetSocket, port: number): boolean {
    for (const other of this.#holders(port)) {
      if (other === s || !overlap(s, other)) continue;
      const both = s.options.reuseAddress && other.options.reuseAddress && !other.listening;
      const shared = s.options.reusePort && other.options.reusePort && s.uid === other.uid;
      if (!both && !shared) return false;
    }
    return true;
  }

  /** Gives the socket a port (0: any free one): the port, or -EADDRINUSE. */
  take(s: InetSocket, wanted: number): number {
    const port = wanted !== 0 ? wanted : this.#choose();
    if (port === 0 || !this.#free(s, port)) return -E.ADDRINUSE;
    this.#enter(this.#byPort, s, port);
    return port;
  }
  #choose(): number {
    const count = LAST_EPHEMERAL - FIRST_EPHEMERAL + 1;
    const start = this.machine.entropy.next() % count;
    for (let i = 0; i < count; i++) {
      const port = FIRST_EPHEMERAL + (start + i) % count;
      if (!this.#byPort.has(port) && !this.#accepted.has(port)) return port;
    }
    return 0;
  }

  #enter(map: Map<number, Set<InetSocket>>, s: InetSocket, port: number): void {
    const there = map.get(port);
    if (there === undefined) map.set(port, new Set([s]));
    else there.add(s);
  }
  /** Enters an accepted connection. */
  accepted(s: InetSocket): void {
    this.#enter(this.#accepted, s, s.local.port);
  }
  remove(s: InetSocket): void {
    const { port } = s.local;
    for (const map of [this.#byPort, this.#accepted]) {
      const there = map.get(port);
      if (there?.delete(s) && there.size === 0) map.delete(port);
    }
  }

  /** Whether a socket that wants to listen stands in another listener's way. */
  mayListen(s: InetSocket): boolean {
    for (const other of this.#byPort.get(s.local.port) ?? []) {
      if (other === s || !other.listening || !overlap(s, other)) continue;
      if (!(s.options.reusePort && other.options.reusePort && s.uid === other.uid)) return false;
    }
    return true;
  }

  /** The best socket for a destination among those `eligible` gives a score above 0; equals take turns. */
  find<S extends InetSocket>(ip: Ip, port: number, eligible: (s: S) => number): S | undefined {
    let best: S[] = [], bestScore = 0;
    for (const s of this.#byPort.get(port) ?? []) {
      const f = fit(s, ip);
      const more = f === 0 ? 0 : eligible(s as S);
      if (more === 0) continue;
      const score = more * 4 + f;
      if (score > bestScore) {
        best = [s as S];
        bestScore = score;
      } else if (score === bestScore) best.push(s as S);
    }
    return best.length <= 1 ? best[0] : best[this.#turn++ % best.length];
  }

  *at(port: number): Iterable<InetSocket> {
    yield* this.#byPort.get(port) ?? [];
  }
  *all(): Iterable<InetSocket> {
    for (const set of this.#byPort.values()) yield* set;
    for (const set of this.#accepted.values()) yield* set;
  }
}

/** The tables of a network namespace; those of ICMP hold identifiers of echo requests. */
export interface PortTables {
  readonly tcp: Ports;
  readonly udp: Ports;
  readonly icmp: Ports;
}
export const portsOf = perNet<PortTables>(({ of }) => ({
  tcp: new Ports(of),
  udp: new Ports(of),
  icmp: new Ports(of),
}));
