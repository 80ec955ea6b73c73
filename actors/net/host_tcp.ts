/** TCP connections to and from the host's network. */
import { E } from "../../syscalls/abi/errno.ts";
import type { Task } from "../task/task.ts";
import type { Endpoint } from "./ip.ts";
import type { TcpSocket } from "./tcp.ts";

/** Begins to connect a socket to an address of the host's network: 0, or a negative errno when that cannot be. */
export const connectToHost = (_s: TcpSocket, _t: Task, _to: Endpoint): number => -E.NETUNREACH;
