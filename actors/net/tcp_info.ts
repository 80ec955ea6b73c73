/** TCP_INFO and TCP_MAXSEG: what a connection tells about itself. */
import { SOL } from "../../syscalls/abi/net.ts";
import { TCP } from "./inet_options.ts";
import { int32 } from "./options.ts";
import type { TcpSocket } from "./tcp.ts";

/** States of include/net/tcp_states.h. */
export const TCP_STATE = {
  ESTABLISHED: 1,
  SYN_SENT: 2,
  FIN_WAIT2: 5,
  CLOSE: 7,
  CLOSE_WAIT: 8,
  LISTEN: 10,
} as const;

/** sizeof(struct tcp_info) of Linux 6.1. */
const SIZE = 240;
/** Largest segment on a loopback. */
const MSS = 65483;

/** The state as Linux numbers it. */
export const tcpState = (s: TcpSocket): number => {
  switch (s.state) {
    case "listening":
      return TCP_STATE.LISTEN;
    case "connecting":
      return TCP_STATE.SYN_SENT;
    case "closed":
      return TCP_STATE.CLOSE;
    case "established":
      return s.finReceived ? TCP_STATE.CLOSE_WAIT : s.finSent ? TCP_STATE.FIN_WAIT2 : TCP_STATE.ESTABLISHED;
  }
};

const info = (s: TcpSocket): Uint8Array => {
  const out = new Uint8Array(SIZE), view = new DataView(out.buffer);
  out[0] = tcpState(s);
  const put = (at: number, value: number) => view.setUint32(at, value, true);
  put(8, 200000); // rto, µs
  put(16, MSS);
  put(20, 536);
  if (s.listening) {
    put(24, s.waitingChildren);
    put(28, s.backlog);
  }
  put(60, 65535); // pmtu
  put(68, 50); // rtt, µs
  put(80, 10); // cwnd
  put(84, MSS);
  return out;
};

/** Options that depend on the connection; undefined for the others. */
export const tcpOption = (s: TcpSocket, level: number, name: number): Uint8Array | undefined => {
  if (level !== SOL.TCP) return undefined;
  if (name === TCP.INFO) return info(s);
  if (name === TCP.MAXSEG && s.state === "established") return int32(MSS);
  return undefined;
};
