/** Waiting for descriptors: which were ready, and the time left. */
import { decodeStruct } from "../../../syscalls/abi/layout.ts";
import { POLLFD } from "../../../syscalls/abi/poll.ts";
import { TIMESPEC } from "../../../syscalls/abi/timespec.ts";
import { type Render, renderArgument, structAt } from "../arguments.ts";
import { type Form, members } from "../form.ts";
import type { Request } from "../request.ts";
import { pollEvents } from "../structs.ts";
import { pointer, signalSet } from "../text.ts";

const descriptors = (r: Request, at: number, nfds: number): number[] | undefined => {
  const bytes = at === 0 ? undefined : r.bytes(at, Math.ceil(Math.min(Math.max(nfds, 0), 1024) / 64) * 8);
  return bytes === undefined ? undefined : members(bytes).filter((fd) => fd < nfds);
};
const fdSet: Render = (r, i) => {
  const set = descriptors(r, r.at(i), r.int(0));
  return set === undefined ? pointer(r.at(i)) : `[${set.join(" ")}]`;
};
/** What pselect6 and ppoll leave of their time, where they were given one. */
const left = (r: Request, at: number): string[] => at === 0 ? [] : [`left ${structAt(r, at, TIMESPEC)}`];

export const READINESS: Readonly<Record<string, Form>> = {
  pselect6: {
    pieces: () => [
      renderArgument,
      fdSet,
      fdSet,
      fdSet,
      renderArgument,
      (r, i) => {
        const at = r.at(i), mask = at === 0 ? undefined : r.long(at), size = at === 0 ? undefined : r.long(at + 8);
        if (mask === undefined || size === undefined) return pointer(at);
        const set = mask === 0n ? undefined : r.long(Number(mask));
        return `{sigmask=${set === undefined ? pointer(mask) : signalSet(set)}, sigsetsize=${size}}`;
      },
    ],
    remark: (r) => {
      if (r.failed) return undefined;
      if (r.result === 0) return "Timeout";
      const sets = ["in", "out", "except"].map((name, k) =>
        [name, descriptors(r, r.at(k + 1), r.int(0)) ?? []] as const
      );
      const ready = sets.filter(([, set]) => set.length > 0).map(([name, set]) => `${name} [${set.join(" ")}]`);
      return [...ready, ...left(r, r.at(4))].join(", ");
    },
  },
  ppoll: {
    remark: (r) => {
      if (r.failed) return undefined;
      if (r.result === 0) return "Timeout";
      const ready: string[] = [];
      for (let k = 0; k < Math.min(r.low(1), 256); k++) {
        const bytes = r.bytes(r.at(0) + POLLFD.size * k, POLLFD.size);
        if (bytes === undefined) break;
        const p = decodeStruct(POLLFD, bytes);
        if (p.revents !== 0) ready.push(`{fd=${p.fd}, revents=${pollEvents(p.revents)}}`);
      }
      return [`[${ready.join(", ")}]`, ...left(r, r.at(2))].join(", ");
    },
  },
};
