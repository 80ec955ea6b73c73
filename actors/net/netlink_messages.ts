/** Netlink's framing (netlink(7)): requests in a datagram, messages and attributes in the answers. */
import { concat } from "../bytes.ts";

/** Bytes of one datagram. */
export type Reply = Uint8Array;

export const NLMSG = { NOOP: 1, ERROR: 2, DONE: 3 } as const;
export const NLM_F = { MULTI: 2, ACK: 4, DUMP: 0x300 } as const;
export const NLMSG_HEADER = 16;
export const align = (n: number): number => (n + 3) & ~3;

export interface Request {
  readonly type: number;
  readonly flags: number;
  readonly seq: number;
  /** The whole message. */
  readonly bytes: Uint8Array;
}

/** The requests in a datagram, as far as they are whole. */
export const requestsIn = (bytes: Uint8Array): Request[] => {
  const out: Request[] = [], view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at + NLMSG_HEADER <= bytes.length;) {
    const length = view.getUint32(at, true);
    if (length < NLMSG_HEADER || length > bytes.length - at) break;
    out.push({
      type: view.getUint16(at + 4, true),
      flags: view.getUint16(at + 6, true),
      seq: view.getUint32(at + 8, true),
      bytes: bytes.subarray(at, at + length),
    });
    at += align(length);
  }
  return out;
};

export const message = (r: Request, port: number, type: number, flags: number, body: Uint8Array): Uint8Array => {
  const out = new Uint8Array(align(NLMSG_HEADER + body.length)), view = new DataView(out.buffer);
  view.setUint32(0, NLMSG_HEADER + body.length, true);
  view.setUint16(4, type, true);
  view.setUint16(6, flags, true);
  view.setUint32(8, r.seq, true);
  view.setUint32(12, port, true);
  out.set(body, NLMSG_HEADER);
  return out;
};

export const attribute = (type: number, data: Uint8Array): Uint8Array => {
  const out = new Uint8Array(align(4 + data.length)), view = new DataView(out.buffer);
  view.setUint16(0, 4 + data.length, true);
  view.setUint16(2, type, true);
  out.set(data, 4);
  return out;
};
export const text = (s: string): Uint8Array => new TextEncoder().encode(s + "\0");
export const words = (...n: number[]): Uint8Array => new Uint8Array(Uint32Array.from(n).buffer);

/** NLMSG_ERROR; 0 is an acknowledgement. */
export const error = (r: Request, port: number, no: number): Reply => {
  const body = new Uint8Array(4 + (no === 0 ? NLMSG_HEADER : r.bytes.length));
  new DataView(body.buffer).setInt32(0, -no, true);
  body.set(r.bytes.subarray(0, body.length - 4), 4);
  return message(r, port, NLMSG.ERROR, 0, body);
};

/** Most bytes of rows in one datagram of a dump. */
const DATAGRAM = 16384;

/** The datagrams of a dump: rows, then NLMSG_DONE in one of its own. */
export const dumped = (r: Request, port: number, type: number, bodies: readonly Uint8Array[]): Reply[] => {
  const out: Reply[] = [];
  let rows: Uint8Array[] = [], size = 0;
  for (const body of bodies) {
    const row = message(r, port, type, NLM_F.MULTI, body);
    if (size + row.length > DATAGRAM) {
      out.push(concat(rows));
      rows = [];
      size = 0;
    }
    rows.push(row);
    size += row.length;
  }
  if (rows.length > 0) out.push(concat(rows));
  return [...out, message(r, port, NLMSG.DONE, NLM_F.MULTI, new Uint8Array(4))];
};
