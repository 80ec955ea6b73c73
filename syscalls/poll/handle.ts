/** Readiness: fetch, then let the files say. */
import {
  Epoll,
  EPOLLEXCLUSIVE,
  EventFd,
  type OpenFile,
  POLLERR,
  POLLHUP,
  POLLIN,
  POLLNVAL,
  POLLOUT,
  POLLPRI,
  POLLRDBAND,
  POLLRDNORM,
  POLLWRBAND,
  POLLWRNORM,
  RLIMIT,
  type Task,
  type WaitQueue,
} from "../../actors/mod.ts";
import type { Handlers } from "../abi/call.ts";
import { E, fail } from "../abi/errno.ts";
import { USER_END } from "../abi/mman.ts";
import type { poll } from "./declare.ts";
import { descriptorCalls } from "./descriptors.ts";
import { deadlineAt, lookOrWait, useMask, writeLeft } from "./waiting.ts";

const CLOEXEC = 0o2000000, NONBLOCK = 0o4000;

/** Gives a new description a descriptor. */
export const install = (t: Task, file: OpenFile, cloexec: boolean): number => {
  const fd = t.files.add(file, cloexec, t.group.limits[RLIMIT.NOFILE].soft);
  if (fd < 0) file.release();
  return fd;
};

const ppoll = (t: Task, at: number, count: number, timeoutAt: number, mask: number, maskSize: number): number => {
  if (count > t.group.limits[RLIMIT.NOFILE].soft) return -E.INVAL;
  const deadline = deadlineAt(t, timeoutAt);
  const bytes = t.mem.read(at, count * 8), view = new DataView(bytes.buffer);
  const files: (OpenFile | undefined)[] = [], held: OpenFile[] = [], queues: WaitQueue[] = [];
  for (let i = 0; i < count; i++) {
    const fd = view.getInt32(8 * i, true);
    const file = fd < 0 ? undefined : t.files.peek(fd);
    files.push(file);
    if (file === undefined) continue;
    held.push(file);
    queues.push(file.queue);
  }
  useMask(t, mask, maskSize);
  const look = (): number => {
    let ready = 0;
    for (let i = 0; i < count; i++) {
      const wanted = view.getUint16(8 * i + 4, true);
      const file = files[i];
      const events = file === undefined
        ? (view.getInt32(8 * i, true) < 0 ? 0 : POLLNVAL)
        : file.poll() & (wanted | POLLERR | POLLHUP | POLLNVAL);
      view.setUint16(8 * i + 6, events, true);
      if (events !== 0) ready++;
    }
    return ready;
  };
  const done = (): void => {
    for (let i = 0; i < count; i++) t.mem.setU16(at + 8 * i + 6, view.getUint16(8 * i + 6, true));
    writeLeft(t, timeoutAt, deadline);
  };
  return lookOrWait(t, {
    what: `poll of ${describe(held)}`,
    files: held,
    queues,
    look,
    deadline,
    restart: "nohand",
    done,
  });
};

const describe = (files: readonly OpenFile[]): string =>
  files.length === 0 ? "nothing" : files.slice(0, 4).map((f) => f.path).join(", ");

const READ_SET = POLLRDNORM | POLLRDBAND | POLLIN | POLLHUP | POLLERR;
const WRITE_SET = POLLWRBAND | POLLWRNORM | POLLOUT | POLLERR;
const SETS = [READ_SET, WRITE_SET, POLLPRI];

const pselect = (t: Task, count: number, sets: readonly number[], timeoutAt: number, maskAt: number): number => {
  if (count < 0) return -E.INVAL;
  const most = Math.min(count, t.group.limits[RLIMIT.NOFILE].soft);
  const deadline = deadlineAt(t, timeoutAt);
  const size = Math.ceil(most / 64) * 8;
  const given = sets.map((at) => at === 0 ? undefined : t.mem.read(at, size));
  const results = given.map((set) => set === undefined ? undefined : new Uint8Array(size));
  const watched: { fd: number; file: OpenFile; wants: number[] }[] = [];
  for (let fd = 0; fd < most; fd++) {
    const wants = given.flatMap((set, i) => set !== undefined && (set[fd >> 3] & (1 << (fd & 7))) !== 0 ? [i] : []);
    if (wants.length > 0) watched.push({ fd, file: t.files.peek(fd) ?? fail(E.BADF), wants });
  }
  if (maskAt !== 0) useMask(t, t.mem.u64(maskAt), t.mem.u64(maskAt + 8));
  const look = (): number => {
    let ready = 0;
    for (const r of results) r?.fill(0);
    for (const { fd, file, wants } of watched) {
      const events = file.poll();
      for (const i of wants) {
        if ((events & SETS[i]) === 0) continue;
        results[i]![fd >> 3] |= 1 << (fd & 7);
        ready++;
      }
    }
    return ready;
  };
  const done = (): void => {
    results.forEach((r, i) => r !== undefined && t.mem.write(sets[i], r));
    writeLeft(t, timeoutAt, deadline);
  };
  const files = watched.map((w) => w.file);
  return lookOrWait(t, {
    what: `select of ${describe(files)}`,
    files,
    queues: files.map((f) => f.queue),
    look,
    deadline,
    restart: "nohand",
    done,
    interrupted: () => writeLeft(t, timeoutAt, deadline),
  });
};

