/** Receiving on AF_UNIX sockets (unix_stream_read_generic, unix_dgram_recvmsg). */
import { E } from "../../syscalls/abi/errno.ts";
import { MSG, SOCK } from "../../syscalls/abi/net.ts";
import { arrived } from "./passed_files.ts";
import { copyMessage, type Incoming, NOBODY, SHUT_RECEIVE } from "./socket.ts";
import type { UnixSocket } from "./unix.ts";
import type { Message } from "./unix_queue.ts";

const NO_NAME = new Uint8Array(0);

/** What goes with a message into the receiver's hands. */
const handOver = (s: UnixSocket, message: Message, m: Incoming, peeking: boolean): void => {
  m.from ??= message.from.address ?? NO_NAME;
  if (s.options.passCredentials) m.sender ??= message.sender ?? NOBODY;
  if (message.files === undefined) return;
  if (peeking) {
    m.files = message.files.map((f) => f.retain());
    return;
  }
  m.files = message.files;
  arrived(message.files);
  message.files = undefined;
};

export const receiveStream = (s: UnixSocket, into: Uint8Array, m: Incoming): number => {
  if (s.state !== "connected") return -E.INVAL;
  if ((m.wanted & MSG.OOB) !== 0) return -E.OPNOTSUPP;
  const peeking = (m.wanted & MSG.PEEK) !== 0;
  let skip = peeking && s.options.peekOffset > 0 ? s.options.peekOffset : 0;
  let done = 0, first: Message | undefined;
  for (let i = 0; done < into.length || (done === 0 && into.length === 0);) {
    const message = s.inbox.at(peeking ? i : 0);
    if (message === undefined) break;
    if (skip >= message.length) {
      skip -= message.length;
      i++;
      continue;
    }
    // Bytes of other senders are another message to those who ask who sent.
    if (first !== undefined && differs(s, first, message)) break;
    first ??= message;
    const view = message.view.subarray(skip, skip + into.length - done);
    into.set(view, done);
    done += view.length;
    const hadFiles = message.files !== undefined;
    handOver(s, message, m, peeking);
    if (peeking) {
      skip = 0;
      i++;
    } else {
      s.inbox.consume(message, view.length);
      if (message.length > 0) break;
      s.inbox.shift();
    }
    if (hadFiles || into.length === 0) break;
  }
  if (done > 0) {
    if (s.options.peekOffset >= 0) s.options.peekOffset = Math.max(0, s.options.peekOffset + (peeking ? done : -done));
    return done;
  }
  if (into.length === 0 && s.inbox.length > 0) return 0;
  if (s.error !== 0) return s.takeError();
  if ((s.shut & SHUT_RECEIVE) !== 0) return 0;
  return -E.AGAIN;
};

const differs = (s: UnixSocket, a: Message, b: Message): boolean =>
  s.options.passCredentials &&
  (a.sender?.pid !== b.sender?.pid || a.sender?.uid !== b.sender?.uid || a.sender?.gid !== b.sender?.gid);

export const receiveMessage = (s: UnixSocket, into: Uint8Array, m: Incoming): number => {
  if ((m.wanted & MSG.OOB) !== 0) return -E.OPNOTSUPP;
  const packets = s.type === SOCK.SEQPACKET;
  if (packets && s.state !== "connected") return -E.NOTCONN;
  const peeking = (m.wanted & MSG.PEEK) !== 0;
  if (s.error !== 0) return s.takeError();
  const message = s.inbox.head;
  if (message === undefined) {
    const waits = !s.nonblocking && (m.wanted & MSG.DONTWAIT) === 0;
    return (s.shut & SHUT_RECEIVE) !== 0 && (packets || waits) ? 0 : -E.AGAIN;
  }
  const n = copyMessage(message.view, into, m);
  handOver(s, message, m, peeking);
  if (!peeking) {
    s.inbox.shift();
    s.drained();
  }
  return n;
};
