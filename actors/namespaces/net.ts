/**
 * Network namespaces (network_namespaces(7)): a loopback with ports and names of its own. Sockets stay in the one they were made in; `actors/net/` keeps its tables by it.
 * Only the first one reaches the host.
 */
import type { Machine } from "../machine.ts";
import { Namespace } from "./namespace.ts";
import type { UserNamespace } from "./user.ts";

export class NetNamespace extends Namespace {
  /** The interface lo is up: at once in the first namespace, when somebody says so in others. */
  up: boolean;
  /** It has been up, which gave it its IPv4 address. */
  addressed: boolean;
  readonly #first: boolean;

  constructor(readonly of: Machine, owner?: UserNamespace) {
    super("net", owner === undefined ? undefined : of, owner);
    this.up = this.addressed = this.#first = owner === undefined;
  }
  get reachesHost(): boolean {
    return this.#first && this.of.reachesHost;
  }
  setUp(up: boolean): void {
    this.up = up;
    if (up) this.addressed = true;
  }
}

/** A table per network namespace, made when first asked for. */
export const perNet = <T>(make: (net: NetNamespace) => T): (net: NetNamespace) => T => {
  const tables = new WeakMap<NetNamespace, T>();
  return (net) => {
    let found = tables.get(net);
    if (found === undefined) tables.set(net, found = make(net));
    return found;
  };
};
