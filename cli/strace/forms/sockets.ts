/** Socket calls: options by level and name, messages, protocol numbers by family. */
import { SO, SOL } from "../../../syscalls/abi/net.ts";
import { after, type Render } from "../arguments.ts";
import { but, first, type Form, words } from "../form.ts";
import type { Request } from "../request.ts";
import { message, option, protocol } from "../sockets.ts";
import { pointer, quoted } from "../text.ts";

const optionName: Render = (r, i) => option(r.int(1), r.int(i));
const optionValue = (r: Request, at: number, length: number): string => {
  if (at === 0) return "NULL";
  if (length === 4) return words(r, at, 1);
  const bytes = length > 0 ? r.bytes(at, Math.min(length, 256)) : undefined;
  if (bytes === undefined) return pointer(at);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const name = r.int(1) === SOL.SOCKET ? r.int(2) : -1;
  if (name === SO.LINGER && length >= 8) {
    return `{l_onoff=${view.getInt32(0, true)}, l_linger=${view.getInt32(4, true)}}`;
  }
  if (name === SO.PEERCRED && length >= 12) {
    return `{pid=${view.getInt32(0, true)}, uid=${view.getInt32(4, true)}, gid=${view.getInt32(8, true)}}`;
  }
  if ((name === SO.RCVTIMEO || name === SO.SNDTIMEO) && length >= 16) {
    return `{tv_sec=${view.getBigInt64(0, true)}, tv_usec=${view.getBigInt64(8, true)}}`;
  }
  return quoted(bytes);
};
/** The length that getsockopt has written. */
const lengthAt: Render = (r, i) =>
  r.result === undefined ? undefined : r.word(r.at(i)) === undefined ? pointer(r.at(i)) : `[${r.word(r.at(i))}]`;

export const SOCKETS: Readonly<Record<string, Form>> = {
  socket: but({ 2: (r, i) => protocol(r.int(0), r.int(i)) }),
  socketpair: but({ 3: (r, i) => after(r, r.at(i), () => words(r, r.at(i), 2)) }),
  setsockopt: {
    pieces: () => [...first(2), optionName, (r, i) => optionValue(r, r.at(i), r.int(4)), (r, i) => `${r.int(i)}`],
  },
  getsockopt: {
    pieces: () => [
      ...first(2),
      optionName,
      (r, i) => after(r, r.at(i), () => optionValue(r, r.at(i), r.word(r.at(4)) ?? 0)),
      lengthAt,
    ],
  },
  sendmsg: but({ 1: (r, i) => message(r, r.at(i), Infinity) }),
  recvmsg: but({ 1: (r, i) => after(r, r.at(i), () => message(r, r.at(i), r.result!)) }),
};
