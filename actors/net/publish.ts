/** --publish: a port of the host's loopback whose connections come to a port of the guest's. */
import type { Machine } from "../machine.ts";
import { type HostConnection, listenOnHost } from "../world/host_net.ts";
import { HostRemote } from "./host_tcp.ts";
import { ANY4, Ip, LOOPBACK4 } from "./ip.ts";
import { portsOf } from "./ports.ts";
import type { TcpSocket } from "./tcp.ts";

export interface Published {
  readonly hostname: string;
  readonly hostPort: number;
  readonly guestPort: number;
}

/** Opens the port; throws Errno. What it gives closes it. While it is open an idle machine waits for connections. */
export const publish = (machine: Machine, p: Published): () => void => {
  const listener = listenOnHost({ hostname: p.hostname, port: p.hostPort });
  machine.hostPending++;
  const loop = async (): Promise<void> => {
    for (;;) {
      const connection = await listener.accept();
      if (connection === undefined) return;
      machine.fromHost(() => admit(machine, p.guestPort, connection));
    }
  };
  loop();
  return () => {
    machine.hostPending--;
    listener.close();
  };
};

/** Hands a connection to whoever listens in the machine; nobody: it is closed. */
const admit = (machine: Machine, port: number, connection: HostConnection): void => {
  const { tcp } = portsOf(machine.namespaces.of.net);
  // A server may listen on any of its addresses: it is published all the same.
  const listener = tcp.find<TcpSocket>(LOOPBACK4, port, (s) => s.listening ? 1 : 0) ??
    [...tcp.at(port)].find((s) => s.listening) as TcpSocket | undefined;
  if (listener === undefined || listener.crowded) {
    connection.close();
    return;
  }
  const remote = new HostRemote(machine, connection);
  const from = { ip: Ip.parse(connection.remote.hostname) ?? ANY4, port: connection.remote.port };
  const ip = listener.local.ip.any ? LOOPBACK4 : listener.local.ip;
  remote.attach(listener.admit(remote, from, { ip, port }));
};
