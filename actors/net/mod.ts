/** What the socket calls may import of the network. Loaded when a program makes its first socket. */
export { getSocketOption, setSocketOption } from "./options.ts";
export { type ControlMessage, Incoming, type Outgoing, type Sender, senderOf, Socket } from "./socket.ts";
export { makeSocket, makeSocketPair } from "./families.ts";
import "./rows.ts";
