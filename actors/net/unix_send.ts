/** Sending on AF_UNIX sockets (unix_stream_sendmsg, unix_dgram_sendmsg). */
import { E } from "../../syscalls/abi/errno.ts";
import { MSG, SOCK } from "../../syscalls/abi/net.ts";
import type { Task } from "../task/task.ts";
import { departed } from "./passed_files.ts";
import { type Outgoing, type Sender, senderOf, SHUT_RECEIVE, SHUT_SEND } from "./socket.ts";
import type { UnixSocket } from "./unix.ts";
import { findUnix } from "./unix_names.ts";
import { Message } from "./unix_queue.ts";

/** Most bytes of a stream that go into one message. */
const PIECE = 32768;

/** Credentials go with a message when either side asked for them. */
const senderFor = (s: UnixSocket, other: UnixSocket, t: Task, m: Outgoing): Sender | undefined =>
  m.sender ?? (s.options.passCredentials || other.options.passCredentials ? senderOf(t) : undefined);

const put = (s: UnixSocket, other: UnixSocket, t: Task, bytes: Uint8Array, m: Outgoing): void => {
  if (m.files !== undefined) departed(m.files);
  const sender = senderFor(s, other, t, m);
  other.inbox.push(new Message(bytes, s, sender, m.files, s.type === SOCK.STREAM));
};

export const sendStream = (s: UnixSocket, t: Task, bytes: Uint8Array, m: Outgoing): number => {
  if ((m.flags & MSG.OOB) !== 0) return -E.OPNOTSUPP;
  if (m.to !== undefined) return s.state === "connected" ? -E.ISCONN : -E.OPNOTSUPP;
  const { peer } = s;
  if (peer === undefined) return -E.NOTCONN;
  if ((s.shut & SHUT_SEND) !== 0 || peer.dead || (peer.shut & SHUT_RECEIVE) !== 0) return -E.PIPE;
  // Nothing to send: not even control data goes.
  if (bytes.length === 0) return m.files === undefined ? 0 : (m.files.forEach((f) => f.release()), 0);
  let done = 0;
  while (done < bytes.length) {
    const rest = bytes.subarray(done);
    const joined = m.files === undefined ? peer.inbox.join(rest, s, senderFor(s, peer, t, m)) : 0;
    if (joined > 0) {
      done += joined;
      continue;
    }
    if (s.charged >= s.options.sendBuffer) break;
    const n = Math.min(PIECE, rest.length);
    if (!s.machine.memory.fits(n)) return done === 0 ? -E.NOBUFS : done;
    put(s, peer, t, rest.subarray(0, n), m);
    m = { ...m, files: undefined };
    done += n;
  }
  if (done === 0) return -E.AGAIN;
  peer.queue.wake();
  return done;
};

export const sendMessage = (s: UnixSocket, t: Task, bytes: Uint8Array, m: Outgoing): number => {
  if ((m.flags & MSG.OOB) !== 0) return -E.OPNOTSUPP;
  if (s.error !== 0) return s.takeError();
  if ((s.shut & SHUT_SEND) !== 0) return -E.PIPE;
  const named = m.to !== undefined && s.type === SOCK.DGRAM;
  if (s.options.passCredentials && s.type === SOCK.DGRAM) s.autobind();
  if (bytes.length > s.options.sendBuffer - 32) return -E.MSGSIZE;
  const other = named ? findUnix(t, s, m.to!) : s.peer;
  if (other === undefined || (s.type === SOCK.SEQPACKET && s.state !== "connected")) return -E.NOTCONN;
  if (s.type === SOCK.DGRAM) {
    if (!other.mayReceiveFrom(s)) return -E.PERM;
    if (other.dead) {
      if (!named) s.forgetPeer();
      return -E.CONNREFUSED;
    }
  }
  if (other.dead || (other.shut & SHUT_RECEIVE) !== 0) return -E.PIPE;
  const crowded = s.type === SOCK.DGRAM && other !== s && other.crowdedFor(s);
  if (crowded || s.charged >= s.options.sendBuffer) {
    s.waitFor(other);
    return -E.AGAIN;
  }
  if (!s.machine.memory.fits(bytes.length)) return -E.NOBUFS;
  put(s, other, t, bytes, m);
  other.queue.wake();
  return bytes.length;
};