const epollOf = (t: Task, fd: number): Epoll => {
  const file = t.files.get(fd);
  return file instanceof Epoll ? file : fail(E.INVAL);
};

/** Bytes of a struct epoll_event. */
const EVENT = 16;

const epollWait = (
  t: Task,
  fd: number,
  at: number,
  most: number,
  deadline: number,
  mask: number,
  maskSize: number,
): number => {
  const epoll = epollOf(t, fd);
  if (most <= 0 || most > 0x7ffffff) return -E.INVAL;
  if (at + most * EVENT > USER_END) return -E.FAULT;
  useMask(t, mask, maskSize);
  const look = (): number => {
    const wanted = Math.min(most, epoll.candidates);
    const room = Math.floor(t.mem.accessible(at, wanted * EVENT, true) / EVENT);
    if (wanted > 0 && room === 0) return (epoll.poll() & POLLIN) !== 0 ? -E.FAULT : 0;
    const events = epoll.take(room);
    events.forEach(({ events, data }, i) => {
      t.mem.setU32(at + EVENT * i, events);
      t.mem.setBig(at + EVENT * i + 8, data);
    });
    return events.length;
  };
  return lookOrWait(t, {
    what: `epoll of ${epoll.path}`,
    files: [epoll],
    queues: [epoll.queue],
    look,
    deadline,
    restart: "eintr",
  });
};

export const pollHandlers: Handlers<Task, typeof poll> = {
  ppoll,
  pselect6: (t, count, reads, writes, excepts, timeout, mask) =>
    pselect(t, count, [reads, writes, excepts], timeout, mask),
  epoll_create1(t, flags) {
    if ((flags & ~CLOEXEC) !== 0) return -E.INVAL;
    return install(t, new Epoll(t.machine, t), (flags & CLOEXEC) !== 0);
  },
  epoll_ctl(t, epfd, operation, fd, at) {
    const event = operation === 2 ? { events: 0, data: 0n } : { events: t.mem.u32(at), data: t.mem.big(at + 8) };
    const file = t.files.get(fd);
    const epoll = t.files.get(epfd);
    if (!(epoll instanceof Epoll) || epoll === file) return -E.INVAL;
    switch (operation) {
      case 1:
        if ((event.events & EPOLLEXCLUSIVE) !== 0 && file instanceof Epoll) return -E.INVAL;
        return epoll.add(fd, file, event.events, event.data);
      case 2:
        return epoll.remove(fd, file);
      case 3:
        return (event.events & EPOLLEXCLUSIVE) !== 0 ? -E.INVAL : epoll.modify(fd, file, event.events, event.data);
      default:
        return -E.INVAL;
    }
  },
  epoll_pwait(t, fd, at, most, timeout, mask, maskSize) {
    const deadline = timeout < 0 ? Infinity : t.machine.clock.monotonic() + timeout * 1e6;
    return epollWait(t, fd, at, most, deadline, mask, maskSize);
  },
  epoll_pwait2: (t, fd, at, most, timeoutAt, mask, maskSize) =>
    epollWait(t, fd, at, most, deadlineAt(t, timeoutAt), mask, maskSize),
  eventfd2(t, initial, flags) {
    if ((flags & ~(CLOEXEC | NONBLOCK | 1)) !== 0) return -E.INVAL;
    return install(
      t,
      new EventFd(t.machine, t, BigInt(initial), (flags & 1) !== 0, flags & NONBLOCK),
      (flags & CLOEXEC) !== 0,
    );
  },
  ...descriptorCalls,
};
