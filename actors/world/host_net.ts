/**
 * The host's network: the only place that calls Deno's. Failures become Linux errnos; what Deno was not permitted is EACCES (nobody is asked). Everything here takes as long as the
 * host takes, so seeded runs keep away.
 */
import { E, Errno, errno } from "../../syscalls/abi/errno.ts";
import { hostErrno } from "./host_fs.ts";

export interface HostAddress {
  readonly hostname: string;
  readonly port: number;
}

/** A connection of the host. */
export interface HostConnection {
  readonly local: HostAddress;
  readonly remote: HostAddress;
  /** Bytes read into the buffer, 0 at the end. */
  read(into: Uint8Array): Promise<number>;
  /** Writes all. */
  write(bytes: Uint8Array): Promise<void>;
  closeWrite(): Promise<void>;
  close(): void;
}

/** A listener of the host. */
export interface HostListener {
  readonly address: HostAddress;
  /** The next connection; undefined once closed. */
  accept(): Promise<HostConnection | undefined>;
  close(): void;
}

const NETWORK: Readonly<Record<string, number>> = {
  ConnectionRefused: E.CONNREFUSED,
  ConnectionReset: E.CONNRESET,
  ConnectionAborted: E.CONNABORTED,
  NotConnected: E.NOTCONN,
  AddrInUse: E.ADDRINUSE,
  AddrNotAvailable: E.ADDRNOTAVAIL,
  NetworkUnreachable: E.NETUNREACH,
  TimedOut: E.TIMEDOUT,
};

/** The errno of a failed network operation. */
export const networkErrno = (error: unknown): Errno => {
  const known = NETWORK[(error as { name?: string } | undefined)?.name ?? ""];
  return known === undefined ? hostErrno(error) : errno(known);
};

/** Whether Deno may talk to a host, without asking the user. */
export const mayReach = ({ hostname, port }: HostAddress): boolean => {
  const host = hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
  return Deno.permissions.querySync({ name: "net", host }).state === "granted";
};

const wrap = (conn: Deno.TcpConn): HostConnection => {
  const address = (a: Deno.NetAddr): HostAddress => ({ hostname: a.hostname, port: a.port });
  return {
    local: address(conn.localAddr),
    remote: address(conn.remoteAddr),
    read: async (into) => await conn.read(into) ?? 0,
    async write(bytes) {
      for (let done = 0; done < bytes.length;) done += await conn.write(bytes.subarray(done));
    },
    closeWrite: () => conn.closeWrite(),
    close() {
      try {
        conn.close();
      } catch { /* it was closed by the host */ }
    },
  };
};

/** Connects; throws Errno. */
export const connectHost = async (to: HostAddress): Promise<HostConnection> => {
  if (!mayReach(to)) throw errno(E.ACCES);
  try {
    const conn = await Deno.connect({ hostname: to.hostname, port: to.port, transport: "tcp" });
    conn.setNoDelay(true);
    return wrap(conn);
  } catch (error) {
    throw networkErrno(error);
  }
};

/** Listens; throws Errno. Port 0 takes any. */
export const listenOnHost = (at: HostAddress): HostListener => {
  if (!mayReach(at)) throw errno(E.ACCES);
  let listener: Deno.TcpListener;
  try {
    listener = Deno.listen({ hostname: at.hostname, port: at.port, transport: "tcp" });
  } catch (error) {
    throw networkErrno(error);
  }
  let open = true;
  return {
    address: { hostname: at.hostname, port: listener.addr.port },
    async accept() {
      while (open) {
        try {
          const conn = await listener.accept();
          conn.setNoDelay(true);
          return wrap(conn);
        } catch (error) {
          // A connection that died before it was accepted is no reason to stop.
          if (!open || error instanceof Deno.errors.BadResource) return undefined;
        }
      }
      return undefined;
    },
    close() {
      open = false;
      listener.close();
    },
  };
};

/** The name server the host uses; undefined when it cannot be known. */
export const hostResolver = (): string | undefined => {
  const path = "/etc/resolv.conf";
  if (Deno.permissions.querySync({ name: "read", path }).state !== "granted") return undefined;
  try {
    return /^\s*nameserver\s+(\S+)/m.exec(Deno.readTextFileSync(path))?.[1];
  } catch {
    return undefined;
  }
};

/** A datagram socket of the host. */
export interface HostDatagrams {
  send(bytes: Uint8Array, to: HostAddress): void;
  close(): void;
}

/** What of node:dgram is used; Deno's own datagrams are unstable. */
interface NodeDgram {
  createSocket(type: "udp4" | "udp6"): {
    bind(port: number): void;
    send(bytes: Uint8Array, port: number, hostname: string, done: (error: unknown) => void): void;
    on(event: string, listener: (...args: any[]) => void): void;
    close(): void;
    unref(): void;
  };
}

/** Opens a datagram socket on any port. `received` is called for what comes, `failed` with an errno for what could not be sent. */
export const openDatagrams = (
  six: boolean,
  received: (bytes: Uint8Array, from: HostAddress) => void,
  failed: (no: number) => void,
): HostDatagrams => {
  const { getBuiltinModule } = (globalThis as unknown as { process: { getBuiltinModule(id: string): NodeDgram } })
    .process;
  const socket = getBuiltinModule("node:dgram").createSocket(six ? "udp6" : "udp4");
  let open = true;
  socket.on(
    "message",
    (bytes: Uint8Array, from: { address: string; port: number }) =>
      received(new Uint8Array(bytes), { hostname: from.address, port: from.port }),
  );
  socket.on("error", (error) => failed(networkErrno(error).no));
  socket.bind(0);
  return {
    send: (bytes, { hostname, port }) =>
      socket.send(bytes, port, hostname, (error) => {
        if (error) failed(networkErrno(error).no);
      }),
    close() {
      if (open) socket.close();
      open = false;
    },
  };
};
